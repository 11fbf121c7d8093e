//! The text that excerpts are cut from: the file's own, with stars for whatever may be a secret.
//!
//! It listens to the events of the parser, because the tree has lost what a duplicate key or a refused key says.

use granit_parser::{Event, ScalarStyle, Span};

use crate::profile::decode::keys;
use crate::profile::zones::Zone;

/// What holds YAML together, and is kept around a secret so that the place is still recognisable.
const MARKS: &str = ":-?{}[],";

/// Characters of a file that are not shown, counted from 0.
#[derive(Clone, Copy)]
struct Hidden {
    start: usize,
    end: usize,
    keeps_marks: bool,
}

/// A key whose value was not read yet.
struct Pending {
    zone: Zone,
    /// Where the key stands, if it must not be shown without a value: `{ password: hun, ter2 }` is a key `ter2`.
    hide_if_null: Option<(usize, usize)>,
}

enum Frame {
    List(Zone),
    Map { zone: Zone, key: Option<Pending> },
}

fn is_hidden(c: char, open: &[Hidden]) -> bool {
    !c.is_whitespace() && open.iter().any(|range| !range.keeps_marks || !MARKS.contains(c))
}

/// Collects what must not be shown.
#[derive(Default)]
pub(crate) struct Excerpts {
    hidden: Vec<Hidden>,
    open: Vec<Frame>,
    last_end: usize,
    was_secret: bool,
    documents: usize,
}

impl Excerpts {
    /// Notes the next event of the parser.
    pub(crate) fn event(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Scalar(text, style, ..) => self.scalar(text, *style == ScalarStyle::Plain, span),
            Event::SequenceStart(..) => self.enter(span, |zone| Frame::List(zone.item())),
            Event::MappingStart(..) => self.enter(span, |zone| Frame::Map { zone, key: None }),
            Event::SequenceEnd | Event::MappingEnd => {
                let is_secret = match self.open.pop() {
                    Some(Frame::List(zone) | Frame::Map { zone, key: _ }) => zone.is_secret(),
                    None => false,
                };
                self.step(span, is_secret);
                self.complete();
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let is_secret = self.zone().is_secret();
                self.step(span, is_secret);
                if is_secret {
                    self.hide(span);
                }
                self.complete();
            }
            // The enum is open: stream marks, and metadata that the options turn off.
            _ => {}
        }
    }

    /// The text as it may be shown.
    pub(crate) fn text(mut self, text: &str) -> String {
        if self.was_secret {
            self.hidden.push(Hidden { start: self.last_end, end: usize::MAX, keeps_marks: true });
        }
        self.hidden.sort_by_key(|hidden| hidden.start);
        let mut ranges = self.hidden.into_iter().peekable();
        let mut open: Vec<Hidden> = Vec::new();
        let mut shown = String::with_capacity(text.len());
        let (mut rest, mut index) = (text, 0);
        while !rest.is_empty() {
            open.retain(|range| range.end > index);
            while let Some(range) = ranges.next_if(|range| range.start <= index) {
                if range.end > index {
                    open.push(range);
                }
            }
            // Up to the next place where a range begins or ends, all characters fare alike.
            let ends = open.iter().map(|range| range.end).chain(ranges.peek().map(|range| range.start));
            let count = ends.min().unwrap_or(usize::MAX) - index;
            let (same, after) =
                rest.split_at(rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at));
            if open.is_empty() {
                shown.push_str(same);
            } else {
                shown.extend(same.chars().map(|c| if is_hidden(c, &open) { '*' } else { c }));
            }
            (rest, index) = (after, index + count);
        }
        shown
    }

    /// Nobody reads a second document, so it is not known what is secret there.
    fn document(&mut self, span: Span) {
        self.documents += 1;
        if self.documents > 1 {
            let start = span.end.index();
            self.hidden.push(Hidden { start, end: usize::MAX, keeps_marks: false });
        }
    }

    fn scalar(&mut self, text: &str, is_plain: bool, span: Span) {
        if let Some(Frame::Map { zone, key: key @ None }) = self.open.last_mut() {
            let zone = *zone;
            let range = (span.start.index(), span.end.index());
            let hide_if_null = (!zone.shows_key(text, true)).then_some(range);
            *key = Some(Pending { zone: zone.child(text), hide_if_null });
            let is_shown = zone.shows_key(text, false);
            self.step(span, zone.is_secret());
            if !is_shown {
                self.hide(span);
            }
            return;
        }
        let is_null = is_plain && matches!(text, "" | "~" | "null" | "Null" | "NULL");
        if let Some(Frame::Map { key: Some(Pending { hide_if_null: Some((start, end)), .. }), .. }) =
            self.open.last()
            && is_null
        {
            self.hidden.push(Hidden { start: *start, end: *end, keeps_marks: false });
        }
        let zone = self.zone();
        self.step(span, zone.is_secret());
        if !is_null && !zone.shows(text) {
            self.hide(span);
        }
        self.complete();
    }

    fn enter(&mut self, span: Span, frame: impl Fn(Zone) -> Frame) {
        let zone = self.zone();
        self.step(span, zone.is_secret());
        self.open.push(frame(zone));
    }

    /// Where the next value stands.
    fn zone(&self) -> Zone {
        match self.open.last() {
            None => Zone::Shape(keys::PROFILE),
            Some(Frame::List(zone)) => *zone,
            Some(Frame::Map { key: Some(pending), .. }) => pending.zone,
            // A key that is no text.
            Some(Frame::Map { key: None, .. }) => Zone::Hidden,
        }
    }

    /// After a value comes a key; a key that is no text hides its value.
    fn complete(&mut self) {
        if let Some(Frame::Map { zone: _, key }) = self.open.last_mut() {
            *key = match key.take() {
                Some(_) => None,
                None => Some(Pending { zone: Zone::Hidden, hide_if_null: None }),
            };
        }
    }

    /// Anchors, tags and comments beside a secret are hidden with it.
    fn step(&mut self, span: Span, is_secret: bool) {
        let start = span.start.index();
        if (is_secret || self.was_secret) && start > self.last_end {
            self.hidden.push(Hidden { start: self.last_end, end: start, keeps_marks: true });
        }
        self.last_end = self.last_end.max(span.end.index());
        self.was_secret = is_secret;
    }

    fn hide(&mut self, span: Span) {
        let (start, end) = (span.start.index(), span.end.index());
        self.hidden.push(Hidden { start, end, keeps_marks: false });
    }
}
