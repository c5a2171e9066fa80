use std::{num::NonZero, ops::Range};

use object_io::Store;
use plan::{Object, Partition, Plan, Uri};
use serde::{Deserialize, Serialize};

use super::{
    Progress,
    index::{DEFAULT_MEMORY, IndexRequest, index_in_memory},
};
use crate::{
    Error, Index, Method, Own, RawBuffer, Tile, Tiling,
    buffer::{buffered, meets, raw_buffer},
    chunk, default_index,
};

/// Into how many tiles a cloud is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutBy {
    /// This many.
    Parts(NonZero<u64>),
    /// So many that tiles have this many own points, or less.
    TargetPoints(NonZero<u64>),
    /// So many that the uncompressed records of a tile's own points have this many bytes, or less.
    TargetBytes(NonZero<u64>),
}

impl CutBy {
    /// Tiles of a cloud of `points` records of `record` bytes.
    pub fn parts(self, points: u64, record: u16) -> u64 {
        match self {
            Self::Parts(parts) => parts.get(),
            Self::TargetPoints(target) => points.div_ceil(target.get()).max(1),
            Self::TargetBytes(target) => {
                let target = (target.get() / u64::from(record)).max(1);
                points.div_ceil(target).max(1)
            }
        }
    }
}

/// How a cloud is cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Into how many tiles.
    pub by: CutBy,
    /// Along which lines.
    #[serde(default)]
    pub method: Method,
    /// How far tiles reach beyond the box of their own points, in units of the coordinate system. Points there are
    /// copied in and marked withheld.
    #[serde(default)]
    pub buffer: f64,
}

/// What a partition of a cloud stands for: the own points of a tile, and those around them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TileScope {
    /// Own points and the box around them.
    pub tile: Tile,
    /// The same box in units of the coordinate system: least and most x, least and most y.
    pub bounds: [[f64; 2]; 2],
    /// Tiles of the cut.
    pub tiles: u64,
    /// How it was cut.
    pub method: Method,
    /// Buffer, in units of the coordinate system.
    pub buffer: f64,
    /// Chunks that may hold points of the tile or its buffer, numbered from 0, as half-open ranges.
    pub chunks: Vec<Range<u64>>,
    /// Points in these chunks: what a worker decodes.
    pub to_decode: u64,
    /// Which points are the tile's own.
    pub own: Own,
}

/// Lays out the tiles of a cloud: from its index if that has this cut, else by a pass over the coordinates of its points.
///
/// # Errors
/// A stale index, a malformed cloud, a buffer that is no distance.
pub async fn plan(store: &Store, object: &Uri, layout: Layout, progress: Progress) -> Result<Plan<TileScope>, Error> {
    let now = store.head(object).await?;
    let at = default_index(object);
    let known = match store.find(&at).await? {
        None => None,
        Some(found) => Some(Index::parse(&at, &store.read(&found, 0..found.size).await?, &now)?),
    };
    if let Some(index) = known
        && let Some(tiling) = index.cut(layout.method, layout.by.parts(index.points, index.record_length))
    {
        return plan_from(&index, tiling, layout.buffer);
    }
    let request = IndexRequest {
        object: object.clone(),
        out: None,
        cuts: vec![(layout.by, layout.method)],
        memory: DEFAULT_MEMORY,
    };
    let index = index_in_memory(store, &now, &request, progress).await?;
    plan_from(&index, &index.cuts[0], layout.buffer)
}

/// The partitions of a cut that an index has. Reads nothing.
pub(crate) fn plan_from(index: &Index, tiling: &Tiling, buffer: f64) -> Result<Plan<TileScope>, Error> {
    let raw = raw_buffer(buffer, index.scale)?;
    let partition = |number: u32| partition(index, tiling, number, buffer, raw);
    Ok(Plan {
        object: index.header.source.clone(),
        partitions: (0..tiling.tiles.len() as u32).map(partition).collect(),
    })
}

fn partition(index: &Index, tiling: &Tiling, number: u32, buffer: f64, raw: RawBuffer) -> Partition<TileScope> {
    let tile = &tiling.tiles[number as usize];
    let wide = buffered(&tile.bounds, raw);
    let needed = index
        .chunks
        .iter()
        .enumerate()
        .filter(|(_, chunk)| meets(&wide, &chunk.bounds));
    let mut chunks: Vec<Range<u64>> = Vec::new();
    let (mut stored, mut to_decode) = (Vec::new(), 0);
    for (number, indexed) in needed {
        let number = number as u64;
        match chunks.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => chunks.push(number..number + 1),
        }
        to_decode += indexed.chunk.points;
        stored.push(indexed.chunk.clone());
    }
    let coordinate = |axis: usize, raw: i32| f64::from(raw) * index.scale[axis] + index.offset[axis];
    Partition {
        object: Object::clone(&index.header.source),
        number: u64::from(number),
        bytes: chunk::runs(&stored),
        scope: TileScope {
            bounds: [0, 1].map(|axis| tile.bounds[axis].map(|raw| coordinate(axis, raw))),
            tile: tile.clone(),
            tiles: tiling.tiles.len() as u64,
            method: tiling.method,
            buffer,
            chunks,
            to_decode,
            own: Own::of(&tiling.router, number),
        },
    }
}
