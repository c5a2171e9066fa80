use serde::{Deserialize, Serialize};

/// How spectra are laid out in the `.ibd`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// All spectra share one array of m/z.
    Continuous,
    /// Each spectrum has its own array of m/z.
    Processed,
}

/// The charge of the ions that were measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    /// The file does not say.
    #[default]
    Unknown,
    /// Positive ions.
    Positive,
    /// Negative ions.
    Negative,
    /// Some spectra of each.
    Mixed,
}

impl Polarity {
    /// What is known when a part of the file says `other`.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, other) | (other, Self::Unknown) => other,
            (one, other) if one == other => one,
            _ => Self::Mixed,
        }
    }
}

/// A checksum of the `.ibd` as the imzML states it; lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Checksum {
    /// MD5.
    Md5(String),
    /// SHA-1.
    Sha1(String),
}

impl Checksum {
    /// The name of the algorithm.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Md5(_) => "MD5",
            Self::Sha1(_) => "SHA-1",
        }
    }

    /// The digits.
    pub fn digits(&self) -> &str {
        match self {
            Self::Md5(digits) | Self::Sha1(digits) => digits,
        }
    }
}

/// How the sample was scanned. Absent is what the file does not say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScanSettings {
    /// Columns, as stated; the spectra may fill fewer or more.
    pub columns: Option<u64>,
    /// Rows, as stated.
    pub rows: Option<u64>,
    /// Width of the area in micrometres.
    pub width_um: Option<f64>,
    /// Height of the area in micrometres.
    pub height_um: Option<f64>,
    /// Width of a pixel in micrometres.
    pub pixel_x_um: Option<f64>,
    /// Height of a pixel in micrometres.
    pub pixel_y_um: Option<f64>,
    /// Scan pattern and directions, in the words of the vocabulary.
    pub pattern: Vec<String>,
}

/// What an imzML says about the measurement as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// Layout of the `.ibd`, as stated.
    pub mode: Option<Mode>,
    /// The identifier that is also the first 16 bytes of the `.ibd`: 32 lower-case hexadecimal digits.
    pub uuid: Option<String>,
    /// Checksum of the `.ibd`.
    pub checksum: Option<Checksum>,
    /// Whether peaks were picked (`centroid`) or not (`profile`).
    pub spectrum_type: Option<String>,
    /// Charge of the ions.
    pub polarity: Polarity,
    /// The scan.
    pub settings: ScanSettings,
    /// The model of the instrument.
    pub instrument: Option<String>,
    /// How many spectra the file announces.
    pub announced: Option<u64>,
}
