//! ApplicationSets that go, and Applications that go with all that they deployed, which on the hub may be both again.

use std::collections::BTreeSet;

use crate::desired::id::ObjectId;
use crate::plan::status::application::Maker;
use crate::plan::workloads::judge::{Effects, Judge};
use crate::plan::workloads::set::{Application, Set};
use crate::plan::workloads::{Effect, Fate, Why};

impl Judge {
    /// What the deletion of ApplicationSets does, and which Applications are gone then, by their index. They go before
    /// anything else does, so destinations lead where they lead now.
    pub(super) fn sets(
        &self,
        deleted: &[(ObjectId, String)],
    ) -> (Vec<(ObjectId, Vec<Effect>)>, BTreeSet<usize>) {
        let (mut all, mut gone) = (Vec::new(), BTreeSet::new());
        for (id, uid) in deleted {
            let mut effects = Effects::default();
            for set in self.sets.iter().filter(|set| set.uid == *uid) {
                self.remove_set(set, true, &mut gone, &mut effects);
            }
            all.push((id.clone(), effects.finish()));
        }
        (all, gone)
    }

    /// What goes along with an Application whose deployed objects go.
    pub(super) fn follow(&self, application: &Application, gone: &BTreeSet<usize>, effects: &mut Effects) {
        let mut gone = gone.clone();
        self.remove_deployed(application, &mut gone, effects);
    }

    /// The garbage collector deletes the Applications of a set that is gone. Only where the deletion waits for a finalizer the
    /// controller comes first, and sets those free that its policy does not let it delete.
    fn remove_set(&self, set: &Set, is_named: bool, gone: &mut BTreeSet<usize>, effects: &mut Effects) {
        let is_own =
            |application: &Application| matches!(&application.maker, Maker::Set(uid) if *uid == set.uid);
        for (index, application) in self.matching(is_own) {
            let fate = match (set.deletes, set.has_finalizers, is_named) {
                (false, true, true) => Fate::Kept,
                // Deleted in the foreground by Argo CD: whether its controller or the garbage collector is first is open.
                (false, _, false) => Fate::NotEvaluated(Why::SetChanges),
                (true, _, _) | (false, false, true) => self.removed(application),
            };
            if gone.insert(index) {
                effects.add(self.owner(application), fate, application, None);
                if fate.is_dangerous() {
                    self.remove_deployed(application, gone, effects);
                }
            }
        }
    }

    fn removed(&self, application: &Application) -> Fate {
        let cascades = application.cascades && self.now.resolves(&application.destination);
        if cascades { Fate::Deleted } else { Fate::Orphaned }
    }

    fn remove_deployed(&self, application: &Application, gone: &mut BTreeSet<usize>, effects: &mut Effects) {
        let is_made = |maker: &Maker| matches!(maker, Maker::Application(name) if *name == application.name);
        for set in self.sets.iter().filter(|set| is_made(&set.maker)) {
            self.remove_set(set, false, gone, effects);
        }
        for (index, deployed) in self.matching(|other| is_made(&other.maker)) {
            if gone.insert(index) {
                let fate = self.removed(deployed);
                effects.add(self.owner(deployed), fate, deployed, None);
                if fate.is_dangerous() {
                    self.remove_deployed(deployed, gone, effects);
                }
            }
        }
    }

    fn matching(&self, is_meant: impl Fn(&Application) -> bool) -> Vec<(usize, &Application)> {
        let all = self.applications.iter().enumerate();
        all.filter(|(_, application)| !application.is_terminating && is_meant(application)).collect()
    }
}
