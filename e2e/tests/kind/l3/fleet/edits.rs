//! An edit of the profile moves exactly what it is about.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::seen::{Application, converged};
use super::world::Fleet;

type Applications = BTreeMap<String, Application>;

/// Off on the spoke, on on the hub.
pub fn labels_are_flipped(fleet: &mut Fleet) -> Result<()> {
    let before = converged(fleet)?;
    fleet.wish.hub_toggle = true;
    fleet.wish.spoke_toggle = false;
    fleet.declare()?;
    fleet.expect(0, &["apply", "--auto-approve"])?;
    let after = converged(fleet)?;
    expect_moved(&before, &after, &["metrics-server-spoke"], &["metrics-server-hub"])
}

/// Exactly these went and came; the others are the same objects.
pub fn expect_moved(before: &Applications, after: &Applications, went: &[&str], came: &[&str]) -> Result<()> {
    let is_in = |all: &Applications, name: &String, one: &Application| {
        all.get(name).is_some_and(|other| other.uid == one.uid)
    };
    let gone: Vec<&String> = before.iter().filter(|(n, one)| !is_in(after, n, one)).map(|(n, _)| n).collect();
    let new: Vec<&String> = after.iter().filter(|(n, one)| !is_in(before, n, one)).map(|(n, _)| n).collect();
    ensure!(gone == went && new == came, "went: {gone:?}, came: {new:?}");
    Ok(())
}
