//! What is planned for the spokes that bridge registers, as people read it.

use std::fmt::Write;

use crate::converge::spoke::{Spoke, SpokePlan, SpokeState, TokenPlan};
use crate::desired::ownership::{INVENTORY, PART_OF, inventory_id};
use crate::desired::spoke_account::SPOKE_HOME;
use crate::plan::token::{Token, Why};
use crate::profile::shell::shell_word;
use crate::report::plan_text::{self, View};
use crate::report::style::{self, paint, plain};

/// A part for each spoke that has something to tell; empty when all is as it should be.
#[must_use]
pub fn render<'a>(spokes: impl Iterator<Item = &'a Spoke>, view: &View<'_>) -> String {
    let spokes: Vec<&Spoke> = spokes.collect();
    spokes.iter().map(|spoke| part(spoke, view)).collect::<String>() + &first_to_expire(&spokes)
}

/// Somebody has to run bridge in time: the date of the token that ends first.
fn first_to_expire(spokes: &[&Spoke]) -> String {
    let kept = |spoke: &&Spoke| match &spoke.state {
        SpokeState::Planned(planned) => match &planned.token {
            TokenPlan::Keep(token) => Some((token.validity?.expires, spoke.name.clone())),
            TokenPlan::Make { .. } => None,
        },
        SpokeState::Trusted { token, why: _ } => Some((token.validity?.expires, spoke.name.clone())),
        SpokeState::Failed { .. }
        | SpokeState::NotAsked { .. }
        | SpokeState::Leaving(_)
        | SpokeState::Left { .. } => None,
    };
    spokes.iter().filter_map(kept).min().map_or_else(String::new, |(expires, name)| {
        format!("The first token to expire is that of {}, at {expires}; apply renews it in the last third of its time.\n", plain(&name))
    })
}

fn part(Spoke { name, context, state }: &Spoke, view: &View<'_>) -> String {
    let head = format!("spoke {} (context {})", plain(name), plain(context));
    match state {
        SpokeState::Planned(planned) if planned.is_empty() => String::new(),
        SpokeState::NotAsked { .. } => String::new(),
        SpokeState::Planned(planned) => registered(&head, planned, view),
        SpokeState::Trusted { token, why } => {
            format!("{head}: not looked at: {}; its token {}\n", plain(why), until(token))
        }
        SpokeState::Failed { why } => {
            let what = "its Secret on the hub stays as it is, no cluster Secret goes or gets another server, and this run ends with 1";
            format!("{} {head}: {}; {what}\n", paint(style::ERROR, "failed:"), plain(why))
        }
        SpokeState::Leaving(plan) => {
            let text = plan_text::render(plan, &View { is_targeted: false, needs: None, ..*view });
            format!("\n{} is no longer in the profile\n{text}", paint(style::STRONG, &head))
        }
        SpokeState::Left { why, is_reachable } => format!(
            "{} {head} is no longer in the profile, and what bridge made there cannot be removed: {}\n{}",
            paint(style::WARNING, "warning:"),
            plain(why),
            if *is_reachable { by_hand(context) } else { forgotten() }
        ),
    }
}

/// What is left where nobody knows the way any more.
fn forgotten() -> String {
    let label = format!("{PART_OF}={}", inventory_id(SPOKE_HOME));
    format!(
        "  bridge forgets it; if the cluster still lives, what bears this label there is of no use any more: {label}\n"
    )
}

/// The commands that remove what bridge made on a spoke.
fn by_hand(context: &str) -> String {
    let kubectl = format!("kubectl --context {}", shell_word(context));
    let label = format!("{PART_OF}={}", inventory_id(SPOKE_HOME));
    let commands = [
        format!("{kubectl} delete clusterrolebinding,clusterrole -l {label}"),
        format!("{kubectl} delete rolebinding,role,secret,serviceaccount --all-namespaces -l {label}"),
        format!("{kubectl} delete configmap,lease {INVENTORY} --namespace {SPOKE_HOME}"),
    ];
    let line = |command: &String| format!("  {}\n", paint(style::HINT, &plain(command)));
    let gone =
        "  where the cluster is gone, take the context out of the kubeconfig: bridge forgets it then\n";
    commands.iter().map(line).collect::<String>() + gone
}

fn registered(head: &str, SpokePlan { plan, token }: &SpokePlan, view: &View<'_>) -> String {
    let mut out = format!("\n{}\n", paint(style::STRONG, head));
    if !plan.is_empty() {
        out.push_str(&plan_text::render(plan, &View { is_targeted: false, needs: None, ..*view }));
    }
    if let TokenPlan::Make { why, .. } = token {
        writeln!(out, "A token is made for Argo CD: {}.", reason(why)).unwrap_or_default();
    }
    out
}

fn reason(why: &Why) -> String {
    plain(&why.to_string())
}

fn until(token: &Token) -> String {
    token.validity.map_or("never expires".to_owned(), |valid| format!("expires {}", valid.expires))
}
