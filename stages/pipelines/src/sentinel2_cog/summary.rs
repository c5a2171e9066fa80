//! What a run made.
use plan::Uri;
use serde::{Deserialize, Serialize};
use stage_sentinel2::{ConvertResponse, FindResponse, ScenesResponse};

use super::targets::{dates, targets};
use crate::{Context, Failure};

/// What a run made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// What was found in each product.
    pub products: Vec<FindResponse>,
    /// The rasters.
    pub made: Vec<Made>,
    /// The table for NDVI; none if no product has both bands.
    pub scenes: Option<ScenesResponse>,
    /// What whoever uses the rasters should know.
    pub notes: Vec<String>,
}

/// A raster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// Its name in the folder of the results.
    pub file: String,
    /// What it was made of.
    pub source: Uri,
    /// The raster, in the folder of the run.
    pub raster: ConvertResponse,
}

/// From the answers of the steps.
pub(super) fn summary(context: &Context) -> Result<Summary, Failure> {
    let products: Vec<FindResponse> = context.responses("find")?;
    let converted: Vec<ConvertResponse> = context.responses("convert")?;
    let made = targets(context)?
        .into_iter()
        .zip(converted)
        .map(|(target, raster)| Made {
            file: format!("{}.tif", target.name),
            source: target.source,
            raster,
        });
    let made: Vec<Made> = made.collect();
    let mut notes: Vec<String> = products.iter().flat_map(|product| product.notes.clone()).collect();
    notes.extend(dates(&products).1);
    let of_raster = |made: &Made| {
        made.raster
            .notes
            .iter()
            .map(|note| format!("{}: {note}", made.file))
            .collect::<Vec<_>>()
    };
    notes.extend(made.iter().flat_map(of_raster));
    Ok(Summary {
        products,
        made,
        scenes: context.responses("scenes")?.pop(),
        notes,
    })
}
