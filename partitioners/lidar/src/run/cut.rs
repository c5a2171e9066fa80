use std::{ops::Range, sync::Arc};

use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use object_io::{ReadAt, Store};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};
use tokio::{runtime::Handle, sync::Semaphore};

use super::{
    Layout, Meter, Progress, blocking,
    deal::{batch, deal},
    index::key_room,
    layout::plan_from,
    open::open_version,
    read::{about, output_codec},
    survey::{KEY, Room, survey},
    write::{remove, write_all},
};
use crate::{
    Cloud, Error, Index, OutFormat, RawBuffer, Tiling,
    buffer::{TileIndex, buffered, raw_buffer},
    codec::{CHUNK, Wanted},
    default_index,
    pass::{Block, Load, Loader},
    tile::{stem, tile_name},
};

/// Clouds to be cut into files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutRequest {
    /// The clouds; each becomes tiles of its own.
    pub objects: Vec<Uri>,
    /// How to cut each.
    pub layout: Layout,
    /// The folder that tiles go to: `NAME-0003.laz`.
    pub out: Uri,
    /// What they are written as.
    #[serde(default)]
    pub format: OutFormat,
    /// Bytes that may be used for points at a time, for all clouds together. With more, each cloud is decoded once instead
    /// of twice; with less, in several rounds. The tiles are the same.
    pub memory: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CutReport {
    /// The clouds, in order.
    pub clouds: Vec<CloudTiles>,
}

/// The tiles of one cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CloudTiles {
    /// The cloud.
    pub object: Object,
    /// Its points.
    pub points: u64,
    /// Its tiles, in order.
    pub tiles: Vec<TileFile>,
}

/// A tile that was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TileFile {
    /// 0-based number.
    pub number: u64,
    /// Own points.
    pub own_points: u64,
    /// Points of its buffer.
    pub buffer_points: u64,
    /// Box of its own points in units of the coordinate system: least and most x, least and most y.
    pub bounds: [[f64; 2]; 2],
    /// The file.
    pub file: Object,
}

/// Memory is given out in units of this.
const UNIT: u64 = 1 << 20;

/// Cuts clouds into tiles, several clouds at a time as cores and memory allow.
///
/// # Errors
/// The first failure; tiles of the cloud that failed are removed, those of clouds that were finished stay.
pub async fn cut(store: &Store, request: &CutRequest, progress: Progress) -> Result<CutReport, Error> {
    let mut named: Vec<(&str, &Uri)> = request.objects.iter().map(|object| (stem(object), object)).collect();
    named.sort_unstable();
    if let Some(pair) = named.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let (first, second) = (pair[0].1.clone(), pair[1].1.clone());
        return Err(Error::SameNames { first, second });
    }
    let units = (request.memory / UNIT).clamp(1, u64::from(u32::MAX)) as u32;
    let memory = Arc::new(Semaphore::new(units as usize));
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let mut clouds = Vec::new();
    for object in &request.objects {
        // Boxed: a stream over closures of borrowed objects is not `Send` for every lifetime, as a task must be.
        clouds.push(cut_one(store, object, request, &memory, units, progress.clone()).boxed());
    }
    let clouds = stream::iter(clouds).buffered(cores).try_collect().await?;
    Ok(CutReport { clouds })
}

async fn cut_one(
    store: &Store,
    object: &Uri,
    request: &CutRequest,
    memory: &Arc<Semaphore>,
    units: u32,
    progress: Progress,
) -> Result<CloudTiles, Error> {
    let now = store.head(object).await?;
    let at = default_index(object);
    let known = match store.find(&at).await? {
        None => None,
        Some(found) => Some(Index::parse(&at, &store.read(&found, 0..found.size).await?, &now)?),
    };
    let (cloud, source) = open_version(store, &now).await?;
    cloud.check_cuttable()?;
    let wanted = (everything(&cloud) / UNIT + 1).min(u64::from(units)) as u32;
    let held = memory.clone().acquire_many_owned(wanted).await;
    let meter = Meter {
        progress,
        size: now.size,
    };
    let job = Job {
        store: store.clone(),
        request: request.clone(),
        cloud,
        source,
        meter,
        memory: u64::from(wanted) * UNIT,
        handle: Handle::current(),
    };
    let done = blocking(object, move || job.run(known)).await;
    drop(held);
    done
}

