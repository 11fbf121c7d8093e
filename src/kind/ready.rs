//! Waiting for a cluster that kind has made. kind's own `--wait` ends with 0 where the time is over, so it is not used.
#![expect(clippy::disallowed_methods, reason = "waiting has to end")]

use std::path::Path;
use std::time::{Duration, Instant};

use crate::cluster::{self, ConnectOptions, KubeconfigFiles};
use crate::code::Code;
use crate::kind::create::{Made, Making, Step};
use crate::kind::problem::Problem;
use crate::kind::spec::Spec;

/// Between two looks, and the longest that one may take.
const PAUSE: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_secs(5);

/// Waits until the API server says that it is ready, and each node does.
///
/// # Errors
/// When the time is over, with what was missing last.
pub(super) async fn wait(making: &Making<'_>, spec: &Spec, kubeconfig: &Path) -> Result<Made, Problem> {
    let options = ConnectOptions {
        kubeconfig: KubeconfigFiles::new(vec![kubeconfig.to_path_buf()]),
        context: Some(spec.name.context()),
        parallelism: 1,
        ..ConnectOptions::default()
    };
    let until = Instant::now() + making.timeout;
    loop {
        if making.interrupt.is_requested() {
            return Ok(Made::Interrupted);
        }
        let Some(missing) = cluster::unready(&options, LOOK).await else { return Ok(Made::Ready) };
        if Instant::now() >= until {
            return Err(late(making, spec, &missing));
        }
        (making.say)(spec, Step::NotReady(&missing));
        making.interrupt.pause(PAUSE).await;
    }
}

fn late(making: &Making<'_>, spec: &Spec, missing: &str) -> Problem {
    let seconds = making.timeout.as_secs();
    let message = format!("the cluster `{}` is not ready after {seconds} s: {missing}", spec.name);
    let logs = format!(
        "{} exec {} journalctl -u kubelet --no-pager -n 50",
        making.tools.engine.provider(),
        spec.name.control_plane()
    );
    Problem::new(Code::KIND_NOT_READY, message)
        .fix(format!("look at the kubelet: `{logs}`"))
        .fix("run `bridge up` again, which goes on waiting; `--timeout` sets how long")
}
