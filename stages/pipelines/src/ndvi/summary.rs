//! What a run made.
use serde::{Deserialize, Serialize};
use stage_ndvi::{AssembleResponse, SummaryResponse, SummaryRow};

use super::steps;
use crate::{Context, Failure};

/// What a run made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The table of all scenes, Parquet.
    pub table: plan::Uri,
    /// Each product of each scene, in the order of the scenes.
    pub made: Vec<Made>,
    /// Windows that were computed.
    pub windows: u64,
}

/// One product of one scene.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    /// The raster and its picture, in the folder of the run.
    pub raster: AssembleResponse,
    /// Its figures.
    pub row: SummaryRow,
}

/// From the answers of the steps.
pub(super) fn summary(context: &Context) -> Result<Summary, Failure> {
    let assembled: Vec<AssembleResponse> = context.responses("assemble")?;
    let table: SummaryResponse = context.response("summary")?;
    let scenes: Vec<stage_ndvi::PlanResponse> = context.responses("plan")?;
    let rows = steps::rows(context)?;
    Ok(Summary {
        table: table.table,
        made: assembled
            .into_iter()
            .zip(rows)
            .map(|(raster, row)| Made { raster, row })
            .collect(),
        windows: scenes.iter().map(|scene| scene.windows).sum(),
    })
}
