//! The task that splits one part of the peaks by m/z into the store.
use std::ops::Range;

use object_io::Store;
use plan::Uri;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;

use super::{
    Input,
    input::Source,
    reduce::PartRef,
    split::{split, store_buckets},
};
use crate::{Bounds, Dropped, Error, sort::arrays::BLOCK};

/// Which peaks to split, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The peaks.
    pub input: Input,
    /// Spectra, or rows, 0-based half-open.
    pub units: Range<u64>,
    /// Where m/z are cut.
    pub bounds: Bounds,
    /// Where the part goes.
    pub out: Uri,
}

/// The part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Where it is.
    pub part: Uri,
    /// Where each bucket begins in it, and the last ends.
    pub offsets: Vec<u64>,
    /// Peaks of each bucket.
    pub peaks: Vec<u64>,
    /// Peaks left out.
    pub dropped: Dropped,
    /// Spectra that were not in order of m/z.
    pub unsorted: u64,
}

impl Response {
    /// The part of so many buckets.
    pub(crate) fn of(&self, buckets: Range<usize>) -> PartRef {
        PartRef {
            uri: self.part.clone(),
            offsets: self.offsets[buckets.start..=buckets.end].to_vec(),
            peaks: self.peaks[buckets].to_vec(),
        }
    }
}

/// Splits the peaks of `units` and stores them bucket by bucket.
///
/// # Errors
/// Units that the source does not have; bounds that nobody chose; a source that is malformed or has changed.
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    let Request {
        input,
        units,
        bounds,
        out,
    } = request;
    let source = Source::open(&store, &input).await?;
    if units.start > units.end || units.end > source.units() {
        return Err(Error::Invalid(format!(
            "no spectra {}..{}: there are {}",
            units.start,
            units.end,
            source.units()
        )));
    }
    if !bounds.is_sound() || bounds.mz != source.mz_type() {
        return Err(Error::Invalid("the bounds were not chosen for these peaks".into()));
    }
    let handle = Handle::current();
    super::blocking(&out.clone(), move || {
        let split = split(&source, &bounds, units, BLOCK)?;
        let (_, offsets, peaks) = store_buckets(&store, &handle, &out, split.buckets)?;
        Ok(Response {
            part: out,
            offsets,
            peaks,
            dropped: split.dropped,
            unsorted: split.unsorted,
        })
    })
    .await
}
