//! A planted token reaches the cluster, and nobody's eyes.

use crate::support::{Profile, World, is_in_folder, secret};
use anyhow::{Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::bridge_cmd::Outcome;

const TOKEN: &str = "planted-t0ken-value";

fn is_clean(outcome: &Outcome) -> Result<()> {
    let encoded = STANDARD.encode(TOKEN);
    let said = format!("{}{}", outcome.stdout, outcome.stderr);
    ensure!(!said.contains(TOKEN) && !said.contains(encoded.trim_end_matches('=')), "{outcome}");
    // Anything that contains it at another offset of base64 would show one of these.
    for offset in 1..3 {
        let shifted = STANDARD.encode(format!("{}{TOKEN}", "x".repeat(offset)));
        ensure!(!said.contains(&shifted[4..shifted.len() - 4]), "{outcome}");
    }
    Ok(())
}

fn profile() -> Profile {
    Profile::small().with(
        "repositories:\n  - name: platform\n    url: https://git.example.com/acme/platform.git\n    \
         credentials: { username: { env: PLANTED_TOKEN }, password: { env: PLANTED_TOKEN } }\n",
    )
}

#[tokio::test]
async fn a_token_is_in_no_output_no_file_no_argument_and_no_annotation() -> Result<()> {
    let world = World::start().await?;
    world.profile(&profile())?;
    for args in [
        &["validate", "-vvv"][..],
        &["render", "-vvv"],
        &["plan", "--offline", "-vvv"],
        &["plan", "-vvv"],
        &["plan", "-vvv", "--output", "json"],
        &["plan", "-vvv", "--output", "markdown"],
        &["plan", "-vvv", "--out", "it"],
        &["apply", "--auto-approve", "--no-wait", "-vvv"],
        &["apply", "--auto-approve", "--no-wait", "-vvv", "--output", "json"],
        &["plan", "--destroy", "-vvv"],
    ] {
        let outcome = world.run(args)?;
        ensure!(outcome.code == Some(0), "{outcome}");
        is_clean(&outcome)?;
    }
    ensure!(!is_in_folder(world.folder.path(), TOKEN)?, "the token was written into a file");
    let live = world.get(&secret("spoke-dev")).await?;
    ensure!(!live["metadata"].to_string().contains(TOKEN), "{}", live["metadata"]);
    let config = STANDARD.decode(live["data"]["config"].as_str().unwrap_or_default())?;
    ensure!(String::from_utf8(config)?.contains(TOKEN), "the token has to reach the cluster");
    Ok(())
}

#[tokio::test]
async fn a_changed_token_shows_as_changed_and_nothing_more() -> Result<()> {
    let world = World::start().await?;
    world.profile(&profile())?;
    world.apply(&[])?;
    let plan = world.bridge(&["plan"])?.env("PLANTED_TOKEN", "another-t0ken-value").run()?;
    ensure!(plan.stdout.contains("(sensitive, changed)"), "{plan}");
    ensure!(!plan.stdout.contains("another-t0ken"), "{plan}");
    is_clean(&plan)
}

#[tokio::test]
async fn a_server_that_echoes_a_token_does_not_make_bridge_print_it() -> Result<()> {
    use bridge_e2e::proxy::{Fault, Matcher};
    let world = World::start().await?;
    world.profile(&profile())?;
    world.proxy.fail(
        Matcher::any().method("PATCH").path_contains("/secrets/"),
        Fault::status(422, "Invalid", &format!("Secret is invalid: {TOKEN}")),
    );
    let outcome = world.run(&["apply", "--auto-approve", "--no-wait", "-vvv"])?;
    ensure!(outcome.code == Some(1), "{outcome}");
    is_clean(&outcome)
}
