//! Events as progress: a spinner on a terminal, plain lines elsewhere.
#![expect(clippy::disallowed_methods, reason = "progress limits how often it speaks")]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::converge::event::{Action, Event};
use crate::report::late_text;
use crate::report::style::{self, paint, plain, replace_mark};
use crate::report::ui::Ui;

/// How often a wait is mentioned where there is no spinner.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A shorter wait is not mentioned.
const WORTH_SAYING: Duration = Duration::from_secs(1);
/// How often the spinner turns.
const TICK: Duration = Duration::from_millis(120);

/// Shows what the engine does on standard error.
#[derive(Debug)]
pub struct Progress {
    ui: Ui,
    spinner: Option<ProgressBar>,
    last_wait: Mutex<Option<Instant>>,
    last_skip: Mutex<Option<String>>,
}

impl Progress {
    /// Begins to show progress.
    #[must_use]
    pub fn new(ui: &Ui) -> Self {
        let spinner = ui.bars().map(|bars| {
            let spinner = bars.add(ProgressBar::new_spinner());
            spinner.set_style(
                ProgressStyle::with_template("{spinner} {wide_msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            spinner.enable_steady_tick(TICK);
            spinner
        });
        Self { ui: ui.clone(), spinner, last_wait: Mutex::new(None), last_skip: Mutex::new(None) }
    }

    /// Shows one event.
    pub fn show(&self, event: &Event) {
        match event {
            Event::Observing { objects } => self.passing(&format!("reading {objects} objects")),
            Event::Observed { done, total } => self.passing(&format!("compared {done} of {total} objects")),
            Event::WaveStarted { name, changes } => self.lasting(&wave(name, *changes)),
            Event::Written { id, action, took } => {
                self.lasting(&format!("{} {id} {} ({})", mark(*action), word(*action), seconds(*took)));
            }
            Event::Replacing { id } => {
                self.lasting(&format!("{} {id} is going, to be created anew", mark(Action::Deleted)));
            }
            Event::PutOff { id, longest } => self.put_off(&id.to_string(), *longest),
            Event::Failed { id, message } => {
                self.ui.say(&format!("{} {id}: {}\n", paint(style::ERROR, "✗"), plain(message)));
            }
            Event::Skipped { id: _, reason } => self.skipped(reason),
            Event::Waiting { pending, elapsed } => self.waiting(pending, *elapsed),
            Event::Late(late) => self.ui.say(&late_text::late(late)),
            Event::Warning { id, message } => self.ui.warn(&format!("{id}: {}", plain(message))),
        }
    }

    /// Something that only matters while it lasts.
    fn passing(&self, text: &str) {
        if let Some(spinner) = &self.spinner {
            spinner.set_message(self.ui.with_label(text).into_owned());
        }
    }

    fn lasting(&self, text: &str) {
        self.ui.status(text);
    }

    fn put_off(&self, object: &str, longest: Duration) {
        let text = format!(
            "{object} is being replaced: waiting up to {} s more for the old one to be gone, to create the new one",
            longest.as_secs()
        );
        self.ui.say(&format!("{} {text}\n", paint(style::WARNING, "!")));
    }

    /// Says it once for each reason: what was not tried is listed at the end.
    fn skipped(&self, reason: &str) {
        let mut last = self.last_skip.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_deref() != Some(reason) {
            self.ui.say(&format!(
                "{} the rest is not tried: {}\n",
                paint(style::WARNING, "!"),
                plain(reason)
            ));
            *last = Some(reason.to_owned());
        }
    }

    fn waiting(&self, pending: &[String], elapsed: Duration) {
        let text = format!("waiting ({}): {}", seconds(elapsed), plain(&pending.join("; ")));
        match &self.spinner {
            Some(spinner) => {
                let text = self.ui.redactor().scrub(&text);
                spinner.set_message(self.ui.with_label(&text).into_owned());
            }
            None if elapsed >= WORTH_SAYING && self.is_due() => self.ui.status(&format!("◎ {text}")),
            None => {}
        }
    }

    /// Whether the last word about waiting is long enough ago.
    fn is_due(&self) -> bool {
        let mut last = self.last_wait.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= HEARTBEAT);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}

fn wave(name: &str, changes: usize) -> String {
    paint(style::STRONG, &format!("► {name} ({changes})"))
}

fn mark(action: Action) -> String {
    match action {
        Action::Created => paint(style::ADD, "+"),
        Action::Updated | Action::Adopted => paint(style::CHANGE, "~"),
        Action::Replaced => replace_mark(),
        Action::Deleted => paint(style::DESTROY, "-"),
    }
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Created => "created",
        Action::Updated => "updated",
        Action::Adopted => "taken over",
        Action::Replaced => "replaced",
        Action::Deleted => "deleted",
    }
}

fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{}ms", duration.as_millis())
    } else {
        format!("{}s", duration.as_secs())
    }
}
