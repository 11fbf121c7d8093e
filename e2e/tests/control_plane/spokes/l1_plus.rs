//! Tokens that never expire: Kubernetes' token controller makes them, so these tests need it.

use anyhow::{Result, ensure};
use bridge_e2e::controllers::Controllers;
use bridge_e2e::tokens::claims;

use super::fleet::Fleet;

#[tokio::test]
async fn an_unlimited_token_stands_in_a_secret_and_goes_with_it() -> Result<()> {
    let fleet = Fleet::start().await?;
    let _controllers = Controllers::token_controller(&fleet.spoke).await?;
    fleet.profile(", serviceAccount: { tokenLifetime: unlimited }")?;
    let outcome = fleet.world.apply(&[])?;
    let token = fleet.token().await?;
    ensure!(
        outcome.stderr.contains("it never expires") && !format!("{outcome}").contains(&token),
        "{outcome}"
    );
    ensure!(claims(&token)?.get("exp").is_none() && fleet.accepts(&token).await?, "no such token");
    fleet.expect_converged()?;
    fleet.rotate(0, &["spoke-dev"])?;
    let next = fleet.token().await?;
    ensure!(next != token && fleet.accepts(&next).await?, "not rotated");
    fleet.expect_revoked(&token).await?;
    // One that expires is of another kind.
    fleet.profile("")?;
    fleet.world.apply(&[])?;
    ensure!(claims(&fleet.token().await?)?.get("exp").is_some(), "it still never expires");
    fleet.expect_revoked(&next).await?;
    fleet.expect_converged()
}
