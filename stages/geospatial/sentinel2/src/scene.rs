//! Which rasters make a scene of the vegetation index: two dates of one tile, or one.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Level, Sensed, Tile};

/// Red and near infrared of a tile on one date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatedTile {
    /// Where.
    pub tile: Tile,
    /// When.
    pub sensed: Sensed,
    /// How far it is processed.
    pub level: Level,
    /// File of the red band, relative to the folder of the table.
    pub red: String,
    /// File of the near-infrared band.
    pub nir: String,
    /// What is added to the stored numbers of both.
    pub offset: f64,
}

/// A row of `scenes.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneRow {
    /// Its name, that of a folder of results.
    pub name: String,
    /// The (earlier) date.
    pub first: DatedTile,
    /// The later one.
    pub second: Option<DatedTile>,
}

/// Pairs the oldest with the newest date of each tile; dates between them, and tiles of one date, are scenes of their own.
///
/// Dates of different levels are not compared: what the atmosphere adds would look like a change.
pub fn pair(dates: &[DatedTile]) -> Vec<SceneRow> {
    let mut tiles: BTreeMap<(&Tile, Level), Vec<&DatedTile>> = BTreeMap::new();
    for date in dates {
        tiles.entry((&date.tile, date.level)).or_default().push(date);
    }
    let mut rows = Vec::new();
    for dates in tiles.values_mut() {
        dates.sort_by_key(|date| (&date.sensed, &date.red));
        match dates[..] {
            [] => {}
            [only] => rows.push(row(only, None)),
            [oldest, ref between @ .., newest] => {
                rows.push(row(oldest, Some(newest)));
                rows.extend(between.iter().map(|date| row(date, None)));
            }
        }
    }
    rows
}

fn row(first: &DatedTile, second: Option<&DatedTile>) -> SceneRow {
    let mut name = format!("{}_{}_{}", first.tile, first.level, first.sensed);
    if let Some(second) = second {
        name.push_str(&format!("_{}", second.sensed));
    }
    SceneRow {
        name,
        first: first.clone(),
        second: second.cloned(),
    }
}

/// The table that the pipeline `ndvi` takes. Files have names of ours, so no cell needs quotes.
pub fn table(rows: &[SceneRow]) -> String {
    let mut text = String::from("name,red,nir,red2,nir2,offset,offset2\n");
    for SceneRow { name, first, second } in rows {
        let (red2, nir2) = second.as_ref().map_or(("", ""), |date| (&date.red, &date.nir));
        let offset2 = second.as_ref().map_or_else(String::new, |date| date.offset.to_string());
        let DatedTile { red, nir, offset, .. } = first;
        text.push_str(&format!("{name},{red},{nir},{red2},{nir2},{offset},{offset2}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(tile: &str, day: u8, level: Level, offset: f64) -> DatedTile {
        DatedTile {
            tile: tile.parse().unwrap(),
            sensed: format!("202206{day:02}T105621").parse().unwrap(),
            level,
            red: format!("{tile}_{day}_B04.tif"),
            nir: format!("{tile}_{day}_B08.tif"),
            offset,
        }
    }

    #[test]
    fn the_oldest_and_the_newest_date_are_a_pair_and_none_is_lost() {
        let dates = [
            date("T30TYN", 20, Level::L2A, -1000.0),
            date("T30TYN", 1, Level::L2A, 0.0),
            date("T30TYN", 10, Level::L2A, -1000.0),
            date("T30TYN", 2, Level::L1C, -1000.0),
            date("T31TCJ", 3, Level::L2A, 0.0),
        ];
        assert_eq!(
            table(&pair(&dates)),
            "name,red,nir,red2,nir2,offset,offset2
T30TYN_L1C_20220602T105621,T30TYN_2_B04.tif,T30TYN_2_B08.tif,,,-1000,
T30TYN_L2A_20220601T105621_20220620T105621,T30TYN_1_B04.tif,T30TYN_1_B08.tif,T30TYN_20_B04.tif,T30TYN_20_B08.tif,0,-1000
T30TYN_L2A_20220610T105621,T30TYN_10_B04.tif,T30TYN_10_B08.tif,,,-1000,
T31TCJ_L2A_20220603T105621,T31TCJ_3_B04.tif,T31TCJ_3_B08.tif,,,0,
"
        );
    }

    #[test]
    fn no_dates_are_no_scenes() {
        assert_eq!(table(&pair(&[])), "name,red,nir,red2,nir2,offset,offset2\n");
    }
}
