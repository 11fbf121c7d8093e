//! The rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::checkout::application_set::{self, ApplicationSet, Generator};
use crate::checkout::repository::{Checkout, Repository};
use crate::checkout::selector::{Requirement, Selector};
use crate::checkout::toggles;
use crate::code::Code;
use crate::desired::labels;
use crate::profile::finding::{Finding, Severity};
use crate::profile::location::{Location, Source};
use crate::profile::model::Profile;
use crate::profile::places::Places;
use crate::profile::{suggest, yaml};

/// What the labels of addon toggles begin with.
pub(super) const TOGGLE: &str = "enable_";

/// Labels that Argo CD writes by itself, so that a profile does not settle what they say.
const FOREIGN: [&str; 1] = ["argocd.argoproj.io/kubernetes-version"];

/// Everything that is wrong between the profile and these checkouts, and what was not evaluated.
#[must_use]
pub fn check(profile: &Profile, places: &Places, checkouts: &[Checkout]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let files = || checkouts.iter().flat_map(|checkout| &checkout.files);
    let sets: Vec<ApplicationSet> = files().flat_map(|file| read(file, &mut findings)).collect();
    let fleet = Fleet::of(profile);
    for set in &sets {
        fleet.check(set, &mut findings);
    }
    let files: Vec<&Arc<Source>> = files().collect();
    if checkouts.iter().any(|checkout| checkout.repository == Repository::Addons) {
        findings.extend(toggles::check(profile, places, &sets, &files));
    }
    findings
}

/// A file that is no YAML is shown without its text: nobody knows what in it is a secret.
fn read(file: &Arc<Source>, findings: &mut Vec<Finding>) -> Vec<ApplicationSet> {
    let mut wrong = Vec::new();
    let documents = yaml::parse_documents(file, &mut wrong).unwrap_or_default();
    let hidden = Arc::new(Source { path: file.path.clone(), text: String::new() });
    findings.extend(wrong.into_iter().map(|finding| {
        let location = finding.location.map(|at| Location { source: Arc::clone(&hidden), ..at });
        Finding { location, fix: "Argo CD cannot read the file either; mend it".to_owned(), ..finding }
    }));
    application_set::of(&documents, findings)
}

/// The labels of every cluster.
pub(super) struct Fleet {
    clusters: Vec<BTreeMap<String, String>>,
}

impl Fleet {
    pub(super) fn of(profile: &Profile) -> Self {
        Self { clusters: profile.clusters().map(labels::labels).collect() }
    }

    pub(super) fn check(&self, set: &ApplicationSet, findings: &mut Vec<Finding>) {
        let mut is_dead = false;
        for Generator { selector, is_override } in &set.generators {
            // What fills in for nothing needs no word where nothing is generated in the first place.
            if *is_override && is_dead {
                continue;
            }
            if let Some(templated) = &selector.templated {
                findings.push(not_evaluated(set, templated));
            }
            if self.has(selector, |_| true) {
                continue;
            }
            is_dead |= !is_override;
            findings.push(self.unmatched(set, selector, *is_override));
        }
    }

    /// Whether a cluster keeps all requirements of these kinds, as far as the profile settles them.
    fn has(&self, selector: &Selector, counts: impl Fn(&Requirement) -> bool) -> bool {
        let settled: Vec<&Requirement> = selector
            .requirements
            .iter()
            .filter(|one| !FOREIGN.contains(&one.key.as_str()) && counts(one))
            .collect();
        self.clusters.iter().any(|labels| settled.iter().all(|one| one.holds(labels)))
    }

    fn unmatched(&self, set: &ApplicationSet, selector: &Selector, is_override: bool) -> Finding {
        let alone = |one: &&Requirement| !self.clusters.iter().any(|labels| one.holds(labels));
        let at_fault = selector.requirements.iter().filter(|one| !is_toggle(one)).find(alone);
        let off = self.off(selector);
        let at = at_fault.or(off).map_or(&selector.at, |one| &one.at);
        let what = match (at_fault, off) {
            (Some(one), _) => format!("no cluster of the profile has {one}"),
            (None, Some(one)) if alone(&one) => format!("no cluster of the profile has {one}"),
            (None, Some(one)) => format!("no cluster of the profile that has the other labels has {one}"),
            (None, None) => "no cluster of the profile has all of these labels".to_owned(),
        };
        let (severity, so, fix) = match (is_override, off) {
            (true, _) => (
                Severity::Note,
                format!("this part of ApplicationSet `{}` fills in for nothing", set.name),
                "nothing to do, unless a cluster was meant".to_owned(),
            ),
            (false, Some(one)) => (
                Severity::Note,
                format!("ApplicationSet `{}` generates nothing", set.name),
                format!("to switch it on: `addons: {{ {}: true }}`", one.key.trim_start_matches(TOGGLE)),
            ),
            (false, None) => (
                Severity::Warning,
                format!("ApplicationSet `{}` generates nothing", set.name),
                self.remedy(at_fault),
            ),
        };
        Finding::error(Code::CHECKOUT_SELECTOR, at, format!("{what}, so {so}"), fix).with_severity(severity)
    }

    /// The toggle that is missing where a cluster has everything else that is asked for.
    fn off<'s>(&self, selector: &'s Selector) -> Option<&'s Requirement> {
        let others = self.has(selector, |one| !is_toggle(one));
        let with =
            |toggle: &Requirement| self.has(selector, |one| !is_toggle(one) || std::ptr::eq(one, toggle));
        selector.requirements.iter().filter(|one| is_toggle(one)).find(|one| others && !with(one))
    }

    /// What the clusters have instead.
    fn remedy(&self, at_fault: Option<&Requirement>) -> String {
        let Some(Requirement { key, .. }) = at_fault else {
            return "give a cluster all of them, or select less".to_owned();
        };
        let values: BTreeSet<&str> =
            self.clusters.iter().filter_map(|labels| labels.get(key)).map(String::as_str).collect();
        if !values.is_empty() {
            let values: Vec<&str> = values.into_iter().take(10).collect();
            return format!("the clusters' `{key}` is one of: {}", values.join(", "));
        }
        let keys: BTreeSet<&str> =
            self.clusters.iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
        match suggest::closest(key, keys) {
            Some(close) => format!("no cluster has this label at all; did you mean `{close}`?"),
            None => format!("no cluster has this label at all; give it to one: `labels: {{ {key}: VALUE }}`"),
        }
    }
}

fn is_toggle(requirement: &Requirement) -> bool {
    requirement.key.starts_with(TOGGLE)
}

fn not_evaluated(set: &ApplicationSet, at: &Location) -> Finding {
    let message = format!(
        "a template decides what ApplicationSet `{}` selects here, so it was not evaluated",
        set.name
    );
    Finding::error(Code::CHECKOUT_NOT_EVALUATED, at, message, "").with_severity(Severity::Note)
}
