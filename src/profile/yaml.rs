//! YAML text to a tree of located nodes.
//!
//! After a syntax error nothing is guessed: the rest of the file would be read in the wrong place, and every further
//! finding would be noise. Everything else (a duplicate key, a wrong tag) is reported, and the reading goes on.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, Tag};

use crate::code::Code;
use crate::profile::excerpts::Excerpts;
use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::profile::merge_key;
use crate::profile::node::{Entry, Key, Mapping, Node, Scalar, Style, Value};

/// How deeply values may nest. A profile needs about ten levels.
const DEEPEST: usize = 64;

/// How many nodes aliases may add. A file of real anchors adds hundreds; an alias bomb adds billions.
const MOST_ALIASED: usize = 100_000;

/// Parses one document. `None` when there is no tree to go on with; the findings say why.
///
/// `excerpts` learns what must not be shown, which is the whole truth only when there is a tree.
pub(crate) fn parse(
    source: &Arc<Source>,
    excerpts: &mut Excerpts,
    findings: &mut Vec<Finding>,
) -> Option<Node> {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut builder = Builder::new(source, findings);
    for event in Parser::new_from_str_with_options(&source.text, options) {
        let step = match event {
            Ok((event, span)) => {
                excerpts.event(&event, span);
                builder.event(event, span)
            }
            Err(error) => builder.syntax_error(&error),
        };
        match step {
            Step::Next => {}
            Step::Enough => break,
            Step::GiveUp => return None,
        }
    }
    builder.finish()
}

/// Parses every document of a file that is no profile, such as one of a checked-out repository; empty ones are left out.
///
/// `None` when nobody knows what the file says; the findings say why.
pub(crate) fn parse_documents(source: &Arc<Source>, findings: &mut Vec<Finding>) -> Option<Vec<Node>> {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut builder = Builder::new(source, findings);
    let mut documents: Vec<Node> = Vec::new();
    for event in Parser::new_from_str_with_options(&source.text, options) {
        let step = match event {
            Ok((Event::DocumentStart(..), _)) => {
                documents.extend(builder.root.take());
                Step::Next
            }
            Ok((event, span)) => builder.event(event, span),
            Err(error) => builder.syntax_error(&error),
        };
        match step {
            Step::Next => {}
            Step::Enough | Step::GiveUp => return None,
        }
    }
    documents.extend(builder.root.take());
    documents.retain(|document| !document.is_null());
    Some(documents)
}

/// What follows an event.
enum Step {
    /// The next event.
    Next,
    /// Nothing: the tree is complete.
    Enough,
    /// Nothing: there is no tree.
    GiveUp,
}

/// A collection whose end was not read yet.
struct Open {
    location: Location,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: PendingKey },
}

enum PendingKey {
    /// The next node is a key.
    Awaited,
    /// The next node is this key's value.
    Read(Key),
    /// The next node is the value of a key that was refused.
    Refused,
}

/// A value that an alias can repeat.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

