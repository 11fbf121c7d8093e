//! The body of an answer on its way to the client: counted, and cut where a fault says so.

use super::connection::Line;
use super::record::{Entry, Ledger};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// Where a body is cut, and how.
#[derive(Clone, Debug)]
pub(super) struct Cut {
    /// How many bytes pass; nothing means all.
    pub(super) after: Option<u64>,
    /// By a reset rather than an orderly end.
    pub(super) reset: bool,
    pub(super) line: Line,
}

/// Passes the apiserver's body on.
pub(super) struct Passage {
    inner: Incoming,
    ledger: Arc<Ledger>,
    entry: Entry,
    passed: u64,
    cut: Option<Cut>,
}

impl Passage {
    pub(super) fn new(inner: Incoming, ledger: Arc<Ledger>, entry: Entry, cut: Option<Cut>) -> Self {
        Self { inner, ledger, entry, passed: 0, cut }
    }

    /// What is left of a chunk, once the cut has been made.
    fn count(&mut self, mut bytes: Bytes) -> Bytes {
        if let Some(limit) = self.cut.as_ref().and_then(|cut| cut.after) {
            bytes.truncate(usize::try_from(limit - self.passed).unwrap_or(usize::MAX));
        }
        self.passed += bytes.len() as u64;
        let passed = self.passed;
        self.ledger.update(self.entry, |recorded| recorded.response_bytes = passed);
        bytes
    }

    fn is_cut_here(&self) -> bool {
        self.cut.as_ref().and_then(|cut| cut.after).is_some_and(|limit| self.passed >= limit)
    }
}

impl Body for Passage {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if self.is_cut_here() {
            // Pending for good: hyper sends what it has, and then the connection is cut from outside.
            if let Some(cut) = &self.cut {
                cut.line.cut_soon(cut.reset);
            }
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match polled {
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => Poll::Ready(Some(Ok(Frame::data(self.count(bytes))))),
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            Poll::Ready(None) => Poll::Ready(None),
            other => other,
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Passage {
    /// Dropped is a body that hyper has taken whole: the moment after it.
    fn drop(&mut self) {
        if let Some(cut) = self.cut.as_ref().filter(|cut| cut.after.is_none()) {
            cut.line.cut_soon(cut.reset);
        }
    }
}
