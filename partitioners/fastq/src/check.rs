use serde::{Deserialize, Serialize};

/// How much of a FASTQ text is checked. Whatever the level, nothing is dropped or changed: a text is passed whole or refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    /// Four lines per read, `@` and `+`, equal lengths. What these are not, cannot be cut.
    Framing,
    /// Also qualities within `!`..`~`, and a name repeated after `+` must be the same.
    #[default]
    Records,
    /// Also refuses CR LF, blank lines at the end, a last line without end, reads without name and letters that are no base.
    Strict,
}
