//! What a bug looks like: where it is, and nothing of the data it stumbled over.

use std::panic::PanicHookInfo;

use crate::code::Code;
use crate::report::error::{ErrorReport, render};
use crate::report::ui::{Color, Ui};

/// Replaces the standard message, whose text may hold a secret.
pub(super) fn install() {
    std::panic::set_hook(Box::new(show));
}

fn show(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = format!("bridge stopped at {place}");
    let hints = ["please report this place together with `bridge --version`".to_owned()];
    let report = ErrorReport { code: Code::INTERNAL, message: &message, causes: &[], hints: &hints };
    Ui::new(Color::Auto, false).say(&render(&report));
}
