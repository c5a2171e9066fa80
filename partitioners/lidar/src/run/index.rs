use object_io::Store;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use super::{
    CutBy, Meter, Progress, blocking,
    open::open_version,
    survey::{KEY, Room, survey},
};
use crate::{Error, Index, Method, default_index};

/// Memory that work may take unless said otherwise: 16 million points of 30 bytes are decoded once.
pub const DEFAULT_MEMORY: u64 = 704 << 20;

/// A cloud to be indexed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IndexRequest {
    /// The cloud.
    pub object: Uri,
    /// Where the index goes; beside the cloud if not said.
    #[serde(default)]
    pub out: Option<Uri>,
    /// Cuts to lay out, so that they can be planned and read without a pass.
    #[serde(default)]
    pub cuts: Vec<(CutBy, Method)>,
    /// Bytes that may be used.
    #[serde(default = "default_memory")]
    pub memory: u64,
}

fn default_memory() -> u64 {
    DEFAULT_MEMORY
}

/// Reads the coordinates of all points once and writes the index.
///
/// # Errors
/// What is malformed; points that cannot be decoded.
pub async fn index(store: &Store, request: &IndexRequest, progress: Progress) -> Result<Index, Error> {
    let object = store.head(&request.object).await?;
    let index = index_in_memory(store, &object, request, progress).await?;
    let out = request.out.clone().unwrap_or_else(|| default_index(&request.object));
    store.put(&out, index.to_bytes()).await?;
    Ok(index)
}

pub(crate) async fn index_in_memory(
    store: &Store,
    object: &Object,
    request: &IndexRequest,
    progress: Progress,
) -> Result<Index, Error> {
    let (cloud, source) = open_version(store, object).await?;
    cloud.check_cuttable()?;
    let record = cloud.header.record_length;
    let points = cloud.header.points;
    let cuts: Vec<(Method, u64)> = request
        .cuts
        .iter()
        .map(|&(by, method)| (method, by.parts(points, record)))
        .collect();
    let room = key_room(points, request.memory);
    let meter = Meter {
        progress,
        size: object.size,
    };
    blocking(&object.uri, move || {
        let found = survey(&cloud, &source, &cuts, room, &meter, 1.0)?;
        let mut index = Index::new(&cloud, &found.boxes, found.bounds);
        index.cuts = found.cuts;
        Ok(index)
    })
    .await
}

/// Keys of all points if they fit into `memory`, else counts.
pub(crate) fn key_room(points: u64, memory: u64) -> Room {
    let fits = u32::try_from(points).is_ok() && points.saturating_mul(KEY) <= memory;
    if fits { Room::Keys } else { Room::Counts(memory / 4) }
}
