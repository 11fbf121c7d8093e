//! What a kube-apiserver reads when it starts: certificates, keys, tokens, and its flags.

use crate::certificates::{Authority, Identity};
use crate::cluster::User;
use crate::kubeconfig::{Access, Credential};
use anyhow::Result;
use std::path::Path;

/// How its own clients call it.
const SERVICE: [&str; 5] =
    ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.96.0.1"];

/// What an apiserver reads when it starts.
pub(crate) struct Files {
    pub(crate) authority: Authority,
    admin: Identity,
    tokens: [(User, String); 2],
}

impl Files {
    /// Writes them into a folder. The certificate is valid for these addresses, beside a Service's.
    pub(crate) fn write(folder: &Path, addresses: &[&str]) -> Result<Self> {
        let authority = Authority::new("bridge-e2e")?;
        let names = [addresses, &SERVICE].concat();
        write_identity(folder, "serving", &authority.server(&names)?)?;
        let front_proxy = Authority::new("bridge-e2e-front-proxy")?;
        write_identity(folder, "proxy-client", &front_proxy.client("front-proxy-client", None)?)?;
        let tokens = [(User::Admin, random_token()?), (User::Restricted, random_token()?)];
        let (private_key, public_key) = crate::certificates::signing_keys()?;
        for (name, text) in [
            ("ca.crt", authority.pem()),
            ("front-proxy-ca.crt", front_proxy.pem()),
            ("service-account.key", private_key),
            ("service-account.pub", public_key),
            ("tokens.csv", token_file(&tokens)),
        ] {
            std::fs::write(folder.join(name), text)?;
        }
        let admin = authority.client("kubernetes-admin", Some("system:masters"))?;
        Ok(Self { authority, admin, tokens })
    }

    /// The user's bearer token.
    pub(crate) fn token(&self, user: User) -> &str {
        let [admin, restricted] = &self.tokens;
        match user {
            User::Admin => &admin.1,
            User::Restricted => &restricted.1,
        }
    }

    pub(crate) fn admin_access(&self, url: &str) -> Access {
        let credential = Credential::Certificate(self.admin.clone());
        Access { server: url.to_owned(), ca_pem: self.authority.pem(), credential }
    }
}

/// Where an apiserver stands.
pub(crate) struct Place<'a> {
    /// etcd's address.
    pub(crate) etcd: &'a str,
    /// Of the keys in etcd.
    pub(crate) prefix: &'a str,
    /// Its own address.
    pub(crate) address: &'a str,
    pub(crate) port: u16,
}

impl Place<'_> {
    /// Its flags, with the files in its working folder.
    pub(crate) fn flags(&self) -> Vec<String> {
        let Self { etcd, prefix, address, port } = self;
        let own = [
            format!("--etcd-servers={etcd}"),
            format!("--etcd-prefix={prefix}"),
            format!("--bind-address={address}"),
            // Else it looks for a default route, which an isolated machine has not.
            format!("--advertise-address={address}"),
            format!("--secure-port={port}"),
        ];
        own.into_iter().chain(FLAGS.map(str::to_owned)).collect()
    }
}

/// What is the same everywhere.
const FLAGS: [&str; 22] = [
    "--tls-cert-file=serving.crt",
    "--tls-private-key-file=serving.key",
    "--client-ca-file=ca.crt",
    "--token-auth-file=tokens.csv",
    "--service-account-key-file=service-account.pub",
    "--service-account-signing-key-file=service-account.key",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    // Its controller, which makes the default ServiceAccounts, does not run here.
    "--disable-admission-plugins=ServiceAccount",
    "--allow-privileged=true",
    "--service-cluster-ip-range=10.96.0.0/16",
    "--endpoint-reconciler-type=none",
    "--profiling=false",
    // Names of nodes stand in no DNS here.
    "--kubelet-preferred-address-types=InternalIP",
    "--requestheader-client-ca-file=front-proxy-ca.crt",
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-username-headers=X-Remote-User",
    "--proxy-client-cert-file=proxy-client.crt",
    "--proxy-client-key-file=proxy-client.key",
];

fn write_identity(folder: &Path, name: &str, identity: &Identity) -> Result<()> {
    std::fs::write(folder.join(format!("{name}.crt")), &identity.certificate)?;
    std::fs::write(folder.join(format!("{name}.key")), &identity.key)?;
    Ok(())
}

fn token_file(tokens: &[(User, String)]) -> String {
    tokens
        .iter()
        .map(|(user, token)| match user {
            User::Admin => format!("{token},{name},{name},\"system:masters\"\n", name = user.name()),
            User::Restricted => format!("{token},{name},{name}\n", name = user.name()),
        })
        .collect()
}

fn random_token() -> Result<String> {
    let mut bytes = [0; 20];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut bytes)?;
    Ok(crate::download::hex(&bytes))
}
