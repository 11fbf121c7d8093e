//! 7. Output for people and machines.
//!
//! Everything here but [`ui`] and [`progress`] turns data into text and is pure. Architecture invariant: every byte that
//! bridge prints goes through [`ui::Ui`], which removes secrets from it.

pub mod apply_json;
pub mod apply_text;
mod diff_text;
pub mod error;
pub mod error_json;
pub mod finding;
pub mod finding_json;
pub mod last_applied;
mod late_json;
mod late_text;
pub mod markdown;
mod mask;
pub mod plan_json;
pub mod plan_text;
pub mod progress;
pub mod redact;
pub mod sarif;
pub mod spoke_json;
pub mod spoke_text;
pub mod status_json;
pub mod status_text;
mod status_words;
pub mod style;
pub mod ui;
pub mod workloads_json;
mod workloads_text;
