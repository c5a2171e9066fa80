//! Joins the patches of a raster into one cloud-optimized GeoTIFF.
mod parts;

use std::ops::Range;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_io::Store;
use partition_cog::{SampleType, Window};
use plan::{Object, Uri};

use crate::{
    Cell, Error, Layout, LayoutError, Picture, Statistics,
    block::decode,
    grid::{Grid, View},
    patch::encode_block,
    pyramid::{Pyramid, join},
    spool::{MEMORY, Spool, Spooled},
    tiff,
};
use parts::Parts;

/// Blocks that lie side by side are copied together up to this size, so many such runs at a time.
const COPY: u64 = 2 << 20;
const COPIES: usize = 4;

/// A raster that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembled {
    /// The file.
    pub object: Object,
    /// Of its pixels.
    pub statistics: Statistics,
    /// The largest level whose rows and columns are within the limit asked for.
    pub picture: Picture,
    /// Bytes of the patches.
    pub bytes_in: u64,
}

/// Joins patches that cover a raster once into a cloud-optimized GeoTIFF at `out`, which appears whole or not at all.
///
/// Blocks made by workers are copied as they are. The same pixels give the same bytes, whatever the windows were and in
/// whatever order `patches` stand. `picture` limits the rows and columns of the picture given back, in pixels.
///
/// Memory: two strips of `layout.block` rows of the second overview and the same of each further one (11 MiB for a
/// Sentinel-2 tile in `f32`), 16 MiB of overview blocks, and 8 MiB of blocks on their way. Larger overviews wait in an
/// object beside `out`, which is removed at the end.
///
/// # Errors
/// A patch that is missing, malformed, made for another raster, or that overlaps another one.
pub async fn assemble(
    store: &Store,
    layout: &Layout,
    patches: &[Uri],
    out: &Uri,
    picture: u64,
) -> Result<Assembled, Error> {
    match layout.sample {
        SampleType::F32 => assemble_of::<f32>(store, layout, patches, out, picture).await,
        SampleType::I16 => assemble_of::<i16>(store, layout, patches, out, picture).await,
        SampleType::U16 => assemble_of::<u16>(store, layout, patches, out, picture).await,
        SampleType::U8 => assemble_of::<u8>(store, layout, patches, out, picture).await,
        sample => Err(Error::Layout {
            uri: out.clone(),
            source: LayoutError::Unwritten { sample },
        }),
    }
}

/// Where a stored block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Part(usize),
    Spool,
}

type Source = (Place, Range<u64>);

async fn assemble_of<T: Cell>(
    store: &Store,
    layout: &Layout,
    patches: &[Uri],
    out: &Uri,
    picture: u64,
) -> Result<Assembled, Error> {
    layout.check::<T>().map_err(|source| Error::Layout {
        uri: out.clone(),
        source,
    })?;
    let parts = Parts::open::<T>(store, layout, patches, out).await?;
    let mut spool = Spool::new(store, out.with_suffix(".overviews"), MEMORY);
    let mut levels: Vec<Vec<Source>> = vec![Vec::new(); layout.levels()];
    for (row, column) in cells(layout.blocks(0)) {
        let (part, range) = parts.block(row, column);
        levels[0].push((Place::Part(part), range));
    }
    first_overview::<T>(layout, &parts, &mut spool, &mut levels, out).await?;
    further_overviews::<T>(layout, &parts, &mut spool, &mut levels, out).await?;
    let spooled = spool.finish().await?;
    let sources = Sources { parts, spooled };

    let statistics = sources.parts.statistics();
    let sizes: Vec<Vec<u32>> = levels
        .iter()
        .map(|blocks| {
            blocks
                .iter()
                .map(|(_, range)| (range.end - range.start) as u32)
                .collect()
        })
        .collect();
    let mut writer = store.writer(out).await?;
    writer.write(tiff::head::<T>(layout, &statistics, &sizes)).await?;
    // Bytes pass while the next ones are on their way.
    let reads = joined(&levels).map(|source| sources.read(source));
    let mut reads = stream::iter(reads).buffered(COPIES);
    while let Some(bytes) = reads.try_next().await? {
        writer.write(bytes).await?;
    }
    drop(reads);
    let object = writer.finish().await?;
    let picture = paint::<T>(layout, &levels, &sources, picture, out).await?;
    let bytes_in = sources.parts.bytes();
    sources.spooled.remove().await?;
    Ok(Assembled {
        object,
        statistics,
        picture,
        bytes_in,
    })
}

/// Row-major.
fn cells([rows, columns]: [u64; 2]) -> impl Iterator<Item = (u64, u64)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

