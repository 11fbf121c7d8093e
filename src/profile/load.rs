//! A file's path to a checked [`Profile`], or to everything that is wrong with it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use crate::profile::decode::decoder::Decoder;
use crate::profile::files::Files;
use crate::profile::finding::{Finding, has_errors};
use crate::profile::location::Source;
use crate::profile::model::Profile;
use crate::profile::node::Node;
use crate::profile::places::Places;
use crate::profile::variables::{self, VariableValue, VariableValues};
use crate::profile::{decode, interpolate, overlay, rules};

/// What came of loading a profile.
#[derive(Debug)]
pub struct Loaded {
    /// The profile; there is one exactly when no finding is an error.
    pub profile: Option<Profile>,
    /// All that was found, by file, line and column.
    pub findings: Vec<Finding>,
    /// Every file that was read, for excerpts. Files of variable values have no text here, so that none can be shown.
    pub sources: Vec<Arc<Source>>,
    /// The declared variables that have a value.
    pub variables: BTreeMap<String, VariableValue>,
    /// Where the profile says what a checkout is compared with.
    pub places: Places,
}

/// Loads the profile in a file, with all that it extends.
///
/// `read` returns the bytes of a file; this layer does no I/O of its own.
pub fn load(path: &str, variables: &VariableValues, read: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Loaded {
    let mut files = Files::new(read);
    let composed = overlay::compose(path, &mut files);
    let places = composed.as_ref().map(Places::of).unwrap_or_default();
    let (profile, decoder, variables) = match composed {
        Some(root) => check(root, variables, &mut files),
        None => (None, Decoder::default(), BTreeMap::new()),
    };
    let Files { read: _, sources, mut findings } = files;
    findings.extend(decoder.findings);
    findings.sort_by(in_reading_order);
    findings.dedup_by(|a, b| in_reading_order(a, b) == Ordering::Equal);
    let profile = profile.filter(|_| !has_errors(&findings));
    Loaded { profile, findings, sources, variables, places }
}

fn check(
    mut root: Node,
    values: &VariableValues,
    files: &mut Files<'_>,
) -> (Option<Profile>, Decoder, BTreeMap<String, VariableValue>) {
    let mut decoder = Decoder::default();
    let resolved = variables::resolve(&root, values, files, &mut decoder);
    interpolate::interpolate(&mut root, &resolved, &mut decoder);
    let profile = decode::profile(&root, &mut decoder);
    rules::check(&root, &mut decoder);
    let variables = resolved.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    (profile, decoder, variables)
}

/// By file, line and column. Locations are not compared whole, because that would compare the files' texts.
fn in_reading_order(a: &Finding, b: &Finding) -> Ordering {
    let place = |finding: &Finding| {
        finding.location.as_ref().map(|location| (location.line, location.column, location.length))
    };
    let path = |finding: &Finding| finding.location.as_ref().map(|location| Arc::clone(&location.source));
    let by_path = match (path(a), path(b)) {
        (Some(a), Some(b)) => a.path.cmp(&b.path),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    by_path
        .then_with(|| place(a).cmp(&place(b)))
        .then_with(|| a.severity.cmp(&b.severity))
        .then_with(|| a.code.cmp(&b.code))
        .then_with(|| a.message.cmp(&b.message))
        .then_with(|| a.fix.cmp(&b.fix))
}
