//! The second pass: points are dealt to tiles, and chunks of tiles compressed, side by side.
use std::ops::Range;

use rayon::prelude::*;

use crate::{
    Cloud, Error,
    buffer::TileIndex,
    codec::{Codec, Wanted},
    pass::{Batch, Load},
    scatter::{Piece, scatter},
    tile::TileBuilder,
};

enum Task {
    Decode(Load),
    Encode(usize, Vec<u8>),
}

enum Done {
    Pieces(usize, Vec<Piece>),
    Chunk(usize, Vec<u8>),
}

/// What is decoded while as much is compressed. The more, the less cores wait for each other at the end of a step.
pub(crate) fn batch() -> Batch {
    let loads = 8 * rayon::current_num_threads();
    Batch {
        loads,
        bytes: loads as u64 * (2 << 20),
    }
}

/// Puts the tiles `tiles` together from all that `loads` gives (until it gives nothing); `owner` says whose a point is.
/// Chunks are compressed by `codec`, or left as they are.
pub(crate) fn deal(
    cloud: &Cloud,
    mut loads: impl FnMut() -> Result<Vec<Load>, Error>,
    index: &TileIndex,
    owner: impl Fn([i32; 2], u64) -> u32 + Sync,
    tiles: Range<u32>,
    codec: Option<&Codec>,
    progress: &dyn Fn(u64),
) -> Result<Vec<TileBuilder>, Error> {
    let (format, length) = (cloud.header.format, usize::from(cloud.header.record_length));
    let mut builders: Vec<TileBuilder> = tiles.clone().map(|_| TileBuilder::default()).collect();
    let mut full: Vec<(usize, Vec<u8>)> = Vec::new();
    let run = |task| match task {
        Task::Decode(load) => {
            let block = load.decode(cloud, Wanted::Everything)?;
            Ok(Done::Pieces(
                block.chunk,
                scatter(&block, format, length, index, &owner),
            ))
        }
        Task::Encode(tile, records) => {
            let chunk = match codec {
                None => records,
                Some(codec) => codec.encode(&records).map_err(|source| Error::Read {
                    object: cloud.object.uri.clone(),
                    source,
                })?,
            };
            Ok(Done::Chunk(tile, chunk))
        }
    };
    let mut ended = false;
    while !ended {
        let arrived = loads()?;
        ended = arrived.is_empty();
        if ended {
            let rest = builders.iter_mut().enumerate();
            full.extend(rest.filter_map(|(tile, builder)| builder.rest().map(|rest| (tile, rest))));
        }
        let encode = full.drain(..).map(|(tile, records)| Task::Encode(tile, records));
        let tasks: Vec<Task> = encode.chain(arrived.into_iter().map(Task::Decode)).collect();
        let done: Result<Vec<Done>, Error> = tasks.into_par_iter().with_max_len(1).map(run).collect();
        for done in done? {
            match done {
                Done::Chunk(tile, chunk) => builders[tile].finished(chunk),
                Done::Pieces(chunk, pieces) => {
                    for piece in pieces {
                        let tile = (piece.tile - tiles.start) as usize;
                        full.extend(
                            builders[tile]
                                .take(piece, length)
                                .into_iter()
                                .map(|records| (tile, records)),
                        );
                    }
                    progress(cloud.chunks[chunk].bytes.end);
                }
            }
        }
    }
    Ok(builders)
}
