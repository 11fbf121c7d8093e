//! A hub under another name: what its root ApplicationSets pull stays where it is.

use anyhow::{Result, ensure};

use super::fleet::Fleet;
use super::members::Member;

/// Were the root Applications made anew, all that the repositories brought would go with them for a while.
#[tokio::test]
async fn a_renamed_hub_keeps_its_root_applications() -> Result<()> {
    Fleet::with(1, renamed).await
}

async fn renamed(fleet: &mut Fleet) -> Result<()> {
    fleet.lines("applicationSets: { preserveResourcesOnDeletion: false }\n");
    let mut members =
        vec![Member::hub(), Member::spoke("spoke", "dev", &["cert_manager"], fleet.connection(0))];
    fleet.seed(&members)?;
    fleet.start_argocd().await?;
    let before = fleet.converged(&members, &[]).await?;
    members[0].name = "control-plane".to_owned();
    fleet.seed(&members)?;
    let after = fleet.converged(&members, &["hub"]).await?;
    // Of those that are there before and afterwards, the root Applications among them, each is the same one.
    let (went, came) = before.expect_rest_untouched(&after)?;
    let of_hub = |names: &[String], name: &str| names.iter().all(|one| one.ends_with(name));
    ensure!(of_hub(&went, "-hub") && of_hub(&came, "-control-plane"), "went: {went:?}, came: {came:?}");
    Ok(())
}
