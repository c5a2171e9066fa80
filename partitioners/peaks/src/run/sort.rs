//! The task that sorts a whole source into segments.
mod folder;

use std::{num::NonZero, ops::Range};

use futures::stream::{self, StreamExt, TryStreamExt};
use object_io::Store;
use plan::Uri;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use self::folder::Folder;
use super::{
    Input, Manifest,
    input::{Source, lock},
    map, reduce,
    reduce::{Part, merge},
    segments::SegmentEntry,
    split::{each, split_all, store_buckets},
    threads,
};
use crate::{Bounds, Dropped, Error, sort::arrays::BLOCK};

/// How many segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Size {
    /// So many; fewer where there are not as many different m/z.
    Segments(NonZero<u64>),
    /// As many as make segments of so many bytes, about.
    Bytes(NonZero<u64>),
}

impl Size {
    /// The number of segments of `peaks` peaks of so many bytes.
    pub(crate) fn segments(self, peaks: u64, width: usize) -> u64 {
        match self {
            Self::Segments(count) => count.get().min(peaks.max(1)),
            Self::Bytes(bytes) => peaks
                .saturating_mul(width as u64)
                .div_ceil(bytes.get())
                .clamp(1, peaks.max(1)),
        }
    }
}

/// Where the work is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// In this process; through the store only what does not fit in memory.
    #[default]
    Vm,
    /// As functions would: every part split into the store by [`map`], every segment merged from there by [`reduce`].
    Functions,
}

/// What to sort, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The peaks.
    pub input: Input,
    /// How many segments.
    pub size: Size,
    /// Folder for the segments.
    pub out: Uri,
    /// Bytes of memory to use.
    #[serde(default = "default_memory")]
    pub memory: u64,
    /// Where the work is done.
    #[serde(default)]
    pub strategy: Strategy,
    /// Also write each segment as three `.npy` columns.
    #[serde(default)]
    pub npy: bool,
    /// Threads; by default all cores.
    #[serde(default)]
    pub threads: Option<NonZero<usize>>,
    /// Compare the checksum that the imzML states with the `.ibd`, unless its index says that this was done.
    #[serde(default = "yes")]
    pub verify: bool,
}

fn yes() -> bool {
    true
}

/// 4 GiB.
pub fn default_memory() -> u64 {
    4 << 30
}

/// Least memory that is honoured.
pub const LEAST_MEMORY: u64 = 256 << 20;
/// What is needed whatever is sorted: the process, sorting room of a few threads, pieces on their way.
const FIXED: u64 = 96 << 20;

impl Request {
    /// With the defaults.
    pub fn new(input: Input, size: Size, out: Uri) -> Self {
        let (memory, strategy, npy, threads, verify) = (default_memory(), Strategy::Vm, false, None, true);
        Self {
            input,
            size,
            out,
            memory,
            strategy,
            npy,
            threads,
            verify,
        }
    }
}

/// What was sorted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The manifest.
    pub manifest: Uri,
    /// What it says.
    pub sorted: Manifest,
    /// Whether the peaks did not fit in memory and went through the store.
    pub through_store: bool,
    /// Bytes of the source.
    pub bytes_in: u64,
    /// Bytes of the segments.
    pub bytes_out: u64,
}

/// Sorts all peaks by m/z, then pixel, then place in the source, and writes them as segments with a manifest.
///
/// Segments do not depend on strategy, threads or memory; joined, they do not depend on how many they are.
///
/// # Errors
/// A source that is malformed; memory below [`LEAST_MEMORY`].
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    if request.memory < LEAST_MEMORY {
        let least = LEAST_MEMORY >> 20;
        return Err(Error::Invalid(format!(
            "{} bytes of memory are too few; at least {least} MiB are needed",
            request.memory
        )));
    }
    sort(store, request).await
}

async fn sort(store: Store, request: Request) -> Result<Response, Error> {
    let source = Source::open(&store, &request.input).await?;
    let threads = threads(request.threads);
    let folder = Folder::open(&store, &request.out).await?;
    let checked = {
        let (source, store) = (source.clone(), store.clone());
        let verify = request.verify;
        tokio::spawn(async move {
            match &source {
                Source::Imzml(dataset, _) if verify && dataset.verified != Some(true) => dataset.verify(&store).await,
                _ => Ok(false),
            }
        })
    };
    let segments = request.size.segments(source.peaks(), source.mz_type().peak());
    let bounds = {
        let source = source.clone();
        super::blocking(&request.out, move || source.bounds(segments, threads)).await?
    };
    let work = Work {
        source,
        bounds,
        threads,
        request,
    };
    let done = match work.request.strategy {
        Strategy::Functions => work.functions(&store).await,
        Strategy::Vm => work.vm(&store).await,
    };
    let checked = checked.await.unwrap_or_else(|_| {
        Err(Error::Panic {
            object: folder.uri.clone(),
        })
    });
    let Work { source, request, .. } = work;
    folder.clean(&store).await?;
    checked?;
    let Done {
        sorted,
        dropped,
        unsorted,
        through_store,
    } = done?;
    let bytes_in = source.object().size;
    let mut manifest = source.manifest();
    manifest.dropped = dropped;
    manifest.unsorted = unsorted;
    manifest.segments = sorted;
    manifest.peaks = manifest.segments.iter().map(|entry| entry.peaks).sum();
    let bytes_out = manifest.segments.iter().map(|entry| entry.bytes).sum();
    let uri = folder.publish(&store, &manifest, request.npy).await?;
    Ok(Response {
        manifest: uri,
        sorted: manifest,
        through_store,
        bytes_in,
        bytes_out,
    })
}

