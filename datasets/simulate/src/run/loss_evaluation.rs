//! The task that compares an NDVI difference with the truth.
use std::num::NonZero;

use object_io::Store;
use partition_cog::{Cog, Cut, Pixels, SampleType, Window, WindowScope, WindowSize};
use plan::{Partition, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    geospatial::{
        imagery::code,
        loss::{LossEvaluation, Tally},
    },
};

/// What to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// NDVI of the second date less that of the first: floating-point numbers, or whole ones in steps of 1/10000.
    pub difference: Uri,
    /// The true losses, `TILE_loss.tif` of a simulation.
    pub loss: Uri,
    /// The noise-free change, `TILE_change.tif`; without it no errors are measured.
    pub change: Option<Uri>,
    /// A pixel is called lost where NDVI changes by less than this.
    pub threshold: f64,
}

/// Halfway between the greatest natural fall and the smallest loss.
pub const THRESHOLD: f64 = -0.28;

/// What the truth says of a pixel.
const CODES: [f64; 5] = [0.0, 1.0, 2.0, code::CLOUD as f64, code::OUTSIDE as f64];

/// Stored bytes of the difference that are compared at once, about.
const BYTES: NonZero<u64> = NonZero::new(4 << 20).unwrap();

/// Compares pixel by pixel; memory is some rows of blocks of each raster.
///
/// # Errors
/// [`Error::OtherRaster`] when the rasters do not have the same size, [`Error::Raster`] when one cannot be read.
pub async fn run(store: &Store, request: Request) -> Result<LossEvaluation, Error> {
    let difference = open(store, &request.difference).await?;
    let cut = difference.plan(store, &Cut::of(WindowSize::Bytes(BYTES))).await?;
    let windows: Vec<Window> = cut.partitions.iter().map(|part| part.scope.window.clone()).collect();
    let mut truths = Vec::new();
    for uri in std::iter::once(&request.loss).chain(&request.change) {
        let truth = open(store, uri).await?;
        let [own, other] = [&truth, &difference].map(|cog| (cog.layout().height, cog.layout().width));
        if own != other {
            let reason = format!(
                "has {} x {} pixels, {} has {} x {}",
                own.1, own.0, request.difference, other.1, other.0
            );
            return Err(other_raster(uri, reason));
        }
        truths.push(truth.plan_windows(store, 0, &windows).await?.partitions);
    }
    let mut tally = Tally::new(request.threshold);
    for (number, part) in cut.partitions.iter().enumerate() {
        let found = read(store, part).await?;
        let codes = read(store, &truths[0][number]).await?.samples;
        let changes = match truths.get(1) {
            None => None,
            Some(change) => Some(read(store, &change[number]).await?.samples),
        };
        if let Some(code) = codes.iter().find(|&&code| !CODES.contains(&code)) {
            let reason = format!("holds {code}, which is no code of a loss");
            return Err(other_raster(&request.loss, reason));
        }
        for (at, (&code, &value)) in codes.iter().zip(&found.samples).enumerate() {
            let known = !value.is_nan() && found.nodata != Some(value);
            let change = changes.as_ref().map(|changes| changes[at] as i16);
            tally.add(code as u8, change, known.then_some((value * found.scale) as f32));
        }
    }
    Ok(tally.finish())
}

/// The pixels of a window.
struct Band {
    samples: Vec<f64>,
    nodata: Option<f64>,
    /// What a step is.
    scale: f64,
}

async fn open(store: &Store, uri: &Uri) -> Result<Cog, Error> {
    let cog = Cog::open(store, uri).await?;
    if cog.layout().bands != 1 {
        return Err(other_raster(uri, "has several bands; one is compared".into()));
    }
    Ok(cog)
}

async fn read(store: &Store, part: &Partition<WindowScope>) -> Result<Band, Error> {
    let Pixels { samples, .. } = partition_cog::read(store, part).await?;
    let is_float = matches!(samples.sample_type(), SampleType::F32 | SampleType::F64);
    Ok(Band {
        samples: samples.to_f64(),
        nodata: part.scope.nodata,
        scale: if is_float { 1.0 } else { 1e-4 },
    })
}

fn other_raster(uri: &Uri, reason: String) -> Error {
    Error::OtherRaster {
        object: uri.clone(),
        reason,
    }
}
