//! Which files of a `.SAFE` folder hold the bands that are wanted.
use std::collections::BTreeMap;

use crate::{Band, Level, Tile};

/// Names in an error, at most.
const SHOWN: usize = 24;

/// The files of one tile, in the order of the bands asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileFiles {
    /// The tile.
    pub tile: Tile,
    /// For each band its file, relative to the `.SAFE` folder, and its resolution in metres.
    pub files: Vec<(String, u16)>,
}

/// Why the files of a product cannot be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// No image at all.
    #[error("no images of level {level} (GRANULE/*/IMG_DATA/{}): there are {}", if *.level == Level::L1C { "*.jp2" } else { "R*/*.jp2" }, shown(.there))]
    NoImages {
        /// The level looked for.
        level: Level,
        /// Files that are there.
        there: Vec<String>,
    },
    /// A band is not there.
    #[error("tile {tile} has no {band} ({looked}): there are {}", shown(.there))]
    NoBand {
        /// The tile.
        tile: Tile,
        /// What was asked for.
        band: Band,
        /// The files looked for.
        looked: String,
        /// The bands that are there.
        there: Vec<String>,
    },
    /// Two files hold the same.
    #[error("{first} and {second} are both {band} of tile {tile}")]
    Twice {
        /// The tile.
        tile: Tile,
        /// The band.
        band: Band,
        /// A file.
        first: String,
        /// Another one.
        second: String,
    },
    /// No or several files with the metadata of the product.
    #[error("metadata: looked for {looked}, found {}; there are {}", shown(.found), shown(.there))]
    Metadata {
        /// The file looked for.
        looked: &'static str,
        /// Those that were found.
        found: Vec<String>,
        /// Files beside the images.
        there: Vec<String>,
    },
}

