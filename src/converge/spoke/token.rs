//! Judging the token that the hub has, and making another one that was seen to work.

#![expect(clippy::disallowed_methods, reason = "tokens expire by the clock")]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cluster::{Cluster, ClusterError, Extent, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::spoke::Wish;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::{secret_data, spoke_account};
use crate::plan::token::{Token, Why};
use crate::profile::model::{ServiceAccount, TokenLifetime};
use crate::profile::sensitive::Sensitive;

/// How long new rights, and the token of a token Secret, may take to be in force.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);

/// The same name in the plan and in the apply, and never that of a token which is in use.
pub(super) fn next_secret(account: &ServiceAccount, secrets: &BTreeSet<String>) -> String {
    let highest = secrets.iter().filter_map(|name| spoke_account::secret_number(account, name)).max();
    spoke_account::secret_name(account, highest.map_or(1, |number| number.saturating_add(1)))
}

/// Whether a token is one that the profile asks for and the spoke accepts.
pub(super) async fn judge(
    spoke: &Cluster,
    wish: Wish<'_>,
    token: &Token,
    secrets: &BTreeSet<String>,
) -> Result<Result<(), Why>, ConvergeError> {
    if let Err(why) = token.check(wish.account, Timestamp::now()) {
        return Ok(Err(why));
    }
    if token.secret.as_ref().is_none_or(|name| !secrets.contains(name)) {
        return Ok(Err(Why::Refused));
    }
    match may_all(spoke, wish, &token.text).await {
        // Rights that are missing are no fault of the token: the plan of the account shows them.
        Ok(_) => Ok(Ok(())),
        Err(ClusterError::Unauthorized { .. }) => Ok(Err(Why::Refused)),
        Err(error) => Err(error.into()),
    }
}

/// Whether the holder of a token may do all that Argo CD has to do there.
async fn may_all(spoke: &Cluster, wish: Wish<'_>, token: &Sensitive) -> Result<bool, ClusterError> {
    let holder = spoke.as_holder(token).await?;
    if spoke_account::has_all_rights(wish.cluster) {
        return holder.may(Extent::Cluster).await;
    }
    for namespace in &wish.cluster.namespaces {
        if !holder.may(Extent::Namespace(namespace.as_str())).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the token that the plan says, and sees that the spoke accepts it.
///
/// # Errors
/// When the spoke gives none, or one that may not do what Argo CD has to do.
pub async fn make_token(spoke: &Cluster, wish: Wish<'_>, secret: &str) -> Result<Token, ConvergeError> {
    let kinds = Kinds::core();
    let namespace = wish.account.namespace.to_string();
    let id = ObjectId {
        group_kind: GroupKind::parse("Secret"),
        namespace: Some(namespace.clone()),
        name: secret.to_owned(),
    };
    let started = Instant::now();
    loop {
        let live = spoke.get(&kinds, &id, "v1").await?;
        let text = match (wish.account.token, &live) {
            (TokenLifetime::Seconds(seconds), Some(live)) => {
                Some(spoke.request_token(wish.account, seconds, live).await?)
            }
            // Kubernetes' token controller puts it there.
            (TokenLifetime::Unlimited, Some(live)) => secret_data::text(live.body(), "token")
                .map(Sensitive::new)
                .inspect(|token| spoke.keep_secret(token)),
            (_, None) => None,
        };
        let token = text.as_ref().and_then(Token::read);
        if let Some(token) = token {
            // Else every run would make another one.
            if let Err(why) = token.check(wish.account, Timestamp::now()) {
                return Err(ConvergeError::UnfitToken { why });
            }
            prove(spoke, wish, &token, started).await?;
            return Ok(token);
        }
        if started.elapsed() > PATIENCE {
            return Err(ConvergeError::NoToken { secret: format!("{namespace}/{secret}") });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// New rights are in force a moment after they are written.
async fn prove(
    spoke: &Cluster,
    wish: Wish<'_>,
    token: &Token,
    started: Instant,
) -> Result<(), ConvergeError> {
    loop {
        let is_over = started.elapsed() > PATIENCE;
        match may_all(spoke, wish, &token.text).await {
            Ok(true) => return Ok(()),
            Ok(false) if is_over => {
                return Err(ConvergeError::WeakToken { subject: token.subject.clone() });
            }
            Err(error @ ClusterError::Unauthorized { .. }) if is_over => return Err(error.into()),
            Ok(false) | Err(ClusterError::Unauthorized { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ServiceAccount, TokenLifetime, next_secret};

    #[test]
    fn a_new_token_never_takes_the_secret_of_one_that_is_there() {
        let (name, namespace) = ("argocd-manager".parse().unwrap(), "kube-system".parse().unwrap());
        let account = ServiceAccount { name, namespace, token: TokenLifetime::Seconds(600) };
        let next = |names: &[&str]| {
            let names: BTreeSet<String> = names.iter().map(|name| (*name).to_owned()).collect();
            next_secret(&account, &names)
        };
        assert_eq!(next(&[]), "argocd-manager-token-1");
        assert_eq!(
            next(&["argocd-manager-token-2", "argocd-manager-token-10", "x"]),
            "argocd-manager-token-11"
        );
    }
}
