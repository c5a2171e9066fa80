//! A failure as plain data: what a record, a Step Functions error and a report can carry.
use std::fmt;

use plan::{Fault, FaultKind};
use serde::{Deserialize, Serialize};

/// Why an item or a planner failed: the stable name of the fault, what happened, and its causes.
///
/// Made from any [`Fault`] by `?`. It keeps texts, not types, so that it can be written to a record and read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What it means for whoever ran the work.
    pub kind: FaultKind,
    /// What happened.
    pub message: String,
    /// Why, and why that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<Cause>>,
}

/// One link of the chain behind a [`Failure`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What happened there.
    pub message: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Box<Cause>>,
}

impl Failure {
    /// A failure without a cause.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            cause: None,
        }
    }

    /// The request cannot be meant.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(FaultKind::Invalid, message)
    }

    /// This failure as the cause of `message`.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        let below = Cause {
            message: self.message,
            cause: self.cause,
        };
        Self {
            kind: self.kind,
            message: message.into(),
            cause: Some(Box::new(below)),
        }
    }

    /// What happened and every cause, outermost first.
    pub fn chain(&self) -> Vec<&str> {
        let mut chain = vec![self.message.as_str()];
        let mut cause = self.cause.as_deref();
        while let Some(link) = cause {
            chain.push(&link.message);
            cause = link.cause.as_deref();
        }
        chain
    }

    /// Whether trying again can help.
    pub fn is_transient(&self) -> bool {
        self.kind.is_transient()
    }

    /// From an error that says no kind of its own, such as one of serde.
    pub fn from_error(kind: FaultKind, error: &(dyn std::error::Error + 'static)) -> Self {
        Self {
            kind,
            message: error.to_string(),
            cause: Cause::of(error.source(), &error.to_string()),
        }
    }
}

impl Cause {
    /// The chain below `error`; a transparent wrapper that repeats its cause is left out.
    fn of(error: Option<&(dyn std::error::Error + 'static)>, said: &str) -> Option<Box<Self>> {
        let error = error?;
        let message = error.to_string();
        if said.ends_with(&message) {
            return Self::of(error.source(), said);
        }
        let cause = Self::of(error.source(), &message);
        Some(Box::new(Self { message, cause }))
    }
}

// `Failure` itself is no `Fault`, so that this conversion cannot meet the one of a type to itself.
impl<E: Fault> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            cause: Cause::of(error.source(), &error.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_name_and_its_causes() {
        let error = object_io::Error::Unavailable {
            uri: "s3://lab/x".parse().unwrap(),
            source: std::io::Error::other("connection reset"),
        };
        let failure = Failure::from(error).context("cannot read the index");
        assert_eq!(
            failure.chain(),
            [
                "cannot read the index",
                "s3://lab/x: the store did not answer",
                "connection reset"
            ]
        );
        assert!(failure.is_transient());
        let text = serde_json::to_string(&failure).unwrap();
        assert!(text.contains("Transient.Unavailable"), "{text}");
        assert_eq!(serde_json::from_str::<Failure>(&text).unwrap(), failure);
    }
}
