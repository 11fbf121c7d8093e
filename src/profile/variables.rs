//! The variables of a profile: what it declares, and which of the given values counts.
//!
//! As in Terraform, an environment variable gives way to a file, and a file to the command line.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::keys;
use crate::profile::files::Files;
use crate::profile::finding::{Finding, has_errors};
use crate::profile::location::Location;
use crate::profile::node::{Entry, Node, Value};
use crate::profile::sensitive::Sensitive;
use crate::profile::suggest;
use crate::profile::var_file;

/// Values for variables, as the user gives them. Which of them are secret is not known yet, so `Debug` shows none.
#[derive(Clone, Default)]
pub struct VariableValues {
    /// Environment variables `BRIDGE_VAR_x`, under the name `x`.
    pub environment: BTreeMap<String, String>,
    /// Files of values, in order; a later one wins.
    pub files: Vec<String>,
    /// `--var name=value`, or a Terraform query, in order; a later one wins.
    pub command_line: Vec<(String, String)>,
}

impl std::fmt::Debug for VariableValues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VariableValues")
    }
}

/// The value that a variable has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableValue {
    /// May be shown.
    Plain(String),
    /// May not be shown.
    Sensitive(Sensitive),
}

impl VariableValue {
    /// The text, which may be secret.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Sensitive(text) => text.expose(),
        }
    }
}

/// The variables that are declared, each with its value; `None` when it has none, which was reported.
pub(crate) type Resolved = BTreeMap<String, Option<VariableValue>>;

/// One variable as the profile declares it.
struct Declaration {
    default: Option<String>,
    is_sensitive: bool,
    /// Whether something in it was reported, so that a missing value is no news.
    is_broken: bool,
    at: Location,
}

type Declarations = BTreeMap<String, Declaration>;

/// Resolves all variables that the tree declares.
pub(crate) fn resolve(
    root: &Node,
    values: &VariableValues,
    files: &mut Files<'_>,
    decoder: &mut Decoder,
) -> Resolved {
    let declarations = root.get("variables").map(|node| declare(node, decoder)).unwrap_or_default();
    let before = files.findings.len();
    let from_files = read_files(&values.files, &declarations, files);
    // What a broken file would have said is not known.
    let files_are_read = !has_errors(&files.findings[before..]);
    let place = &root.get("variables").unwrap_or(root).location;
    check_command_line(&values.command_line, &declarations, place, decoder);
    let from_command_line: BTreeMap<&str, &str> =
        values.command_line.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut resolved = Resolved::new();
    for (name, declaration) in declarations {
        let from_file = from_files.get(&name);
        let given = from_command_line
            .get(name.as_str())
            .copied()
            .or(from_file.and_then(|value| value.text.as_ref()).map(Sensitive::expose))
            .or(values.environment.get(&name).map(String::as_str))
            .or(declaration.default.as_deref())
            // Without a mistake it might be sensitive, so nothing is done with the value.
            .filter(|_| !declaration.is_broken);
        let is_sensitive = declaration.is_sensitive || from_file.is_some_and(|value| value.is_sensitive);
        if given.is_none() && files_are_read && !declaration.is_broken {
            without_value(&name, &declaration, decoder);
        }
        resolved.insert(name, given.map(|text| wrap(text, is_sensitive)));
    }
    resolved
}

fn wrap(text: &str, is_sensitive: bool) -> VariableValue {
    if is_sensitive {
        VariableValue::Sensitive(Sensitive::new(text))
    } else {
        VariableValue::Plain(text.to_owned())
    }
}

fn without_value(name: &str, declaration: &Declaration, decoder: &mut Decoder) {
    let message = format!("the variable `{name}` has no value and no default");
    let fix = if declaration.is_sensitive {
        format!("set BRIDGE_VAR_{name}, or name a file with --var-file")
    } else {
        format!("give --var {name}=VALUE, a --var-file, BRIDGE_VAR_{name}, or a `default` here")
    };
    decoder.error(Code::VARIABLE_WITHOUT_VALUE, &declaration.at, message, fix);
}

