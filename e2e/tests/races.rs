//! What happens between the plan and its writes: bridge looks again, and does only what was shown.

mod support;

use anyhow::Result;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};
use support::{Profile, World, secret};

/// The address leads to another cluster from its n-th question for the uid on.
fn moves_to_another_cluster(world: &World, nth: usize) {
    let other = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system", "uid": "another"}});
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let fault = Fault::Status { code: 200, headers, body: other.to_string() };
    world.proxy.fail(Matcher::any().method("GET").path("/api/v1/namespaces/kube-system").nth(nth), fault);
}

#[tokio::test]
async fn a_cluster_that_is_another_one_by_the_first_write_is_not_written() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    moves_to_another_cluster(&world, 2);
    let first = world.expect(5, &["apply", "--auto-approve", "--no-wait"])?;
    assert!(first.stderr.contains("BRG3016") && first.stderr.contains("another"), "{first}");
    assert!(world.proxy.writes().is_empty());
    world.proxy.reset();
    world.apply(&[])?;
    let before = world.versions().await?;
    world.profile(&Profile::small().without_spoke("spoke-dev"))?;
    for args in [["apply", "--auto-approve", "--no-wait"].as_slice(), &["destroy", "--auto-approve"]] {
        world.proxy.reset();
        moves_to_another_cluster(&world, 2);
        world.expect(5, args)?;
        assert!(world.proxy.writes().is_empty(), "{args:?}");
    }
    assert_eq!(world.versions().await?, before);
    Ok(())
}
