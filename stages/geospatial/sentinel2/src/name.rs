//! Names of products: who took what where and when, as the name of a `.SAFE` folder tells it.
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How far an image is processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Reflectance at the top of the atmosphere.
    L1C,
    /// Reflectance at the ground.
    L2A,
}

/// When a sensor began to take an image, in UTC: `20220612T105621`. Ordered by time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sensed(String);

/// A tile of the military grid: `T30TYN`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tile(String);

/// A version of ESA's processors: `05.09`. From 04.00 on (2022-01-25) reflectances are stored with an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Baseline {
    major: u8,
    minor: u8,
}

/// What the name of a product says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductName {
    /// The satellite: `S2A`.
    pub mission: String,
    /// How far it is processed.
    pub level: Level,
    /// When it was taken.
    pub sensed: Sensed,
    /// What processed it; names from before 2016-12-06 do not say.
    pub baseline: Option<Baseline>,
    /// Which of the 143 orbits of a repeat cycle the satellite was on, from 1 on.
    pub relative_orbit: u16,
    /// Where; products from before 2016-12-06 hold several tiles.
    pub tile: Option<Tile>,
}

/// A text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no {what}")]
pub struct NameError {
    /// The text.
    pub text: String,
    /// What it should be, with an example.
    pub what: &'static str,
}

fn refuse<T>(text: &str, what: &'static str) -> Result<T, NameError> {
    Err(NameError {
        text: text.to_owned(),
        what,
    })
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl FromStr for Level {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "L1C" => Ok(Self::L1C),
            "L2A" => Ok(Self::L2A),
            _ => refuse(text, "processing level, L1C or L2A"),
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L1C => "L1C",
            Self::L2A => "L2A",
        })
    }
}

impl Sensed {
    /// The day: `20220612`.
    pub fn date(&self) -> &str {
        &self.0[..8]
    }
}

impl FromStr for Sensed {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let two = |at: usize, most: u8| text[at..at + 2].parse::<u8>().is_ok_and(|number| number <= most);
        let parts = text
            .split_once('T')
            .filter(|(date, time)| date.len() == 8 && time.len() == 6);
        let plain = parts.is_some_and(|(date, time)| digits(date) && digits(time));
        let month = |at: usize| two(at, 12) && &text[at..at + 2] != "00";
        let day = |at: usize| two(at, 31) && &text[at..at + 2] != "00";
        if plain && month(4) && day(6) && two(9, 23) && two(11, 59) && two(13, 60) {
            return Ok(Self(text.to_owned()));
        }
        refuse(text, "time such as 20220612T105621")
    }
}

impl FromStr for Tile {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let number = text
            .strip_prefix('T')
            .and_then(|rest| rest.get(..2))
            .filter(|zone| digits(zone));
        let zone = number
            .and_then(|zone| zone.parse::<u8>().ok())
            .filter(|zone| (1..=60).contains(zone));
        let letters = text.get(3..).unwrap_or_default();
        if zone.is_some() && letters.len() == 3 && letters.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Ok(Self(text.to_owned()));
        }
        refuse(text, "tile such as T30TYN")
    }
}

impl FromStr for Baseline {
    type Err = NameError;

    /// From `05.09`, as metadata write it, or `N0509`, as names do.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let parts = match text.strip_prefix('N') {
            Some(name) if name.len() == 4 && name.is_ascii() => Some(name.split_at(2)),
            Some(_) => None,
            None => text.split_once('.'),
        };
        let number = |text: &str| if digits(text) { text.parse().ok() } else { None };
        let both = parts.and_then(|(major, minor)| number(major).zip(number(minor)));
        let Some((major, minor)) = both.filter(|&(major, minor)| major < 100 && minor < 100) else {
            return refuse(text, "processing baseline such as 05.09");
        };
        Ok(Self { major, minor })
    }
}

impl Baseline {
    /// The first whose products have an offset.
    pub const WITH_OFFSETS: Self = Self { major: 4, minor: 0 };
}

impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}.{:02}", self.major, self.minor)
    }
}

macro_rules! as_text {
    ($type:ty) => {
        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
    };
}
as_text!(Baseline);
as_text!(Sensed);
as_text!(Tile);

impl fmt::Display for Sensed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const PRODUCT: &str = "Sentinel-2 product, such as S2A_MSIL2A_20220612T105621_N0400_R094_T30TYN_20220612T165455.SAFE";

impl FromStr for ProductName {
    type Err = NameError;