fn declare(node: &Node, decoder: &mut Decoder) -> Declarations {
    let Some(mapping) = decoder.mapping(node, "a map of variables") else { return Declarations::new() };
    let mut declarations = Declarations::new();
    for Entry { key, value } in &mapping.entries {
        if is_name(&key.text) {
            declarations.insert(key.text.clone(), declaration(value, &key.location, decoder));
        } else {
            let message = format!("`{}` is no name of a variable", key.text);
            let fix = "letters, digits, `_` and `-`, starting with a letter or `_`";
            decoder.error(Code::VARIABLE_NAME, &key.location, message, fix);
        }
    }
    declarations
}

/// Whether the text can stand in `${var.x}`.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn declaration(node: &Node, at: &Location, decoder: &mut Decoder) -> Declaration {
    let mut declared = Declaration { default: None, is_sensitive: false, is_broken: false, at: at.clone() };
    // `vpc_id:` alone declares a variable that needs a value.
    if node.is_null() {
        return declared;
    }
    let before = decoder.findings.len();
    if let Some(fields) = decoder.fields(node, keys::VARIABLE) {
        read_declaration(&fields, &mut declared, decoder);
    }
    declared.is_broken = decoder.findings.len() > before;
    declared
}

fn read_declaration(fields: &Fields<'_>, declared: &mut Declaration, decoder: &mut Decoder) {
    if let Some(description) = fields.get("description") {
        decoder.text(description, "`description`");
    }
    declared.is_sensitive = decoder.flag(fields, "sensitive", false);
    if let Some(default) = fields.get("default") {
        declared.default = decoder.text(default, "`default`").map(str::to_owned);
        check_default(default, declared.is_sensitive, decoder);
    }
}

fn check_default(node: &Node, is_sensitive: bool, decoder: &mut Decoder) {
    let Some(text) = node.text() else { return };
    if is_sensitive && !text.is_empty() {
        let message = "a sensitive variable has its value written into the profile";
        let fix = "remove `default`, and give the value by BRIDGE_VAR_ or --var-file";
        decoder.error(Code::SENSITIVE_DEFAULT, &node.location, message, fix);
    } else if text.contains("${var.") {
        let message = "a default cannot use other variables";
        decoder.error(Code::VARIABLE_NOT_ALLOWED, &node.location, message, "write the value out");
    }
}

fn check_command_line(
    given: &[(String, String)],
    declarations: &Declarations,
    place: &Location,
    decoder: &mut Decoder,
) {
    for (name, _) in given {
        let Some(declaration) = declarations.get(name) else {
            let fix = undeclared_fix(name, declarations);
            let message = format!("a value is given for `{name}`, which the profile does not declare");
            decoder.error(Code::UNDECLARED_VALUE, place, message, fix);
            continue;
        };
        if declaration.is_sensitive {
            let message = format!("the sensitive variable `{name}` is given on the command line");
            let fix =
                format!("set BRIDGE_VAR_{name}, or name a file with --var-file; other users see arguments");
            decoder.error(Code::SENSITIVE_ON_COMMAND_LINE, &declaration.at, message, fix);
        }
    }
}

fn undeclared_fix(name: &str, declarations: &Declarations) -> String {
    match suggest::closest(name, declarations.keys().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("declare it: `variables: {{ {name}: {{}} }}`, or remove the value"),
    }
}

fn read_files(
    paths: &[String],
    declarations: &Declarations,
    files: &mut Files<'_>,
) -> BTreeMap<String, var_file::FileValue> {
    let mut values = BTreeMap::new();
    for path in paths {
        let Some(node) = files.open_values(path) else { continue };
        if !matches!(node.value, Value::Mapping(_)) {
            let message = format!("expected a map of variable values, found {}", node.kind());
            files.findings.push(Finding::error(
                Code::VARIABLE_FILE,
                &node.location,
                message,
                "write `name: value` lines, a JSON object, or what `terraform output -json` prints",
            ));
        }
        let is_declared = |name: &str| declarations.contains_key(name);
        let fix = |name: &str| undeclared_fix(name, declarations);
        values.extend(var_file::read(&node, &is_declared, &fix, &mut files.findings));
    }
    values
}