/// Blocks that workers could not make since they lie in several windows.
async fn first_overview<T: Cell>(
    layout: &Layout,
    parts: &Parts,
    spool: &mut Spool,
    levels: &mut [Vec<Source>],
    out: &Uri,
) -> Result<(), Error> {
    if layout.levels() < 2 {
        return Ok(());
    }
    for (row, column) in cells(layout.blocks(1)) {
        if let Some((part, range)) = parts.overview(row, column) {
            levels[1].push((Place::Part(part), range));
            continue;
        }
        let shares = parts.shares(row, column).await?;
        let (own, cell) = (layout.clone(), layout.block(1, row, column));
        let work = move || encode_block(&own, join::<T>(cell.clone(), &shares).view(), &cell);
        let range = spool.push(&compute(out, work).await?).await?;
        levels[1].push((Place::Spool, range));
    }
    Ok(())
}

async fn further_overviews<T: Cell>(
    layout: &Layout,
    parts: &Parts,
    spool: &mut Spool,
    levels: &mut [Vec<Source>],
    out: &Uri,
) -> Result<(), Error> {
    if layout.levels() < 3 {
        return Ok(());
    }
    let mut pyramid = Pyramid::<T>::new(layout.clone());
    for row in 0..layout.blocks(2)[0] {
        let strip = Pyramid::<T>::strip(layout, 2, row);
        let shares = parts.second::<T>(&strip.rows).await?;
        let work = move || {
            let mut done = Vec::new();
            let grid = join(strip, &shares);
            drop(shares);
            pyramid.push(2, &grid, &mut done);
            (pyramid, done)
        };
        let done;
        (pyramid, done) = compute(out, work).await?;
        for row in done {
            debug_assert_eq!(levels[row.level].len() as u64, row.row * row.blocks.len() as u64);
            for block in row.blocks {
                levels[row.level].push((Place::Spool, spool.push(&block).await?));
            }
        }
    }
    Ok(())
}

/// Runs work off the threads that wait for the network.
async fn compute<R: Send + 'static>(out: &Uri, work: impl FnOnce() -> R + Send + 'static) -> Result<R, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|source| Error::Panic {
        uri: out.clone(),
        source,
    })
}

/// All blocks in the order of the file, neighbours in the same object as one.
fn joined(levels: &[Vec<Source>]) -> impl Iterator<Item = Source> {
    let mut blocks = levels.iter().rev().flatten().peekable();
    std::iter::from_fn(move || {
        let (place, mut range) = blocks.next()?.clone();
        while let Some((_, next)) =
            blocks.next_if(|(of, next)| *of == place && next.start == range.end && next.end - range.start <= COPY)
        {
            range.end = next.end;
        }
        Some((place, range))
    })
}

struct Sources {
    parts: Parts,
    spooled: Spooled,
}

impl Sources {
    async fn read(&self, (place, range): Source) -> Result<Bytes, Error> {
        match place {
            Place::Part(part) => self.parts.read(part, range).await,
            Place::Spool => self.spooled.read(range).await,
        }
    }
}

/// The largest level within `limit` rows and columns, from its blocks.
async fn paint<T: Cell>(
    layout: &Layout,
    levels: &[Vec<Source>],
    sources: &Sources,
    limit: u64,
    out: &Uri,
) -> Result<Picture, Error> {
    let fits = |&level: &usize| layout.size(level).iter().all(|&length| length <= limit);
    let level = (0..layout.levels()).find(fits).unwrap_or(layout.levels() - 1);
    let [height, width] = layout.size(level);
    let whole = Window {
        rows: 0..height,
        columns: 0..width,
    };
    let mut grid = Grid::filled(whole, T::ZERO);
    for ((row, column), source) in cells(layout.blocks(level)).zip(&levels[level]) {
        let stored = sources.read(source.clone()).await?;
        let side = layout.block as usize;
        let pixels = decode::<T>(&stored, side).map_err(|error| Error::Block {
            uri: match source.0 {
                Place::Part(part) => sources.parts.uri(part).clone(),
                Place::Spool => out.clone(),
            },
            level,
            row,
            column,
            source: error,
        })?;
        let cell = layout.block(level, row, column);
        let padded = Window {
            rows: cell.rows.start..cell.rows.start + layout.block,
            columns: cell.columns.start..cell.columns.start + layout.block,
        };
        let padded = View {
            window: &padded,
            pixels: &pixels,
        };
        let own: Vec<T> = padded.rows(&cell).flatten().copied().collect();
        grid.paste(View {
            window: &cell,
            pixels: &own,
        });
    }
    Ok(Picture::new(layout, level, &grid.pixels))
}
