//! The peaks of an m/z window, by reading only the pages that hold it.
use std::ops::Range;

use object_io::Store;
use plan::Partition;
use serde::{Deserialize, Serialize};

use crate::{
    Error, MzType, PAGE,
    sort::page::{Entry, index_range, parse_index},
};

/// A window of one sorted segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// How m/z are stored.
    pub mz: MzType,
    /// Peaks of the whole segment.
    pub peaks: u64,
    /// Smallest m/z wanted.
    pub low: f64,
    /// Largest m/z wanted, included.
    pub high: f64,
}

/// One peak.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peak {
    /// Mass-to-charge ratio.
    pub mz: f64,
    /// Intensity.
    pub intensity: f32,
    /// Pixel: along x, then y, then z of the grid.
    pub pixel: u32,
}

/// Fetches the peaks of a partition that [`super::Sorted::plan`] made, in order.
///
/// # Errors
/// An index or a page that is not what the segment says: cut short, or its CRC-32 is another.
pub async fn fetch(store: &Store, partition: &Partition<Segment>) -> Result<Vec<Peak>, Error> {
    let Partition { object, scope, .. } = partition;
    let broken = |what: String| Error::Segment {
        object: object.uri.clone(),
        what,
    };
    let range = index_range(scope.mz, scope.peaks);
    if range.end != object.size {
        return Err(broken(format!(
            "{} bytes cannot be a segment of {} peaks",
            object.size, scope.peaks
        )));
    }
    let index = store.read(object, range).await?;
    let index = parse_index(scope.mz, scope.peaks, &index).ok_or_else(|| broken("its index is broken".into()))?;
    let pages = pages(&index, scope);
    let width = scope.mz.peak() as u64;
    let start = (pages.start * PAGE) as u64;
    let end = scope.peaks.min((pages.end * PAGE) as u64).max(start);
    let bytes = store.read(object, start * width..end * width).await?;
    let mut peaks = Vec::new();
    for (number, page) in pages.zip(bytes.chunks(PAGE * width as usize)) {
        if crc32fast::hash(page) != index[number].crc {
            return Err(broken(format!(
                "page {number} at byte {} is damaged",
                (number * PAGE) as u64 * width
            )));
        }
        decode(scope, page, &mut peaks);
    }
    Ok(peaks)
}

/// Pages that may hold the window.
fn pages(index: &[Entry], scope: &Segment) -> Range<usize> {
    let start = index.partition_point(|entry| entry.first < scope.low).saturating_sub(1);
    let end = index.partition_point(|entry| entry.first <= scope.high);
    start..end.max(start)
}

fn decode(scope: &Segment, page: &[u8], peaks: &mut Vec<Peak>) {
    let count = page.len() / scope.mz.peak();
    let (mz, rest) = page.split_at(count * scope.mz.width());
    let (intensity, pixel) = rest.split_at(count * 4);
    let mz: Vec<f64> = match scope.mz {
        MzType::F32 => mz
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes).into())
            .collect(),
        MzType::F64 => mz
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect(),
    };
    let from = mz.partition_point(|&mz| mz < scope.low);
    let to = mz.partition_point(|&mz| mz <= scope.high).max(from);
    let intensity = intensity.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let pixel = pixel.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
    let all = mz
        .iter()
        .zip(intensity)
        .zip(pixel)
        .map(|((&mz, intensity), pixel)| Peak { mz, intensity, pixel });
    peaks.extend(all.take(to).skip(from));
}
