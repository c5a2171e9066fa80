//! The first pass: where points lie, and how they are cut.
use std::sync::Arc;

use object_io::ReadAt;

use super::Meter;
use crate::{
    Cloud, Error, Method, Tiling,
    codec::Wanted,
    format::xy,
    grid::Counter,
    pass::{self, Block},
    select::{self, Points},
    split::{self, Key},
    tiling::{NOWHERE, RawBox, Router, cut_positions, joined, widened},
};

/// What the first pass learns.
pub(crate) struct Survey {
    /// The box of each chunk.
    pub(crate) boxes: Vec<RawBox>,
    /// The box of all points.
    pub(crate) bounds: RawBox,
    /// The cuts that were asked for, in order.
    pub(crate) cuts: Vec<Tiling>,
    /// Everything that was decoded, if it was to be kept.
    pub(crate) kept: Vec<Block>,
}

/// How the first pass may use memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Records and keys of all points.
    Everything,
    /// Keys of all points.
    Keys,
    /// Counts of about this many bytes.
    Counts(u64),
}

/// Bytes of a point's key.
pub(crate) const KEY: u64 = size_of::<Key>() as u64;

/// Coordinates of the points of a cloud, decoded again in each pass.
struct Decoded<'a> {
    cloud: &'a Cloud,
    source: &'a Arc<dyn ReadAt>,
    progress: &'a dyn Fn(u64),
}

impl Points for Decoded<'_> {
    type Error = Error;

    fn pass(&mut self, each: &mut dyn FnMut(u64, [i32; 2])) -> Result<(), Error> {
        let record = usize::from(self.cloud.header.record_length);
        let make = |block: Block| -> (u64, Vec<[i32; 2]>) {
            (block.first, block.records.chunks_exact(record).map(xy).collect())
        };
        let take = |(first, points): (u64, Vec<[i32; 2]>)| {
            for (number, xy) in (first..).zip(points) {
                each(number, xy);
            }
        };
        let chunks = 0..self.cloud.chunks.len();
        pass::for_each(self.cloud, self.source, Wanted::Xy, chunks, make, take, self.progress)
    }
}

fn spread(block: &Block, record: usize) -> RawBox {
    let points = block.records.chunks_exact(record).map(xy);
    points.fold(NOWHERE, widened)
}

/// Reads the coordinates of all points and lays out `cuts`. Blocking.
pub(crate) fn survey(
    cloud: &Cloud,
    source: &Arc<dyn ReadAt>,
    cuts: &[(Method, u64)],
    room: Room,
    meter: &Meter,
    share: f64,
) -> Result<Survey, Error> {
    let record = usize::from(cloud.header.record_length);
    let wanted = if room == Room::Everything {
        Wanted::Everything
    } else {
        Wanted::Xy
    };
    let with_keys = !cuts.is_empty() && !matches!(room, Room::Counts(_));
    let mut found = Survey {
        boxes: vec![NOWHERE; cloud.chunks.len()],
        bounds: NOWHERE,
        cuts: Vec::new(),
        kept: Vec::new(),
    };
    let mut keys: Vec<Key> = Vec::new();
    if with_keys {
        // What does not fit was not chosen to be kept.
        keys.reserve_exact(cloud.header.points as usize);
    }
    let make = |block: Block| {
        let numbered = (block.first as u32..).zip(block.records.chunks_exact(record));
        let key = |(number, record)| Key { xy: xy(record), number };
        let keys: Vec<Key> = if with_keys {
            numbered.map(key).collect()
        } else {
            Vec::new()
        };
        let bounds = spread(&block, record);
        let chunk = block.chunk;
        (chunk, bounds, keys, (room == Room::Everything).then_some(block))
    };
    let take = |(chunk, bounds, some, block): (usize, RawBox, Vec<Key>, Option<Block>)| {
        found.boxes[chunk] = joined(found.boxes[chunk], bounds);
        found.bounds = joined(found.bounds, bounds);
        keys.extend_from_slice(&some);
        found.kept.extend(block);
    };
    let exact = matches!(room, Room::Counts(_));
    let first = meter.pass(if exact && !cuts.is_empty() { share / 4.0 } else { share });
    pass::for_each(cloud, source, wanted, 0..cloud.chunks.len(), make, take, &first)?;
    let scale = [cloud.header.scale[0], cloud.header.scale[1]];
    let points = cloud.header.points;
    for &(method, parts) in cuts {
        let mut decoded = Decoded {
            cloud,
            source,
            progress: &|_| (),
        };
        let (tiles, router) = match (method, room) {
            _ if points == 0 => (Vec::new(), Router::Tree(Vec::new())),
            (Method::Density, Room::Counts(memory)) => {
                select::density(&mut decoded, &cut_positions(points, parts), found.bounds, scale, memory)?
            }
            // An earlier cut left the keys in its own order, which does not matter: numbers decide between equals.
            (Method::Density, _) => split::density(&mut keys, &cut_positions(points, parts), scale),
            (Method::Grid, _) => {
                let mut counter = Counter::new(found.bounds, parts.min(points));
                if with_keys {
                    for key in &keys {
                        counter.add(key.xy);
                    }
                } else {
                    decoded.pass(&mut |_, xy| counter.add(xy))?;
                }
                let (tiles, grid) = counter.finish();
                (tiles, Router::Grid(grid))
            }
        };
        found.cuts.push(Tiling {
            method,
            parts,
            tiles,
            router,
        });
    }
    if exact && !cuts.is_empty() {
        meter.pass(share * 3.0 / 4.0)(u64::MAX);
    }
    Ok(found)
}
