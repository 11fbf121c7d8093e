//! Which Applications an ApplicationSet owns, and what an Application deployed on the hub, by their places.

use std::collections::BTreeMap;

use crate::plan::status::application::Maker;
use crate::plan::workloads::set::{Application, Set};

/// What came of ApplicationSets and Applications. What is being deleted already is left out.
#[derive(Debug, Default)]
pub(super) struct Made {
    /// The Applications of each ApplicationSet, by its uid.
    by_set: BTreeMap<String, Vec<usize>>,
    /// What each Application deployed, by its name.
    by_application: BTreeMap<String, Deployed>,
}

/// What an Application deployed.
#[derive(Debug, Default)]
pub(super) struct Deployed {
    pub(super) sets: Vec<usize>,
    pub(super) applications: Vec<usize>,
}

impl Made {
    pub(super) fn of(sets: &[Set], applications: &[Application]) -> Self {
        let mut made = Self::default();
        for (index, set) in sets.iter().enumerate() {
            if let Maker::Application(name) = &set.maker {
                made.by_application.entry(name.clone()).or_default().sets.push(index);
            }
        }
        for (index, one) in applications.iter().enumerate().filter(|(_, one)| !one.is_terminating) {
            match &one.maker {
                Maker::Set(uid) => made.by_set.entry(uid.clone()).or_default().push(index),
                Maker::Application(name) => {
                    made.by_application.entry(name.clone()).or_default().applications.push(index);
                }
                Maker::Nobody => {}
            }
        }
        made
    }

    /// The Applications of an ApplicationSet.
    pub(super) fn by_set(&self, set: &Set) -> &[usize] {
        self.by_set.get(&set.uid).map_or(&[], Vec::as_slice)
    }

    /// What an Application deployed on the hub, where it did.
    pub(super) fn by_application(&self, application: &Application) -> Option<&Deployed> {
        self.by_application.get(&application.name)
    }
}
