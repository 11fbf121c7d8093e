//! Every kind of credential, and a server that repeats whatever it is sent: nothing of it reaches an output or a file.

use crate::support::{self, Profile, World, secret};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bridge_e2e::bridge_cmd::{Bridge, Outcome};
use bridge_e2e::cluster::User;
use bridge_e2e::kubeconfig::Kubeconfig;
use bridge_e2e::proxy::{Fault, Matcher};
use serde_json::{Value, json};

/// Where each secret comes from, and its value.
const PLANTED: [(&str, &str); 6] = [
    ("the environment", "planted-t0ken-value"),
    ("a file", "planted-in-a-f1le"),
    ("a command", "planted-by-a-c0mmand"),
    ("a Secret of the hub", "planted-on-the-hu8"),
    ("BRIDGE_VAR_", "planted-\"in\"-a-var1able"),
    ("a file of values", "planted-in-a-var-f1le"),
];

const REPOSITORIES: &str = r#"variables:
  one: { sensitive: true }
  two: { sensitive: true }
repositories:
  - { name: a, url: "https://git.example.com/a.git", credentials: { username: bob, password: { env: PLANTED_TOKEN } } }
  - { name: b, url: "https://git.example.com/b.git", credentials: { username: bob, password: { file: planted-file } } }
  - { name: c, url: "https://git.example.com/c.git", credentials: { bearerToken: { exec: [cat, planted-command] } } }
  - { name: d, url: "https://git.example.com/d.git", credentials: { username: bob, password: { secretRef: { namespace: kube-system, name: planted, key: word } } } }
  - { name: e, url: "https://git.example.com/e.git", credentials: { username: bob, password: { value: "${var.one}" } } }
  - { name: f, url: "https://git.example.com/f.git", credentials: { username: { value: "${var.two}" }, password: { value: "${var.two}" } } }
"#;

struct Planted {
    world: World,
    /// The administrator's token, which a credential plugin prints.
    token: String,
}

impl Planted {
    async fn start() -> Result<Self> {
        let world = World::start().await?;
        world.profile(&Profile::small().with(REPOSITORIES))?;
        world.write("planted-file", PLANTED[1].1)?;
        world.write("planted-command", PLANTED[2].1)?;
        let body = json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "planted" },
            "stringData": { "word": PLANTED[3].1 },
        });
        world.send("POST", "/api/v1/namespaces/kube-system/secrets", "application/json", &body).await?;
        // With its namespace there, a plan sends the Secrets too.
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "argocd" } });
        world.send("POST", "/api/v1/namespaces", "application/json", &namespace).await?;
        world.write("planted-values.json", &json!({ "two": PLANTED[5].1 }).to_string())?;
        let mut kubeconfig = Kubeconfig::new().context("hub", world.proxy.access(User::Admin)).document();
        let user = &mut kubeconfig["users"][0]["user"];
        let token = user["token"].as_str().context("the administrator has no token")?.to_owned();
        // Every request is a chance to leak one more token that was just renewed.
        let status = json!({ "token": token, "expirationTimestamp": "2001-01-01T00:00:00Z" });
        let answer = json!({ "kind": "ExecCredential", "status": status });
        world.write("planted-plugin", &answer.to_string())?;
        let plugin = world.path("planted-plugin");
        *user = json!({ "exec": { "command": "cat", "args": [plugin], "interactiveMode": "Never" } });
        world.write("planted-kubeconfig", &kubeconfig.to_string())?;
        Ok(Self { world, token })
    }

    fn bridge(&self, args: &[&str]) -> Result<Bridge> {
        let bridge = self.world.bridge(args)?.kubeconfig(&self.world.path("planted-kubeconfig"));
        let values = ["--var-file", "planted-values.json", "-vvv"];
        Ok(bridge.env("BRIDGE_VAR_one", PLANTED[4].1).env("RUST_BACKTRACE", "full").args(values))
    }

    /// Runs, and looks for every secret in every spelling.
    fn run(&self, args: &[&str]) -> Result<Outcome> {
        let outcome = self.bridge(args)?.run()?;
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        for (from, value) in PLANTED.into_iter().chain([("a credential plugin", self.token.as_str())]) {
            for form in spellings(value) {
                ensure!(!said.contains(&form), "what comes from {from} is shown as {form}\n{outcome}");
            }
        }
        Ok(outcome)
    }
}

