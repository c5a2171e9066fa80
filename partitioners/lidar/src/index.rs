//! What one pass over a cloud learns: where its chunks lie on the ground, and the cuts that were asked for.
use plan::{IndexHeader, Object, Uri};
use serde::{Deserialize, Serialize};

use crate::{Chunk, Cloud, Error, Method, Tiling, tiling::RawBox};

/// Name and version of the format.
const FORMAT: &str = "tessera-lidar";
const VERSION: u32 = 1;

/// The index of a cloud: JSON beside it, from which any worker reads any tile by ranges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    /// The cloud that was read.
    pub header: IndexHeader,
    /// Points.
    pub points: u64,
    /// Bytes of a point record.
    pub record_length: u16,
    /// Size of a raw unit of X, Y and Z.
    pub scale: [f64; 3],
    /// Coordinate of raw 0.
    pub offset: [f64; 3],
    /// Box of all points.
    pub bounds: RawBox,
    /// Its chunks, in order.
    pub chunks: Vec<IndexedChunk>,
    /// Cuts that were laid out.
    pub cuts: Vec<Tiling>,
}

/// A chunk and the box of its points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexedChunk {
    /// Where it is.
    #[serde(flatten)]
    pub chunk: Chunk,
    /// Box of its points, raw X and Y.
    pub bounds: RawBox,
}

/// Where the index of a cloud is unless said otherwise: its URI with `.tessera` appended.
pub fn default_index(cloud: &Uri) -> Uri {
    cloud.with_suffix(".tessera")
}

/// Whether bytes start as an index of ours does.
pub fn is_index(start: &[u8]) -> bool {
    let start = start.trim_ascii_start();
    start.starts_with(br#"{"header":{"format":"tessera-lidar""#)
}

impl Index {
    pub(crate) fn new(cloud: &Cloud, boxes: &[RawBox], bounds: RawBox) -> Self {
        let chunks = cloud.chunks.iter().zip(boxes);
        Self {
            header: IndexHeader {
                format: FORMAT.into(),
                version: VERSION,
                source: cloud.object.clone(),
            },
            points: cloud.header.points,
            record_length: cloud.header.record_length,
            scale: cloud.header.scale,
            offset: cloud.header.offset,
            bounds,
            chunks: chunks
                .map(|(chunk, &bounds)| IndexedChunk {
                    chunk: chunk.clone(),
                    bounds,
                })
                .collect(),
            cuts: Vec::new(),
        }
    }

    /// The cut into `parts` by `method`, if it was laid out.
    pub fn cut(&self, method: Method, parts: u64) -> Option<&Tiling> {
        self.cuts.iter().find(|cut| cut.method == method && cut.parts == parts)
    }

    /// The bytes of the index.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and text are JSON")
    }

    /// Reads an index of `now`.
    ///
    /// # Errors
    /// One that is no index of ours, of another version of the cloud, or whose cuts lead nowhere.
    pub(crate) fn parse(uri: &Uri, bytes: &[u8], now: &Object) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Index {
            object: uri.clone(),
            reason,
        };
        if !is_index(bytes) {
            return Err(refuse("it does not start as one".into()));
        }
        let index: Self = serde_json::from_slice(bytes).map_err(|error| refuse(error.to_string()))?;
        if index.header.version != VERSION {
            return Err(refuse(format!(
                "version {}, this program reads {VERSION}",
                index.header.version
            )));
        }
        index.header.check(now).map_err(Error::Stale)?;
        let mut next = 0;
        for indexed in &index.chunks {
            let chunk = &indexed.chunk;
            if chunk.first != next
                || chunk.points == 0
                || chunk.bytes.start > chunk.bytes.end
                || chunk.bytes.end > now.size
            {
                return Err(refuse(format!("a chunk at point {next} that cannot be")));
            }
            next = chunk.first.saturating_add(chunk.points);
        }
        if next != index.points {
            return Err(refuse(format!("chunks for {next} of {} points", index.points)));
        }
        for cut in &index.cuts {
            let own = cut
                .tiles
                .iter()
                .try_fold(0u64, |sum, tile| sum.checked_add(tile.points));
            if own != Some(index.points) || !cut.router.is_sound(cut.tiles.len().max(1)) {
                return Err(refuse(format!("its cut into {} does not hold the points", cut.parts)));
            }
        }
        Ok(index)
    }
}
