//! Reads the directories of a raster.
use std::ops::Range;

use object_io::Store;
use plan::{Object, Uri};

use crate::{
    Cog, Error, FormatError,
    ifd::{Step, Walk},
};

/// The first read: holds all directories of most COGs.
const HEAD: u64 = 32 << 10;
/// Later reads fetch at least this much, for the next directory is often near.
const LEAST: u64 = 16 << 10;

impl Cog {
    /// Reads the directories of the raster at `uri` in few ranged reads: one if they lie in the first 32 KiB, as those of
    /// most COGs do, else one or two more per directory. The tables of blocks are not read yet.
    ///
    /// # Errors
    /// [`Error::Format`] if this is no TIFF, or a broken one. What is valid but not supported here opens, and is refused
    /// when it is planned.
    pub async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let object = store.head(uri).await?;
        Self::open_object(store, object).await
    }

    /// As [`Cog::open`], of exactly this version.
    pub async fn open_object(store: &Store, object: Object) -> Result<Self, Error> {
        let head = store.read(&object, 0..object.size.min(HEAD)).await?;
        let format = |source: FormatError| Error::Format {
            object: object.uri.clone(),
            source,
        };
        let mut walk = Walk::new(object.size, &head).map_err(format)?;
        while let Step::Need(ranges) = walk.step().map_err(format)? {
            let widen = |range: Range<u64>| range.start..range.end.max(range.start + LEAST).min(object.size);
            let ranges = ranges.into_iter().map(widen).collect::<Vec<_>>();
            let ranges = object_io::coalesce(&ranges, LEAST);
            let bytes = store.read_ranges(&object, &ranges, 0).await?;
            for (range, bytes) in ranges.iter().zip(bytes) {
                walk.add(range.start, bytes);
            }
        }
        let (big, order) = (walk.is_big(), walk.order());
        let ifds = walk.into_ifds();
        let uri = object.uri.clone();
        Self::from_ifds(object, head, big, order, &ifds).map_err(|source| Error::Format { object: uri, source })
    }
}
