//! Who bridge is to an API server, and until when. A credential that ends is renewed here and not by `kube`, so that the
//! caller knows each one before it is sent.

#![expect(clippy::disallowed_methods, reason = "credentials end at a point in time")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, ExecConfig};
use kube::{Client, Config};
use secrecy::SecretString;

use super::credentials::{check_headers, check_provider, read_token};
use super::{plugin, words};
use crate::cluster::notify::{Notice, Notify};
use crate::profile::sensitive::Sensitive;

/// A credential is renewed so long before its end, as `kube` does it.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// How long the content of a token file counts, as in client-go.
const FILE_LASTS: SignedDuration = SignedDuration::from_secs(60);
/// A credential is used at least so long: a plugin that gives one of the past is not run for each request.
const SHORTEST_USE: SignedDuration = SignedDuration::from_secs(5);

/// Who bridge is, without the credentials that end.
pub(in crate::cluster) struct Identity {
    config: Config,
    source: Source,
    notify: Notify,
}

/// Where the credentials that end come from.
enum Source {
    /// There are none.
    Kubeconfig,
    TokenFile(String),
    Plugin(Box<ExecConfig>),
}

/// A client with its credential.
pub(in crate::cluster) struct Session {
    pub(in crate::cluster) client: Client,
    token: Option<Sensitive>,
    until: Option<Timestamp>,
}

impl Session {
    /// Whether the credential has to be renewed before the next request.
    pub(in crate::cluster) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Timestamp::now() >= until)
    }
}

impl Identity {
    /// Takes the credentials that end out of the configuration.
    pub(super) fn new(mut config: Config, notify: Notify) -> Self {
        let user = &mut config.auth_info;
        let (file, exec) = (user.token_file.take(), user.exec.take());
        // kube's order: what stands in the kubeconfig itself counts first.
        let stands_there = user.auth_provider.is_some()
            || user.token.is_some()
            || (user.username.is_some() && user.password.is_some());
        let source = match (file, exec) {
            _ if stands_there => Source::Kubeconfig,
            (Some(file), _) => Source::TokenFile(file),
            (None, Some(exec)) => Source::Plugin(Box::new(exec)),
            (None, None) => Source::Kubeconfig,
        };
        Self { config, source, notify }
    }

    /// Who holds a token, at the same server.
    pub(in crate::cluster) fn with_bearer(&self, token: &Sensitive) -> Self {
        let auth_info = AuthInfo { token: Some(SecretString::from(token.expose())), ..AuthInfo::default() };
        let mut config = self.config.clone();
        config.auth_info = auth_info;
        Self { config, source: Source::Kubeconfig, notify: self.notify.clone() }
    }

    /// Makes a credential known to the caller.
    pub(in crate::cluster) fn tell(&self, credential: &Sensitive) {
        self.notify.tell(Notice::Credential(credential));
    }

    /// A first session.
    ///
    /// # Errors
    /// Why there are no credentials.
    pub(in crate::cluster) async fn begin(&self) -> Result<Session, String> {
        match &self.source {
            Source::Kubeconfig => self.session(self.config.auth_info.clone(), None, None).await,
            Source::TokenFile(path) => self.with_token(self.token(path)?).await,
            Source::Plugin(exec) => self.with_plugin(exec).await,
        }
    }

    /// The session with a credential that is not over.
    ///
    /// # Errors
    /// Why there are no credentials any more.
    pub(in crate::cluster) async fn renew(&self, session: &mut Session) -> Result<(), String> {
        match &self.source {
            Source::Kubeconfig => {}
            Source::TokenFile(path) => match self.token(path) {
                Ok(token) if session.token.as_ref() != Some(&token) => {
                    *session = self.with_token(token).await?;
                }
                // As in client-go, a file that is gone leaves the last token in force.
                Ok(_) | Err(_) => session.until = Some(Timestamp::now() + FILE_LASTS),
            },
            Source::Plugin(exec) => *session = self.with_plugin(exec).await?,
        }
        Ok(())
    }

    fn token(&self, path: &str) -> Result<Sensitive, String> {
        let token =
            read_token(path).map_err(|why| format!("the token file `{path}` cannot be read: {why}"))?;
        self.notify.tell(Notice::Credential(&token));
        Ok(token)
    }

