//! References to secrets. A message never repeats what stands where a secret should not.

use std::str::FromStr;

use crate::code::Code;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::keys;
use crate::profile::model::{SecretReference, SecretSource, Text};
use crate::profile::names::{InvalidName, Namespace};
use crate::profile::node::{Node, Value};
use crate::profile::sensitive::Sensitive;

const WAYS: [&str; 5] = ["env", "file", "exec", "secretRef", "value"];

const HOW: &str = "write a reference: `{ env: NAME }`, `{ file: PATH }`, `{ exec: [COMMAND] }`, \
    `{ secretRef: { name: SECRET, key: KEY } }` or `{ value: \"${var.NAME}\" }` with a sensitive variable";

/// A reference to a secret.
pub(crate) fn reference(node: &Node, d: &mut Decoder) -> Option<SecretReference> {
    if let Value::Secret(secret) = &node.value {
        let message = format!("the sensitive variable `{}` stands here without `value:`", secret.variable);
        let fix = format!("write `{{ value: \"${{var.{}}}\" }}`", secret.variable);
        d.error(Code::SECRET_REFERENCE, &node.location, message, fix);
        return None;
    }
    if node.scalar().is_some() {
        let message = "a secret is written out here, and a profile holds only references to secrets";
        d.error(Code::SECRET_LITERAL, &node.location, message, HOW);
        return None;
    }
    let fields = d.fields(node, keys::SECRET)?;
    let ways = fields.present(&WAYS);
    let [way] = ways.as_slice() else {
        let message = match ways.len() {
            0 => "the reference does not say where the secret is".to_owned(),
            _ => format!("the reference says several places at once: {}", ways.join(", ")),
        };
        d.error(Code::SECRET_REFERENCE, &node.location, message, HOW);
        return None;
    };
    let source = source(way, &fields, d)?;
    Some(SecretReference { source, at: node.location.clone() })
}

fn source(way: &str, fields: &Fields<'_>, d: &mut Decoder) -> Option<SecretSource> {
    let node = fields.get(way)?;
    if way != "value" && fields.get("allowLiteral").is_some() {
        let message = format!("`allowLiteral` goes with `value`, and the secret comes from `{way}`");
        d.error(Code::SECRET_REFERENCE, fields.at, message, "remove `allowLiteral`");
    }
    match way {
        "env" => environment_variable(node, d).map(SecretSource::Env),
        "file" => d.path(node, "`file`").map(SecretSource::File),
        "exec" => command(node, d).map(SecretSource::Exec),
        "secretRef" => secret_ref(node, d),
        _ => literal(node, fields, d),
    }
}

fn environment_variable(node: &Node, d: &mut Decoder) -> Option<String> {
    let name = d.filled_text(node, "`env`")?;
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Some(name);
    }
    // It could be the secret itself, so it is not repeated.
    let message = "`env` does not hold the name of an environment variable";
    d.error(
        Code::SECRET_REFERENCE,
        &node.location,
        message,
        "write the name alone, such as `{ env: GIT_TOKEN }`",
    );
    None
}

fn command(node: &Node, d: &mut Decoder) -> Option<Vec<String>> {
    let before = d.findings.len();
    let command = d.texts(node, "`exec`");
    if command.is_empty() && d.findings.len() == before {
        let fix = "write `{ exec: [COMMAND, ARGUMENT] }`";
        d.error(Code::EMPTY_VALUE, &node.location, "the command is empty", fix);
    }
    (d.findings.len() == before && !command.is_empty()).then_some(command)
}

fn secret_ref(node: &Node, d: &mut Decoder) -> Option<SecretSource> {
    let fields = d.fields(node, keys::SECRET_REF)?;
    let name = fields.require(d, "name").and_then(|node| quiet_name(node, "the Secret", d));
    let key = fields.require(d, "key").and_then(|node| d.filled_text(node, "`key`"));
    let namespace: Option<Namespace> = match fields.get("namespace") {
        Some(node) => quiet_name(node, "the Secret's namespace", d),
        None => d.argocd_namespace.clone(),
    };
    Some(SecretSource::SecretRef { namespace: namespace?, name: name?, key: key? })
}

/// A name. It could be the secret itself, so it is neither repeated nor mended.
fn quiet_name<T: FromStr<Err = InvalidName>>(node: &Node, what: &str, d: &mut Decoder) -> Option<T> {
    let name = d.text(node, what)?.parse().ok();
    if name.is_none() {
        let message = format!("{what} does not have a name of Kubernetes here");
        d.error(Code::INVALID_NAME, &node.location, message, "write the name alone, such as `git-token`");
    }
    name
}

fn literal(node: &Node, fields: &Fields<'_>, d: &mut Decoder) -> Option<SecretSource> {
    let is_allowed = d.flag(fields, "allowLiteral", false);
    let (text, is_reference) = match &node.value {
        Value::Secret(secret) => (secret.text.clone(), secret.is_one_variable),
        Value::Scalar(scalar) => (Sensitive::new(scalar.text.as_str()), false),
        Value::Sequence(_) | Value::Mapping(_) | Value::Unresolved => {
            d.wrong_type(node, "a text for `value`", HOW);
            return None;
        }
    };
    if !is_allowed && !is_reference {
        let message = "a secret is written out here without `allowLiteral: true`";
        d.error(Code::SECRET_LITERAL, &node.location, message, HOW);
        return None;
    }
    Some(SecretSource::Literal(text))
}

/// A text that is not secret by itself, written out or by reference.
pub(crate) fn text(node: &Node, what: &str, d: &mut Decoder) -> Option<Text> {
    match &node.value {
        Value::Mapping(_) => reference(node, d).map(Text::Reference),
        Value::Secret(secret) => {
            let source = SecretSource::Literal(secret.text.clone());
            Some(Text::Reference(SecretReference { source, at: node.location.clone() }))
        }
        Value::Scalar(_) | Value::Sequence(_) | Value::Unresolved => {
            d.filled_text(node, what).map(Text::Plain)
        }
    }
}
