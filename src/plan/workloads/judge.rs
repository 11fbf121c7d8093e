//! One change of a cluster, to what becomes of each Application that it may concern.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::status::application::{Destination, Maker};
use crate::plan::status::fleet::IN_CLUSTER_NAME;
use crate::plan::workloads::cluster::{Cluster, ClusterChange};
use crate::plan::workloads::generators::Source;
use crate::plan::workloads::made::Made;
use crate::plan::workloads::policy::{ControllerPolicy, Policy};
use crate::plan::workloads::registry::Registry;
use crate::plan::workloads::set::{Application, Set};
use crate::plan::workloads::{Affected, Effect, Fate, OwnedBy, Seen, Why};
use crate::template::context::IN_CLUSTER;

/// Everything that verdicts are made from.
pub(super) struct Judge {
    pub(super) applications: Vec<Application>,
    pub(super) sets: Vec<Set>,
    /// What the controller may do at all.
    policy: ControllerPolicy,
    /// The place of each ApplicationSet, by uid.
    set_of: BTreeMap<String, usize>,
    pub(super) made: Made,
    /// The places of Applications, by where they deploy to.
    by_server: BTreeMap<String, Vec<usize>>,
    by_name: BTreeMap<String, Vec<usize>>,
    /// The place of an Application, by its name.
    named: BTreeMap<String, usize>,
    pub(super) now: Registry,
    pub(super) then: Registry,
    /// The ApplicationSets that the plan changes, too.
    changed: BTreeSet<String>,
}

/// What can be said of an ApplicationSet and one change of a cluster.
enum Reach {
    /// Whether it selects the cluster before and afterwards.
    Selects(bool, bool),
    Unknown(Why),
}

/// What becomes of one Application, and the name of the one that comes in its place.
pub(super) type Verdict = (Fate, Option<String>);

impl Judge {
    pub(super) fn new(
        seen: Seen,
        created: &[Cluster],
        changes: &[ClusterChange],
        changed: BTreeSet<String>,
    ) -> Self {
        let Seen { registered, policy, sets, applications } = seen;
        let (mut by_server, mut by_name, mut named) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let made = Made::of(&sets, &applications);
        for (index, application) in applications.iter().enumerate() {
            let Destination { server, name } = &application.destination;
            for (places, key) in [(&mut by_server, server), (&mut by_name, name)] {
                let key: Option<&String> = key.as_ref();
                key.map(|key| places.entry(key.clone()).or_insert_with(Vec::new).push(index))
                    .unwrap_or_default();
            }
            named.insert(application.name.clone(), index);
        }
        let set_of = sets.iter().enumerate().map(|(index, set)| (set.uid.clone(), index)).collect();
        Self {
            now: Registry::now(&registered),
            then: Registry::then(&registered, created, changes),
            applications,
            sets,
            policy,
            set_of,
            made,
            by_server,
            by_name,
            named,
            changed,
        }
    }

    /// What a change of a cluster does. Applications that are `gone` already, by their index, are left out.
    pub(super) fn cluster(&self, change: &ClusterChange, gone: &BTreeSet<usize>) -> Vec<Effect> {
        let mut effects = Effects::default();
        for index in self.concerned(change).difference(gone) {
            let application = &self.applications[*index];
            if application.is_terminating {
                continue;
            }
            if let Some((fate, successor)) = self.verdict(change, application) {
                effects.add(self.owner(application), fate, application, successor);
                if fate.is_dangerous() {
                    self.follow(application, gone, &mut effects);
                }
            }
        }
        for index in self.unnamed(change).difference(gone) {
            let application = &self.applications[*index];
            effects.add(self.owner(application), Fate::NotEvaluated(Why::Template), application, None);
        }
        for set in self.sets.iter().filter(|set| self.may_make_new(change, set)) {
            effects.nothing(OwnedBy::Set(set.name.clone()), Fate::NotEvaluated(Why::New));
        }
        effects.finish()
    }

