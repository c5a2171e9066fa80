//! Fetched blocks as the pixels of a window. No network, no clock; the same bytes for any number of threads.
use std::{cell::RefCell, ops::Range};

use bytes::Bytes;
use plan::{Object, Partition};
use rayon::prelude::*;

use crate::{
    Block, BlockError, BlockErrorKind, CutError, Error, Layout, Pixels, SampleType, Samples, StoredWindow, Window,
    WindowScope,
    codec::Decompressor,
    row::{Sample, unpack},
};

/// What was fetched for a partition; owns its bytes.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The bytes of each of the partition's ranges.
    pub bytes: Vec<Bytes>,
}

/// How many threads work on one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// The caller's: for callers that decode several windows side by side.
    One,
    /// Those of rayon's pool; pays for windows of several blocks.
    Pool,
}

/// Decodes the window of a partition from the bytes of its ranges. Needs no network.
///
/// # Errors
/// [`Error::Block`] names the first block, in the order of the plan, that does not decode; [`Error::Partition`] if partition
/// and bytes do not belong together.
pub fn decode(partition: &Partition<WindowScope>, fetched: &Fetched, threads: Threads) -> Result<Pixels, Error> {
    let Partition {
        object, bytes, scope, ..
    } = partition;
    let problem = |problem: String| Error::Partition {
        object: object.uri.clone(),
        problem,
    };
    let lengths = || {
        fetched
            .bytes
            .iter()
            .zip(bytes)
            .all(|(got, range)| got.len() as u64 == range.end.saturating_sub(range.start))
    };
    if fetched.bytes.len() != bytes.len() || !lengths() {
        return Err(problem("the bytes fetched are not those of its ranges".into()));
    }
    scope.check_size(bytes).map_err(|source| Error::Cut {
        object: object.uri.clone(),
        source,
    })?;
    let source = Source {
        object,
        ranges: bytes,
        fetched,
    };
    let mask = match &scope.mask {
        None => None,
        Some(stored) => {
            check(stored, &scope.window).map_err(&problem)?;
            let mut mask = source.window::<u8>(stored, &scope.window, 0, threads)?;
            mask.truncate((scope.window.height() * scope.window.width()) as usize);
            for valid in &mut mask {
                *valid = if *valid == 0 { 0 } else { 255 };
            }
            Some(mask)
        }
    };
    check(&scope.image, &scope.window).map_err(problem)?;
    Ok(Pixels {
        height: scope.window.height() as usize,
        width: scope.window.width() as usize,
        bands: scope.image.layout.bands as usize,
        samples: source.samples(scope, threads)?,
        mask,
    })
}

/// Whether a scope, which may come from anywhere, can be decoded: what a plan made here always can.
fn check(stored: &StoredWindow, window: &Window) -> Result<(), String> {
    let layout = &stored.layout;
    if let Some(feature) = layout.unsupported() {
        return Err(format!("{feature} is not supported"));
    }
    let pixels = Window::new(0..layout.height, 0..layout.width);
    let sizes = [layout.width, layout.height, layout.block_width, layout.block_height];
    if sizes.iter().any(|&size| size == 0 || size > u64::from(u32::MAX))
        || window.is_empty()
        || !pixels.contains(window)
    {
        return Err(format!(
            "{window} is not in an image of {} x {} pixels",
            layout.height, layout.width
        ));
    }
    let touched = layout.blocks_of(window);
    let expected = touched
        .height()
        .saturating_mul(touched.width())
        .saturating_mul(layout.planes());
    if stored.blocks.len() as u64 != expected {
        return Err(format!(
            "{} blocks where the window touches {expected}",
            stored.blocks.len()
        ));
    }
    Ok(())
}

/// A block of a window: where its pixels are.
struct Place {
    plane: u64,
    row: u64,
    column: u64,
    block: Block,
}

struct Source<'a> {
    object: &'a Object,
    ranges: &'a [Range<u64>],
    fetched: &'a Fetched,
}

thread_local! {
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::default();
}