/// Bytes that are in use while points are decoded and compressed, whatever their number.
fn working(record: u64) -> u64 {
    // Decoded, dealt, being compressed, compressed; and the models of the codec.
    let batch = batch();
    let blocks = batch.loads as u64 * CHUNK * record;
    3 * blocks + (32 << 20)
}

/// Bytes that a cut needs when each point is decoded once: records and keys at first, records and tiles later.
fn everything(cloud: &Cloud) -> u64 {
    let record = u64::from(cloud.header.record_length);
    let points = cloud.header.points;
    let stored: u64 = cloud
        .chunks
        .iter()
        .map(|chunk| chunk.bytes.end - chunk.bytes.start)
        .sum();
    // Few points never fill a batch.
    let small = points.saturating_mul(6 * record).saturating_add(1 << 20);
    let later = stored.saturating_add(working(record).min(small));
    points
        .saturating_mul(record)
        .saturating_add(later.max(points.saturating_mul(KEY)))
}

struct Job {
    store: Store,
    request: CutRequest,
    cloud: Cloud,
    source: Arc<dyn ReadAt>,
    meter: Meter,
    memory: u64,
    handle: Handle,
}

impl Job {
    fn run(self, known: Option<Index>) -> Result<CloudTiles, Error> {
        let cloud = &self.cloud;
        let layout = &self.request.layout;
        let buffer = raw_buffer(layout.buffer, cloud.header.scale)?;
        let parts = layout.by.parts(cloud.header.points, cloud.header.record_length);
        let known = known.filter(|index| index.cut(layout.method, parts).is_some());
        let (index, kept) = if let Some(index) = known {
            (index, Vec::new())
        } else {
            let record = u64::from(cloud.header.record_length);
            let fits = u32::try_from(cloud.header.points).is_ok() && everything(cloud) <= self.memory;
            // While coordinates are read, nothing is dealt or compressed yet.
            let rest = self.memory.saturating_sub(working(record) / 3);
            let room = if fits {
                Room::Everything
            } else {
                key_room(cloud.header.points, rest)
            };
            let cuts = [(layout.method, parts)];
            let found = survey(cloud, &self.source, &cuts, room, &self.meter, 0.3)?;
            let mut index = Index::new(cloud, &found.boxes, found.bounds);
            index.cuts = found.cuts;
            (index, found.kept)
        };
        let Some(tiling) = index.cut(layout.method, parts) else {
            unreachable!("the cut was just laid out, or found");
        };
        let mut written = Vec::new();
        let groups = if kept.is_empty() {
            self.groups(tiling, buffer)
        } else {
            std::iter::once(0..tiling.tiles.len() as u32).collect()
        };
        let share = 0.7 / groups.len().max(1) as f64;
        let mut kept = Some(kept).filter(|kept| !kept.is_empty());
        for group in groups {
            let tiles = self.group(&index, tiling, buffer, group, kept.take(), share);
            match tiles {
                Ok(tiles) => written.extend(tiles),
                Err(error) => {
                    let names: Vec<Uri> = written.iter().map(|tile: &TileFile| tile.file.uri.clone()).collect();
                    self.handle.block_on(remove(&self.store, &names));
                    return Err(error);
                }
            }
        }
        Ok(CloudTiles {
            object: cloud.object.clone(),
            points: cloud.header.points,
            tiles: written,
        })
    }