    /// From a compact name (since 2016-12-06),
    /// `S2A_MSIL1C_20170105T013442_N0204_R031_T53NMJ_20170105T013443.SAFE`, or a long one (before),
    /// `S2A_OPER_PRD_MSIL1C_PDMC_20160605T045522_R008_V20160604T105027_20160604T105027.SAFE`.
    fn from_str(text: &str) -> Result<Self, NameError> {
        let stem = text.strip_suffix(".SAFE").unwrap_or(text);
        let parts: Vec<&str> = stem.split('_').collect();
        let (mission, level, sensed, baseline, orbit, tile) = match parts[..] {
            [mission, level, sensed, baseline, orbit, tile, _] => {
                (mission, level, sensed, Some(baseline), orbit, Some(tile))
            }
            [mission, "OPER" | "USER", "PRD", level, _, _, orbit, sensed, _] => (
                mission,
                level,
                sensed.strip_prefix('V').unwrap_or(""),
                None,
                orbit,
                None,
            ),
            _ => return refuse(text, PRODUCT),
        };
        let known = mission.len() == 3
            && mission.starts_with("S2")
            && mission.ends_with(|last: char| last.is_ascii_uppercase());
        let orbit = orbit.strip_prefix('R').filter(|number| digits(number));
        let (true, Some(level), Some(Ok(relative_orbit))) = (known, level.strip_prefix("MSI"), orbit.map(str::parse))
        else {
            return refuse(text, PRODUCT);
        };
        Ok(Self {
            mission: mission.to_owned(),
            level: level.parse()?,
            sensed: sensed.parse()?,
            baseline: baseline.map(str::parse).transpose()?,
            relative_orbit,
            tile: tile.map(str::parse).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Result<ProductName, NameError> {
        text.parse()
    }

    #[test]
    fn compact_names_tell_everything() {
        let read = name("S2B_MSIL2A_20230619T105629_N0509_R094_T30TYN_20230619T135200.SAFE").unwrap();
        assert_eq!(read.mission, "S2B");
        assert_eq!(read.level, Level::L2A);
        assert_eq!(read.sensed.date(), "20230619");
        assert_eq!(read.baseline.unwrap().to_string(), "05.09");
        assert!(read.baseline.unwrap() >= Baseline::WITH_OFFSETS);
        assert_eq!(read.relative_orbit, 94);
        assert_eq!(read.tile.unwrap().to_string(), "T30TYN");
    }

    #[test]
    fn long_names_tell_no_tile_and_no_baseline() {
        let read = name("S2A_OPER_PRD_MSIL1C_PDMC_20160605T045522_R008_V20160604T105027_20160604T105027.SAFE").unwrap();
        assert_eq!((read.level, read.relative_orbit), (Level::L1C, 8));
        assert_eq!(read.sensed.to_string(), "20160604T105027");
        assert_eq!((read.baseline, read.tile), (None, None));
    }

    #[test]
    fn other_names_are_refused() {
        for text in [
            "",
            "vacation",
            "S2A_MSIL2A_20220612T105621_N0400_R094_T30TYN",
            "S3A_MSIL2A_20220612T105621_N0400_R094_T30TYN_20220612T165455.SAFE",
            "S2A_MSIL0_20220612T105621_N0400_R094_T30TYN_20220612T165455",
            "S2A_MSIL2A_20221312T105621_N0400_R094_T30TYN_20220612T165455",
            "S2A_MSIL2A_20220612T105621_N04_R094_T30TYN_20220612T165455",
            "S2A_MSIL2A_20220612T105621_N0400_R094_T61TYN_20220612T165455",
            "S2A_MSIL2A_20220612T105621_N0400_R094_Té1TN_20220612T165455",
        ] {
            assert!(name(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), parts in proptest::collection::vec("[A-Z0-9é]{0,16}", 6..10)) {
            let _ = (name(&text), name(&parts.join("_")));
            let _ = (text.parse::<Sensed>(), text.parse::<Tile>(), text.parse::<Baseline>());
            for part in &parts {
                let _ = (part.parse::<Sensed>(), part.parse::<Tile>(), part.parse::<Baseline>());
            }
        }

        #[test]
        fn what_is_read_is_written(major in 0u8..100, minor in 0u8..100) {
            let baseline = Baseline { major, minor };
            prop_assert_eq!(baseline.to_string().parse(), Ok(baseline));
            prop_assert_eq!(format!("N{major:02}{minor:02}").parse(), Ok(baseline));
        }
    }
}
