//! What the proxy has seen, and what it was told to do about it.

use super::fault::{Fault, Matcher, Rule};
use http::{Method, Uri, request::Parts};
use hyper::body::Bytes;
use std::sync::{Arc, Mutex, MutexGuard};

/// One request, as it came in, and how it was answered.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// `GET`, `PATCH`, ...
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without the question mark; empty where there is none.
    pub query: String,
    /// The Content-Type of the request; empty where there is none.
    pub content_type: String,
    /// The body of the request.
    pub body: Bytes,
    /// Whether it was passed on to the apiserver.
    pub forwarded: bool,
    /// The status that the client was sent; nothing if it was sent none.
    pub status: Option<u16>,
    /// How many bytes of the answer's body the client was sent so far.
    pub response_bytes: u64,
    /// Whether a rule broke it.
    pub broken: bool,
}

impl Recorded {
    pub(super) fn new(parts: &Parts, body: Bytes) -> Self {
        let content_type =
            parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            content_type: content_type.unwrap_or_default().to_owned(),
            body,
            forwarded: false,
            status: None,
            response_bytes: 0,
            broken: false,
        }
    }

    /// Whether the server was asked not to keep anything.
    pub fn is_dry_run(&self) -> bool {
        self.query.split('&').any(|pair| pair == "dryRun=All")
    }

    /// Whether it is a write: any request but GET without `dryRun=All`, outside authorization.k8s.io.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET.as_str()
            && !self.is_dry_run()
            && !self.path.starts_with("/apis/authorization.k8s.io/")
    }

    /// Whether it is a write to what bridge manages: any write but those to the Lease that locks the hub, which is renewed
    /// by the clock, so that nobody can count on their number.
    pub fn is_object_write(&self) -> bool {
        self.is_write() && !self.path.starts_with("/apis/coordination.k8s.io/")
    }

    /// `METHOD path?query`, for messages.
    pub fn line(&self) -> String {
        let separator = if self.query.is_empty() { "" } else { "?" };
        format!("{} {}{separator}{}", self.method, self.path, self.query)
    }
}

pub(super) type Action = Box<dyn FnOnce() + Send>;

/// The proxy's memory, shared by all its connections.
#[derive(Default)]
pub(super) struct Ledger {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    // Answers that arrive after a reset carry the old generation and are not recorded.
    generation: u64,
    requests: Vec<Recorded>,
    rules: Vec<Rule>,
    writes_answered: usize,
    answered: usize,
    hooks: Vec<(Due, Action)>,
    arrivals: Vec<(Matcher, Action)>,
    in_flight: usize,
    most_in_flight: usize,
}

/// When an action is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// After so many answered writes to objects.
    Writes(usize),
    /// After so many answers to whatever requests.
    Answers(usize),
}

/// A request that has no answer yet.
pub(super) struct Flight(Arc<Ledger>);

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}

