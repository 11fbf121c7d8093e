//! Tokens of ServiceAccounts that bridge made on spokes: whether one is still good, or another has to be made.
//!
//! What a token says of itself is read and not verified: the spoke's API server is asked whether it accepts it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

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
}

/// Why a token has to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is none.
    Missing,
    /// The one that is there is of another account, or another kind.
    Another,
    /// It has expired, or will before long.
    Ending {
        /// When.
        expires: Timestamp,
    },
    /// The spoke does not accept it any more.
    Refused,
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("there is none"),
            Self::Another => f.write_str("the one that is there is of another account or kind"),
            Self::Ending { expires } => write!(f, "the one that is there expires at {expires}"),
            Self::Refused => f.write_str("the spoke does not accept the one that is there"),
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
        let time = |key| time(&claims, key);
        Some(Self {
            text: text.clone(),
            subject: subject.to_owned(),
            secret: secret.and_then(Value::as_str).map(str::to_owned),
            validity: time("iat").zip(time("exp")).map(|(issued, expires)| Validity { issued, expires }),
        })
        .filter(|token| token.subject.starts_with("system:serviceaccount:"))
    }

    /// Whether it is one that the profile asks for, as far as it says so itself: why not.
    ///
    /// # Errors
    /// Why another one has to be made.
    pub fn check(&self, account: &ServiceAccount, now: Timestamp) -> Result<(), Why> {
        let is_kind = self.validity.is_some() == matches!(account.token, TokenLifetime::Seconds(_));
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
        self.validity.is_none_or(|validity| validity.expires > now)
    }
}

/// When a token of whatever account expires, as far as it says so itself.
#[must_use]
pub fn expiry(text: &Sensitive) -> Option<Timestamp> {
    time(&claims(text)?, "exp")
}

/// What a JSON Web Token says.
fn claims(text: &Sensitive) -> Option<Value> {
    let payload = text.expose().split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
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
    fn a_token_of_another_account_or_kind_is_not_kept() {
        let bounded = account(TokenLifetime::Seconds(3000));
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
        for text in ["", "a.b.c", "a", "a..c"] {
            assert_eq!(Token::read(&Sensitive::new(text)), None, "{text}");
        }
    }
}
