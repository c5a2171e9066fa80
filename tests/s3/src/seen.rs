use std::sync::{Arc, Mutex, PoisonError};

use hyper::{Method, Request, header};

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its method.
    pub method: Method,
    /// Path and query as sent.
    pub target: String,
    /// Its `Range` header.
    pub range: Option<String>,
}

/// Everything that arrived, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Seen>>>);

impl Log {
    pub(crate) fn add<B>(&self, request: &Request<B>) {
        let range = request.headers().get(header::RANGE);
        let seen = Seen {
            method: request.method().clone(),
            target: request
                .uri()
                .path_and_query()
                .map(ToString::to_string)
                .unwrap_or_default(),
            range: range.and_then(|value| value.to_str().ok()).map(ToOwned::to_owned),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }

    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
