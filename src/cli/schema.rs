//! `bridge schema`.

use clap::{Args as ClapArgs, ValueEnum};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::plan::saved::SavedPlan;
use crate::report::apply_json::Line;
use crate::report::error_json::ErrorDocument;
use crate::report::finding_json::FindingsDocument;
use crate::report::plan_json::PlanDocument;
use crate::report::status_json::StatusDocument;

/// Print the JSON schema of the profile or of an output
#[derive(Debug, ClapArgs)]
pub(super) struct Args {
    /// Of what
    #[arg(value_enum, default_value_t)]
    of: Document,
}

/// What has a schema
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Document {
    /// The profile, for editors
    #[default]
    Profile,
    /// `bridge plan --output json`
    Plan,
    /// What `bridge plan --out` writes
    PlanFile,
    /// One line of `bridge apply --output json` and `bridge destroy --output json`
    Apply,
    /// `bridge status --output json`
    Status,
    /// `bridge validate --output json`
    Findings,
    /// What `--output json` gives where a command ends without its document
    Error,
}

/// Prints the schema.
pub(super) fn exec(context: &Context, args: &Args) -> Result<Exit, CliError> {
    let schema = match args.of {
        Document::Profile => crate::profile::schema::schema(),
        Document::Plan => text(&schemars::schema_for!(PlanDocument)),
        Document::PlanFile => text(&schemars::schema_for!(SavedPlan)),
        Document::Apply => text(&schemars::schema_for!(Line)),
        Document::Status => text(&schemars::schema_for!(StatusDocument)),
        Document::Error => text(&schemars::schema_for!(ErrorDocument)),
        Document::Findings => text(&schemars::schema_for!(FindingsDocument)),
    };
    context.ui.data(&schema)?;
    Ok(Exit::Done)
}

fn text(schema: &schemars::Schema) -> String {
    format!("{:#}\n", schema.as_value())
}
