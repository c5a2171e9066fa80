//! What minimap2 calls presets: the kind of reads, and with it seeds and scores.
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kind of reads. Names and values are minimap2's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preset {
    /// Short accurate reads, such as Illumina.
    #[default]
    #[serde(rename = "sr")]
    ShortReads,
    /// Nanopore reads.
    #[serde(rename = "map-ont")]
    Nanopore,
    /// PacBio `HiFi` reads.
    #[serde(rename = "map-hifi")]
    HiFi,
    /// Long reads of 1 % errors or less.
    #[serde(rename = "lr:hq")]
    LongAccurate,
}

/// A text that names no preset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no preset {0:?}; choose sr, map-ont, map-hifi or lr:hq")]
pub struct PresetError(pub String);

impl Preset {
    /// The name that minimap2 gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShortReads => "sr",
            Self::Nanopore => "map-ont",
            Self::HiFi => "map-hifi",
            Self::LongAccurate => "lr:hq",
        }
    }

    /// Whether seeds and alignment are those for short reads.
    pub fn is_short(self) -> bool {
        self == Self::ShortReads
    }
}

impl FromStr for Preset {
    type Err = PresetError;

    fn from_str(text: &str) -> Result<Self, PresetError> {
        let all = [Self::ShortReads, Self::Nanopore, Self::HiFi, Self::LongAccurate];
        all.into_iter()
            .find(|preset| preset.name() == text)
            .ok_or_else(|| PresetError(text.to_owned()))
    }
}

/// Bases of reference that a chunk must hold on each side of what it owns, so that a read of up to `longest_read` bases
/// aligns there as it would to the whole reference. Two neighbouring chunks share twice as much.
///
/// The window that extends an alignment reaches 3 × the read for short reads, 1.5 × and a gap for long ones; one index
/// window (`k + w`) keeps the seeds at the end of the text equal to those of the whole contig.
///
/// ```
/// use stage_align::{Preset, flank};
/// assert_eq!(flank(150, Preset::ShortReads), 682);
/// ```
pub fn flank(longest_read: u64, preset: Preset) -> u64 {
    match preset {
        Preset::ShortReads => 3 * longest_read + 200 + 32,
        Preset::Nanopore => longest_read + longest_read / 2 + 5_000 + 25,
        Preset::HiFi | Preset::LongAccurate => longest_read + longest_read / 2 + 10_000 + 38,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_minimap2s() {
        for name in ["sr", "map-ont", "map-hifi", "lr:hq"] {
            let preset: Preset = name.parse().unwrap();
            assert_eq!(preset.name(), name);
            assert_eq!(serde_json::to_string(&preset).unwrap(), format!("{name:?}"));
        }
        assert!("asm5".parse::<Preset>().is_err());
    }
}
