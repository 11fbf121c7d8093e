//! What clap shows: help without what a command ignores, and mistakes on the command line with a tip that helps.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, CommandFactory, Error};

use crate::cli::Cli;
use crate::cli::exit::Exit;
use crate::code::Code;
use crate::profile::sensitive::Sensitive;
use crate::report::error::explain_line;
use crate::report::ui::{Color, Ui};

/// Options that choose the hub.
const CLUSTER: [&str; 4] = ["context", "kubeconfig", "in_cluster", "parallelism"];
/// Options of the profile's content.
const PROFILE: [&str; 3] = ["profile", "var", "var_file"];

/// Each command, the global options that it ignores, and its formats of output; none where it has one only.
const COMMANDS: [(&str, &[&[&str]], &str); 12] = [
    ("init", &[&CLUSTER, &["var", "var_file", "timeout", "no_download", "locked", "allow_exec"]], ""),
    ("validate", &[&CLUSTER, &["timeout", "no_download", "allow_exec"]], "text, json or sarif"),
    ("render", &[&CLUSTER, &["timeout", "allow_exec"]], ""),
    ("plan", &[&["timeout"]], "text, json (one document) or markdown (a comment for a pull request)"),
    ("apply", &[], "text, or json (one line an event)"),
    ("status", &[&["timeout", "no_download", "locked", "allow_exec"]], "text, or json (one document)"),
    ("destroy", &[&["no_download", "locked", "allow_exec"]], "text, or json (one line an event)"),
    ("up", &[&["context", "in_cluster"]], "text, or json (one line an event of the apply)"),
    ("down", &[&CLUSTER, &["timeout", "no_download", "locked", "allow_exec"]], ""),
    ("credentials", &[&["timeout", "no_download", "locked"]], "text, or json (one line an event)"),
    ("schema", &[&CLUSTER, &PROFILE, &["timeout", "no_download", "locked", "allow_exec"]], ""),
    ("completions", &[&CLUSTER, &PROFILE, &["timeout", "no_download", "locked", "allow_exec"]], ""),
];

/// What people type out of habit, and what it is called here.
const HABITS: [(&str, &str); 25] = [
    ("diff", "bridge plan"),
    ("preview", "bridge plan"),
    ("--dry-run", "bridge plan"),
    ("health", "bridge status"),
    ("check", "bridge validate"),
    ("lint", "bridge validate"),
    ("template", "bridge render"),
    ("install", "bridge apply"),
    ("deploy", "bridge apply"),
    ("sync", "bridge apply"),
    ("delete", "bridge destroy"),
    ("uninstall", "bridge destroy"),
    ("--destroy", "bridge destroy"),
    ("rotate", "bridge credentials rotate"),
    ("rotate-auth", "bridge credentials rotate"),
    ("explain", "bridge --explain CODE"),
    ("version", "bridge --version"),
    ("completion", "bridge completions SHELL"),
    ("-a", "--auto-approve"),
    ("-y", "--auto-approve"),
    ("--yes", "--auto-approve"),
    ("--approve", "--auto-approve"),
    ("--force", "--force-conflicts KIND/NAME:FIELD"),
    ("--json", "--output json"),
    ("--file", "--profile FILE"),
];

/// The command line as it is read: clap's, with help that shows each command only what it heeds.
///
/// clap hands global options down to commands that have none of that name, so each command gets its own copies before.
pub(super) fn command() -> Command {
    let command = Cli::command();
    let global: Vec<Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    COMMANDS.iter().fold(command, |command, (name, ignored, formats)| {
        let own = global.iter().cloned().map(|arg| of_command(arg, ignored, formats));
        command.mut_subcommand(name, |command| with_options(command, &own))
    })
}

/// A command that only holds others hands them its options.
fn with_options(command: Command, own: &(impl Iterator<Item = Arg> + Clone)) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    names.into_iter().fold(command.args(own.clone()), |command, name| {
        command.mut_subcommand(name, |inner| inner.args(own.clone()))
    })
}

fn of_command(arg: Arg, ignored: &[&[&str]], formats: &str) -> Arg {
    let id = arg.get_id().as_str();
    let is_ignored = ignored.iter().any(|ids| ids.contains(&id));
    match (id, formats) {
        ("explain", _) | ("output", "") => arg.hide(true),
        ("output", _) => arg.hide_possible_values(true).help(format!("Format of the output: {formats}")),
        _ => arg.hide(is_ignored),
    }
}

/// Shows what clap has to say. Help and version are data; anything else is a mistake on the command line.
pub(super) fn show(error: Error) -> Exit {
    let ui = Ui::new(Color::Auto, false);
    // A `name=value` without `--var` before it is quoted, whatever the value is.
    if let Some(ContextValue::String(argument)) = error.get(ContextKind::InvalidArg)
        && let Some((_, value)) = argument.split_once('=').filter(|_| !argument.starts_with('-'))
    {
        ui.redactor().register(&Sensitive::new(value));
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            match ui.data(&error.render().ansi().to_string()) {
                Ok(()) => Exit::Done,
                Err(_) => Exit::Failed,
            }
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ui.say(&error.render().ansi().to_string());
            Exit::Usage
        }
        _ => {
            let text = with_tip(error).render().ansi().to_string();
            let coded = text.replacen("error:", &format!("error[{}]:", Code::USAGE), 1);
            ui.say(&format!("{coded}{}", explain_line(Code::USAGE)));
            Exit::Usage
        }
    }
}

/// The error with what the user probably meant; clap's own guesses stay where they are close.
fn with_tip(mut error: Error) -> Error {
    let wrong = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg].into_iter().find_map(|kind| {
        match error.get(kind) {
            Some(ContextValue::String(wrong)) => Some(wrong.clone()),
            _ => None,
        }
    });
    let Some(tip) = wrong.filter(|_| is_unknown(error.kind())).and_then(|wrong| tip(&wrong)) else {
        return error;
    };
    error.remove(ContextKind::SuggestedSubcommand);
    error.remove(ContextKind::SuggestedArg);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    error
}

fn is_unknown(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument)
}

fn tip(wrong: &str) -> Option<String> {
    if let Some((_, right)) = HABITS.iter().find(|(habit, _)| *habit == wrong) {
        return Some(format!("here it is `{right}`"));
    }
    if wrong.ends_with(".yaml") || wrong.ends_with(".yml") {
        return Some(format!("`-f` takes one file and may be given again: -f {wrong}"));
    }
    let is_command = !wrong.starts_with('-');
    // Of two words that have little in common, one is no hint at the other.
    let is_close = |name: &str| strsim::jaro_winkler(wrong, name) > 0.85;
    (is_command && !COMMANDS.iter().any(|(name, ..)| is_close(name)))
        .then(|| "`bridge --help` lists the commands of this version".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_option_of_the_table_exists() {
        let command = Cli::command();
        let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        assert_eq!(names, COMMANDS.map(|(name, ..)| name));
        let known: Vec<&str> = command.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        let ignored = COMMANDS.iter().flat_map(|(_, ignored, _)| ignored.iter().flat_map(|ids| ids.iter()));
        assert!(ignored.clone().all(|id| known.contains(id)), "{:?}", ignored.collect::<Vec<_>>());
    }

    #[test]
    fn the_definition_of_the_command_line_is_sound() {
        command().debug_assert();
    }
}