struct Work {
    source: Source,
    bounds: Bounds,
    threads: usize,
    request: Request,
}

struct Done {
    sorted: Vec<SegmentEntry>,
    dropped: Dropped,
    unsorted: u64,
    through_store: bool,
}

/// Name of a segment without its end.
fn segment_name(number: usize) -> String {
    format!("segment-{number:05}")
}

/// Folder of what goes through the store, inside the folder of the segments.
const PARTS: &str = "parts";

fn part_uri(out: &Uri, number: usize) -> Uri {
    out.join(&format!("{PARTS}/{number:05}"))
}

impl Work {
    /// Splits in memory and sorts from there, or splits part by part into the store.
    async fn vm(&self, store: &Store) -> Result<Done, Error> {
        let (source, bounds, threads) = (self.source.clone(), self.bounds.clone(), self.threads);
        let (store, handle) = (store.clone(), Handle::current());
        let (out, npy) = (self.request.out.clone(), self.request.npy);
        let readers = threads.max(source.reads_at_once());
        let layout = Layout::choose(&source, &bounds, self.request.memory, readers);
        super::blocking(&out.clone(), move || {
            let keep = |number: usize, split: super::split::Split| {
                let part = if layout.in_memory {
                    Part::Memory(split.buckets.into_iter().map(Into::into).collect())
                } else {
                    let uri = part_uri(&out, number);
                    let (object, offsets, peaks) = store_buckets(&store, &handle, &uri, split.buckets)?;
                    Part::Stored { object, offsets, peaks }
                };
                Ok((part, split.dropped, split.unsorted))
            };
            let parts = split_all(&source, &bounds, &layout.parts, (layout.threads, layout.block), keep)?;
            let dropped = parts.iter().fold(Dropped::default(), |sum, part| sum.plus(part.1));
            let unsorted = parts.iter().map(|part| part.2).sum();
            let parts: Vec<Part> = parts.into_iter().map(|part| part.0).collect();
            let (entries, finishing) = (std::sync::Mutex::new(Vec::new()), std::sync::Mutex::new(Vec::new()));
            each(threads, bounds.segments(), |segment| {
                let name = segment_name(segment);
                let uri = out.join(&name);
                let merged = merge(
                    &store,
                    &handle,
                    &parts,
                    bounds.mz,
                    bounds.buckets_of(segment),
                    &uri,
                    npy,
                )?;
                if let Some((entry, upload)) = merged {
                    lock(&entries).push((segment, entry));
                    // As many more as threads may still be on their way to the disk.
                    let oldest = {
                        let mut finishing = lock(&finishing);
                        finishing.push((uri, upload));
                        (finishing.len() > threads + 1).then(|| finishing.remove(0))
                    };
                    if let Some((uri, upload)) = oldest {
                        upload.wait(&handle, &uri)?;
                    }
                }
                Ok(())
            })?;
            for (uri, upload) in std::mem::take(&mut *lock(&finishing)) {
                upload.wait(&handle, &uri)?;
            }
            let mut entries = std::mem::take(&mut *lock(&entries));
            entries.sort_by_key(|entry| entry.0);
            let sorted = entries.into_iter().map(|entry| entry.1).collect();
            Ok(Done {
                sorted,
                dropped,
                unsorted,
                through_store: !layout.in_memory,
            })
        })
        .await
    }

    /// The same by the two tasks, as many at once as there are threads.
    async fn functions(&self, store: &Store) -> Result<Done, Error> {
        let Self {
            source,
            bounds,
            threads,
            request,
        } = self;
        let parts = Layout::of_functions(source, request.memory, *threads);
        let maps: Vec<_> = (0..)
            .zip(parts)
            .map(|(number, units)| map::Request {
                input: request.input.clone(),
                units,
                bounds: bounds.clone(),
                out: part_uri(&request.out, number),
            })
            .map(|request| map::run(store.clone(), request))
            .collect();
        let mapped: Vec<map::Response> = stream::iter(maps).buffered(*threads).try_collect().await?;
        let reduces: Vec<_> = (0..bounds.segments())
            .map(|segment| {
                let buckets = bounds.buckets_of(segment);
                reduce::Request {
                    parts: mapped.iter().map(|part| part.of(buckets.clone())).collect(),
                    mz: bounds.mz,
                    npy: request.npy,
                    out: request.out.join(&segment_name(segment)),
                }
            })
            .map(|request| reduce::run(store.clone(), request))
            .collect();
        let reduced: Vec<reduce::Response> = stream::iter(reduces).buffered(*threads).try_collect().await?;
        Ok(Done {
            sorted: reduced.into_iter().filter_map(|segment| segment.segment).collect(),
            dropped: mapped
                .iter()
                .fold(Dropped::default(), |sum, part| sum.plus(part.dropped)),
            unsorted: mapped.iter().map(|part| part.unsorted).sum(),
            through_store: true,
        })
    }
}

