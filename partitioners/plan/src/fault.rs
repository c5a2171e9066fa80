//! What a failure means for whoever ran the work. The names are stable: Step Functions matches them in Retry and Catch.
use serde::{Deserialize, Serialize};

/// The kind of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FaultKind {
    /// The request itself is wrong; the user must change it.
    #[serde(rename = "Request.Invalid")]
    Invalid,
    /// An input object is malformed.
    #[serde(rename = "Input.Malformed")]
    Malformed,
    /// An object is not there, or may not be read.
    #[serde(rename = "Input.NotFound")]
    NotFound,
    /// An object changed since it was planned or indexed.
    #[serde(rename = "Source.Changed")]
    Changed,
    /// The store asked us to slow down.
    #[serde(rename = "Transient.Throttled")]
    Throttled,
    /// The store, the network or a machine failed for a moment.
    #[serde(rename = "Transient.Unavailable")]
    Unavailable,
    /// The disk is full, or may not be written.
    #[serde(rename = "Output.Refused")]
    Output,
    /// Our own fault: a panic or a broken promise.
    #[serde(rename = "Internal")]
    Internal,
}

impl FaultKind {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invalid => "Request.Invalid",
            Self::Malformed => "Input.Malformed",
            Self::NotFound => "Input.NotFound",
            Self::Changed => "Source.Changed",
            Self::Throttled => "Transient.Throttled",
            Self::Unavailable => "Transient.Unavailable",
            Self::Output => "Output.Refused",
            Self::Internal => "Internal",
        }
    }

    /// Whether trying again can help.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable)
    }
}

/// An error that knows what it means for whoever ran the work. Every task's error implements it.
pub trait Fault: std::error::Error + Send + Sync + 'static {
    /// The kind of this failure.
    fn kind(&self) -> FaultKind;

    /// Whether trying again can help.
    fn is_transient(&self) -> bool {
        self.kind().is_transient()
    }
}
