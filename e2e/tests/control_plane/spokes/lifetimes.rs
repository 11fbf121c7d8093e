//! How long tokens live: as asked, as the API server allows, and as long as nobody asks for less.

use anyhow::{Result, ensure};

use super::fleet::Fleet;

#[tokio::test]
async fn a_server_that_caps_lifetimes_is_named_and_its_token_is_kept() -> Result<()> {
    let fleet = Fleet::start_with(&["--service-account-max-token-expiration=1h"]).await?;
    fleet.profile(", serviceAccount: { tokenLifetime: 24h }")?;
    let outcome = fleet.world.apply(&[])?;
    let said = "gives 3600 s at most, and not 86400 s: run `bridge credentials rotate` before that";
    ensure!(outcome.stderr.contains(said), "{outcome}");
    fleet.expect_converged()
}

#[tokio::test]
async fn a_token_that_lives_longer_than_asked_is_replaced() -> Result<()> {
    let fleet = Fleet::start().await?;
    // A time that the API server makes a year of, in tokens that are bound to a pod.
    fleet.profile(", serviceAccount: { tokenLifetime: 3607s }")?;
    fleet.world.apply(&[])?;
    fleet.expect_converged()?;
    let former = fleet.token().await?;
    fleet.profile(", serviceAccount: { tokenLifetime: 30m }")?;
    let planned = fleet.world.expect(2, &["plan", "--detailed-exitcode"])?;
    ensure!(planned.stdout.contains("lives longer than asked"), "{planned}");
    fleet.world.apply(&[])?;
    let shorter = fleet.token().await?;
    ensure!(shorter != former, "it was kept");
    fleet.expect_revoked(&former).await?;
    fleet.expect_converged()?;
    // A longer one is made when its time comes.
    fleet.profile(", serviceAccount: { tokenLifetime: 24h }")?;
    fleet.expect_converged()
}