struct Builder<'a> {
    source: &'a Arc<Source>,
    findings: &'a mut Vec<Finding>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    documents: usize,
    aliased: usize,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<Source>, findings: &'a mut Vec<Finding>) -> Self {
        let (open, anchors) = (Vec::new(), HashMap::new());
        Self { source, findings, open, anchors, root: None, documents: 0, aliased: 0 }
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Step {
        match event {
            Event::DocumentStart(..) => self.document(span),
            Event::Scalar(text, style, anchor, tag) => {
                let style = self.style(style, tag.as_deref(), span);
                let scalar = Scalar { text: text.into_owned(), style, last_line: last_line(span) };
                let node = Node { location: self.locate(span), value: Value::Scalar(scalar) };
                self.complete(node, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.style(ScalarStyle::Plain, tag.as_deref(), span);
                self.enter(span, anchor, Content::Sequence(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.style(ScalarStyle::Plain, tag.as_deref(), span);
                let content = Content::Mapping { entries: Vec::new(), key: PendingKey::Awaited };
                self.enter(span, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(),
            Event::Alias(id) => self.alias(id, span),
            Event::UnresolvedAlias(_) => self.unknown_alias(span),
            // The enum is open: stream marks, and metadata that the options turn off.
            _ => Step::Next,
        }
    }

    fn document(&mut self, span: Span) -> Step {
        self.documents += 1;
        if self.documents < 2 {
            return Step::Next;
        }
        let fix = "keep one document in the file, and move the others to files of their own".to_owned();
        let message = "the file holds a second YAML document";
        self.findings.push(Finding::error(Code::SEVERAL_DOCUMENTS, &self.locate(span), message, fix));
        Step::Enough
    }

    fn enter(&mut self, span: Span, anchor: usize, content: Content) -> Step {
        let location = self.locate(span);
        if self.open.len() >= DEEPEST {
            return self.too_deep(&location);
        }
        self.open.push(Open { location, anchor, content });
        Step::Next
    }

    fn too_deep(&mut self, location: &Location) -> Step {
        let message = format!("values nest more than {DEEPEST} levels deep");
        self.findings.push(Finding::error(
            Code::TOO_DEEP,
            location,
            message,
            "a profile needs about ten levels; remove the nesting",
        ));
        Step::GiveUp
    }

    fn leave(&mut self) -> Step {
        let Some(Open { location, anchor, content }) = self.open.pop() else { return Step::Next };
        let value = match content {
            Content::Sequence(items) => Value::Sequence(items),
            Content::Mapping { entries, key: _ } => {
                let entries = unique(entries, self.findings);
                Value::Mapping(Mapping { entries: merge_key::expand(entries, self.findings) })
            }
        };
        self.complete(Node { location, value }, anchor)
    }

    /// Remembers a finished node under its anchor, and hands it to the collection around it.
    fn complete(&mut self, node: Node, anchor: usize) -> Step {
        if anchor != 0 {
            let (size, height) = measure(&node);
            self.anchors.insert(anchor, Anchored { node: node.clone(), size, height });
        }
        self.attach(node);
        Step::Next
    }

    fn attach(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut open.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key } => match std::mem::replace(key, PendingKey::Awaited) {
                PendingKey::Awaited => *key = read_key(node, self.findings),
                PendingKey::Read(key) => entries.push(Entry { key, value: node }),
                PendingKey::Refused => {}
            },
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Step {
        let location = self.locate(span);
        let Some(anchored) = self.anchors.get(&id) else {
            let fix = "an anchor can only be used after the value that it names has ended";
            let message = "the alias stands inside the very value that it repeats";
            self.findings.push(Finding::error(Code::UNKNOWN_ALIAS, &location, message, fix));
            return Step::GiveUp;
        };
        self.aliased += anchored.size;
        if self.aliased > MOST_ALIASED {
            return self.too_many_aliases(&location);
        }
        if anchored.height + self.open.len() > DEEPEST {
            return self.too_deep(&location);
        }
        let node = anchored.node.clone();
        self.attach(node);
        Step::Next
    }

    fn too_many_aliases(&mut self, location: &Location) -> Step {
        let message = format!("the aliases of this file stand for more than {MOST_ALIASED} values");
        self.findings.push(Finding::error(
            Code::TOO_MANY_ALIASES,
            location,
            message,
            "aliases of aliases multiply; write the values out, or move them to a base",
        ));
        Step::GiveUp
    }

    /// The alias can be a secret without quotes, so its name is not repeated.
    fn unknown_alias(&mut self, span: Span) -> Step {
        let location = self.locate(span);
        let message = "the alias has no anchor before it";
        let fix = "write `&NAME` before the value that `*NAME` repeats; quote a text that starts with `*`";
        self.findings.push(Finding::error(Code::UNKNOWN_ALIAS, &location, message, fix));
        self.attach(Node { location, value: Value::Unresolved });
        Step::Next
    }

    fn style(&mut self, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Style {
        let Some(tag) = tag else {
            return if style == ScalarStyle::Plain { Style::Plain } else { Style::Quoted };
        };
        let known = tag.core_suffix().is_some() || tag.original() == "!";
        if !known {
            // It can be a secret without quotes, so it is not repeated.
            let message = "the tag means nothing here";
            let fix = "remove the tag; a secret is written as a reference such as `{ env: NAME }`";
            self.findings.push(Finding::error(Code::UNKNOWN_TAG, &self.locate(span), message, fix));
        }
        if style == ScalarStyle::Plain && !tag.is_yaml_core_schema_tag("str") && tag.original() != "!" {
            Style::Plain
        } else {
            Style::Quoted
        }
    }

    fn syntax_error(&mut self, error: &ScanError) -> Step {
        let mark = error.marker();
        let location = Location {
            source: Arc::clone(self.source),
            line: mark.line().max(1),
            column: mark.col() + 1,
            length: 1,
        };
        let (code, fix) = classify(error.kind());
        let message = format!("this is not valid YAML: {}", error.info().replace('\n', " "));
        self.findings.push(Finding::error(code, &location, message, fix));
        Step::GiveUp
    }

    fn finish(self) -> Option<Node> {
        let root = self.root.filter(|root| !root.is_null());
        if root.is_none() {
            let location = Location { source: Arc::clone(self.source), line: 1, column: 1, length: 1 };
            let fix = "write at least `apiVersion`, `kind`, `metadata` and `clusters`; `bridge init` writes a first profile";
            self.findings.push(Finding::error(Code::EMPTY_FILE, &location, "the file says nothing", fix));
        }
        root
    }

    fn locate(&self, span: Span) -> Location {
        let one_line = span.start.line() == span.end.line();
        let length = if one_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
        Location {
            source: Arc::clone(self.source),
            line: span.start.line(),
            column: span.start.col() + 1,
            length: length.max(1),
        }
    }
}

fn last_line(span: Span) -> usize {
    // A block scalar ends at the start of the line after it.
    let ends_at_start = span.end.col() == 0 && span.end.line() > span.start.line();
    span.end.line() - usize::from(ends_at_start)
}

/// How many nodes there are, and how deeply they nest.
fn measure(node: &Node) -> (usize, usize) {
    let children = node.items().iter().chain(node.entries().iter().map(|entry| &entry.value));
    let (size, height) =
        children.map(measure).fold((1, 0), |(size, height), (more, child)| (size + more, height.max(child)));
    let is_collection = matches!(node.value, Value::Sequence(_) | Value::Mapping(_));
    (size, height + usize::from(is_collection))
}

fn read_key(node: Node, findings: &mut Vec<Finding>) -> PendingKey {
    if let Some(text) = node.text().filter(|text| !text.is_empty()) {
        let text = text.to_owned();
        return PendingKey::Read(Key { text, location: node.location });
    }
    let message = format!("a key has to be a text, and this one is {}", node.kind());
    let fix = "write the key as a plain text; quote a text that starts with `{`, `[`, `*` or `&`";
    findings.push(Finding::error(Code::KEY_NOT_TEXT, &node.location, message, fix));
    PendingKey::Refused
}

/// Drops all but the first of equal keys, and reports the others.
fn unique(entries: Vec<Entry>, findings: &mut Vec<Finding>) -> Vec<Entry> {
    let mut seen: HashMap<&str, &Location> = HashMap::with_capacity(entries.len());
    let mut repeated = Vec::new();
    for (index, Entry { key, value: _ }) in entries.iter().enumerate() {
        if let Some(first) = seen.get(key.text.as_str()) {
            let message =
                format!("the key `{}` stands here again; it was first at line {}", key.text, first.line);
            let fix = "keep one of the two; YAML readers disagree on which one counts";
            findings.push(Finding::error(Code::DUPLICATE_KEY, &key.location, message, fix));
            repeated.push(index);
        } else {
            seen.insert(&key.text, &key.location);
        }
    }
    if repeated.is_empty() {
        return entries;
    }
    let kept = entries.into_iter().enumerate().filter(|(index, _)| repeated.binary_search(index).is_err());
    kept.map(|(_, entry)| entry).collect()
}

fn classify(kind: &ErrorKind) -> (Code, &'static str) {
    match kind {
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            (Code::TAB_INDENTATION, "indent with spaces; YAML does not allow tabs there")
        }
        ErrorKind::RecursionLimitExceeded => {
            (Code::TOO_DEEP, "a profile needs about ten levels; remove the nesting")
        }
        // The enum is open and has some eighty kinds, which need no telling apart.
        _ => (Code::YAML_SYNTAX, "mend this place first; the rest of the file is checked after that"),
    }
}
