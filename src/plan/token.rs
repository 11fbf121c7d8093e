//! Tokens of ServiceAccounts that bridge made on spokes: whether one is still good, or another has to be made.
//!
//! What a token says of itself is read and not verified: the spoke's API server is asked whether it accepts it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

use crate::desired::secret_data;
use crate::plan::live::Live;
use crate::profile::model::{ServiceAccount, TokenLifetime};
use crate::profile::sensitive::Sensitive;

/// A token of a ServiceAccount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The token itself.
    pub text: Sensitive,
    /// Whose it is: `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: String,
    /// The Secret that it is bound to, or stands in.
    pub secret: Option<String>,
    /// The uid of that Secret, where it is bound to it.
    pub secret_uid: Option<String>,
    /// From when to when it is valid; `None` for one that never expires.
    pub validity: Option<Validity>,
}

/// From when to when a token is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// When it was issued.
    pub issued: Timestamp,
    /// When it expires.
    pub expires: Timestamp,
}

impl Validity {
    /// Whether less than a third of its time is left, when an apply renews it.
    #[must_use]
    pub fn is_ending(&self, now: Timestamp) -> bool {
        let whole = self.expires.as_second() - self.issued.as_second();
        self.expires.as_second() - now.as_second() < whole / 3
    }

    /// How long the whole of it is, in seconds.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        u64::try_from(self.expires.as_second() - self.issued.as_second()).unwrap_or_default()
    }
}

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The time.
    pub at: Timestamp,
    /// Whether that was before now.
    pub is_over: bool,
}

/// Why a token has to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is none.
    Missing,
    /// The one that is there is of another account or another kind, or lives longer than asked.
    Another,
    /// It has expired, or will before long.
    Ending {
        /// When.
        expires: Timestamp,
    },
    /// The spoke does not accept it any more.
    Refused,
    /// The one that is there is good, and the user asks for another.
    Asked,
}

impl Why {
    /// The same about a token that was just made.
    #[must_use]
    pub fn of_new(&self) -> String {
        match self {
            Self::Missing | Self::Another | Self::Refused | Self::Asked => {
                "it is of another account or kind, or lives longer than asked".to_owned()
            }
            Self::Ending { expires } => format!("by the clock here it is about to expire, at {expires}"),
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("there is none"),
            Self::Another => {
                f.write_str("the one that is there is of another account or kind, or lives longer than asked")
            }
            Self::Ending { expires } => write!(f, "the one that is there expires at {expires}"),
            Self::Refused => f.write_str("the spoke does not accept the one that is there"),
            Self::Asked => f.write_str("the one that is there takes its turn"),
        }
    }
}

impl Token {
    /// Reads what a token says of itself; `None` when it is no token of a ServiceAccount.
    #[must_use]
    pub fn read(text: &Sensitive) -> Option<Self> {
        let claims = claims(text)?;
        let subject = claims.get("sub")?.as_str()?;
        // Tokens of requests have their Secret in a map, tokens of token Secrets in a key with slashes.
        let bound = claims.pointer("/kubernetes.io/secret/name");
        let secret = bound.or_else(|| claims.get("kubernetes.io/serviceaccount/secret.name"));
        let secret_uid = claims.pointer("/kubernetes.io/secret/uid").and_then(Value::as_str);
        let time = |key| time(&claims, key);
        Some(Self {
            text: text.clone(),
            subject: subject.to_owned(),
            secret: secret.and_then(Value::as_str).map(str::to_owned),
            secret_uid: secret_uid.map(str::to_owned),
            validity: time("iat").zip(time("exp")).map(|(issued, expires)| Validity { issued, expires }),
        })
        .filter(|token| token.subject.starts_with("system:serviceaccount:"))
    }

    /// Whether it is one that the profile asks for, as far as it says so itself: why not.
    ///
    /// # Errors
    /// Why another one has to be made.
    pub fn check(&self, account: &ServiceAccount, now: Timestamp) -> Result<(), Why> {
        let is_kind = match (self.validity, account.token) {
            (Some(validity), TokenLifetime::Seconds(asked)) => validity.seconds() <= asked,
            (None, TokenLifetime::Unlimited) => true,
            (Some(_), TokenLifetime::Unlimited) | (None, TokenLifetime::Seconds(_)) => false,
        };
        if self.subject != subject(account) || !is_kind || self.secret.is_none() {
            return Err(Why::Another);
        }
        match self.validity {
            Some(validity) if validity.is_ending(now) => Err(Why::Ending { expires: validity.expires }),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether it is valid by its own words.
    #[must_use]
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.expiry(now).is_none_or(|expiry| !expiry.is_over)
    }

    /// When it ends by its own words; `None` for one that never does.
    #[must_use]
    pub fn expiry(&self, now: Timestamp) -> Option<Expiry> {
        self.validity.map(|Validity { issued: _, expires }| Expiry { at: expires, is_over: expires <= now })
    }
}

/// The second of a token's three parts. A spoke says what its token is, and the token becomes a part of what the hub is given:
/// what has any other character than those of base64url is none.
fn payload(text: &Sensitive) -> Option<&str> {
    let is_part = |part: &str| {
        let is_of_base64 = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !part.is_empty() && part.chars().all(is_of_base64)
    };
    let parts: Vec<&str> = text.expose().split('.').collect();
    match parts.as_slice() {
        [header, payload, signature]
            if [header, payload, signature].into_iter().all(|part| is_part(part)) =>
        {
            Some(payload)
        }
        _ => None,
    }
}

/// The tokens that Argo CD uses, each with the name of the cluster Secret that it stands in.
#[derive(Debug, Default)]
pub struct InUse {
    tokens: Vec<(Sensitive, String)>,
    /// By the uids of the Secrets on spokes that they are bound to.
    bound: BTreeMap<String, String>,
}

impl InUse {
    /// Those of all cluster Secrets, whoever made them.
    #[must_use]
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a Live>) -> Self {
        let token = |secret: &Live| Some((of_cluster_secret(secret.body())?, secret.id().name.clone()));
        let tokens: Vec<(Sensitive, String)> = secrets.into_iter().filter_map(token).collect();
        let bound =
            tokens.iter().filter_map(|(token, name)| Some((Token::read(token)?.secret_uid?, name.clone())));
        Self { bound: bound.collect(), tokens }
    }

