//! `exec`: a command in Argo CD's image that prints a credential.

use std::collections::BTreeMap;

use crate::code::Code;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{keys, secret};
use crate::profile::model::{Auth, ClusterInfo, ExecProvider, Text};
use crate::profile::node::{Entry, Node, Value};
use crate::profile::zones::names_a_secret;

const VERSIONS: [(&str, &str); 2] = [
    ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1"),
    ("client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1beta1"),
];

/// Decodes the command.
pub(crate) fn provider(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::EXEC_AUTH)?;
    let command = fields.require(d, "command").and_then(|node| d.filled_text(node, "`command`"));
    let args = fields.get("args").map(|node| arguments(node, d));
    let env = fields.get("env").map(|node| environment(node, d));
    let install_hint = fields.get("installHint").and_then(|node| d.filled_text(node, "`installHint`"));
    let api_version = match fields.get("apiVersion") {
        Some(node) => d.choice(node, "version of the credential API", &VERSIONS),
        None => Some(VERSIONS[1].1),
    };
    let cluster_info = cluster_info(&fields, d);
    Some(Auth::Exec(Box::new(ExecProvider {
        command: command?,
        args: args.unwrap_or_default(),
        env: env.unwrap_or_default(),
        api_version: api_version?.to_owned(),
        install_hint,
        cluster_info,
    })))
}

/// Everybody on the node, and every reader of the plan, sees arguments.
fn arguments(node: &Node, d: &mut Decoder) -> Vec<String> {
    for item in node.items() {
        let flag = item.text().and_then(|text| text.strip_prefix('-')).unwrap_or_default();
        if names_a_secret(flag.split('=').next().unwrap_or_default()) {
            let message =
                "this argument is for a secret, and arguments are no secret to anybody on the machine";
            let fix = "let the command read it from its environment: `env: { NAME: { env: NAME } }`";
            d.error(Code::SECRET_LITERAL, &item.location, message, fix);
        }
    }
    d.texts(node, "`args`")
}

fn environment(node: &Node, d: &mut Decoder) -> BTreeMap<String, Text> {
    let Some(mapping) = d.mapping(node, "a map of environment variables") else { return BTreeMap::new() };
    // A key without a value, as an overlay writes it to take one away, says nothing.
    let set = mapping.entries.iter().filter(|entry| !entry.value.is_null());
    set.filter_map(|entry| Some((entry.key.text.clone(), variable(entry, d)?))).collect()
}

fn variable(Entry { key, value }: &Entry, d: &mut Decoder) -> Option<Text> {
    match &value.value {
        Value::Scalar(_) if names_a_secret(&key.text) => secret::reference(value, d).map(Text::Reference),
        // Unlike other texts, a variable may be empty.
        Value::Scalar(_) => d.text(value, "an environment variable").map(|text| Text::Plain(text.to_owned())),
        Value::Sequence(_) | Value::Mapping(_) | Value::Secret(_) | Value::Unresolved => {
            secret::text(value, "an environment variable", d)
        }
    }
}

fn cluster_info(fields: &Fields<'_>, d: &mut Decoder) -> ClusterInfo {
    let is_provided = d.flag(fields, "provideClusterInfo", false);
    let config = fields.get("config").filter(|node| !node.is_null());
    if let Some(node) = config.filter(|_| !is_provided) {
        let message = "the command is not told its `config` without `provideClusterInfo: true`";
        d.error(Code::UNUSED_SETTING, &node.location, message, "add it, or remove `config`");
    }
    let config = config.and_then(|node| {
        d.mapping(node, "a map that the command reads")?;
        d.json(node)
    });
    if is_provided { ClusterInfo::Provided { config } } else { ClusterInfo::Withheld }
}