/// How a source is split so that memory suffices.
struct Layout {
    parts: Vec<Range<u64>>,
    in_memory: bool,
    threads: usize,
    block: usize,
}

/// Parts for each thread, so that one that is slow holds nobody up.
const PARTS_PER_THREAD: u64 = 2;
/// A part that is not smaller than this, if there is so much.
const SMALL_PART: u64 = 1 << 20;

impl Layout {
    fn choose(source: &Source, bounds: &Bounds, memory: u64, threads: usize) -> Self {
        let (peaks, width) = (source.peaks(), bounds.mz.width() as u64 + 4);
        let free = memory.saturating_sub(FIXED + source.memory());
        let count = threads as u64 * PARTS_PER_THREAD;
        let part = peaks.div_ceil(count).max(SMALL_PART);
        let buckets = bounds.buckets() as u64;
        // Half a block of each bucket stays empty.
        let blocks = |parts: u64, block: usize| parts * buckets * block as u64 / 2;
        let parts = peaks.div_ceil(part).max(1);
        let heads = source.units().saturating_mul(buckets).min(peaks) * 8;
        let needed = peaks * width + heads + blocks(parts, BLOCK);
        if needed <= free {
            return Self {
                parts: source.cut(part),
                in_memory: true,
                threads,
                block: BLOCK,
            };
        }
        let block = BLOCK / 2;
        let one = (free / threads as u64).saturating_sub(blocks(1, block)).max(1 << 20);
        Self {
            parts: source.cut(one / (width + width / 4)),
            in_memory: false,
            threads,
            block,
        }
    }

    /// Parts that a function holds at once.
    fn of_functions(source: &Source, memory: u64, threads: usize) -> Vec<Range<u64>> {
        let bytes = (memory.saturating_sub(FIXED) / threads as u64 / 2).min(512 << 20);
        source.cut((bytes / 16).max(1 << 16))
    }
}

#[cfg(test)]
mod tests {
    use plan::Uri;

    use super::*;
    use crate::npy;

    fn uri(name: &str) -> Uri {
        format!("mem://lab/{name}").parse().unwrap()
    }

    #[test]
    fn what_does_not_fit_in_memory_goes_through_the_store_and_comes_out_the_same() {
        const ROWS: u64 = 700_000;
        let noise = |row: u64| row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mz: Vec<u8> = (0..ROWS)
            .flat_map(|row| (1.0 + (noise(row) >> 44) as f64 / 8.0).to_le_bytes())
            .collect();
        let intensity: Vec<u8> = (0..ROWS).flat_map(|row| (row as f32 + 1.0).to_le_bytes()).collect();
        let pixel: Vec<u8> = (0..ROWS).flat_map(|row| (row as u32 / 9).to_le_bytes()).collect();
        let store = Store::new();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .unwrap();
        runtime.block_on(async {
            for (name, descr, bytes) in [("mz", "<f8", mz), ("i", "<f4", intensity), ("p", "<u4", pixel)] {
                let file = [npy::header(descr, ROWS), bytes].concat();
                store.put(&uri(name), file).await.unwrap();
            }
            let input = Input::Npy {
                mz: uri("mz"),
                intensity: uri("i"),
                pixel: uri("p"),
            };
            let mut all = Vec::new();
            for (out, memory) in [("roomy", default_memory()), ("tight", 0)] {
                let size = Size::Segments(NonZero::new(3).unwrap());
                let request = Request {
                    memory,
                    ..Request::new(input.clone(), size, uri(out))
                };
                let done = sort(store.clone(), request).await.unwrap();
                assert_eq!((done.through_store, done.sorted.peaks), (memory == 0, ROWS));
                let mut objects = Vec::new();
                for object in store.list(&uri(out)).await.unwrap() {
                    objects.push((object.uri.name().to_owned(), store.get(&object.uri).await.unwrap()));
                }
                assert_eq!(objects.len(), 4, "parts are removed");
                all.push(objects);
            }
            assert!(all[0] == all[1]);
        });
    }

    #[test]
    fn too_little_memory_is_refused() {
        let size = Size::Segments(NonZero::<u64>::MIN);
        let request = Request {
            memory: 1 << 20,
            ..Request::new(Input::Imzml(uri("a")), size, uri("out"))
        };
        let done = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(run(Store::new(), request));
        assert_eq!(
            done.unwrap_err().to_string(),
            "1048576 bytes of memory are too few; at least 256 MiB are needed"
        );
    }
}
