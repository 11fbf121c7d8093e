//! What a plan says it will do to Applications, held against what the real controllers then did.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use serde_json::Value;

use super::fleet::Fleet;
use super::members::{Member, ROOTS};
use super::observed::Observed;

/// The Applications of a plan, by what it says becomes of them.
#[derive(Debug, Default)]
pub struct Foretold {
    /// The fate of each, and the name of the one in its place.
    fates: BTreeMap<String, (String, Option<String>)>,
    /// The ApplicationSets of which it says that new ones may come.
    new: BTreeSet<String>,
}

impl Foretold {
    /// What the plan for these clusters says.
    pub fn of(fleet: &Fleet, members: &[Member]) -> Result<Self> {
        fleet.declare(members)?;
        let outcome = fleet.world.expect(0, &["plan", "--output", "json"])?;
        let document: Value = serde_json::from_str(&outcome.stdout)?;
        let mut foretold = Self::default();
        let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        for effect in items(&document["changes"]).iter().flat_map(|change| items(&change["workloads"])) {
            let fate = text(&effect["fate"]);
            if text(&effect["cause"]) == "new" {
                foretold.new.insert(text(&effect["owner"]["name"]));
            }
            for application in items(&effect["applications"]) {
                let successor = application["successor"].as_str().map(str::to_owned);
                foretold.fates.insert(text(&application["name"]), (fate.clone(), successor));
            }
        }
        Ok(foretold)
    }

    /// What it says of each Application.
    pub fn fates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fates.iter().map(|(name, (fate, _))| (name.as_str(), fate.as_str()))
    }

    /// Exactly those went of which it was said, what they deployed is where it was said to be, and nothing stands for them but
    /// what was said. In the fleets of these tests everything can be evaluated but what comes anew.
    pub fn expect(&self, before: &Observed, after: &Observed) -> Result<()> {
        let now: BTreeSet<&str> = after.applications().collect();
        let went: BTreeSet<&str> = before.applications().filter(|name| !now.contains(name)).collect();
        let goes = |fate: &str| matches!(fate, "deleted" | "recreated" | "orphaned" | "adopted");
        let said = self.fates.iter().filter(|(_, (fate, _))| goes(fate)).map(|(name, _)| name.as_str());
        ensure!({ said }.eq(went.iter().copied()), "went: {went:?}, and the plan said: {self:#?}");
        for (name, (fate, successor)) in &self.fates {
            ensure!(fate != "notEvaluated", "{name} could be evaluated: {self:#?}");
            let (was, is) = (before.deployed(name), after.deployed(name));
            let is_as_said = match fate.as_str() {
                "deleted" | "recreated" => is.is_none(),
                _ => is == was,
            };
            // What a root deploys are ApplicationSets, which are held against the repositories.
            let is_known = was.is_some() || ROOTS.contains(&name.as_str());
            ensure!(is_known && is_as_said, "{name} was {fate}, and deployed {was:?}, then {is:?}");
            let comes = successor.as_deref().is_none_or(|name| now.contains(name));
            ensure!(comes, "{name} has no successor: {self:#?}");
        }
        self.expect_new(before, after)
    }

    /// What came and is no successor is of a set of which it was said that new ones may come, or of a new cluster.
    fn expect_new(&self, before: &Observed, after: &Observed) -> Result<()> {
        let were: BTreeSet<&str> = before.applications().collect();
        let successors: BTreeSet<&str> =
            self.fates.values().filter_map(|(_, successor)| successor.as_deref()).collect();
        let came = after.applications().filter(|name| !were.contains(name) && !successors.contains(name));
        let is_said = |name: &str| self.new.iter().any(|set| name.starts_with(&format!("{set}-")));
        for name in came {
            ensure!(is_said(name) || self.fates.is_empty(), "{name} came: {self:#?}");
        }
        Ok(())
    }
}
