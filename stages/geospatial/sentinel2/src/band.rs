//! Bands: their names, their resolution, and how their overviews are made.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Name, finest resolution in metres, and number in the metadata of products.
///
/// Source: Sentinel-2 Products Specification Document 14.9, `A_PHYSICAL_BAND_NAME`.
const BANDS: [(&str, u16, Option<u8>); 17] = [
    ("B01", 60, Some(0)),
    ("B02", 10, Some(1)),
    ("B03", 10, Some(2)),
    ("B04", 10, Some(3)),
    ("B05", 20, Some(4)),
    ("B06", 20, Some(5)),
    ("B07", 20, Some(6)),
    ("B08", 10, Some(7)),
    ("B8A", 20, Some(8)),
    ("B09", 60, Some(9)),
    ("B10", 60, Some(10)),
    ("B11", 20, Some(11)),
    ("B12", 20, Some(12)),
    ("AOT", 10, None),
    ("SCL", 20, None),
    ("TCI", 10, None),
    ("WVP", 10, None),
];

/// A band: `B04`, in the finest resolution that is there, or `B04_20m`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Band {
    name: String,
    metres: Option<u16>,
}

/// How pixels of an overview are made from those below.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resampling {
    /// The mean of the four pixels below, of those that are not nodata: right for reflectances.
    #[default]
    Average,
    /// One of them: right for classes, which have no mean.
    Nearest,
}

/// A text that names no band.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no band; there are {}, with a resolution if wanted: B04_20m", list())]
pub struct BandError {
    /// The text.
    pub text: String,
}

fn list() -> String {
    BANDS.map(|(name, ..)| name).join(", ")
}

impl Band {
    /// Red, at 10 m.
    pub const RED: &str = "B04";
    /// Near infrared, at 10 m.
    pub const NIR: &str = "B08";
    /// Near infrared, narrow, at 20 m.
    pub const NARROW_NIR: &str = "B8A";

    /// Red and near infrared.
    pub fn vegetation() -> Vec<Self> {
        let band = |name: &str| Self {
            name: name.to_owned(),
            metres: None,
        };
        vec![band(Self::RED), band(Self::NIR)]
    }

    /// Its name without resolution: `B04`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The resolution that is asked for, if any.
    pub fn metres(&self) -> Option<u16> {
        self.metres
    }

    /// The finest resolution in which it is made.
    pub fn finest(&self) -> u16 {
        self.row().1
    }

    /// Its number in metadata; none if it is no reflectance.
    pub fn number(&self) -> Option<u8> {
        self.row().2
    }

    /// How its overviews are made.
    pub fn resampling(&self) -> Resampling {
        if self.name == "SCL" {
            Resampling::Nearest
        } else {
            Resampling::Average
        }
    }

    fn row(&self) -> (&'static str, u16, Option<u8>) {
        let found = BANDS.into_iter().find(|(name, ..)| *name == self.name);
        found.expect("a band is made from a name in the table")
    }
}

impl Resampling {
    /// The word that GDAL knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "AVERAGE",
            Self::Nearest => "NEAREST",
        }
    }
}

impl FromStr for Band {
    type Err = BandError;

    fn from_str(text: &str) -> Result<Self, BandError> {
        let refused = || BandError { text: text.to_owned() };
        let (name, metres) = match text.split_once('_') {
            None => (text, None),
            Some((name, "10m")) => (name, Some(10)),
            Some((name, "20m")) => (name, Some(20)),
            Some((name, "60m")) => (name, Some(60)),
            Some(_) => return Err(refused()),
        };
        if !BANDS.iter().any(|(known, ..)| *known == name) {
            return Err(refused());
        }
        Ok(Self {
            name: name.to_owned(),
            metres,
        })
    }
}

impl TryFrom<String> for Band {
    type Error = BandError;

    fn try_from(text: String) -> Result<Self, BandError> {
        text.parse()
    }
}

impl From<Band> for String {
    fn from(band: Band) -> Self {
        band.to_string()
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.metres.map_or(Ok(()), |metres| write!(f, "_{metres}m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_numbered_with_the_narrow_one_after_the_eighth() {
        let number = |name: &str| name.parse::<Band>().unwrap().number();
        assert_eq!(number("B01"), Some(0));
        assert_eq!(number("B04"), Some(3));
        assert_eq!(number("B08_10m"), Some(7));
        assert_eq!(number("B8A"), Some(8));
        assert_eq!(number("B12"), Some(12));
        assert_eq!(number("SCL"), None);
    }

    #[test]
    fn what_is_read_is_written() {
        for text in ["B04", "B04_20m", "SCL_60m"] {
            assert_eq!(text.parse::<Band>().unwrap().to_string(), text);
        }
        for text in ["", "B13", "b04", "B04_", "B04_15m", "_10m"] {
            assert!(text.parse::<Band>().is_err(), "{text}");
        }
    }

    #[test]
    fn classes_have_no_mean() {
        assert_eq!("SCL".parse::<Band>().unwrap().resampling(), Resampling::Nearest);
        assert_eq!("B04".parse::<Band>().unwrap().resampling(), Resampling::Average);
    }
}