impl Source<'_> {
    fn samples(&self, scope: &WindowScope, threads: Threads) -> Result<Samples, Error> {
        match scope.image.layout.sample() {
            Some(SampleType::I8) => self.typed::<i8>(scope, threads),
            Some(SampleType::U16) => self.typed::<u16>(scope, threads),
            Some(SampleType::I16) => self.typed::<i16>(scope, threads),
            Some(SampleType::U32) => self.typed::<u32>(scope, threads),
            Some(SampleType::I32) => self.typed::<i32>(scope, threads),
            Some(SampleType::F32) => self.typed::<f32>(scope, threads),
            Some(SampleType::F64) => self.typed::<f64>(scope, threads),
            // `check` has refused what has no type.
            Some(SampleType::U8) | None => self.typed::<u8>(scope, threads),
        }
    }

    fn typed<T: Sample>(&self, scope: &WindowScope, threads: Threads) -> Result<Samples, Error> {
        let fill = scope.nodata.map_or(T::ZERO, T::nearest);
        Ok(T::collect(self.window(&scope.image, &scope.window, fill, threads)?))
    }

    /// Band after band of a window; `fill` where nothing is stored.
    fn window<T: Sample>(
        &self,
        stored: &StoredWindow,
        window: &Window,
        fill: T,
        threads: Threads,
    ) -> Result<Vec<T>, Error> {
        let layout = &stored.layout;
        let samples = (window.height() * window.width() * layout.bands) as usize;
        let mut out = self.room::<T>(window, samples)?;
        let touched = layout.blocks_of(window);
        let places = (0..layout.planes())
            .flat_map(|plane| touched.rows.clone().map(move |row| (plane, row)))
            .flat_map(|(plane, row)| touched.columns.clone().map(move |column| (plane, row, column)))
            .zip(&stored.blocks)
            .map(|((plane, row, column), &block)| Place {
                plane,
                row,
                column,
                block,
            });
        let mut scratch = Scratch::default();
        if threads == Threads::One || stored.blocks.len() == 1 {
            DECOMPRESSOR.with_borrow_mut(|decompressor| {
                for place in places {
                    let block = match self.stored(layout, &place)? {
                        None => None,
                        Some(bytes) => Some(self.decompress(layout, &place, bytes, decompressor)?),
                    };
                    put(layout, window, &place, block, fill, &mut out, &mut scratch);
                }
                Ok::<(), Error>(())
            })?;
            return Ok(out);
        }
        // Inflating is the work; putting the samples in their place is a tenth of it and stays in order, on this thread.
        let places: Vec<Place> = places.collect();
        for group in places.chunks(4 * rayon::current_num_threads()) {
            let blocks: Vec<Result<Option<Vec<u8>>, Error>> = group
                .par_iter()
                .map(|place| {
                    let Some(bytes) = self.stored(layout, place)? else {
                        return Ok(None);
                    };
                    DECOMPRESSOR.with_borrow_mut(|decompressor| {
                        let block = self.decompress(layout, place, bytes, decompressor)?;
                        Ok(Some(block.to_vec()))
                    })
                })
                .collect();
            for (place, block) in group.iter().zip(blocks) {
                put(layout, window, place, block?.as_deref(), fill, &mut out, &mut scratch);
            }
        }
        Ok(out)
    }

    /// Zeros. Where they cannot be had, an error and not an abort.
    fn room<T: Sample>(&self, window: &Window, samples: usize) -> Result<Vec<T>, Error> {
        /// So much is always there.
        const SMALL: usize = 64 << 20;
        let bytes = samples.saturating_mul(size_of::<T>());
        if bytes > SMALL && Vec::<T>::new().try_reserve_exact(samples).is_err() {
            let source = CutError::TooLarge {
                window: window.clone(),
                bytes: bytes as u64,
                stored: self.fetched.bytes.iter().map(|bytes| bytes.len() as u64).sum(),
            };
            return Err(Error::Cut {
                object: self.object.uri.clone(),
                source,
            });
        }
        Ok(vec![T::ZERO; samples])
    }

    fn decompress<'a>(
        &self,
        layout: &Layout,
        place: &Place,
        bytes: &'a [u8],
        decompressor: &'a mut Decompressor,
    ) -> Result<&'a [u8], Error> {
        let block = decompressor.block(layout, layout.block_rows(place.row), bytes);
        block.map_err(|kind| self.broken(layout, place, kind))
    }

    fn broken(&self, layout: &Layout, place: &Place, kind: BlockErrorKind) -> Error {
        broken_block(
            self.object,
            layout,
            (place.plane, place.row, place.column),
            place.block,
            kind,
        )
    }

    /// The stored bytes of a block; `None` if nothing is stored.
    fn stored(&self, layout: &Layout, place: &Place) -> Result<Option<&[u8]>, Error> {
        if place.block.is_sparse() {
            return Ok(None);
        }
        let wanted = place.block.bytes();
        // Ranges are in order and disjoint.
        let at = self
            .ranges
            .partition_point(|range| range.start <= wanted.start)
            .checked_sub(1);
        let found = at.and_then(|at| {
            let from = (wanted.start - self.ranges[at].start) as usize;
            self.fetched.bytes[at].get(from..from.checked_add(place.block.1 as usize)?)
        });
        found
            .map(Some)
            .ok_or_else(|| self.broken(layout, place, BlockErrorKind::NotFetched))
    }
}

