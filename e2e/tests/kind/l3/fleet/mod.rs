//! One hub and one spoke, from nothing on. Each step begins where the one before it ends.

mod edits;
mod life;
mod outages;
mod seen;
mod upgrade;
mod world;

use anyhow::{Context, Result};
use std::time::Instant;

use world::Fleet;

type Step = fn(&mut Fleet) -> Result<()>;

const STEPS: [(&str, Step); 13] = [
    ("killed after the first of two clusters", life::killed_after_the_first_cluster),
    ("the rerun ends with both", life::the_rerun_ends_with_both),
    ("a second up writes nothing", life::a_second_up_writes_nothing),
    ("the pods run the official images", life::the_pods_run_the_official_images),
    ("labels are flipped", edits::labels_are_flipped),
    ("the spoke is paused", outages::the_spoke_is_paused),
    ("the spoke answers again", outages::the_spoke_answers_again),
    ("Argo CD is upgraded", upgrade::argo_cd_is_upgraded),
    ("the hub is restarted during an apply", outages::the_hub_is_restarted_during_an_apply),
    ("a node that was stopped is started", outages::a_node_that_was_stopped_is_started),
    ("a cluster that was deleted is made again", outages::a_cluster_that_was_deleted_is_made_again),
    ("down leaves a cluster of a similar name", life::down_leaves_a_cluster_of_a_similar_name),
    ("a second down has nothing to do", life::a_second_down_has_nothing_to_do),
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
