//! One hub and one spoke, from nothing on. Each step begins where the one before it ends.

mod edits;
mod life;
mod seen;
mod world;

use anyhow::{Context, Result};
use std::time::Instant;

use world::Fleet;

type Step = fn(&mut Fleet) -> Result<()>;

const STEPS: [(&str, Step); 5] = [
    ("killed after the first of two clusters", life::killed_after_the_first_cluster),
    ("the rerun ends with both", life::the_rerun_ends_with_both),
    ("a second up writes nothing", life::a_second_up_writes_nothing),
    ("the pods run the official images", life::the_pods_run_the_official_images),
    ("labels are flipped", edits::labels_are_flipped),
];

#[test]
fn a_hub_and_a_spoke_come_up_and_follow_the_profile() -> Result<()> {
    let mut fleet = Fleet::new()?;
    for (name, step) in STEPS {
        let started = Instant::now();
        step(&mut fleet).with_context(|| format!("step: {name}"))?;
        eprintln!("{:4.0} s  {name}", started.elapsed().as_secs_f32());
    }
    Ok(())
}
