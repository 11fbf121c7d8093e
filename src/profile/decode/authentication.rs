//! How Argo CD authenticates to a spoke: exactly one way.

use jiff::SignedDuration;

use crate::code::Code;
use crate::profile::decode::connection::pem;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::{exec, keys, secret};
use crate::profile::model::{Auth, ContextAuth, ServiceAccount, TokenLifetime};
use crate::profile::names::{Namespace, ObjectName};
use crate::profile::node::Node;

/// The ways to authenticate.
const WAYS: [&str; 6] = ["token", "clientCertificate", "basic", "awsAuth", "exec", "serviceAccount"];
/// The account of `argocd cluster add`.
const ACCOUNT: (&str, &str) = ("kube-system", "argocd-manager");
/// 90 days, of which the last 30 are left to renew it in.
const LIFETIME: u64 = 90 * 24 * 60 * 60;
/// The API server refuses shorter ones.
const SHORTEST: u64 = 10 * 60;

/// Decodes how Argo CD authenticates where the profile has to say so.
pub(crate) fn given(fields: &Fields<'_>, d: &mut Decoder) -> Option<Auth> {
    match only_way(fields, d)? {
        Some(ContextAuth::Given(auth)) => Some(auth),
        Some(ContextAuth::ServiceAccount(_)) => {
            let at = fields.get("serviceAccount").map_or(fields.at, |node| &node.location);
            let message = "bridge makes a `serviceAccount` through a kubeconfig context, and there is none";
            let fix =
                "add `context: NAME`, by which bridge reaches the spoke, or another way to authenticate";
            d.error(Code::SPOKE_CONTEXT, at, message, fix);
            None
        }
        None => {
            let message = "the connection does not say how Argo CD authenticates";
            let others = WAYS.iter().filter(|way| **way != "serviceAccount").copied().collect::<Vec<_>>();
            let fix = format!("add one of: {}", others.join(", "));
            d.error(Code::NO_AUTHENTICATION, fields.at, message, fix);
            None
        }
    }
}

/// Decodes how Argo CD authenticates to a spoke that bridge can reach: by an account that bridge makes there, unless the
/// profile says otherwise.
pub(crate) fn by_context(fields: &Fields<'_>, d: &mut Decoder) -> Option<ContextAuth> {
    match only_way(fields, d)? {
        Some(auth) => Some(auth),
        None => account().map(ContextAuth::ServiceAccount),
    }
}

/// The account that bridge makes where the profile says nothing of it.
pub(crate) fn account() -> Option<ServiceAccount> {
    Some(ServiceAccount {
        namespace: ACCOUNT.0.parse().ok()?,
        name: ACCOUNT.1.parse().ok()?,
        token: TokenLifetime::Seconds(LIFETIME),
    })
}

/// The one way that is given; the outer `None` where what is given is wrong.
fn only_way(fields: &Fields<'_>, d: &mut Decoder) -> Option<Option<ContextAuth>> {
    let ways = fields.present(&WAYS);
    // Each is decoded, whatever else is wrong, so that all its mistakes are told.
    let decoded: Vec<Option<ContextAuth>> = ways.iter().map(|way| one_way(way, fields, d)).collect();
    match ways.as_slice() {
        [] => Some(None),
        [_] => decoded.into_iter().next().flatten().map(Some),
        [_, _, ..] => {
            let message = format!(
                "the connection has several ways to authenticate: {}; {}",
                ways.join(", "),
                together(&ways)
            );
            d.error(Code::SEVERAL_AUTHENTICATIONS, fields.at, message, "keep one of them");
            None
        }
    }
}

/// What would come of several ways. Source: `RawRestConfig` of Argo CD, and client-go's `TransportConfig`.
fn together(ways: &[&str]) -> &'static str {
    let has = |way: &str| ways.contains(&way);
    if has("serviceAccount") {
        "bridge makes an account where there is no other way"
    } else if has("awsAuth") {
        "Argo CD would ask AWS, and ignore `exec`, `token` and `basic`"
    } else if has("exec") {
        "Argo CD would run the command, and ignore `token` and `basic`"
    } else if has("token") && has("basic") {
        "Argo CD's client refuses a token beside a user name"
    } else {
        "the spoke would take the certificate, and never look at the rest"
    }
}

