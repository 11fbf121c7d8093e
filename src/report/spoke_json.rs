//! What is planned for a spoke that bridge registers, for machines. Never a token.

use schemars::JsonSchema;
use serde::Serialize;

use crate::converge::spoke::{Spoke, SpokeState, TokenPlan};
use crate::plan::token::{Token, Why};
use crate::report::plan_json::{self, ChangeDocument};

/// A spoke that bridge registers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpokeDocument {
    /// The cluster's name in the profile.
    pub name: String,
    /// The kubeconfig context.
    pub context: String,
    /// What was found out about it.
    #[serde(flatten)]
    pub state: StateDocument,
}

/// What was found out about a spoke. Its name is the document's `state`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum StateDocument {
    /// It answers.
    Planned {
        /// Changes of the account and its rights.
        changes: Vec<ChangeDocument>,
        /// What becomes of its token.
        token: TokenDocument,
    },
    /// It was not looked at; the hub's token is valid by its own words.
    Trusted {
        /// Why it was not looked at.
        reason: String,
        /// When the token expires (RFC 3339); absent for one that never does.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<String>,
    },
    /// Its Secret cannot be made, and stays as it is.
    Failed {
        /// Why.
        reason: String,
    },
    /// It is no target of this run.
    NotAsked,
    /// It is no longer in the profile: what bridge made there goes.
    Leaving {
        /// What goes.
        changes: Vec<ChangeDocument>,
    },
    /// It is no longer in the profile, and what bridge made there cannot be removed.
    Left {
        /// Why.
        reason: String,
    },
}

/// What becomes of a token.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum TokenDocument {
    /// The one that the hub has stays.
    Keep {
        /// When it expires (RFC 3339); absent for one that never does.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires: Option<String>,
    },
    /// Another one is made.
    Make {
        /// Why.
        cause: TokenCause,
    },
}

/// Why a token is made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenCause {
    /// There is none.
    Missing,
    /// The one that is there is of another account or kind, or lives longer than asked.
    Another,
    /// It has expired, or less than a third of its time is left.
    Ending,
    /// The spoke does not accept it any more.
    Refused,
    /// It is good, and the user asks for another.
    Asked,
}

/// The document of a spoke.
#[must_use]
pub fn document(spoke: &Spoke) -> SpokeDocument {
    let Spoke { name, context, state } = spoke;
    let state = match state {
        SpokeState::Planned(planned) => StateDocument::Planned {
            changes: plan_json::changes(&planned.plan),
            token: match &planned.token {
                TokenPlan::Keep(token) => TokenDocument::Keep { expires: expires(token) },
                TokenPlan::Make { why, secret: _ } => TokenDocument::Make { cause: cause(why) },
            },
        },
        SpokeState::Trusted { token, why } => {
            StateDocument::Trusted { reason: why.clone(), expires: expires(token) }
        }
        SpokeState::Failed { why } => StateDocument::Failed { reason: why.clone() },
        SpokeState::NotAsked { token: _ } => StateDocument::NotAsked,
        SpokeState::Leaving(plan) => StateDocument::Leaving { changes: plan_json::changes(plan) },
        SpokeState::Left { why, is_reachable: _ } => StateDocument::Left { reason: why.clone() },
    };
    SpokeDocument { name: name.clone(), context: context.clone(), state }
}

fn expires(token: &Token) -> Option<String> {
    token.validity.map(|validity| validity.expires.to_string())
}

fn cause(why: &Why) -> TokenCause {
    match why {
        Why::Missing => TokenCause::Missing,
        Why::Another => TokenCause::Another,
        Why::Ending { .. } => TokenCause::Ending,
        Why::Refused => TokenCause::Refused,
        Why::Asked => TokenCause::Asked,
    }
}
