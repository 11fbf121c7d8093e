//! ApplicationSets that go, and Applications that go with all that they deployed, which on the hub may be both again.

use std::collections::BTreeSet;

use crate::desired::id::ObjectId;
use crate::plan::workloads::judge::{Effects, Judge};
use crate::plan::workloads::made::Deployed;
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
        if self.made.by_application(application).is_some() {
            self.remove_deployed(application, &mut gone.clone(), effects);
        }
    }

    /// The garbage collector deletes the Applications of a set that is gone. Only where the deletion waits for a finalizer the
    /// controller comes first, and sets those free that its policy does not let it delete.
    fn remove_set(&self, set: &Set, is_named: bool, gone: &mut BTreeSet<usize>, effects: &mut Effects) {
        let deletes = self.policy_of(set).deletes;
        for index in self.made.by_set(set) {
            let application = &self.applications[*index];
            let fate = match (deletes, set.has_finalizers, is_named) {
                (false, true, true) => Fate::Kept,
                // Deleted in the foreground by Argo CD: whether its controller or the garbage collector is first is open.
                (false, _, false) => Fate::NotEvaluated(Why::SetChanges),
                (true, _, _) | (false, false, true) => self.removed(application),
            };
            self.remove(*index, fate, gone, effects);
        }
    }

    fn removed(&self, application: &Application) -> Fate {
        let cascades = application.cascades && self.now.resolves(&application.destination);
        if cascades { Fate::Deleted } else { Fate::Orphaned }
    }

    fn remove(&self, index: usize, fate: Fate, gone: &mut BTreeSet<usize>, effects: &mut Effects) {
        if gone.insert(index) {
            let application = &self.applications[index];
            effects.add(self.owner(application), fate, application, None);
            if fate.is_dangerous() {
                self.remove_deployed(application, gone, effects);
            }
        }
    }

    fn remove_deployed(&self, application: &Application, gone: &mut BTreeSet<usize>, effects: &mut Effects) {
        let Some(Deployed { sets, applications }) = self.made.by_application(application) else { return };
        for set in sets {
            self.remove_set(&self.sets[*set], false, gone, effects);
        }
        for index in applications {
            self.remove(*index, self.removed(&self.applications[*index]), gone, effects);
        }
    }
}
