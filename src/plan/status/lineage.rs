//! Which ApplicationSets and Applications came of the profile: of its own ApplicationSets, what Argo CD made of those, and so on.
//!
//! By live facts alone: the controller's uid in an owner reference, and Argo CD's mark on what an Application deployed.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::status::application::{Application, Maker};
use crate::plan::status::application_set::ApplicationSet;
use crate::plan::status::fleet::Names;
use crate::plan::status::{GeneratedApplication, GeneratingSet, Origin};

/// What came of the profile.
pub(super) struct Lineage {
    pub(super) sets: Vec<GeneratingSet>,
    pub(super) applications: Vec<GeneratedApplication>,
    /// How many Applications did not.
    pub(super) others: usize,
}

/// The uids of the ApplicationSets and the names of the Applications that are known to have come of the profile.
#[derive(Default)]
struct Known {
    sets: BTreeSet<String>,
    applications: BTreeSet<String>,
}

impl Known {
    fn made(&self, maker: &Maker) -> bool {
        match maker {
            Maker::Set(uid) => self.sets.contains(uid),
            Maker::Application(name) => self.applications.contains(name),
            Maker::Nobody => false,
        }
    }
}

/// Follows what the profile's own ApplicationSets made.
pub(super) fn trace(
    sets: Vec<ApplicationSet>,
    applications: Vec<Application>,
    is_own: impl Fn(&ApplicationSet) -> bool,
    names: &Names,
) -> Lineage {
    let known = follow(&sets, &applications, &is_own);
    let set_names: BTreeMap<String, String> =
        sets.iter().map(|set| (set.uid.clone(), set.id.name.clone())).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let total = applications.len();
    let generated = |application: Application| {
        let set = match &application.maker {
            Maker::Set(uid) => {
                *counts.entry(uid.clone()).or_default() += 1;
                set_names.get(uid).cloned()
            }
            Maker::Application(_) | Maker::Nobody => None,
        };
        let cluster = names.of(&application.destination);
        GeneratedApplication { application, set, cluster }
    };
    let ours = applications.into_iter().filter(|one| known.applications.contains(&one.id.name));
    let mut applications: Vec<GeneratedApplication> = ours.map(generated).collect();
    applications.sort_by(|a, b| a.application.id.cmp(&b.application.id));
    let generating = |set: ApplicationSet| {
        let origin = match &set.maker {
            _ if is_own(&set) => Origin::Profile,
            Maker::Application(name) => Origin::Application(name.clone()),
            Maker::Set(_) | Maker::Nobody => Origin::Profile,
        };
        let applications = counts.get(&set.uid).copied().unwrap_or_default();
        GeneratingSet { set, origin, applications }
    };
    let ours = sets.into_iter().filter(|set| known.sets.contains(&set.uid));
    let mut sets: Vec<GeneratingSet> = ours.map(generating).collect();
    sets.sort_by(|a, b| (&a.origin, &a.set.id).cmp(&(&b.origin, &b.set.id)));
    Lineage { others: total - applications.len(), sets, applications }
}

/// Goes on until nothing new is found: once more for each generation, of which there are few.
fn follow(
    sets: &[ApplicationSet],
    applications: &[Application],
    is_own: impl Fn(&ApplicationSet) -> bool,
) -> Known {
    let mut known = Known::default();
    known.sets.extend(sets.iter().filter(|set| is_own(set)).map(|set| set.uid.clone()));
    loop {
        let before = known.sets.len() + known.applications.len();
        let made = applications.iter().filter(|one| known.made(&one.maker)).map(|one| one.id.name.clone());
        let made: Vec<String> = made.collect();
        known.applications.extend(made);
        let made = sets.iter().filter(|set| known.made(&set.maker)).map(|set| set.uid.clone());
        let made: Vec<String> = made.collect();
        known.sets.extend(made);
        if known.sets.len() + known.applications.len() == before {
            return known;
        }
    }
}
