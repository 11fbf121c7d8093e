//! Pods that cannot start, as kubelets tell it, and what `apply` makes of that. Each step begins where the one before it ends.

mod broken;
mod install;
mod watched;
mod world;

use anyhow::{Context, Result};
use std::time::Instant;

use world::World;

type Step = fn(&World) -> Result<()>;

const STEPS: [(&str, Step); 6] = [
    ("the first install waits for Secrets and gives nothing up", install::the_first_install_ends_well),
    ("the Service of argocd-server leads to its pod", install::the_service_leads_to_the_server),
    ("seven workloads fail in seven ways", broken::seven_workloads_fail_in_seven_ways),
    ("the profile is corrected", broken::the_profile_is_corrected),
    ("what may heal is waited for, what only seems ready is not", watched::waits_for_what_may_heal),
    ("the profile is corrected again", watched::the_profile_is_corrected_again),
];

#[test]
fn pods_that_cannot_start_are_told_and_a_corrected_profile_converges() -> Result<()> {
    let world = World::new()?;
    for (name, step) in STEPS {
        let started = Instant::now();
        step(&world).with_context(|| format!("step: {name}"))?;
        eprintln!("{:4.0} s  {name}", started.elapsed().as_secs_f32());
    }
    Ok(())
}
