//! What a tile says of itself, in variable length records of ours.
//!
//! Record 1 is a JSON object, [`TileRecord`]. Record 2, where there is one, lists the tile's **own** points that were
//! withheld in the source already: their 0-based numbers in the tile as differences (the first from -1, minus 1), each an
//! LEB128 number, over as many records 2 as it takes, in order. A point of a tile is a buffer point if it is withheld and
//! not listed there; all others are its own.
use serde::{Deserialize, Serialize};

use crate::{Method, Vlr, tiling::RawBox};

/// The user of our records.
pub(crate) const USER: &str = "tessera";
const TILE: u16 = 1;
const OWN_WITHHELD: u16 = 2;

/// What a tile is a tile of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TileRecord {
    /// Version of this record.
    pub version: u32,
    /// Name of the cloud that was cut.
    pub source: String,
    /// Its points.
    pub source_points: u64,
    /// How it was cut.
    pub method: Method,
    /// 0-based number of this tile.
    pub tile: u64,
    /// Tiles of the cut.
    pub tiles: u64,
    /// Own points in this tile; the rest is buffer.
    pub own_points: u64,
    /// Box of the own points, raw X and Y.
    pub own_bounds: RawBox,
    /// Buffer around that box, in units of the coordinate system.
    pub buffer: f64,
    /// Own points that were withheld before; record 2 lists them.
    pub own_withheld: u64,
}

impl TileRecord {
    /// The version that we write.
    pub(crate) const VERSION: u32 = 1;

    /// The records of a tile whose own points `withheld` (in order) were withheld before.
    pub(crate) fn to_vlrs(&self, withheld: &[u64]) -> Vec<Vlr> {
        let json = serde_json::to_vec(self).expect("numbers and text are JSON");
        let mut vlrs = vec![Vlr::new(USER, TILE, "tessera: tile and source", &json)];
        let mut listed = Vec::new();
        let mut next = 0;
        for &number in withheld {
            put_leb128(&mut listed, number - next);
            next = number + 1;
        }
        // A number of at most ten bytes may straddle two records; they are read as one text.
        let pieces = listed.chunks(usize::from(u16::MAX));
        vlrs.extend(pieces.map(|piece| Vlr::new(USER, OWN_WITHHELD, "tessera: own, withheld before", piece)));
        vlrs
    }

    /// What the records of a file say of it as a tile, and which of its own points were withheld before; `None` if it is
    /// no tile of ours, or its records are damaged.
    pub fn of(vlrs: &[Vlr]) -> Option<(Self, Vec<u64>)> {
        let tile = vlrs.iter().find(|vlr| vlr.is(USER, TILE))?;
        let tile: Self = serde_json::from_slice(tile.payload()).ok()?;
        let lists = vlrs.iter().filter(|vlr| vlr.is(USER, OWN_WITHHELD));
        let listed: Vec<u8> = lists.flat_map(|vlr| vlr.payload().iter().copied()).collect();
        let mut withheld = Vec::new();
        let mut next: u64 = 0;
        let mut rest = &listed[..];
        while !rest.is_empty() {
            let number = next.checked_add(take_leb128(&mut rest)?)?;
            withheld.push(number);
            next = number.checked_add(1)?;
        }
        let sound = tile.version == Self::VERSION && withheld.len() as u64 == tile.own_withheld;
        sound.then_some((tile, withheld))
    }
}

fn put_leb128(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_leb128(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(own_withheld: u64) -> TileRecord {
        TileRecord {
            version: TileRecord::VERSION,
            source: "cloud.laz".into(),
            source_points: 1 << 40,
            method: Method::Density,
            tile: 3,
            tiles: 10,
            own_points: 500_000,
            own_bounds: [[i32::MIN, 5], [-3, i32::MAX]],
            buffer: 5.0,
            own_withheld,
        }
    }

    #[test]
    fn what_a_tile_says_comes_back_also_over_many_records() {
        for withheld in [
            vec![],
            vec![0],
            vec![5, 6, 1 << 35],
            (0..200_000).map(|i| i * 3).collect::<Vec<u64>>(),
        ] {
            let tile = record(withheld.len() as u64);
            let vlrs = tile.to_vlrs(&withheld);
            assert_eq!(TileRecord::of(&vlrs), Some((tile, withheld)));
        }
        assert!(record(200_000).to_vlrs(&(0..200_000).collect::<Vec<_>>()).len() > 3);
    }

    #[test]
    fn damaged_records_are_no_tile() {
        let vlrs = record(2).to_vlrs(&[1]);
        assert_eq!(TileRecord::of(&vlrs), None);
        assert_eq!(TileRecord::of(&[]), None);
    }
}
