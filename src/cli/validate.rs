//! `bridge validate`.

use std::sync::Arc;

use clap::Args as ClapArgs;

use crate::cli::args::Output;
use crate::cli::context::Context;
use crate::cli::error::{CliError, OneError};
use crate::cli::exit::Exit;
use crate::cli::{checkout, manifest, prepare, profiles};
use crate::desired::secrets::Secrets;
use crate::desired::shards;
use crate::profile::finding::{Finding, has_errors};
use crate::profile::location::{Location, Source};
use crate::report::style::{self, paint};
use crate::report::{finding, finding_json, sarif};

/// Check profiles offline, and report every finding at once
///
/// Asks no cluster and downloads nothing. Exit code 0 when no finding is an error, else 3.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Compare with a local checkout of the addons, workloads or clusters repository, such as addons=../addons
    #[arg(long, value_name = "NAME=DIR")]
    checkout: Vec<checkout::Given>,
}

/// Validates all profiles together.
pub(super) async fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let output = context.output("validate", &[Output::Text, Output::Json, Output::Sarif])?;
    let mut findings = Vec::new();
    for path in profiles::profiles(context)? {
        findings.extend(one(context, args, &path).await.or_else(|error| for_machines(error, &path, output))?);
    }
    show(context, output, &findings)?;
    Ok(if has_errors(&findings) { Exit::Usage } else { Exit::Done })
}

/// The findings of the profile; where it has no errors, those of its objects too.
async fn one(context: &Context, args: &Args, path: &str) -> Result<Vec<Finding>, CliError> {
    let (ready, mut findings) = match prepare::ready(context, prepare::read(context, path)?, path) {
        Ok(both) => both,
        Err(error) => return only_findings(error),
    };
    findings.extend(checkout::check(&args.checkout, &ready)?);
    let (manifest, notes) = manifest::at_hand(context, &ready).await?;
    findings.extend(notes);
    findings.extend(ready.warnings(manifest.as_deref()));
    match ready.assemble(manifest, &Secrets::Masked) {
        Ok(desired) => {
            findings.extend(shards::unused(&ready.profile, &desired.objects));
            Ok(findings)
        }
        Err(error) => {
            findings.extend(only_findings(error)?);
            Ok(findings)
        }
    }
}

/// A reader of documents gets one whatever happens, at the top of the file that was asked about.
fn for_machines(error: CliError, path: &str, output: Output) -> Result<Vec<Finding>, CliError> {
    let is_document = match output {
        Output::Json | Output::Sarif => true,
        Output::Text | Output::Markdown => false,
    };
    match error {
        CliError::One(one) if is_document && one.exit == Exit::Usage => {
            let OneError { code, message, causes, hints, exit: _ } = *one;
            let message = std::iter::once(message).chain(causes).collect::<Vec<_>>().join(": ");
            let source = Arc::new(Source { path: path.to_owned(), text: String::new() });
            let at = Location { source, line: 1, column: 1, length: 1 };
            Ok(vec![Finding::error(code, &at, message, hints.join("; "))])
        }
        error => Err(error),
    }
}

fn only_findings(error: CliError) -> Result<Vec<Finding>, CliError> {
    match error {
        CliError::Findings(findings) => Ok(findings),
        CliError::One(_) | CliError::Preflight { .. } => Err(error),
    }
}

fn show(context: &Context, output: Output, findings: &[Finding]) -> Result<(), CliError> {
    match output {
        Output::Json => context.ui.document(serde_json::json!(finding_json::document(findings)))?,
        Output::Sarif => context.ui.document(sarif::document(findings))?,
        Output::Text | Output::Markdown => {
            context.ui.data(&finding::render(findings, context.ui.redactor()))?;
            if !has_errors(findings) {
                context.ui.status(&paint(style::SUCCESS, "The profile is valid."));
            }
        }
    }
    Ok(())
}