/// Where a request stands in the ledger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    generation: u64,
    index: usize,
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        self.state().requests.clone()
    }

    pub(super) fn add_rule(&self, matcher: Matcher, fault: Fault) {
        self.state().rules.push(Rule::new(matcher, fault));
    }

    pub(super) fn on_write(&self, k: usize, action: Action) {
        let mut state = self.state();
        let due = Due::Writes(state.writes_answered + k);
        state.hooks.push((due, action));
    }

    pub(super) fn on_answer(&self, k: usize, action: Action) {
        let mut state = self.state();
        let due = Due::Answers(state.answered + k);
        state.hooks.push((due, action));
    }

    pub(super) fn on_arrival(&self, matcher: Matcher, action: Action) {
        self.state().arrivals.push((matcher, action));
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.state().most_in_flight
    }

    pub(super) fn reset(&self) {
        let mut state = self.state();
        let (generation, in_flight) = (state.generation + 1, state.in_flight);
        *state = State { generation, in_flight, ..State::default() };
    }

    /// Records a request and decides its fate. Every rule counts every request it accepts.
    pub(super) fn enter(&self, recorded: Recorded) -> (Entry, Option<Fault>) {
        let mut state = self.state();
        let mut fault = None;
        for rule in &mut state.rules {
            let decided = rule.apply(&recorded);
            fault = fault.or(decided);
        }
        let entry = Entry { generation: state.generation, index: state.requests.len() };
        state.requests.push(Recorded { broken: fault.is_some(), ..recorded });
        (entry, fault)
    }

    /// What a test wants done before the apiserver sees this request.
    pub(super) fn arrived(&self, entry: Entry) -> Vec<Action> {
        let mut state = self.state();
        let State { requests, arrivals, generation, .. } = &mut *state;
        let Some(request) = requests.get(entry.index).filter(|_| *generation == entry.generation) else {
            return Vec::new();
        };
        let due = arrivals.extract_if(.., |(matcher, _)| matcher.accepts(request));
        due.map(|(_, action)| action).collect()
    }

    /// Counts a request as in flight until what this returns is dropped. Those for the lock are not counted: they run
    /// beside the others.
    pub(super) fn fly(self: &Arc<Self>, recorded: &Recorded) -> Option<Flight> {
        if recorded.path.starts_with("/apis/coordination.k8s.io/") {
            return None;
        }
        let mut state = self.state();
        state.in_flight += 1;
        state.most_in_flight = state.most_in_flight.max(state.in_flight);
        Some(Flight(Arc::clone(self)))
    }

    pub(super) fn update(&self, entry: Entry, change: impl FnOnce(&mut Recorded)) {
        let mut state = self.state();
        if state.generation == entry.generation {
            change(&mut state.requests[entry.index]);
        }
    }

    /// The apiserver has answered; what a test wants done at this very moment.
    pub(super) fn answered(&self, entry: Entry) -> Vec<Action> {
        let mut state = self.state();
        if state.generation != entry.generation {
            return Vec::new();
        }
        state.requests[entry.index].forwarded = true;
        state.answered += 1;
        let mut due = vec![Due::Answers(state.answered)];
        if state.requests[entry.index].is_object_write() {
            state.writes_answered += 1;
            due.push(Due::Writes(state.writes_answered));
        }
        state.hooks.extract_if(.., |(when, _)| due.contains(when)).map(|(_, action)| action).collect()
    }
}

/// The path and query that the apiserver is asked for.
pub(super) fn target(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(method: &str, uri: &str) -> Recorded {
        let (parts, ()) = http::Request::builder().method(method).uri(uri).body(()).unwrap().into_parts();
        Recorded::new(&parts, Bytes::new())
    }

    #[test]
    fn a_write_is_what_the_product_says() {
        for (method, uri, write) in [
            ("GET", "/api/v1/namespaces", false),
            ("PATCH", "/api/v1/namespaces/a?fieldManager=bridge", true),
            ("PATCH", "/api/v1/namespaces/a?dryRun=All&fieldManager=bridge", false),
            ("PATCH", "/api/v1/namespaces/a?dryRun=Allx", true),
            ("DELETE", "/api/v1/namespaces/a", true),
            ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", false),
            ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", true),
        ] {
            assert_eq!(recorded(method, uri).is_write(), write, "{method} {uri}");
        }
    }

    #[test]
    fn a_hook_fires_once_and_a_reset_forgets_it() {
        let ledger = Ledger::default();
        ledger.on_write(1, Box::new(|| {}));
        let (entry, _) = ledger.enter(recorded("DELETE", "/a"));
        assert_eq!(ledger.answered(entry).len(), 1);
        assert_eq!(ledger.answered(entry).len(), 0);
        ledger.on_write(1, Box::new(|| {}));
        ledger.reset();
        let (entry, _) = ledger.enter(recorded("DELETE", "/a"));
        assert_eq!(ledger.answered(entry).len(), 0);
    }

    #[test]
    fn an_arrival_is_told_once_and_only_of_what_was_asked_for() {
        let ledger = Ledger::default();
        ledger.on_arrival(Matcher::any().method("DELETE"), Box::new(|| {}));
        let (other, _) = ledger.enter(recorded("PATCH", "/a"));
        assert_eq!(ledger.arrived(other).len(), 0);
        let (entry, _) = ledger.enter(recorded("DELETE", "/a"));
        assert_eq!(ledger.arrived(entry).len(), 1);
        assert_eq!(ledger.arrived(entry).len(), 0);
    }

    #[test]
    fn requests_in_flight_are_counted_but_for_those_to_the_lock() {
        let ledger = Arc::new(Ledger::default());
        let (get, lease) =
            (recorded("GET", "/a"), recorded("PATCH", "/apis/coordination.k8s.io/v1/leases/a"));
        drop(ledger.fly(&get));
        let flights = [ledger.fly(&get), ledger.fly(&lease), ledger.fly(&get)];
        drop(flights);
        drop(ledger.fly(&get));
        assert_eq!(ledger.most_in_flight(), 2);
    }
}