    /// The Applications that deploy to the cluster, and those that are called as one that is generated for it.
    fn concerned(&self, ClusterChange { before, .. }: &ClusterChange) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        found.extend(self.by_server.get(before.address()).into_iter().flatten());
        found.extend(self.by_name.get(&before.name).into_iter().flatten());
        if before.address() == IN_CLUSTER {
            found.extend(self.by_name.get(IN_CLUSTER_NAME).into_iter().flatten());
        }
        for set in &self.sets {
            let index = set.name_for(before).and_then(|name| self.named.get(&name));
            found.extend(
                index.filter(|index| self.set(&self.applications[**index]) == Some(set.uid.as_str())),
            );
        }
        found
    }

    /// The Applications of sets that do not select the cluster any more, of which nobody can tell which were generated for it:
    /// they deploy elsewhere, and their names come of more than the cluster.
    fn unnamed(&self, change: &ClusterChange) -> BTreeSet<usize> {
        let ends = |set: &&Set| matches!(self.reach(change, set), Reach::Selects(true, false));
        let is_unnamed = |set: &&Set| {
            set.name_for(&change.before).is_none() && !set.deploys_to_its_cluster(&change.before)
        };
        let sets = self.sets.iter().filter(ends).filter(is_unnamed);
        let is_here = self.concerned(change);
        sets.flat_map(|set| self.made.by_set(set)).copied().filter(|index| !is_here.contains(index)).collect()
    }

    /// What may be done to the Applications of a set.
    pub(super) fn policy_of(&self, set: &Set) -> Policy {
        self.policy.with(set.policy)
    }

    fn set<'a>(&self, application: &'a Application) -> Option<&'a str> {
        match &application.maker {
            Maker::Set(uid) => Some(uid),
            Maker::Application(_) | Maker::Nobody => None,
        }
    }

    pub(super) fn owner(&self, application: &Application) -> OwnedBy {
        match &application.maker {
            Maker::Set(uid) => match self.set_of.get(uid) {
                Some(index) => OwnedBy::Set(self.sets[*index].name.clone()),
                None => OwnedBy::Nobody,
            },
            Maker::Application(name) => OwnedBy::Application(name.clone()),
            Maker::Nobody => OwnedBy::Nobody,
        }
    }

    /// What becomes of an Application; nothing where the change is none of its business.
    fn verdict(&self, change: &ClusterChange, application: &Application) -> Option<Verdict> {
        let Maker::Set(uid) = &application.maker else { return self.left_alone(change, application) };
        let Some(set) = self.set_of.get(uid).map(|index| &self.sets[*index]) else {
            return Some((Fate::NotEvaluated(Why::SetIsGone), None));
        };
        let verdict = self.generated_by(change, set, application)?;
        // Clusters are written before ApplicationSets: in between the one of now sees the cluster of then. What it deletes goes.
        Some(match verdict {
            (Fate::Deleted | Fate::Recreated | Fate::Orphaned | Fate::Adopted, _) => verdict,
            _ if self.changed.contains(&set.name) => (Fate::NotEvaluated(Why::SetChanges), None),
            _ => verdict,
        })
    }

    fn generated_by(&self, change: &ClusterChange, set: &Set, application: &Application) -> Option<Verdict> {
        match self.reach(change, set) {
            Reach::Unknown(Why::NoClusters) if !self.leads_elsewhere(change, &application.destination) => {
                None
            }
            Reach::Unknown(why) => Some((Fate::NotEvaluated(why), None)),
            Reach::Selects(false, _) => self.left_alone(change, application),
            Reach::Selects(true, false) => Some(match is_of(set, &change.before, application) {
                Some(false) => (Fate::NotEvaluated(Why::Template), None),
                Some(true) | None => self.not_generated(set, application, None),
            }),
            Reach::Selects(true, true) => self.still_selected(change, set, application),
        }
    }

    fn reach(&self, change: &ClusterChange, set: &Set) -> Reach {
        let ClusterChange { before, after, .. } = change;
        let is = |wanted: &Source| set.sources.iter().any(|source| source == wanted);
        let has_clusters = set.sources.iter().any(|source| *source != Source::Other);
        if set.has_error {
            return Reach::Unknown(Why::SetHasError);
        }
        if !has_clusters {
            return Reach::Unknown(Why::NoClusters);
        }
        if self.name_moves(change) {
            return Reach::Unknown(Why::NameMoves);
        }
        let gives_more = [Source::Other, Source::Flat, Source::Partial].iter().any(is);
        if gives_more || (after.is_some() && is(&Source::Opaque)) {
            return Reach::Unknown(Why::Generators);
        }
        let selects = |cluster: &Cluster| {
            set.sources.iter().any(|source| match source {
                Source::Selected { selector, .. } => selector.matches(&cluster.labels),
                // Whatever it selects, it gives nothing for a cluster that is not there.
                Source::Opaque => true,
                Source::Flat | Source::Partial | Source::Other => false,
            })
        };
        Reach::Selects(selects(before), after.as_ref().is_some_and(selects))
    }

    /// Whether another cluster has the name afterwards that this one had, or had the one that this one gets. Then a destination
    /// leads elsewhere, and an Application of the same name may be generated for the other one.
    fn name_moves(&self, change: &ClusterChange) -> bool {
        let ClusterChange { before, after, .. } = change;
        match after {
            Some(after) if after.name == before.name => self.then.having(&before.name) > 1,
            Some(after) => {
                self.then.having(&before.name) > 0
                    || self.now.having(&after.name) > 0
                    || self.then.having(&after.name) > 1
            }
            None => self.then.having(&before.name) > 0,
        }
    }

    /// An Application that its ApplicationSet does not generate any more. What counts is the finalizer that it has now: nobody
    /// brings it up to date before it is deleted.
    pub(super) fn not_generated(
        &self,
        set: &Set,
        application: &Application,
        successor: Option<String>,
    ) -> Verdict {
        let is_reached = self.then.resolves(&application.destination);
        let fate = match (self.policy_of(set).deletes, is_reached, successor.is_some()) {
            (false, true, _) => Fate::Kept,
            (false, false, _) => Fate::Stranded,
            (true, true, false) if application.cascades => Fate::Deleted,
            (true, true, true) if application.cascades => Fate::Recreated,
            (true, _, false) => Fate::Orphaned,
            (true, _, true) => Fate::Adopted,
        };
        (fate, successor)
    }

    fn still_selected(
        &self,
        change: &ClusterChange,
        set: &Set,
        application: &Application,
    ) -> Option<Verdict> {
        let not_evaluated = Some((Fate::NotEvaluated(Why::Template), None));
        let Some(after) = &change.after else { return not_evaluated };
        match is_of(set, &change.before, application) {
            None => not_evaluated,
            Some(false) => self.left_alone(change, application),
            Some(true) => match set.name_for(after) {
                None => not_evaluated,
                Some(name) if name == application.name => Some(self.generated(change, set, application)),
                Some(name) => Some(self.not_generated(set, application, Some(name))),
            },
        }
    }

    /// An Application that is generated under the same name afterwards, too.
    fn generated(&self, change: &ClusterChange, set: &Set, application: &Application) -> Verdict {
        let here = &application.destination;
        if !self.leads_elsewhere(change, here) {
            return (Fate::Kept, None);
        }
        let is_of_template = set.destination_for(&change.before).as_ref() == Some(here);
        let wanted = change.after.as_ref().and_then(|after| set.destination_for(after));
        let there = match wanted.filter(|_| is_of_template) {
            Some(there) if self.policy_of(set).updates => there,
            Some(_) => here.clone(),
            None => return (Fate::NotEvaluated(Why::Template), None),
        };
        (self.arrival(change, &there), None)
    }

    /// An Application that no ApplicationSet generates for this cluster: it stays as it is, wherever that leads then.
    fn left_alone(&self, change: &ClusterChange, application: &Application) -> Option<Verdict> {
        let here = &application.destination;
        if !self.leads_elsewhere(change, here) {
            return None;
        }
        if here.name.is_some() && self.name_moves(change) {
            return Some((Fate::NotEvaluated(Why::NameMoves), None));
        }
        Some((self.arrival(change, here), None))
    }

    /// Whether a destination that leads to the cluster before the change leads elsewhere, or nowhere, after it.
    fn leads_elsewhere(
        &self,
        ClusterChange { before, after, .. }: &ClusterChange,
        here: &Destination,
    ) -> bool {
        let is_moved = after.as_ref().is_none_or(|after| after.address() != before.address());
        let is_renamed = after.as_ref().is_none_or(|after| after.name != before.name);
        let is_here =
            here.server.as_deref() == Some(before.address()) || here.name.as_ref() == Some(&before.name);
        is_here && (is_moved || (is_renamed && here.name.is_some())) && !(self.is_twin(before, here))
    }

    /// Whether somebody else's Secret, or Argo CD itself, leads to the same server.
    fn is_twin(&self, before: &Cluster, here: &Destination) -> bool {
        here.server.as_deref() == Some(before.address()) && self.then.resolves(here)
    }

    /// Where an Application that stays ends up.
    fn arrival(&self, change: &ClusterChange, there: &Destination) -> Fate {
        let is_same = |after: &Cluster| after.address() == change.before.address();
        match self.then.resolves(there) {
            false => Fate::Stranded,
            true if change.after.as_ref().is_some_and(is_same) => Fate::Kept,
            true => Fate::Moved,
        }
    }

    /// Whether an ApplicationSet may generate something for the cluster that it did not generate before.
    fn may_make_new(&self, change: &ClusterChange, set: &Set) -> bool {
        change.after.is_some()
            && match self.reach(change, set) {
                Reach::Selects(before, after) => !before && after,
                Reach::Unknown(Why::Generators) => true,
                Reach::Unknown(_) => false,
            }
    }
}

