//! `extends`: a profile over its bases, as one tree whose values keep the place where they stand.

use std::collections::HashMap;

use crate::code::Code;
use crate::profile::address;
use crate::profile::files::Files;
use crate::profile::finding::Finding;
use crate::profile::literals::SECRET_KEYS;
use crate::profile::location::Location;
use crate::profile::node::{Entry, Mapping, Node, Value};
use crate::profile::paths;

/// The version of the format that this bridge reads.
pub(crate) const API_VERSION: &str = "bridge.gitops/v1alpha1";

/// How many bases may stand upon each other.
const DEEPEST: usize = 32;

/// Lists whose items are the same thing when they have the same `name`. A project's destinations have a `name` too,
/// but two of them may well name the same cluster.
const NAMED_LISTS: [&str; 4] = ["repositories", "projects", "clusters", "roles"];

/// Keys that belong to a file, not to the profile that it is part of.
const HEADER: [&str; 4] = ["apiVersion", "kind", "metadata", "extends"];

/// The profile of a file over all its bases. `None` when any of these files could not be read; nothing is guessed then.
pub(crate) fn compose(path: &str, files: &mut Files<'_>) -> Option<Node> {
    let mut composer = Composer { files, chain: Vec::new(), done: HashMap::new(), is_broken: false };
    let node = composer.open(&paths::tidy(path), None);
    node.filter(|_| !composer.is_broken)
}

struct Composer<'a, 'r> {
    files: &'a mut Files<'r>,
    chain: Vec<String>,
    done: HashMap<String, Option<Node>>,
    is_broken: bool,
}

impl Composer<'_, '_> {
    fn open(&mut self, path: &str, at: Option<&Location>) -> Option<Node> {
        if let Some(at) = at
            && self.is_endless(path, at)
        {
            return None;
        }
        if let Some(done) = self.done.get(path) {
            return done.clone();
        }
        self.chain.push(path.to_owned());
        let own = self.files.open(path, at);
        let composed = own.and_then(|own| self.over_bases(own, at));
        self.chain.pop();
        self.is_broken |= composed.is_none();
        // Nothing can ask for the profile itself again but a circle.
        if at.is_some() {
            self.done.insert(path.to_owned(), composed.clone());
        }
        composed
    }

    fn is_endless(&mut self, path: &str, at: &Location) -> bool {
        let (message, fix) = if let Some(start) = self.chain.iter().position(|open| open == path) {
            let cycle: Vec<&str> = self.chain[start..].iter().map(String::as_str).chain([path]).collect();
            (format!("`extends` goes in a circle: {}", cycle.join(" -> ")), "remove one of these `extends`")
        } else if self.chain.len() >= DEEPEST {
            (format!("more than {DEEPEST} bases stand upon each other"), "extend fewer bases")
        } else {
            return false;
        };
        self.is_broken = true;
        self.report(Code::EXTENDS_CYCLE, at, message, fix);
        true
    }

    fn over_bases(&mut self, own: Node, at: Option<&Location>) -> Option<Node> {
        self.check_header(&own, at)?;
        let mut composed: Option<Node> = None;
        for (path, at) in self.bases(&own) {
            // A base that cannot be read is reported where it is first asked for; the others are read all the same.
            if let Some(base) = self.open(&path, Some(&at)) {
                let base = without_header(base);
                composed = Some(match composed {
                    Some(lower) => merge(lower, base, ""),
                    None => base,
                });
            }
        }
        Some(match composed {
            Some(lower) => merge(lower, own, ""),
            None => own,
        })
    }

    /// The bases that a file names, as paths from where bridge runs.
    fn bases(&mut self, own: &Node) -> Vec<(String, Location)> {
        let Some(extends) = own.get("extends") else { return Vec::new() };
        let Value::Sequence(items) = &extends.value else {
            let message = format!("expected a list of files for `extends`, found {}", extends.kind());
            self.report(Code::WRONG_TYPE, &extends.location, message, "write `extends: [base.yaml]`");
            return Vec::new();
        };
        items.iter().filter_map(|item| self.base(item)).collect()
    }

    fn base(&mut self, item: &Node) -> Option<(String, Location)> {
        let Some(text) = item.text().filter(|text| !text.is_empty()) else {
            let message = format!("expected the path of a base, found {}", item.kind());
            self.report(Code::WRONG_TYPE, &item.location, message, "write a path, relative to this file");
            return None;
        };
        if text.contains("${") {
            let message = "`extends` cannot use variables: they are declared by what it reads";
            self.report(Code::VARIABLE_NOT_ALLOWED, &item.location, message, "write the path out");
            return None;
        }
        if address::holds_credentials(text) {
            let message = "there is a password or token in this path";
            let fix = "download the base, and write a path relative to this file";
            self.report(Code::URL_PASSWORD, &item.location, message, fix);
            self.is_broken = true;
            return None;
        }
        Some((paths::beside(&item.location.source.path, text), item.location.clone()))
    }

