//! The task that merges one segment from all parts.
use std::{ops::Range, sync::Mutex};

use futures::stream::{self, StreamExt, TryStreamExt};
use object_io::Store;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::{
    input::lock,
    output::{Finishing, PIECE, Upload},
    segments::SegmentEntry,
};
use crate::{
    Error, MzType,
    sort::{
        bucket::{Bucket, Columns},
        order::Order,
        page::{Pages, segment_bytes},
    },
};

/// The buckets of one segment in one part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRef {
    /// The part that [`super::map`] wrote.
    pub uri: Uri,
    /// Where each bucket of the segment begins in it, and the last ends.
    pub offsets: Vec<u64>,
    /// Peaks of each bucket.
    pub peaks: Vec<u64>,
}

/// Which segment to merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What every part has of it, in order of the parts.
    pub parts: Vec<PartRef>,
    /// How m/z are stored.
    pub mz: MzType,
    /// Also write three `.npy` columns.
    #[serde(default)]
    pub npy: bool,
    /// Where it goes: `<out>.peaks`.
    pub out: Uri,
}

/// The segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// As the manifest lists it; nothing if no part has a peak of it.
    pub segment: Option<SegmentEntry>,
}

/// Merges one segment: fetches it bucket by bucket, sorts each, and writes pages.
///
/// # Errors
/// Parts that are not what the request says.
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    let Request { parts, mz, npy, out } = request;
    let buckets = parts.first().map_or(0, |part| part.peaks.len());
    let mut opened = Vec::with_capacity(parts.len());
    for PartRef { uri, offsets, peaks } in parts {
        let object = store.head(&uri).await?;
        let sound = offsets.len() == buckets + 1 && peaks.len() == buckets && offsets.is_sorted();
        if !sound || offsets.last().is_some_and(|&end| end > object.size) {
            return Err(Error::Segment {
                object: uri,
                what: "the request names other buckets than the part has".into(),
            });
        }
        opened.push(Part::Stored { object, offsets, peaks });
    }
    let handle = Handle::current();
    super::blocking(&out.clone(), move || {
        let merged = merge(&store, &handle, &opened, mz, 0..buckets, &out, npy)?;
        let Some((segment, upload)) = merged else {
            return Ok(Response { segment: None });
        };
        upload.wait(&handle, &out)?;
        Ok(Response { segment: Some(segment) })
    })
    .await
}

/// The buckets of one run of units.
pub(crate) enum Part {
    /// In memory; each is taken once.
    Memory(Vec<Mutex<Bucket>>),
    /// In the store, one behind the other.
    Stored {
        object: Object,
        offsets: Vec<u64>,
        peaks: Vec<u64>,
    },
}

impl Part {
    fn peaks(&self, bucket: usize) -> u64 {
        match self {
            Self::Memory(buckets) => lock(&buckets[bucket]).peaks,
            Self::Stored { peaks, .. } => peaks[bucket],
        }
    }
}

/// Parts fetched at once.
const FETCHES: usize = 8;

/// Appends one bucket of all parts to `columns`, in order of the parts.
fn gather(
    store: &Store,
    handle: &Handle,
    parts: &[Part],
    mz: MzType,
    bucket: usize,
    columns: &mut Columns,
) -> Result<(), Error> {
    let stored: Vec<_> = parts
        .iter()
        .filter_map(|part| match part {
            Part::Stored { object, offsets, .. } => Some((object, offsets[bucket]..offsets[bucket + 1])),
            Part::Memory(_) => None,
        })
        .collect();
    if !stored.is_empty() {
        let reads: Vec<_> = stored
            .iter()
            .map(|(object, range)| store.read(object, range.clone()))
            .collect();
        let blocks: Vec<_> = handle.block_on(stream::iter(reads).buffered(FETCHES).try_collect())?;
        for ((object, range), block) in stored.iter().zip(blocks) {
            columns.add(mz, &block).map_err(|_| Error::Segment {
                object: object.uri.clone(),
                what: format!("bytes {}..{} are no bucket", range.start, range.end),
            })?;
        }
    }
    for part in parts {
        if let Part::Memory(buckets) = part {
            for block in std::mem::take(&mut *lock(&buckets[bucket])).blocks {
                columns.add(mz, &block).expect("blocks as they were written");
            }
        }
    }
    Ok(())
}

/// Sorts the buckets of one segment and sends it on its way to `<out>.peaks`.
pub(crate) fn merge(
    store: &Store,
    handle: &Handle,
    parts: &[Part],
    mz: MzType,
    buckets: Range<usize>,
    out: &Uri,
    npy: bool,
) -> Result<Option<(SegmentEntry, Finishing)>, Error> {
    let all = parts
        .iter()
        .flat_map(|part| buckets.clone().map(|bucket| part.peaks(bucket)));
    let peaks = all.fold(0, u64::saturating_add);
    if peaks == 0 {
        return Ok(None);
    }
    let upload = Upload::start(store, handle, out, mz, peaks, npy);
    let mut pages = Pages::new(mz, peaks);
    let (mut columns, mut order) = (Columns::default(), Order::default());
    let mut found = 0;
    for bucket in buckets {
        columns.clear();
        gather(store, handle, parts, mz, bucket, &mut columns)?;
        found += columns.keys.len() as u64;
        if found > peaks {
            break;
        }
        if u32::try_from(columns.keys.len()).is_err() {
            let what = "more than 2^32 peaks of nearly one m/z cannot be sorted at once".into();
            return Err(Error::Segment {
                object: out.clone(),
                what,
            });
        }
        pages.push(&columns, order.of(&columns));
        if let Some(bytes) = pages.take(PIECE) {
            upload.pages(bytes);
        }
    }
    if found != peaks {
        let what = format!("its parts hold {found} peaks or more, the plan says {peaks}");
        return Err(Error::Segment {
            object: out.clone(),
            what,
        });
    }
    if let Some(bytes) = pages.take(1) {
        upload.pages(bytes);
    }
    let (Some(span), uri) = (pages.span(), out.with_suffix(".peaks")) else {
        return Ok(None);
    };
    let entry = SegmentEntry {
        name: uri.name().to_owned(),
        peaks,
        mz: span,
        bytes: segment_bytes(mz, peaks),
    };
    Ok(Some((entry, upload.end(pages.index(peaks)))))
}
