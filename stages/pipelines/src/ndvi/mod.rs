//! NDVI: red and near-infrared rasters of one or two dates to vegetation indexes and their difference.
//!
//! Steps: open the rasters of each scene and cut them into windows; compute each window; join the windows of each product
//! into one cloud-optimized GeoTIFF with a picture; one table over all scenes. Whatever the windows, the rasters are the same.
mod outlook;
mod publish;
mod section;
mod spec;
mod steps;
mod summary;

pub use spec::{Spec, SpecError};
pub use stage_ndvi::{Band, Change, Date, Encoding, Product, Scene};
pub use summary::{Made, Summary};

use crate::{Failure, Finished, Pipeline, Step, Tasks, task};

/// Its name.
pub const NAME: &str = "ndvi";

const MIB: u64 = 1 << 20;

/// Figures of a finished run.
pub fn summary(finished: &Finished) -> Result<Summary, Failure> {
    summary::summary(&finished.context)
}

/// The pipeline.
pub fn pipeline() -> Pipeline {
    Pipeline::new(
        NAME,
        "Computes the vegetation index of red and near-infrared rasters, and how it changed.",
        tasks(),
    )
    .step(
        Step::map("plan", "ndvi-plan", steps::plan_scenes)
            .memory(64 * MIB)
            .about("open the rasters of each scene, and cut them into windows"),
    )
    .step(
        Step::map("window", "ndvi-window", steps::plan_windows)
            .memory_of(steps::window_memory)
            .about("read the bands of one window, compute its indexes, encode its blocks"),
    )
    .step(
        Step::job("assemble", "ndvi-assemble", steps::plan_assembly)
            .memory(192 * MIB)
            .about("join the windows of one product into a GeoTIFF with overviews, and draw it"),
    )
    .step(
        Step::reduce("summary", "ndvi-summary", steps::plan_summary)
            .memory(64 * MIB)
            .about("put the figures of all scenes into one table"),
    )
    .outlook(outlook::outlook)
    .sections(section::sections)
    .publish(publish::publish)
}

fn tasks() -> Tasks {
    Tasks::new()
        .with(task("ndvi-plan", 1, stage_ndvi::plan))
        .with(task("ndvi-window", 1, stage_ndvi::window))
        .with(task("ndvi-assemble", 1, stage_ndvi::assemble))
        .with(task("ndvi-summary", 1, stage_ndvi::summary))
}
