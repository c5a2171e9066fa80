#![doc = include_str!("../README.md")]

mod agree;
mod change;
mod error;
mod kernel;
mod reflectance;
mod request;
mod run;
mod table;

pub use agree::{Difference, Place, differences};
pub use change::Change;
pub use error::Error;
pub use kernel::{NODATA, NODATA_I16, SCALE, difference, ndvi, to_i16};
pub use reflectance::{Reading, nodata_of, reflectances};
pub use request::{
    AssembleRequest, AssembleResponse, Band, Date, Encoding, PlanRequest, PlanResponse, PlannedBand, PlannedDate,
    PlannedWindow, Product, ProductPatch, Raster, Scene, ScenePlan, SummaryRequest, SummaryResponse, SummaryRow,
    THRESHOLD, WindowRequest, WindowResponse,
};
pub use run::{assemble, plan, summary, window};
pub use table::table;
