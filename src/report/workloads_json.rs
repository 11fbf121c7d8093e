//! What a plan does to Applications and to what they deployed, for machines.

use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::summary::Plan;
use crate::plan::workloads::{Affected, Effect, Fate, OwnedBy, Why};
use crate::report::workloads_text::words;

/// What becomes of Applications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FateWord {
    /// They are deleted, and so is what they deployed.
    Deleted,
    /// The same, and others of another name deploy it anew: what they run is gone in between.
    Recreated,
    /// They are deleted, and what they deployed stays.
    Orphaned,
    /// The same, and others of another name take over what they deploy, too.
    Adopted,
    /// They stay, and their destination leads to no cluster any more.
    Stranded,
    /// They stay and deploy to another server; what they deployed to the former one stays there.
    Moved,
    /// They stay; whether they are changed is not evaluated.
    Kept,
    /// Nothing can be said; `cause` says why.
    NotEvaluated,
}

/// Why nothing can be said, in a word. Later versions may add words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum WhyWord {
    /// New Applications may come of the ApplicationSet.
    New,
    /// Its generators are combined, filtered or filled in by templates in a way that is not evaluated.
    Generators,
    /// It has no `clusters` generator.
    NoClusters,
    /// A template that is not evaluated names the Applications or their clusters.
    Template,
    /// It changes in the same plan.
    SetChanges,
    /// It has an error, and changes and deletes nothing until that is mended.
    SetHasError,
    /// It is not there.
    SetIsGone,
    /// More than one cluster has the name, before or afterwards.
    NameMoves,
}

/// Who owns Applications.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OwnerDocument {
    /// `ApplicationSet` for their live controller, `Application` for the one that deployed them.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// What becomes of some Applications of one owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EffectDocument {
    /// Whose Applications; absent where nobody owns them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerDocument>,
    /// What becomes of them.
    pub fate: FateWord,
    /// Why nothing can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<WhyWord>,
    /// The fate or the cause in words for people.
    pub reason: &'static str,
    /// Which; none where only new ones may come.
    pub applications: Vec<AffectedDocument>,
}

/// An Application to which something happens.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AffectedDocument {
    /// Its name.
    pub name: String,
    /// The name of the one that comes in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// Finalizers that are not Argo CD's: until somebody takes them off it is not gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<String>,
}

/// How many Applications have which fate, each counted once, under its worst one.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadsDocument {
    /// Whether Applications and ApplicationSets could be read; `true` where nothing in the plan concerns them.
    pub is_read: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Deleted with what they deployed.
    pub deleted: usize,
    /// Deleted with what they deployed, which others deploy anew.
    pub recreated: usize,
    /// Deleted without what they deployed.
    pub orphaned: usize,
    /// Deleted without what they deployed, which others take over.
    pub adopted: usize,
    /// Left without a cluster.
    pub stranded: usize,
    /// Deploying to another server.
    pub moved: usize,
    /// Of which nothing can be said.
    pub not_evaluated: usize,
}

/// What the change of one object does.
#[must_use]
pub fn effects(effects: &[Effect]) -> Vec<EffectDocument> {
    effects.iter().map(effect).collect()
}

/// What all of a plan comes to.
#[must_use]
pub fn summary(plan: &Plan) -> WorkloadsDocument {
    let mut document = WorkloadsDocument {
        is_read: plan.workloads.not_read.is_none(),
        reason: plan.workloads.not_read.clone(),
        ..WorkloadsDocument::default()
    };
    for (fate, count) in plan.workloads.counts() {
        match fate {
            Fate::Deleted => document.deleted += count,
            Fate::Recreated => document.recreated += count,
            Fate::Orphaned => document.orphaned += count,
            Fate::Adopted => document.adopted += count,
            Fate::Stranded => document.stranded += count,
            Fate::Moved => document.moved += count,
            Fate::NotEvaluated(_) => document.not_evaluated += count,
            Fate::Kept => {}
        }
    }
    document
}

fn effect(Effect { owner, fate, applications }: &Effect) -> EffectDocument {
    let owner = match owner {
        OwnedBy::Set(name) => Some(OwnerDocument { kind: "ApplicationSet", name: name.clone() }),
        OwnedBy::Application(name) => Some(OwnerDocument { kind: "Application", name: name.clone() }),
        OwnedBy::Nobody => None,
    };
    let (word, cause) = word(*fate);
    EffectDocument {
        owner,
        fate: word,
        cause,
        reason: words(*fate),
        applications: applications.iter().map(affected).collect(),
    }
}

fn affected(Affected { name, successor, held_by }: &Affected) -> AffectedDocument {
    AffectedDocument { name: name.clone(), successor: successor.clone(), held_by: held_by.clone() }
}

fn word(fate: Fate) -> (FateWord, Option<WhyWord>) {
    match fate {
        Fate::Deleted => (FateWord::Deleted, None),
        Fate::Recreated => (FateWord::Recreated, None),
        Fate::Orphaned => (FateWord::Orphaned, None),
        Fate::Adopted => (FateWord::Adopted, None),
        Fate::Stranded => (FateWord::Stranded, None),
        Fate::Moved => (FateWord::Moved, None),
        Fate::Kept => (FateWord::Kept, None),
        Fate::NotEvaluated(why) => (FateWord::NotEvaluated, Some(why_word(why))),
    }
}

fn why_word(why: Why) -> WhyWord {
    match why {
        Why::New => WhyWord::New,
        Why::Generators => WhyWord::Generators,
        Why::NoClusters => WhyWord::NoClusters,
        Why::Template => WhyWord::Template,
        Why::SetChanges => WhyWord::SetChanges,
        Why::SetHasError => WhyWord::SetHasError,
        Why::SetIsGone => WhyWord::SetIsGone,
        Why::NameMoves => WhyWord::NameMoves,
    }
}
