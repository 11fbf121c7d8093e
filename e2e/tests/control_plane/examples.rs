//! What the examples put into git is what Argo CD's own API takes, to the last field.

use std::path::{Path, PathBuf};

use crate::support::{Profile, World};
use anyhow::{Context, Result, ensure};

const SETS: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets";

/// The manifests below a folder that are ApplicationSets, those that the root sets leave out among them.
fn application_sets(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            application_sets(&path, found)?;
        } else if std::fs::read_to_string(&path)?.contains("\nkind: ApplicationSet\n") {
            found.push(path);
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_application_set_of_a_checkout_is_accepted_without_an_unknown_field() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::official())?;
    world.apply(&[])?;
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?.join("examples");
    let mut sets = Vec::new();
    for example in std::fs::read_dir(examples)? {
        let checkouts = example?.path().join("checkouts");
        if checkouts.is_dir() {
            application_sets(&checkouts, &mut sets)?;
        }
    }
    ensure!(sets.len() >= 6, "{sets:?}");
    let strict = format!("{SETS}?dryRun=All&fieldValidation=Strict&fieldManager=test");
    for path in sets {
        let text = std::fs::read_to_string(&path)?;
        world.send_yaml("POST", &strict, &text).await.with_context(|| path.display().to_string())?;
    }
    // A field that nobody knows is refused, so the check above says something.
    let wrong = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: { name: a }\nspec:\n  generators: []\n  \
                 template: { metadata: {}, spec: { project: default, destination: {}, syncPolicy: { preserveResourcesOnDeletion: true } } }\n";
    ensure!(world.send_yaml("POST", &strict, wrong).await.is_err());
    Ok(())
}