/// The error for a block, named by its place in the image: plane, row and column of blocks.
pub(crate) fn broken_block(
    object: &Object,
    layout: &Layout,
    (plane, row, column): (u64, u64, u64),
    block: Block,
    kind: BlockErrorKind,
) -> Error {
    let across = layout.blocks_across();
    let source = BlockError {
        block: (plane * layout.blocks_down() + row) * across + column,
        row,
        column,
        plane: layout.separate.then_some(plane),
        offset: block.0,
        length: block.1,
        kind,
    };
    Error::Block {
        object: object.uri.clone(),
        source: Box::new(source),
    }
}

/// Memory kept from row to row.
struct Scratch<T> {
    row: Vec<T>,
    bytes: Vec<u8>,
}

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self {
            row: Vec::new(),
            bytes: Vec::new(),
        }
    }
}

/// Puts the pixels of a block that are in the window to their places.
fn put<T: Sample>(
    layout: &Layout,
    window: &Window,
    place: &Place,
    block: Option<&[u8]>,
    fill: T,
    out: &mut [T],
    scratch: &mut Scratch<T>,
) {
    let (height, width) = (window.height() as usize, window.width() as usize);
    let of_block = layout.block_window(place.row, place.column);
    let shared = of_block.intersection(window);
    let bands = layout.block_bands() as usize;
    let block_width = layout.block_width as usize;
    let row_bytes = layout.row_bytes() as usize;
    let from = (shared.columns.start - of_block.columns.start) as usize;
    let count = shared.width() as usize;
    let to = (shared.columns.start - window.columns.start) as usize;
    let Scratch {
        row: samples,
        bytes: spare,
    } = scratch;
    for row in shared.rows.clone() {
        let stored = block.map(|block| {
            let at = (row - of_block.rows.start) as usize * row_bytes;
            &block[at..at + row_bytes]
        });
        let start =
            |band: usize| ((place.plane as usize + band) * height + (row - window.rows.start) as usize) * width + to;
        match stored {
            None => (0..bands).for_each(|band| out[start(band)..start(band) + count].fill(fill)),
            // Only the first samples of a row are wanted, of one band: straight to their place.
            Some(stored) if bands == 1 && from == 0 && layout.predictor != crate::Predictor::FLOATING_POINT => {
                unpack(layout, stored, &mut out[start(0)..start(0) + count], spare);
            }
            Some(stored) => {
                samples.resize(block_width * bands, T::ZERO);
                unpack(layout, stored, samples, spare);
                for band in 0..bands {
                    let out = &mut out[start(band)..start(band) + count];
                    let wanted = samples[from * bands + band..].iter().step_by(bands);
                    out.iter_mut().zip(wanted).for_each(|(out, sample)| *out = *sample);
                }
            }
        }
    }
}
