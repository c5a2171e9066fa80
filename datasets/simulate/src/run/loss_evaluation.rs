//! The task that compares an NDVI difference with the truth.
use object_io::Store;
use plan::Uri;
use serde::{Deserialize, Serialize};

use super::{band::Band, blocking};
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

/// Compares pixel by pixel; memory is a row of blocks of each raster.
///
/// # Errors
/// [`Error::OtherRaster`] when the rasters do not have the same size, [`Error::Pixels`] when one cannot be read.
pub async fn run(store: &Store, request: Request) -> Result<LossEvaluation, Error> {
    let mut difference = Band::open(store, &request.difference).await?;
    let mut loss = Band::open(store, &request.loss).await?;
    let mut change = match &request.change {
        None => None,
        Some(uri) => Some(Band::open(store, uri).await?),
    };
    let size = (difference.width, difference.height);
    for truth in std::iter::once(&loss).chain(&change) {
        if (truth.width, truth.height) != size {
            let reason = format!(
                "has {} x {} pixels, {} has {} x {}",
                truth.width, truth.height, request.difference, size.0, size.1
            );
            return Err(truth.other(reason));
        }
    }
    blocking(move || {
        let scale = if difference.is_float() { 1.0 } else { 1e-4 };
        let mut tally = Tally::new(request.threshold);
        for row in 0..size.1 {
            let codes = loss.row(row)?.to_vec();
            let changes = change.as_mut().map(|change| change.row(row)).transpose()?;
            let changes = changes.map(<[f64]>::to_vec);
            let found = difference.row(row)?.to_vec();
            if let Some(code) = codes.iter().find(|&&code| !CODES.contains(&code)) {
                return Err(loss.other(format!("holds {code}, which is no code of a loss")));
            }
            for (column, (code, found)) in codes.into_iter().zip(found).enumerate() {
                let found = (!difference.is_nodata(found)).then_some((found * scale) as f32);
                let change = changes.as_ref().map(|changes| changes[column] as i16);
                tally.add(code as u8, change, found);
            }
        }
        Ok(tally.finish())
    })
    .await
}