    /// Checks that the file is what it is read as. `None` when it is something else altogether.
    fn check_header(&mut self, own: &Node, at: Option<&Location>) -> Option<()> {
        if !matches!(own.value, Value::Mapping(_)) {
            let message = format!("expected a map for a profile, found {}", own.kind());
            self.report(
                Code::WRONG_TYPE,
                &own.location,
                message,
                "a profile starts with `apiVersion:` and `kind:`",
            );
            return None;
        }
        self.check_api_version(own);
        let kind = own.get("kind").and_then(Node::text).unwrap_or_default();
        match (at, kind) {
            (None, "Profile") | (Some(_), "ProfileBase") => Some(()),
            (None, "ProfileBase") => {
                let message = "this is a base (`kind: ProfileBase`), and no profile of its own";
                let fix = "name a profile that extends it";
                self.report(Code::PROFILE_IS_BASE, value_or_map(own, "kind"), message, fix);
                None
            }
            (Some(at), "Profile") => {
                let message =
                    format!("`{}` is a profile, and only a base can be extended", own.location.source.path);
                let fix = "move what both share to a file with `kind: ProfileBase`, and extend that";
                self.report(Code::NOT_A_BASE, at, message, fix);
                None
            }
            (None, _) => self.wrong_kind(own, "Profile"),
            (Some(_), _) => self.wrong_kind(own, "ProfileBase"),
        }
    }

    fn wrong_kind(&mut self, own: &Node, expected: &str) -> Option<()> {
        self.wrong_header(own, "kind", expected, Code::KIND);
        Some(())
    }

    fn check_api_version(&mut self, own: &Node) {
        let version = own.get("apiVersion").and_then(Node::text);
        if version != Some(API_VERSION) {
            self.wrong_header(own, "apiVersion", API_VERSION, Code::API_VERSION);
        }
    }

    fn wrong_header(&mut self, own: &Node, key: &str, expected: &str, code: Code) {
        let message = match own.get(key) {
            Some(node) => match node.text() {
                Some(text) => format!("`{key}: {text}` is not what this bridge reads"),
                None => format!("expected a text for `{key}`, found {}", node.kind()),
            },
            None => format!("the file does not say its `{key}`"),
        };
        self.report(code, value_or_map(own, key), message, format!("write `{key}: {expected}`"));
    }

    fn report(&mut self, code: Code, at: &Location, message: impl Into<String>, fix: impl Into<String>) {
        self.files.findings.push(Finding::error(code, at, message, fix));
    }
}

fn value_or_map<'n>(own: &'n Node, key: &str) -> &'n Location {
    own.get(key).map_or(&own.location, |node| &node.location)
}

fn without_header(mut base: Node) -> Node {
    if let Value::Mapping(mapping) = &mut base.value {
        mapping.entries.retain(|entry| !HEADER.contains(&entry.key.text.as_str()));
    }
    base
}

/// `upper` over `lower`, both being the value of `key`.
fn merge(lower: Node, upper: Node, key: &str) -> Node {
    let Node { location, value } = upper;
    let value = match (lower.value, value) {
        (Value::Mapping(lower), Value::Mapping(upper)) if !SECRET_KEYS.contains(&key) => {
            Value::Mapping(merge_maps(lower, upper, key))
        }
        (Value::Sequence(lower), Value::Sequence(upper))
            if NAMED_LISTS.contains(&key) && is_named(&lower) && is_named(&upper) =>
        {
            Value::Sequence(merge_lists(lower, upper))
        }
        (_, upper) => upper,
    };
    Node { location, value }
}

fn merge_maps(lower: Mapping, upper: Mapping, key: &str) -> Mapping {
    let mut merged: Vec<Option<Entry>> = lower.entries.into_iter().map(Some).collect();
    let position = |entry: &Option<Entry>, index| entry.as_ref().map(|entry| (entry.key.text.clone(), index));
    let positions: HashMap<String, usize> =
        merged.iter().enumerate().filter_map(|(index, entry)| position(entry, index)).collect();
    for Entry { key: name, value } in upper.entries {
        let below =
            positions.get(&name.text).and_then(|index| merged[*index].take().map(|entry| (*index, entry)));
        match below {
            // The name of a variable is no key of the profile, whatever it is called.
            Some((index, entry)) => {
                let role = if key == "variables" { "" } else { &name.text };
                let value = merge(entry.value, value, role);
                merged[index] = Some(Entry { key: name, value });
            }
            None => merged.push(Some(Entry { key: name, value })),
        }
    }
    Mapping { entries: merged.into_iter().flatten().collect() }
}

fn is_named(items: &[Node]) -> bool {
    items.iter().all(|item| name(item).is_some())
}

fn name(item: &Node) -> Option<&str> {
    item.get("name").and_then(Node::text)
}

/// Items of the same name become one. A name that stands twice in one file stays there twice, so that a rule reports it.
fn merge_lists(lower: Vec<Node>, upper: Vec<Node>) -> Vec<Node> {
    let named = |(index, item): (usize, &Node)| name(item).map(|name| (name.to_owned(), index));
    let mut positions: HashMap<String, usize> = lower.iter().enumerate().rev().filter_map(named).collect();
    let mut merged: Vec<Option<Node>> = lower.into_iter().map(Some).collect();
    for item in upper {
        let index = name(&item).and_then(|name| positions.remove(name));
        match index.and_then(|index| merged[index].take().map(|below| (index, below))) {
            Some((index, below)) => merged[index] = Some(merge(below, item, "")),
            None => merged.push(Some(item)),
        }
    }
    merged.into_iter().flatten().collect()
}
