//! The folder that a sort makes: segments, and a manifest that names them.
use object_io::Store;
use plan::{Object, Partition, Plan, Uri};
use serde::{Deserialize, Serialize};

use super::window::Segment;
use crate::{
    Dropped, Error, Grid, MzType, PAGE, Polarity,
    sort::page::{index_range, segment_bytes},
};

/// Name of the manifest in its folder.
pub(crate) const MANIFEST: &str = "segments.json";
const FORMAT: &str = "tessera-peaks-segments";
const VERSION: u32 = 1;

/// A segment as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// Name in the folder.
    pub name: String,
    /// Peaks in it, one or more.
    pub peaks: u64,
    /// Its smallest and its largest m/z.
    pub mz: (f64, f64),
    /// Bytes of the object.
    pub bytes: u64,
}

/// What a sort made. The same for every strategy, number of threads and memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    version: u32,
    /// What was sorted: the name of the `.ibd`, or of the column of m/z.
    pub source: String,
    /// How m/z are stored.
    pub mz: MzType,
    /// Peaks of a page.
    page: u32,
    /// Peaks of all segments.
    pub peaks: u64,
    /// Peaks left out.
    pub dropped: Dropped,
    /// Spectra that were not in order of m/z; they are now.
    pub unsorted: u64,
    /// The box of pixels; of columns, none.
    pub grid: Option<Grid>,
    /// Charge of the ions.
    pub polarity: Polarity,
    /// Segments in order of m/z; their intervals are disjoint.
    pub segments: Vec<SegmentEntry>,
}

impl Manifest {
    pub(crate) fn new(source: String, mz: MzType, grid: Option<Grid>, polarity: Polarity) -> Self {
        let (format, version, page) = (FORMAT.into(), VERSION, PAGE as u32);
        let (peaks, dropped, unsorted, segments) = (0, Dropped::default(), 0, Vec::new());
        Self {
            format,
            version,
            source,
            mz,
            page,
            peaks,
            dropped,
            unsorted,
            grid,
            polarity,
            segments,
        }
    }
}

/// Sorted segments, opened for reading.
#[derive(Clone, Debug)]
pub struct Sorted {
    /// The folder.
    pub folder: Uri,
    /// What is in it.
    pub manifest: Manifest,
    manifest_object: Object,
}

impl Sorted {
    /// Opens the folder that a sort wrote.
    ///
    /// # Errors
    /// No manifest, one of another format, or one that contradicts itself.
    pub async fn open(store: &Store, folder: &Uri) -> Result<Self, Error> {
        let uri = folder.join(MANIFEST);
        let object = store.head(&uri).await?;
        let bytes = store.read(&object, 0..object.size).await?;
        let broken = |what: String| Error::Segment {
            object: uri.clone(),
            what,
        };
        let manifest: Manifest = serde_json::from_slice(&bytes)
            .map_err(|error| broken(format!("not a manifest of sorted peaks: {error}")))?;
        if manifest.format != FORMAT || manifest.version != VERSION || manifest.page != PAGE as u32 {
            return Err(broken(format!(
                "is {} version {}, this reads version {VERSION}",
                manifest.format, manifest.version
            )));
        }
        for pair in manifest.segments.windows(2) {
            if pair[0].mz.1.partial_cmp(&pair[1].mz.0) != Some(std::cmp::Ordering::Less) {
                return Err(broken(format!(
                    "{} and {} are not in order of m/z",
                    pair[0].name, pair[1].name
                )));
            }
        }
        let largest = u64::MAX / 32;
        let unsound = |entry: &&SegmentEntry| {
            entry.peaks > largest || entry.bytes != segment_bytes(manifest.mz, entry.peaks) || entry.name.contains('/')
        };
        if let Some(entry) = manifest.segments.iter().find(unsound) {
            return Err(broken(format!(
                "{} has {} peaks in {} bytes",
                entry.name, entry.peaks, entry.bytes
            )));
        }
        Ok(Self {
            folder: folder.clone(),
            manifest,
            manifest_object: object,
        })
    }

    /// One partition for each segment that may hold peaks from `low` to `high`, both included: where its index lies.
    ///
    /// [`crate::fetch`] gets the peaks of a partition.
    ///
    /// # Errors
    /// A segment that is not there, or is not of its size.
    pub async fn plan(&self, store: &Store, low: f64, high: f64) -> Result<Plan<Segment>, Error> {
        let mut partitions = Vec::new();
        for (number, entry) in (0..).zip(&self.manifest.segments) {
            if entry.mz.1 < low || entry.mz.0 > high {
                continue;
            }
            let object = store.head(&self.folder.join(&entry.name)).await?;
            if object.size != entry.bytes {
                let what = format!("{} bytes, but the manifest says {}", object.size, entry.bytes);
                return Err(Error::Segment {
                    object: object.uri,
                    what,
                });
            }
            let scope = Segment {
                mz: self.manifest.mz,
                peaks: entry.peaks,
                low,
                high,
            };
            let bytes = vec![index_range(scope.mz, scope.peaks)];
            partitions.push(Partition {
                object,
                number,
                bytes,
                scope,
            });
        }
        Ok(Plan {
            object: self.manifest_object.clone(),
            partitions,
        })
    }
}