/// Whether an Application is the one that its ApplicationSet generates for this cluster; nothing where that cannot be said.
fn is_of(set: &Set, cluster: &Cluster, application: &Application) -> Option<bool> {
    set.name_for(cluster).map(|name| name == application.name)
}

/// Effects, put together by owner and fate.
#[derive(Default)]
pub(super) struct Effects(BTreeMap<(Fate, OwnedBy), BTreeSet<Affected>>);

impl Effects {
    pub(super) fn add(
        &mut self,
        owner: OwnedBy,
        fate: Fate,
        application: &Application,
        successor: Option<String>,
    ) {
        let held_by = match fate {
            Fate::Deleted | Fate::Recreated | Fate::Orphaned | Fate::Adopted => application.held_by.clone(),
            Fate::Stranded | Fate::Moved | Fate::Kept | Fate::NotEvaluated(_) => Vec::new(),
        };
        let affected = Affected { name: application.name.clone(), successor, held_by };
        self.0.entry((fate, owner)).or_default().insert(affected);
    }

    fn nothing(&mut self, owner: OwnedBy, fate: Fate) {
        self.0.entry((fate, owner)).or_default();
    }

    /// The worst first; of several that become of one Application only the worst.
    pub(super) fn finish(self) -> Vec<Effect> {
        let (mut effects, mut known) = (Vec::new(), BTreeSet::new());
        for ((fate, owner), mut applications) in self.0 {
            applications.retain(|affected| known.insert(affected.name.clone()));
            if !applications.is_empty() || fate == Fate::NotEvaluated(Why::New) {
                effects.push(Effect { owner, fate, applications: applications.into_iter().collect() });
            }
        }
        effects
    }
}
