//! The log: off unless asked for, on standard error, and scrubbed like everything else.

use tracing_subscriber::EnvFilter;

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::code::Code;

/// Starts the log that `-v` or `BRIDGE_LOG` asks for.
///
/// # Errors
/// When `BRIDGE_LOG` is no filter.
pub(super) fn install(context: &Context) -> Result<(), CliError> {
    for name in &context.environment.unknown {
        context.ui.warn(&format!("the environment variable {name} is none of bridge's"));
    }
    let Some(filter) = filter(context)? else { return Ok(()) };
    let ui = context.ui.clone();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || ui.log()).without_time();
    // Only a second subscriber is refused, and there is none.
    subscriber.with_target(false).try_init().unwrap_or_default();
    Ok(())
}

/// Libraries stay below the level at which they would log headers and bodies.
fn filter(context: &Context) -> Result<Option<EnvFilter>, CliError> {
    if let Some(log) = &context.environment.log {
        return EnvFilter::builder().parse(log).map(Some).map_err(|_| {
            CliError::usage(Code::USAGE, "BRIDGE_LOG is no filter")
                .hinted("for example BRIDGE_LOG=bridge=debug")
        });
    }
    Ok(match context.global.verbose {
        0 => None,
        1 => Some(EnvFilter::new("bridge=info")),
        2 => Some(EnvFilter::new("bridge=debug,warn")),
        3.. => Some(EnvFilter::new("bridge=trace,kube=debug,info")),
    })
}
