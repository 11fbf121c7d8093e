//! The lines that machines read of a real apply and destroy.

use crate::support::{Profile, World};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The lines of a command, each checked against the published schema.
fn lines(world: &World, code: i32, args: &[&str]) -> Result<Vec<Value>> {
    let schema: Value = serde_json::from_str(&world.expect(0, &["schema", "apply"])?.stdout)?;
    let validator = jsonschema::validator_for(&schema)?;
    let outcome = world.expect(code, &[args, &["--output", "json"]].concat())?;
    let lines: Vec<Value> = outcome.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for line in &lines {
        let errors: Vec<String> = validator.iter_errors(line).map(|error| error.to_string()).collect();
        ensure!(errors.is_empty(), "{line}: {errors:?}");
    }
    let first = lines.first().context("no line")?;
    ensure!(first["format"] == "bridge.apply/v1" && first["file"] == "bridge.yaml", "{first}");
    let last = lines.last().context("no line")?;
    ensure!(last["exitCode"] == code, "{last}");
    Ok(lines)
}

fn count(lines: &[Value], kind: &str) -> usize {
    lines.iter().filter(|line| line["type"] == kind).count()
}

#[tokio::test]
async fn every_line_of_an_apply_and_a_destroy_follows_the_schema() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let applied = lines(&world, 0, &["apply", "--auto-approve", "--no-wait"])?;
    let last = applied.last().context("no line")?;
    assert_eq!((&last["type"], &last["complete"]), (&"complete".into(), &true.into()));
    assert_eq!(last["summary"]["added"], count(&applied, "planned_change"));
    assert_eq!(count(&applied, "written"), count(&applied, "planned_change"));
    // Refused before the first write: a last line of another type, and the same exit code.
    world.profile(&Profile::small().without_spoke("spoke-dev").without_spoke("spoke-prod"))?;
    let refused = lines(&world, 5, &["apply", "--auto-approve", "--no-wait"])?;
    let last = refused.last().context("no line")?;
    assert_eq!((&last["type"], &last["findings"][0]["code"]), (&"error".into(), &"BRG3004".into()));
    let summary = refused.iter().find(|line| line["type"] == "change_summary").context("no summary")?;
    assert_eq!(summary["needsConsent"]["allowDelete"], 2);
    let destroyed = lines(&world, 0, &["destroy", "--auto-approve"])?;
    assert_eq!(destroyed[0]["operation"], "destroy");
    assert!(count(&destroyed, "written") > 0);
    Ok(())
}