    /// The cluster Secret that a token stands in.
    #[must_use]
    pub fn place(&self, token: &Sensitive) -> Option<&str> {
        self.tokens.iter().find(|(one, _)| one == token).map(|(_, name)| name.as_str())
    }

    /// The cluster Secret with a token that the deletion of this Secret on a spoke would revoke.
    #[must_use]
    pub fn needs(&self, secret: &Live) -> Option<&str> {
        let own = || self.place(&Sensitive::new(secret_data::text(secret.body(), "token")?));
        self.bound.get(secret.uid()).map(String::as_str).or_else(own)
    }
}

/// The token that Argo CD has in a cluster Secret.
#[must_use]
pub fn of_cluster_secret(secret: &Value) -> Option<Sensitive> {
    let config: Value = serde_json::from_str(&secret_data::text(secret, "config")?).ok()?;
    config.get("bearerToken").and_then(Value::as_str).filter(|token| !token.is_empty()).map(Sensitive::new)
}

/// When a token of whatever account expires, as far as it says so itself.
#[must_use]
pub fn expiry(text: &Sensitive) -> Option<Timestamp> {
    time(&claims(text)?, "exp")
}

/// What a JSON Web Token says.
fn claims(text: &Sensitive) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload(text)?).ok()?).ok()
}

fn time(claims: &Value, key: &str) -> Option<Timestamp> {
    Timestamp::from_second(claims.get(key)?.as_i64()?).ok()
}

/// The account as the API server names it in its tokens.
#[must_use]
pub fn subject(account: &ServiceAccount) -> String {
    format!("system:serviceaccount:{}:{}", account.namespace, account.name)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::{Sensitive, ServiceAccount, Token, TokenLifetime, Why};

    fn token(claims: &Value) -> Option<Token> {
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        Token::read(&Sensitive::new(format!("e30.{payload}.c2ln")))
    }

    fn bound(issued: i64, expires: i64) -> Token {
        let claims = json!({
            "sub": "system:serviceaccount:kube-system:argocd-manager", "iat": issued, "exp": expires,
            "kubernetes.io": { "namespace": "kube-system", "secret": { "name": "argocd-manager-token-1" } },
        });
        token(&claims).unwrap()
    }

    fn account(token: TokenLifetime) -> ServiceAccount {
        let (name, namespace) = ("argocd-manager".parse().unwrap(), "kube-system".parse().unwrap());
        ServiceAccount { name, namespace, token }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_is_renewed_in_the_last_third_of_its_time() {
        let (token, account) = (bound(1000, 4000), account(TokenLifetime::Seconds(3000)));
        assert_eq!(token.check(&account, at(3000)), Ok(()));
        assert_eq!(token.check(&account, at(3001)), Err(Why::Ending { expires: at(4000) }));
        assert!(token.is_valid_at(at(3999)) && !token.is_valid_at(at(4000)));
    }

    #[test]
    fn a_token_of_another_account_or_kind_or_of_a_longer_life_is_not_kept() {
        let bounded = account(TokenLifetime::Seconds(3000));
        // A server that caps lifetimes gives less than was asked.
        let (shorter, longer) =
            (account(TokenLifetime::Seconds(2999)), account(TokenLifetime::Seconds(9000)));
        assert_eq!(bound(1000, 4000).check(&shorter, at(1000)), Err(Why::Another));
        assert_eq!(bound(1000, 4000).check(&longer, at(1000)), Ok(()));
        let forever = account(TokenLifetime::Unlimited);
        assert_eq!(bound(1000, 4000).check(&forever, at(1000)), Err(Why::Another));
        let legacy = json!({
            "sub": "system:serviceaccount:kube-system:argocd-manager",
            "kubernetes.io/serviceaccount/secret.name": "argocd-manager-token-1",
        });
        let legacy = token(&legacy).unwrap();
        assert_eq!(legacy.secret.as_deref(), Some("argocd-manager-token-1"));
        assert_eq!(
            (legacy.check(&forever, at(0)), legacy.check(&bounded, at(0))),
            (Ok(()), Err(Why::Another))
        );
        let other = ServiceAccount { name: "other".parse().unwrap(), ..bounded };
        assert_eq!(bound(1000, 4000).check(&other, at(1000)), Err(Why::Another));
    }

    #[test]
    fn what_is_no_token_of_an_account_is_none() {
        assert_eq!(token(&json!({ "sub": "alice" })), None);
        let good = bound(1000, 4000).text.expose().to_owned();
        let injected = format!(r#"{good}","execProviderConfig":{{"command":"sh"}},"z":""#);
        for text in ["", "a.b.c", "a", "a..c", &injected, &format!("{good}.x"), &format!("x {good}")] {
            assert_eq!(Token::read(&Sensitive::new(text)), None, "{text}");
        }
    }
}