fn one_way(way: &str, fields: &Fields<'_>, d: &mut Decoder) -> Option<ContextAuth> {
    let node = fields.get(way)?;
    let given = match way {
        "token" => secret::reference(node, d).map(Auth::Token),
        "clientCertificate" => client_certificate(node, d),
        "basic" => basic(node, d),
        "awsAuth" => aws(node, d),
        "serviceAccount" => return service_account(node, d).map(ContextAuth::ServiceAccount),
        _ => exec::provider(node, d),
    };
    given.map(ContextAuth::Given)
}

fn service_account(node: &Node, d: &mut Decoder) -> Option<ServiceAccount> {
    let fields = d.fields(node, keys::SPOKE_ACCOUNT)?;
    let name: Option<Option<ObjectName>> =
        fields.get("name").map(|node| d.name(node, Code::INVALID_NAME, "the account's name"));
    let namespace: Option<Option<Namespace>> =
        fields.get("namespace").map(|node| d.name(node, Code::INVALID_NAME, "the account's namespace"));
    let token = fields.get("tokenLifetime").map(|node| lifetime(node, d));
    Some(ServiceAccount {
        name: name.unwrap_or_else(|| ACCOUNT.1.parse().ok())?,
        namespace: namespace.unwrap_or_else(|| ACCOUNT.0.parse().ok())?,
        token: token.unwrap_or(Some(TokenLifetime::Seconds(LIFETIME)))?,
    })
}

fn lifetime(node: &Node, d: &mut Decoder) -> Option<TokenLifetime> {
    let text = d.filled_text(node, "`tokenLifetime`")?;
    if text == "unlimited" {
        return Some(TokenLifetime::Unlimited);
    }
    let seconds = text.parse::<SignedDuration>().ok().and_then(|time| u64::try_from(time.as_secs()).ok());
    // The API's own bounds: ten minutes, and 32 bits.
    let seconds = seconds.filter(|seconds| (SHORTEST..=1 << 32).contains(seconds));
    if seconds.is_none() {
        let message = format!("`{text}` is no lifetime of a token");
        let fix =
            "write a time of at least `10m`, such as `2160h`, or `unlimited` for a token that never expires";
        d.error(Code::TOKEN_LIFETIME, &node.location, message, fix);
    }
    seconds.map(TokenLifetime::Seconds)
}

fn client_certificate(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::CLIENT_CERTIFICATE)?;
    let certificate = fields.get("certData").map(|node| pem(node, "`certData`", Code::CERTIFICATE_DATA, d));
    let key = fields.get("keyData").map(|node| secret::reference(node, d));
    let missing = match (&certificate, &key) {
        (Some(_), Some(_)) => None,
        (Some(_), None) => Some(("a certificate without its key", "add `keyData: { file: client.key }`")),
        (None, _) => Some(("a client certificate without `certData`", "add `certData: BASE64`")),
    };
    if let Some((message, fix)) = missing {
        d.error(Code::CERTIFICATE_WITHOUT_KEY, &node.location, message, fix);
    }
    Some(Auth::ClientCertificate { certificate: certificate??, key: key?? })
}

fn basic(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::BASIC)?;
    let username = fields.require(d, "username").and_then(|node| secret::text(node, "`username`", d));
    let password = fields.require(d, "password").and_then(|node| secret::reference(node, d));
    Some(Auth::Basic { username: username?, password: password? })
}

fn aws(node: &Node, d: &mut Decoder) -> Option<Auth> {
    let fields = d.fields(node, keys::AWS_AUTH)?;
    let cluster_name = fields.require(d, "clusterName").and_then(|node| d.filled_text(node, "`clusterName`"));
    let role_arn = fields.get("roleArn").and_then(|node| d.filled_text(node, "`roleArn`"));
    let profile = fields.get("profile").and_then(|node| d.filled_text(node, "`profile`"));
    Some(Auth::Aws { cluster_name: cluster_name?, role_arn, profile })
}
