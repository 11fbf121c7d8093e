//! Which requests are broken, and how.

use super::record::Recorded;

/// How far a request gets before its connection is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The apiserver never sees the request.
    BeforeServer,
    /// The apiserver has done its work; the client sees no byte of the answer.
    BeforeAnswer,
    /// The client sees half of the answer's body.
    DuringBody,
    /// The client sees the whole answer, and then its kept-alive connection is gone.
    AfterBody,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This answer instead of the apiserver's, which never sees the request.
    Status {
        /// The status code.
        code: u16,
        /// Headers, such as `Retry-After`.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// This status with a message that repeats the request's Authorization header and body, as a careless gateway does it.
    Echo(u16),
    /// The connection is reset (a TCP RST).
    Reset(Moment),
    /// No answer ever comes. `BeforeServer`, or any other moment for a request that the apiserver did carry out.
    Hang(Moment),
    /// Half of the answer's body, and then an orderly end of the connection without TLS' own goodbye.
    Truncate,
}

impl Fault {
    /// A bare status with a Kubernetes `Status` body, as the apiserver writes it.
    pub fn status(code: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "code": code, "reason": reason, "message": message,
        });
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        Self::Status { code, headers, body: body.to_string() }
    }

    /// The same with one more header; faults that send no status stay as they are.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Whether the apiserver gets to see the request.
    pub(super) fn reaches_server(&self) -> bool {
        match self {
            Self::Status { .. } | Self::Echo(_) => false,
            Self::Reset(moment) | Self::Hang(moment) => *moment != Moment::BeforeServer,
            Self::Truncate => true,
        }
    }
}

/// Accepts requests; every condition that was set must hold.
#[derive(Clone, Debug, Default)]
pub struct Matcher {
    method: Option<String>,
    path: Option<String>,
    path_part: Option<String>,
    query_parts: Vec<String>,
    content_type: Option<String>,
    dry_run: Option<bool>,
    write: Option<bool>,
    nth: Option<usize>,
    first: Option<usize>,
}

impl Matcher {
    /// Accepts everything.
    pub fn any() -> Self {
        Self::default()
    }

    /// Only this method.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only this path, without its query.
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// Only paths that contain this.
    pub fn path_contains(mut self, part: &str) -> Self {
        self.path_part = Some(part.to_owned());
        self
    }

    /// Only queries that contain this, and what was asked for before.
    pub fn query_contains(mut self, part: &str) -> Self {
        self.query_parts.push(part.to_owned());
        self
    }

    /// Only requests whose body is of this type.
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.content_type = Some(content_type.to_owned());
        self
    }

    /// Only requests with (or only those without) `dryRun=All`.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = Some(dry_run);
        self
    }

    /// Only writes (or only what is none).
    pub fn write(mut self, write: bool) -> Self {
        self.write = Some(write);
        self
    }

    /// Only the n-th request that all other conditions accept, counted from 1.
    pub fn nth(mut self, nth: usize) -> Self {
        self.nth = Some(nth);
        self
    }

    /// Only the first n requests that all other conditions accept.
    pub fn first(mut self, first: usize) -> Self {
        self.first = Some(first);
        self
    }

    /// Whether the conditions on the request itself hold.
    pub(super) fn accepts(&self, request: &Recorded) -> bool {
        let Self { method, path, path_part, query_parts, content_type, dry_run, write, nth: _, first: _ } =
            self;
        method.as_ref().is_none_or(|method| *method == request.method)
            && path.as_ref().is_none_or(|path| *path == request.path)
            && path_part.as_ref().is_none_or(|part| request.path.contains(part.as_str()))
            && query_parts.iter().all(|part| request.query.contains(part.as_str()))
            && content_type.as_ref().is_none_or(|content_type| *content_type == request.content_type)
            && dry_run.is_none_or(|dry_run| dry_run == request.is_dry_run())
            && write.is_none_or(|write| write == request.is_write())
    }

    /// Whether the conditions on its number hold.
    fn counts(&self, number: usize) -> bool {
        self.nth.is_none_or(|nth| nth == number) && self.first.is_none_or(|first| number <= first)
    }
}

/// A matcher with its fault, and how many requests it has accepted.
pub(super) struct Rule {
    matcher: Matcher,
    fault: Fault,
    accepted: usize,
}

impl Rule {
    pub(super) fn new(matcher: Matcher, fault: Fault) -> Self {
        Self { matcher, fault, accepted: 0 }
    }

    pub(super) fn apply(&mut self, request: &Recorded) -> Option<Fault> {
        if !self.matcher.accepts(request) {
            return None;
        }
        self.accepted += 1;
        self.matcher.counts(self.accepted).then(|| self.fault.clone())
    }
}
