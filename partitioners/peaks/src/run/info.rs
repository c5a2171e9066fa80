//! The task that says what a dataset is: one pass over all its peaks.
use std::sync::Mutex;

use object_io::Store;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use super::{
    Dataset,
    input::{Source, lock},
    reader::Reader,
    split::each,
    threads,
};
use crate::{Description, Dropped, Error, Grid, MzType, picture, sort::run::Room};

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The imzML.
    pub imzml: Uri,
    /// Where the picture of the total ion current goes, if it is wanted.
    #[serde(default)]
    pub image: Option<Uri>,
    /// Compare the checksum that the imzML states with the `.ibd`.
    pub verify: bool,
}

/// What a dataset is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The imzML.
    pub imzml: Object,
    /// The `.ibd`.
    pub ibd: Object,
    /// What the imzML says.
    pub description: Description,
    /// The box of pixels.
    pub grid: Grid,
    /// Spectra.
    pub spectra: u64,
    /// Different pixels that have a spectrum.
    pub pixels: u64,
    /// Spectra without peaks.
    pub empty: u64,
    /// Spectra that are not in order of m/z.
    pub unsorted: u64,
    /// How m/z are kept.
    pub mz_type: MzType,
    /// Peaks, as stored.
    pub peaks: u64,
    /// Those without a positive intensity and m/z.
    pub dropped: Dropped,
    /// Smallest and largest m/z of the others.
    pub mz: Option<(f64, f64)>,
    /// Others per spectrum: least, quarter, half, three quarters, most.
    pub peaks_per_spectrum: [u64; 5],
    /// Sum of all intensities.
    pub total_ion_current: f64,
    /// Whether a checksum was stated and is right.
    pub verified: bool,
    /// The picture, if one was made.
    pub image: Option<Uri>,
}

/// What one spectrum is.
#[derive(Clone, Copy, Default)]
struct Told {
    peaks: u64,
    current: f64,
    first: f64,
    last: f64,
}

/// Reads all peaks once.
///
/// # Errors
/// As [`Dataset::open`]; arrays that are broken; a checksum that is not right; a picture too large.
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let dataset = Dataset::open(store, &request.imzml).await?;
    let verified = match dataset.verified {
        Some(true) => true,
        _ if request.verify => dataset.verify(store).await?,
        _ => false,
    };
    let source = Source::of(store, dataset.clone()).await?;
    let told = super::blocking(&request.imzml, move || look(&source)).await?;
    let Looked {
        spectra: told,
        dropped,
        unsorted,
    } = told;
    if let Some(out) = &request.image {
        let currents = dataset
            .spectra
            .iter()
            .zip(&told)
            .map(|(spectrum, told)| (dataset.grid.pixel(spectrum), told.current));
        let image = picture::total_ion_current(&dataset.grid, currents);
        let image = image.map_err(|[width, height]| Error::Picture {
            object: request.imzml.clone(),
            width,
            height,
        })?;
        store.put(out, image).await?;
    }
    let mut pixels: Vec<u32> = dataset
        .spectra
        .iter()
        .map(|spectrum| dataset.grid.pixel(spectrum))
        .collect();
    pixels.sort_unstable();
    pixels.dedup();
    let mut counts: Vec<u64> = told.iter().map(|told| told.peaks).collect();
    counts.sort_unstable();
    let quantile = |quarter: usize| {
        counts
            .get((counts.len().saturating_sub(1) * quarter + 2) / 4)
            .copied()
            .unwrap_or(0)
    };
    let full = || told.iter().filter(|told| told.peaks > 0);
    let low = full().map(|told| told.first).reduce(f64::min);
    let high = full().map(|told| told.last).reduce(f64::max);
    Ok(Response {
        grid: dataset.grid,
        spectra: dataset.spectra.len() as u64,
        pixels: pixels.len() as u64,
        empty: (told.len() - full().count()) as u64,
        unsorted,
        mz_type: dataset.mz_type(),
        peaks: dataset.peaks(),
        dropped,
        mz: low.zip(high),
        peaks_per_spectrum: [0, 1, 2, 3, 4].map(quantile),
        total_ion_current: told.iter().map(|told| told.current).sum(),
        verified,
        image: request.image,
        imzml: dataset.imzml,
        ibd: dataset.ibd,
        description: dataset.description,
    })
}

struct Looked {
    spectra: Vec<Told>,
    dropped: Dropped,
    unsorted: u64,
}

fn look(source: &Source) -> Result<Looked, Error> {
    let Source::Imzml(dataset, ibd) = source else {
        return Err(Error::Invalid(format!("{}: not an imzML", source.object().uri)));
    };
    let chunks = source.cut(1 << 16);
    let looked = Mutex::new(Looked {
        spectra: vec![Told::default(); dataset.spectra.len()],
        dropped: Dropped::default(),
        unsorted: 0,
    });
    let to = dataset.mz_type();
    each(threads(None).max(ibd.reads_at_once()), chunks.len(), |number| {
        let chunk = chunks[number].clone();
        let (mut room, mut told) = (Room::default(), Vec::new());
        Reader::new(dataset.clone(), ibd.clone()).read(chunk.clone(), |_, _, mz, intensity| {
            let run = room.run(to, mz, intensity);
            let intensities = run.intensity.as_chunks().0;
            let mz = |bytes: &[u8]| {
                let mut wide = [0; 8];
                wide[..bytes.len()].copy_from_slice(bytes);
                to.mz(u64::from_le_bytes(wide))
            };
            let mut all = run.mz.chunks_exact(to.width());
            let first = all.next().map_or(0.0, mz);
            told.push(Told {
                peaks: intensities.len() as u64,
                current: intensities
                    .iter()
                    .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
                    .sum(),
                first,
                last: all.next_back().map_or(first, mz),
            });
            Ok(())
        })?;
        let mut looked = lock(&looked);
        looked.spectra[chunk.start as usize..chunk.end as usize].copy_from_slice(&told);
        looked.dropped = looked.dropped.plus(room.dropped);
        looked.unsorted += room.unsorted;
        Ok(())
    })?;
    Ok(looked.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}
