//! What a step will have to do, foreseen without running it.
use serde::{Deserialize, Serialize};

/// The foreseen load of one step, from the spec and the sizes of the input objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// Name of the step.
    pub step: String,
    /// Number of items.
    pub items: u64,
    /// Bytes that all items read from the store together.
    pub bytes_in: u64,
    /// Bytes that all items write together.
    pub bytes_out: u64,
    /// What the task's time grows with, over all items together, in the unit that its rate in `prices.toml` names.
    pub work: f64,
    /// Estimate of the memory that the largest item needs, in bytes.
    pub memory: u64,
}
