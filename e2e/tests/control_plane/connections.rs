//! Connections that cannot work: found, all at once and with the line to mend, before anything is written anywhere.

use std::path::Path;

use crate::support::{Profile, World};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bridge_e2e::bridge_cmd::Outcome;
use bridge_e2e::cluster::{ControlPlane, User};
use bridge_e2e::kubeconfig::Kubeconfig;
use bridge_e2e::proxy::{Fault, Matcher, Proxy};

/// The broken profiles of the L0 tests whose findings are about the fleet and its connections.
const BROKEN: [&str; 13] = [
    "authentication",
    "duplicate-servers",
    "hub-connection",
    "loopback-servers",
    "no-connection",
    "no-hub",
    "projects-that-forbid-themselves",
    "root-sets-forbidden",
    "servers",
    "sets-without-source",
    "spoke-context",
    "tls",
    "two-hubs",
];

#[tokio::test]
async fn a_profile_that_cannot_work_reaches_no_cluster() -> Result<()> {
    let world = World::start().await?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/invalid");
    for name in BROKEN {
        let read = |kind: &str| {
            let path = folder.join(format!("{name}.{kind}"));
            std::fs::read_to_string(&path).with_context(|| path.display().to_string())
        };
        let file = format!("{name}.yaml");
        world.write(&file, &read("yaml")?)?;
        let outcome = world.expect(3, &["apply", "--auto-approve", "--context", "hub", "-f", &file])?;
        for finding in read("findings")?.lines().filter(|line| !line.starts_with("  ")) {
            let (place, message) = finding.split_once("] ").context("a golden without a code")?;
            let (place, _) = place.split_once(": ").context("a golden without a place")?;
            for said in [place, message] {
                ensure!(outcome.stderr.contains(said), "{said}: {outcome}");
            }
        }
    }
    ensure!(world.proxy.requests().is_empty(), "{:?}", world.proxy.requests());
    Ok(())
}

/// A hub and a spoke, each behind a proxy that sees every request.
struct Pair {
    world: World,
    spoke: ControlPlane,
    proxy: Proxy,
}

impl Pair {
    async fn start() -> Result<Self> {
        let mut world = World::start().await?;
        let spoke = world.hub.sibling().await?;
        let proxy = Proxy::start(&spoke).await?;
        world.kubeconfig = world.path("kubeconfig");
        let hub = world.proxy.access(User::Admin);
        let same = world.hub.access_by_token(User::Admin);
        let contexts = Kubeconfig::new().context("hub", hub).context("same", same);
        contexts.context("spoke", proxy.access(User::Admin)).write(&world.kubeconfig)?;
        Ok(Self { world, spoke, proxy })
    }

    /// The profile with one spoke, by this connection.
    fn declare(&self, connection: &str) -> Result<()> {
        let spoke = "{ server: \"https://dev.example.com:6443\", token: { env: PLANTED_TOKEN } }";
        let text = Profile::small().without_spoke("spoke-prod").text();
        ensure!(text.contains(spoke), "{text}");
        self.world.write("bridge.yaml", &text.replace(spoke, connection))
    }

    /// A connection by address and token.
    fn by_token(&self, ca_pem: &str, token: &str) -> Result<()> {
        self.world.write("token", token)?;
        let (server, ca) = (self.proxy.url(), STANDARD.encode(ca_pem));
        self.declare(&format!(
            "{{ server: \"{server}\", caData: {ca}, token: {{ file: token }}, allowLoopback: true }}"
        ))
    }

    /// An apply that is refused with this code at the spoke's lines, and writes nothing to anybody.
    fn expect_refused(&self, code: &str, said: &str) -> Result<Outcome> {
        for args in [&["plan"][..], &["apply", "--auto-approve", "--no-wait"]] {
            let outcome = self.world.expect(3, args)?;
            let found = outcome.stderr.contains(&format!("error[{code}]")) && outcome.stderr.contains(said);
            ensure!(found && outcome.stderr.contains("bridge.yaml:"), "{code} {said}: {outcome}");
        }
        let writes = [self.proxy.writes(), self.world.proxy.writes()].concat();
        ensure!(writes.is_empty(), "{writes:?}");
        self.world.expect(3, &["apply", "--auto-approve", "--no-wait"])
    }
}

