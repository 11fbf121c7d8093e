//! Credential plugins of a kubeconfig (client.authentication.k8s.io). bridge runs them itself, because `kube` neither
//! bounds them nor says which credential they gave.

#![expect(clippy::disallowed_methods, reason = "time limits need the clock")]

use std::io::{self, IsTerminal};
use std::pin::pin;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::config::{ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use crate::cluster::command::{self, Audience, Ended, LARGEST_OUTPUT};
use crate::cluster::notify::{Notice, Notify};
use crate::profile::sensitive::Sensitive;

/// How long a plugin may take before bridge says what it waits for.
const FIRST_WORD: Duration = Duration::from_secs(3);
/// How often bridge says so from then on.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What a plugin gave: a token, a client certificate with its key, or both.
pub(super) struct Credential {
    pub(super) token: Option<Sensitive>,
    pub(super) certificate: Option<(String, Sensitive)>,
    /// When to ask again; never, where the plugin names no time.
    pub(super) expiry: Option<Timestamp>,
}

/// `ExecCredential`, as far as it matters here.
#[derive(Deserialize)]
struct Answer {
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Asks the plugin for a credential, which the caller is told of before anybody else sees it.
///
/// # Errors
/// Why there is none. Nothing of what the plugin prints.
pub(super) async fn ask(exec: &ExecConfig, notify: &Notify) -> Result<Credential, String> {
    let program = exec.command.as_deref().ok_or("the user's `exec` names no command")?;
    let whose = format!("the credential plugin `{program}`");
    let audience = audience(exec).ok_or_else(|| {
        format!("{whose} wants to ask somebody (`interactiveMode: Always`), and there is no terminal")
    })?;
    let ended = run(command(exec, program, audience)?, audience, program, notify).await;
    match ended.map_err(|error| format!("{whose} cannot be run: {error}"))? {
        Ended::Finished(status, output) if status.success() => read(&output, &whose, notify),
        Ended::Finished(status, _) => Err(format!("{whose} failed ({status}){}", silence(audience))),
        Ended::TooMuch => Err(format!("{whose} printed more than {} MiB", LARGEST_OUTPUT >> 20)),
        Ended::TooLong => {
            let patience = audience.patience().as_secs();
            Err(format!("{whose} did not end within {patience} s{}", silence(audience)))
        }
    }
}

fn silence(audience: Audience) -> &'static str {
    match audience {
        Audience::Nobody => "; bridge shows nothing that it prints, so run it by hand to see why",
        Audience::Person => "",
    }
}

/// Who can answer the plugin; `None` where it needs somebody and nobody is there.
fn audience(exec: &ExecConfig) -> Option<Audience> {
    let is_attended = io::stdin().is_terminal() && io::stderr().is_terminal();
    match (&exec.interactive_mode, is_attended) {
        (Some(ExecInteractiveMode::Never), _) => Some(Audience::Nobody),
        (Some(ExecInteractiveMode::Always), false) => None,
        (_, true) => Some(Audience::Person),
        (_, false) => Some(Audience::Nobody),
    }
}

fn command(exec: &ExecConfig, program: &str, audience: Audience) -> Result<Command, String> {
    if exec.provide_cluster_info && exec.cluster.is_none() {
        return Err("the user's `exec` wants cluster information, and there is none".to_owned());
    }
    let cluster = exec.cluster.as_ref().filter(|_| exec.provide_cluster_info);
    let mut spec = json!({ "interactive": audience == Audience::Person });
    if let Some(cluster) = cluster {
        spec["cluster"] = json!(cluster);
    }
    let info = json!({ "apiVersion": exec.api_version, "kind": "ExecCredential", "spec": spec });
    let variables = exec.env.iter().flatten().filter_map(|one| Some((one.get("name")?, one.get("value")?)));
    let mut command = Command::new(program);
    command.args(exec.args.iter().flatten()).envs(variables);
    command.env("KUBERNETES_EXEC_INFO", info.to_string());
    Ok(command)
}

/// Runs it, and says so when it takes long.
async fn run(command: Command, audience: Audience, program: &str, notify: &Notify) -> io::Result<Ended> {
    let started = Instant::now();
    let mut ended = pin!(command::run(command, audience));
    let mut pause = FIRST_WORD;
    loop {
        match tokio::time::timeout(pause, &mut ended).await {
            Ok(ended) => return ended,
            Err(_) => notify.tell(Notice::Waiting { program, elapsed: started.elapsed() }),
        }
        pause = HEARTBEAT;
    }
}

/// Reads the answer: JSON, or YAML, which client-go takes too.
fn read(output: &[u8], whose: &str, notify: &Notify) -> Result<Credential, String> {
    let answer: Option<Answer> = serde_saphyr::from_slice(output).ok();
    let status = answer
        .and_then(|answer| answer.status)
        .ok_or_else(|| format!("what {whose} prints is no ExecCredential with a status"))?;
    let Status { expiration_timestamp, token, client_certificate_data, client_key_data } = status;
    let secret = |text: String| {
        let secret = Sensitive::new(text);
        notify.tell(Notice::Credential(&secret));
        secret
    };
    let (token, key) = (token.map(secret), client_key_data.map(secret));
    let expiry = expiration_timestamp
        .map(|time| time.parse().map_err(|_| format!("{whose} gave an expiry that is no point in time")))
        .transpose()?;
    let certificate = client_certificate_data.zip(key);
    if token.is_none() && certificate.is_none() {
        return Err(format!("{whose} gave neither a token nor a client certificate with its key"));
    }
    Ok(Credential { token, certificate, expiry })
}
