//! The task that shows how peaks would be cut.
use object_io::Store;
use plan::{Partition, Plan, Uri};
use serde::{Deserialize, Serialize};

use super::{Input, input::Source, sort::Size, threads};
use crate::Error;

/// What to cut, and into how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The imzML.
    pub imzml: Uri,
    /// How many segments.
    pub size: Size,
}

/// A segment before it is sorted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its first m/z; nothing at the start of the axis.
    pub from: Option<f64>,
    /// The first m/z behind it; nothing at the end of the axis.
    pub to: Option<f64>,
    /// Peaks in it, by a sample.
    pub peaks: u64,
    /// Bytes of it when it is sorted, by a sample.
    pub bytes: u64,
}

/// Chooses the segments that [`super::sort`] makes, from a sample of the spectra.
///
/// A partition names all bytes of the `.ibd` with arrays: peaks of an m/z interval may be in any of them until sorted.
pub async fn run(store: &Store, request: Request) -> Result<Plan<Interval>, Error> {
    let source = Source::open(store, &Input::Imzml(request.imzml.clone())).await?;
    let (peaks, width) = (source.peaks(), source.mz_type().peak());
    let segments = request.size.segments(peaks, width);
    let Source::Imzml(dataset, _) = &source else {
        return Err(Error::Invalid(format!("{}: not an imzML", request.imzml)));
    };
    let arrays = dataset
        .spectra
        .iter()
        .flat_map(|spectrum| [spectrum.mz.bytes(), spectrum.intensity.bytes()]);
    let extent = arrays
        .filter(|bytes| !bytes.is_empty())
        .reduce(|all, bytes| all.start.min(bytes.start)..all.end.max(bytes.end));
    let object = dataset.ibd.clone();
    let chosen = source.clone();
    let bounds = super::blocking(&request.imzml, move || chosen.bounds(segments, threads(None))).await?;
    let buckets = bounds.buckets() as u64;
    let partition = |segment: usize| {
        let (from, to) = bounds.interval(segment);
        let share = bounds.buckets_of(segment).len() as u64;
        let peaks = (u128::from(peaks) * u128::from(share) / u128::from(buckets)) as u64;
        let scope = Interval {
            from,
            to,
            peaks,
            bytes: peaks * width as u64,
        };
        let bytes = extent.clone().into_iter().collect();
        Partition {
            object: object.clone(),
            number: segment as u64,
            bytes,
            scope,
        }
    };
    let partitions = (0..bounds.segments()).map(partition).collect();
    Ok(Plan {
        object: object.clone(),
        partitions,
    })
}