/// A token as some issuer would write it, that ended long ago.
fn expired() -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    format!("{}.{}.c2lnbmF0dXJl", part(r#"{"alg":"RS256"}"#), part(r#"{"sub":"robot","exp":1700000000}"#))
}

#[tokio::test]
async fn a_token_that_does_not_work_is_found_before_the_first_write() -> Result<()> {
    let pair = Pair::start().await?;
    let (ours, theirs) = (pair.spoke.token(User::Admin), pair.world.hub.token(User::Admin));
    let ca = pair.proxy.ca_pem();
    let expired = expired();
    let cases = [
        (ca, expired.as_str(), "BRG2010", "has expired at 2023-11-14T22:13:20Z"),
        (ca, theirs, "BRG2010", "does not accept its token (401)"),
    ];
    for (ca, token, code, said) in cases {
        pair.by_token(ca, token)?;
        let outcome = pair.expect_refused(code, said)?;
        ensure!(!format!("{outcome}").contains(token), "the token was shown: {outcome}");
    }
    // A server that does not prove to be the one that was meant never sees a request, and so no token. What answers here need
    // not be what Argo CD reaches, so it holds nothing up.
    let seen = pair.proxy.requests().len();
    pair.by_token(&pair.world.hub.ca_pem(), ours)?;
    let outcome = pair.world.expect(2, &["plan", "--detailed-exitcode"])?;
    ensure!(
        outcome.stderr.contains("warning[BRG2011]") && outcome.stderr.contains("is not to be trusted"),
        "{outcome}"
    );
    ensure!(pair.proxy.requests().len() == seen, "a server that proved nothing got a request");
    pair.by_token(ca, ours)?;
    pair.world.apply(&[])?;
    let seen = pair.proxy.requests().len();
    pair.world.expect_no_changes()?;
    ensure!(pair.proxy.requests().len() == seen, "a connection that stays was asked about");
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_asked_from_here_is_no_failure() -> Result<()> {
    let pair = Pair::start().await?;
    let token = pair.spoke.token(User::Admin).to_owned();
    pair.world.write("token", &token)?;
    let more = "token: { file: token }, allowLoopback: true";
    let (server, proxy) = (pair.proxy.url(), "proxyUrl: \"http://proxy.example.com:3128\"");
    for connection in [
        format!("{{ server: \"https://127.0.0.1:1\", {more} }}"),
        format!("{{ server: \"{server}\", insecure: true, {more} }}"),
        format!("{{ server: \"{server}\", {proxy}, {more} }}"),
    ] {
        pair.declare(&connection)?;
        let outcome = pair.world.apply(&[])?;
        ensure!(!outcome.stderr.contains("BRG20"), "{outcome}");
    }
    ensure!(pair.proxy.requests().is_empty(), "the token was shown to somebody unproven");
    // Of an authority that only Argo CD's image may know, this machine cannot tell.
    pair.declare(&format!("{{ server: \"{server}\", {more} }}"))?;
    let outcome = pair.world.apply(&[])?;
    ensure!(outcome.stderr.contains("warning[BRG2011]"), "{outcome}");
    Ok(())
}

#[tokio::test]
async fn a_spoke_that_is_the_hub_is_refused_whatever_it_is_called() -> Result<()> {
    let pair = Pair::start().await?;
    let aws = "server: \"https://eks.example.com\", awsAuth: { clusterName: eks }";
    let token = "server: \"https://dev.example.com\", token: { env: PLANTED_TOKEN }";
    for more in ["allowLoopback: true", aws, token] {
        let connection = format!("{{ context: same, {more} }}");
        pair.declare(&connection)?;
        pair.expect_refused("BRG1261", "leads to the hub itself")?;
    }
    Ok(())
}

#[tokio::test]
async fn an_old_kubernetes_is_warned_of_and_refused_where_no_account_can_be_made() -> Result<()> {
    let pair = Pair::start().await?;
    let says = |version: &str| {
        let body = format!(r#"{{"major":"1","minor":"x","gitVersion":"{version}"}}"#);
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        pair.proxy.reset();
        pair.proxy.fail(Matcher::any().path("/version"), Fault::Status { code: 200, headers, body });
    };
    pair.declare("{ context: spoke, allowLoopback: true }")?;
    says("v1.21.14-eks-1a2b3c4");
    pair.expect_refused("BRG2012", "can make an account from v1.22 on")?;
    pair.by_token(pair.proxy.ca_pem(), pair.spoke.token(User::Admin))?;
    let official = Profile::official().argocd;
    let text = std::fs::read_to_string(pair.world.path("bridge.yaml"))?;
    pair.world.write("bridge.yaml", &text.replace("  manifests: { path: small.yaml }\n", &official))?;
    says("v1.29.3");
    let outcome = pair.world.apply(&[])?;
    let said = "runs Kubernetes v1.29.3, and Argo CD v3.5.3 is tested with v1.33 and newer";
    ensure!(outcome.stderr.contains("warning[BRG2012]") && outcome.stderr.contains(said), "{outcome}");
    ensure!(outcome.stderr.contains("Argo CD v3.0 is tested with it"), "{outcome}");
    Ok(())
}