/// The value as it is, as JSON writes it, and what of it stays the same inside of a longer base64 text.
fn spellings(value: &str) -> Vec<String> {
    let quoted = Value::from(value).to_string();
    let inside = |offset: usize| {
        let text = STANDARD.encode(format!("{}{value}", "x".repeat(offset)));
        text[4..value.len() / 3 * 4].to_owned()
    };
    vec![value.to_owned(), quoted[1..quoted.len() - 1].to_owned(), inside(0), inside(1), inside(2)]
}

/// The files that hold a secret because the test put it there.
fn is_planted(name: &str) -> bool {
    name.starts_with("planted-")
}

#[tokio::test]
async fn a_gateway_that_repeats_requests_makes_bridge_show_no_secret() -> Result<()> {
    let planted = Planted::start().await?;
    let world = &planted.world;
    let apply = ["apply", "--auto-approve", "--no-wait"];
    for code in [403, 500] {
        for path in ["/namespaces/kube-system", "/configmaps", "/argocd/secrets", "/argocd/secrets/", "/apis"]
        {
            for args in [
                &["plan"][..],
                &["plan", "-o", "json"],
                &["plan", "-o", "markdown"],
                &["status"],
                &["status", "-o", "json"],
                &apply,
            ] {
                world.proxy.reset();
                world.proxy.fail(Matcher::any().path_contains(path), Fault::Echo(code));
                let outcome = planted.run(args)?;
                ensure!(matches!(outcome.code, Some(1 | 4)), "{path}: {outcome}");
            }
        }
    }
    ensure!(world.proxy.writes().is_empty());
    // Everything is as it should be until the secrets are written.
    for (code, output, name) in [(403, "text", "repo-"), (500, "json", "repo-"), (500, "text", "spoke-")] {
        world.proxy.reset();
        for secrets in ["/secrets/repo-", "/secrets/spoke-"] {
            let writes = Matcher::any().write(true).path_contains(secrets);
            world.proxy.fail(writes, Fault::Echo(code));
        }
        let outcome = planted.run(&[&apply[..], &["-o", output]].concat())?;
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        ensure!(matches!(outcome.code, Some(1 | 4)) && said.contains(name), "{outcome}");
        ensure!(said.contains("(sensitive)") && !world.proxy.writes().is_empty(), "{outcome}");
    }
    Ok(())
}

#[tokio::test]
async fn every_kind_of_credential_reaches_the_cluster_and_nothing_else() -> Result<()> {
    let planted = Planted::start().await?;
    let world = &planted.world;
    for args in [
        &["validate"][..],
        &["validate", "-o", "sarif"],
        &["render"],
        &["plan", "--offline"],
        &["plan"],
        &["apply", "--auto-approve", "--no-wait"],
        &["plan", "-o", "json"],
        &["destroy", "--auto-approve", "-o", "json", "--var", "three=of-no-use"],
    ] {
        if args[0] == "destroy" {
            check_cluster(&planted).await?;
        }
        let outcome = planted.run(args)?;
        ensure!(outcome.code == Some(if args[0] == "destroy" { 3 } else { 0 }), "{outcome}");
    }
    for entry in std::fs::read_dir(world.folder.path())? {
        let entry = entry?;
        let name = entry.file_name().display().to_string();
        for (from, value) in PLANTED.iter().filter(|_| !is_planted(&name)) {
            let holds = match entry.path() {
                folder if folder.is_dir() => support::is_in_folder(&folder, value)?,
                file => std::fs::read_to_string(file)?.contains(value),
            };
            ensure!(!holds, "what comes from {from} is in {name}");
        }
    }
    Ok(())
}

/// The data hold the secrets, and nothing beside them does.
async fn check_cluster(planted: &Planted) -> Result<()> {
    for (name, value) in ["a", "b", "c", "d", "e", "f"].into_iter().zip(PLANTED.map(|(_, value)| value)) {
        let live = planted.world.get(&secret(&format!("repo-{name}"))).await?;
        let key = if name == "c" { "bearerToken" } else { "password" };
        ensure!(live["data"][key] == STANDARD.encode(value), "{name}: {live}");
        for form in spellings(value) {
            ensure!(!live["metadata"].to_string().contains(&form), "{}", live["metadata"]);
        }
    }
    Ok(())
}