    async fn with_token(&self, token: Sensitive) -> Result<Session, String> {
        let mut user = self.config.auth_info.clone();
        user.token = Some(SecretString::from(token.expose()));
        self.session(user, Some(token), Some(Timestamp::now() + FILE_LASTS)).await
    }

    async fn with_plugin(&self, exec: &ExecConfig) -> Result<Session, String> {
        let plugin::Credential { token, certificate, expiry } = plugin::ask(exec, &self.notify).await?;
        let mut user = self.config.auth_info.clone();
        user.token = token.as_ref().map(|token| SecretString::from(token.expose()));
        if let Some((certificate, key)) = certificate {
            user.client_certificate_data = Some(STANDARD.encode(certificate));
            user.client_key_data = Some(SecretString::from(STANDARD.encode(key.expose())));
        }
        let until = expiry.map(|expiry| due(expiry, Timestamp::now()));
        self.session(user, token, until).await
    }

    async fn session(
        &self,
        user: AuthInfo,
        token: Option<Sensitive>,
        until: Option<Timestamp>,
    ) -> Result<Session, String> {
        check_headers(&user)?;
        check_provider(&user)?;
        let mut config = self.config.clone();
        config.auth_info = user;
        // It reads certificates, and panics where they make no sense to it: hence beside the runtime's threads.
        let built = tokio::task::spawn_blocking(|| Client::try_from(config)).await;
        let client = built
            .map_err(|_| "its credentials make no sense".to_owned())?
            .map_err(|error| words::client(&error))?;
        Ok(Session { client, token, until })
    }
}

/// When a credential that ends at `expiry` has to be renewed.
fn due(expiry: Timestamp, now: Timestamp) -> Timestamp {
    let early = expiry.checked_sub(MARGIN).unwrap_or(expiry);
    early.max(now.checked_add(SHORTEST_USE).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// An identity without a server, and the credentials that it told of.
    fn identity(user: AuthInfo) -> (Identity, Arc<Mutex<Vec<String>>>) {
        rustls::crypto::ring::default_provider().install_default().unwrap_or_default();
        let told = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&told);
        let notify = Notify::new(move |notice| match notice {
            Notice::Credential(secret) => listener.lock().unwrap().push(secret.expose().to_owned()),
            Notice::Waiting { .. } => {}
        });
        let mut config = Config::new("https://127.0.0.1:1".parse().unwrap());
        config.auth_info = user;
        (Identity::new(config, notify), told)
    }

    #[tokio::test]
    async fn a_token_file_that_changes_gives_a_new_session_and_one_that_is_empty_or_gone_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "first-t0ken\n").unwrap();
        let token_file = Some(path.display().to_string());
        let (identity, told) = identity(AuthInfo { token_file, ..AuthInfo::default() });
        let mut session = identity.begin().await.unwrap();
        assert!(!session.is_over());
        std::fs::write(&path, "second-t0ken").unwrap();
        identity.renew(&mut session).await.unwrap();
        std::fs::write(&path, "").unwrap();
        identity.renew(&mut session).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        identity.renew(&mut session).await.unwrap();
        assert_eq!(session.token, Some(Sensitive::new("second-t0ken")));
        assert_eq!(*told.lock().unwrap(), ["first-t0ken", "second-t0ken"]);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_plugin_is_asked_again_and_each_token_is_told_of() {
        let folder = tempfile::tempdir().unwrap();
        let script = r#"echo x >> count; n=$(wc -l < count)
            echo "status: { token: t0ken-$n, expirationTimestamp: '2001-01-01T00:00:00Z' }""#;
        let args = ["-c".to_owned(), format!("cd {}; {script}", folder.path().display())].to_vec();
        let exec = ExecConfig { command: Some("/bin/sh".into()), args: Some(args), ..ExecConfig::default() };
        let (identity, told) = identity(AuthInfo { exec: Some(exec), ..AuthInfo::default() });
        let mut session = identity.begin().await.unwrap();
        assert!(session.until.is_some() && !session.is_over());
        identity.renew(&mut session).await.unwrap();
        assert_eq!(session.token, Some(Sensitive::new("t0ken-2")));
        assert_eq!(*told.lock().unwrap(), ["t0ken-1", "t0ken-2"]);
    }

    #[test]
    fn a_credential_is_renewed_before_its_end_and_not_for_each_request() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(due(at(1_000), at(100)), at(940));
        assert_eq!(due(at(10), at(100)), at(105));
        assert_eq!(due(Timestamp::MIN, at(100)), at(105));
    }
}