fn shown(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

/// An image file: its tile, band and resolution, if its name tells them.
///
/// Names: `T30TYN_20220612T105621_B04_10m.jp2`, `L2A_T31TCJ_20170712T104021_B04_10m.jp2` (L2A up to 2017),
/// `S2A_OPER_MSI_L1C_TL_EPA__20161011T150005_A006542_T31TCJ_B04.jp2` (before 2016-12-06).
fn image(path: &str) -> Option<(Tile, Band)> {
    let (folder, file) = path.rsplit_once('/')?;
    if !folder.split('/').any(|part| part == "IMG_DATA") {
        return None;
    }
    let stem = file.strip_suffix(".jp2")?;
    let tile = stem.split('_').find_map(|part| part.parse().ok())?;
    let (rest, last) = stem.rsplit_once('_')?;
    let band = match last.parse::<Band>() {
        Ok(band) => band,
        Err(_) => format!("{}_{last}", rest.rsplit('_').next()?).parse().ok()?,
    };
    Some((tile, band))
}

/// Chooses the files of `bands` for each tile of a product, from its files relative to the `.SAFE` folder.
pub fn choose(level: Level, paths: &[String], bands: &[Band]) -> Result<Vec<TileFiles>, FilesError> {
    // Resolution to file, of each band of each tile.
    let mut tiles: BTreeMap<Tile, BTreeMap<String, BTreeMap<u16, String>>> = BTreeMap::new();
    for path in paths {
        let Some((tile, band)) = image(path) else { continue };
        // Images of L1C say no resolution; those of L2A do.
        let metres = match (level, band.metres()) {
            (Level::L1C, None) => band.finest(),
            (Level::L2A, Some(metres)) => metres,
            _ => continue,
        };
        let known = tiles
            .entry(tile.clone())
            .or_default()
            .entry(band.name().to_owned())
            .or_default();
        if let Some(first) = known.insert(metres, path.clone()) {
            let second = path.clone();
            return Err(FilesError::Twice {
                tile,
                band,
                first,
                second,
            });
        }
    }
    if tiles.is_empty() {
        let there = paths.iter().take(SHOWN + 1).cloned().collect();
        return Err(FilesError::NoImages { level, there });
    }
    let each = tiles.into_iter().map(|(tile, known)| {
        let one = |band: &Band| {
            let known_metres = known.get(band.name());
            let found = match (known_metres, band.metres()) {
                (None, _) => None,
                (Some(files), Some(metres)) => files.get_key_value(&metres),
                (Some(files), None) => files.first_key_value(),
            };
            let none = || FilesError::NoBand {
                tile: tile.clone(),
                looked: looked(level, band),
                band: band.clone(),
                there: there(level, &known),
            };
            found.map(|(metres, file)| (file.clone(), *metres)).ok_or_else(none)
        };
        let files = bands.iter().map(one).collect::<Result<_, _>>()?;
        Ok(TileFiles {
            tile: tile.clone(),
            files,
        })
    });
    each.collect()
}

fn looked(level: Level, band: &Band) -> String {
    let name = band.name();
    match (level, band.metres()) {
        (Level::L1C, None) => format!("IMG_DATA/*_{name}.jp2"),
        (Level::L1C, Some(metres)) => format!("IMG_DATA/*_{name}.jp2 at {metres} m"),
        (Level::L2A, None) => format!("IMG_DATA/R*/*_{name}_*m.jp2"),
        (Level::L2A, Some(metres)) => format!("IMG_DATA/R{metres}m/*_{name}_{metres}m.jp2"),
    }
}

fn there(level: Level, known: &BTreeMap<String, BTreeMap<u16, String>>) -> Vec<String> {
    let names = known.iter().flat_map(|(name, files)| {
        files.keys().map(move |metres| match level {
            Level::L1C => name.clone(),
            Level::L2A => format!("{name}_{metres}m"),
        })
    });
    names.collect()
}

/// The file with the metadata of a product, from its files relative to the `.SAFE` folder.
pub fn metadata_file(level: Level, paths: &[String]) -> Result<&str, FilesError> {
    let (compact, long) = match level {
        Level::L1C => ("MTD_MSIL1C.xml", "_MTD_SAFL1C_"),
        Level::L2A => ("MTD_MSIL2A.xml", "_MTD_SAFL2A_"),
    };
    let mut top = paths.iter().filter(|path| !path.contains('/'));
    if let Some(found) = top.clone().find(|path| *path == compact) {
        return Ok(found);
    }
    let named = |path: &&String| path.contains(long) && path.strip_suffix(".xml").is_some();
    let found: Vec<&String> = top.clone().filter(named).collect();
    if let [only] = found[..] {
        return Ok(only);
    }
    Err(FilesError::Metadata {
        looked: compact,
        found: found.into_iter().cloned().collect(),
        there: top.by_ref().take(SHOWN + 1).cloned().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn bands(names: &[&str]) -> Vec<Band> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    const L2A: [&str; 9] = [
        "MTD_MSIL2A.xml",
        "GRANULE/L2A_T30TYN_A036403_20220612T105759/MTD_TL.xml",
        "GRANULE/L2A_T30TYN_A036403_20220612T105759/QI_DATA/MSK_CLDPRB_20m.jp2",
        "GRANULE/L2A_T30TYN_A036403_20220612T105759/IMG_DATA/R10m/T30TYN_20220612T105621_B04_10m.jp2",
        "GRANULE/L2A_T30TYN_A036403_20220612T105759/IMG_DATA/R10m/T30TYN_20220612T105621_B04_10m.jp2.aux.xml",
        "GRANULE/L2A_T30TYN_A036403_20220612T105759/IMG_DATA/R10m/T30TYN_20220612T105621_B08_10m.jp2",
        "GRANULE/L2A_T30TYN_A036403_20220612T105759/IMG_DATA/R20m/T30TYN_20220612T105621_B04_20m.jp2",
        "GRANULE/L2A_T30TYN_A036403_20220612T105759/IMG_DATA/R20m/T30TYN_20220612T105621_SCL_20m.jp2",
        "preview/T30TYN_20220612T105621_B04_10m.jp2",
    ];

    fn short(chosen: &[TileFiles]) -> Vec<Vec<(&str, u16)>> {
        chosen
            .iter()
            .map(|tile| {
                tile.files
                    .iter()
                    .map(|(file, metres)| (file.rsplit('/').next().unwrap(), *metres))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn the_finest_resolution_is_taken_unless_another_is_asked_for() {
        let chosen = choose(Level::L2A, &paths(&L2A), &bands(&["B04", "B08", "B04_20m", "SCL"])).unwrap();
        let expected = [
            ("T30TYN_20220612T105621_B04_10m.jp2", 10),
            ("T30TYN_20220612T105621_B08_10m.jp2", 10),
            ("T30TYN_20220612T105621_B04_20m.jp2", 20),
            ("T30TYN_20220612T105621_SCL_20m.jp2", 20),
        ];
        assert_eq!(short(&chosen), [expected.to_vec()]);
        assert_eq!(metadata_file(Level::L2A, &paths(&L2A)), Ok("MTD_MSIL2A.xml"));
    }

    #[test]
    fn a_missing_band_is_told_with_those_that_are_there() {
        let said = choose(Level::L2A, &paths(&L2A), &bands(&["B08_20m"]))
            .unwrap_err()
            .to_string();
        assert_eq!(
            said,
            "tile T30TYN has no B08_20m (IMG_DATA/R20m/*_B08_20m.jp2): there are B04_10m, B04_20m, B08_10m, SCL_20m"
        );
        let said = choose(Level::L1C, &paths(&L2A[..3]), &bands(&["B04"]))
            .unwrap_err()
            .to_string();
        assert!(
            said.starts_with("no images of level L1C (GRANULE/*/IMG_DATA/*.jp2): there are MTD_MSIL2A.xml, "),
            "{said}"
        );
    }

    #[test]
    fn older_names_are_known() {
        let compact = ["GRANULE/x/IMG_DATA/R10m/L2A_T31TCJ_20170712T104021_B04_10m.jp2"];
        let chosen = choose(Level::L2A, &paths(&compact), &bands(&["B04"])).unwrap();
        assert_eq!(chosen[0].tile.to_string(), "T31TCJ");
        let long = [
            "S2A_OPER_MTD_SAFL1C_PDMC_20160605T045522_R008_V20160604T105027_20160604T105027.xml",
            "GRANULE/a/IMG_DATA/S2A_OPER_MSI_L1C_TL_SGS__20160604T160940_A004969_T31TCJ_B04.jp2",
            "GRANULE/b/IMG_DATA/S2A_OPER_MSI_L1C_TL_SGS__20160604T160940_A004969_T30TYN_B04.jp2",
        ];
        let chosen = choose(Level::L1C, &paths(&long), &bands(&["B04"])).unwrap();
        let tiles: Vec<String> = chosen.iter().map(|tile| tile.tile.to_string()).collect();
        assert_eq!(tiles, ["T30TYN", "T31TCJ"]);
        assert!(metadata_file(Level::L1C, &paths(&long)).unwrap().contains("SAFL1C"));
    }

    #[test]
    fn two_files_of_one_band_are_refused() {
        let twice = [
            "GRANULE/a/IMG_DATA/T30TYN_20220612T105621_B04.jp2",
            "GRANULE/b/IMG_DATA/T30TYN_20220612T105621_B04.jp2",
        ];
        let said = choose(Level::L1C, &paths(&twice), &bands(&["B04"])).unwrap_err();
        assert!(matches!(said, FilesError::Twice { .. }), "{said}");
    }

    #[test]
    fn missing_metadata_are_told() {
        let said = metadata_file(Level::L1C, &paths(&L2A)).unwrap_err().to_string();
        assert_eq!(
            said,
            "metadata: looked for MTD_MSIL1C.xml, found none; there are MTD_MSIL2A.xml"
        );
    }
}
