//! The coordinate system of a cloud, as its records say it.
use serde::{Deserialize, Serialize};

use crate::Cloud;

/// What a file says of its coordinate system. Not interpreted: a horizontal unit may be a metre, a foot or a degree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crs {
    /// Well-known text.
    pub wkt: Option<String>,
    /// EPSG code in the GeoTIFF keys: of the projected system, else of the geographic one.
    pub epsg: Option<u16>,
    /// Citations in the GeoTIFF keys.
    pub citation: Option<String>,
}

/// Keys of a GeoTIFF directory that hold EPSG codes, the most telling first.
const CODES: [u16; 2] = [3072, 2048];
/// A code that means "described by other keys".
const USER_DEFINED: u16 = 32767;

impl Crs {
    /// Of a cloud.
    pub fn of(cloud: &Cloud) -> Self {
        let find = |record| {
            let mut vlrs = cloud.vlrs.iter().chain(&cloud.evlrs);
            vlrs.find(|vlr| vlr.user() == "LASF_Projection" && vlr.record() == record)
                .map(|vlr| vlr.payload().to_vec())
        };
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\0', ' ', '|']).to_owned();
            (!text.is_empty()).then_some(text)
        };
        Self {
            wkt: find(2112).and_then(text),
            epsg: find(34735).and_then(|keys| epsg(&keys)),
            citation: find(34737).and_then(text),
        }
    }

    /// What to call it: `EPSG:25830`, or the name in the text.
    pub fn name(&self) -> Option<String> {
        let epsg = self.epsg.map(|code| format!("EPSG:{code}"));
        let quoted = |text: &String| text.split('"').nth(1).map(str::to_owned);
        let wkt = self.wkt.as_ref().and_then(quoted);
        epsg.or(wkt).or_else(|| self.citation.clone())
    }
}

/// The EPSG code in a directory of GeoTIFF keys, which are four numbers each.
fn epsg(keys: &[u8]) -> Option<u16> {
    let (numbers, _) = keys.as_chunks::<2>();
    let numbers: Vec<u16> = numbers.iter().map(|number| u16::from_le_bytes(*number)).collect();
    let (entries, _) = numbers.get(4..)?.as_chunks::<4>();
    let code = |key: u16| {
        let entry = entries.iter().find(|entry| entry[0] == key && entry[1] == 0)?;
        Some(entry[3]).filter(|&code| code != 0 && code != USER_DEFINED)
    };
    CODES.into_iter().find_map(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projected_code_comes_before_the_geographic() {
        let keys = |entries: &[[u16; 4]]| -> Vec<u8> {
            let head = [1, 1, 0, entries.len() as u16];
            [head]
                .iter()
                .chain(entries)
                .flatten()
                .flat_map(|number| number.to_le_bytes())
                .collect()
        };
        assert_eq!(epsg(&keys(&[[2048, 0, 1, 4258], [3072, 0, 1, 25830]])), Some(25830));
        assert_eq!(
            epsg(&keys(&[[3072, 0, 1, USER_DEFINED], [2048, 0, 1, 4326]])),
            Some(4326)
        );
        assert_eq!(epsg(&keys(&[])), None);
        assert_eq!(epsg(b"\x01"), None);
        let named = Crs {
            wkt: Some("PROJCS[\"ETRS89 / UTM zone 30N\",GEOGCS[\"ETRS89\"]]".into()),
            ..Crs::default()
        };
        assert_eq!(named.name().as_deref(), Some("ETRS89 / UTM zone 30N"));
    }
}