    /// Tiles whose compressed chunks are in memory together.
    fn groups(&self, tiling: &Tiling, buffer: RawBuffer) -> Vec<Range<u32>> {
        let header = &self.cloud.header;
        let record = u64::from(header.record_length);
        let room = self.memory.saturating_sub(working(record)) as f64;
        let stored: u64 = self
            .cloud
            .chunks
            .iter()
            .map(|chunk| chunk.bytes.end - chunk.bytes.start)
            .sum();
        let per_point = match (self.request.format, header.compressed) {
            (OutFormat::Las, _) => record as f64,
            // About as large as in the source.
            (OutFormat::Laz, true) => stored as f64 / header.points.max(1) as f64 * 1.05,
            (OutFormat::Laz, false) => record as f64 / 2.0,
        };
        let mut groups: Vec<Range<u32>> = Vec::new();
        let mut taken = f64::INFINITY;
        for (number, tile) in (0u32..).zip(&tiling.tiles) {
            let area = |ends: [i64; 2]| (ends[1] - ends[0]).max(1) as f64;
            let wide: f64 = buffered(&tile.bounds, buffer).map(area).iter().product();
            let own: f64 = buffered(&tile.bounds, [0; 2]).map(area).iter().product();
            // Around a tile it is about as dense as inside.
            let points = (tile.points as f64 * wide / own).min(header.points as f64);
            let need = points * per_point + points.min(CHUNK as f64) * record as f64;
            match groups.last_mut() {
                Some(group) if taken + need <= room => {
                    group.end = number + 1;
                    taken += need;
                }
                _ => {
                    groups.push(number..number + 1);
                    taken = need;
                }
            }
        }
        groups
    }

    /// Makes and writes the tiles `group`.
    fn group(
        &self,
        index: &Index,
        tiling: &Tiling,
        buffer: RawBuffer,
        group: Range<u32>,
        kept: Option<Vec<Block>>,
        share: f64,
    ) -> Result<Vec<TileFile>, Error> {
        let cloud = &self.cloud;
        let tile_index = TileIndex::new(&tiling.tiles, group.clone(), buffer);
        let owner = |xy, number| tiling.router.tile(xy, number);
        let codec = output_codec(cloud, self.request.format)?;
        let codec = codec.as_ref();
        let progress = self.meter.pass(share);
        let builders = if let Some(blocks) = kept {
            let mut blocks = blocks.into_iter();
            let loads = || Ok(blocks.by_ref().take(batch().loads).map(Load::Block).collect());
            deal(cloud, loads, &tile_index, owner, group.clone(), codec, &progress)?
        } else {
            let needed = (0..cloud.chunks.len()).filter(|&chunk| tile_index.meets(&index.chunks[chunk].bounds));
            let mut loader = Loader::new(cloud, &self.source, Wanted::Everything, needed);
            deal(
                cloud,
                || loader.next(batch()),
                &tile_index,
                owner,
                group.clone(),
                codec,
                &progress,
            )?
        };
        progress(u64::MAX);
        let plan = plan_from(index, tiling, self.request.layout.buffer)?;
        let (mut files, mut tiles) = (Vec::new(), Vec::new());
        for (number, builder) in group.zip(builders) {
            let partition = &plan.partitions[number as usize];
            let name = tile_name(&cloud.object.uri, partition.number, self.request.format);
            let uri = self.request.out.join(&name);
            tiles.push((partition, builder.own, builder.stats.points - builder.own));
            let about = about(cloud, &partition.scope, partition.number);
            files.push((uri.clone(), builder.into_file(cloud, codec, &uri, about)?));
        }
        let written = self.handle.block_on(write_all(&self.store, files))?;
        let tile = |((partition, own_points, buffer_points), file): (
            (&plan::Partition<super::TileScope>, u64, u64),
            Object,
        )| TileFile {
            number: partition.number,
            own_points,
            buffer_points,
            bounds: partition.scope.bounds,
            file,
        };
        Ok(tiles.into_iter().zip(written).map(tile).collect())
    }
}
