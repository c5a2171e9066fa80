//! Sentinel-2 products and other JPEG 2000 files to cloud-optimized GeoTIFFs.
//!
//! Steps: make level 2A of level 1C, if there is a command for it; find the bands of each product and the offset of their
//! numbers; convert each band; pair the dates of each tile for the pipeline `ndvi`.
mod outlook;
mod publish;
mod section;
mod spec;
mod steps;
mod summary;
mod targets;

pub use spec::{Spec, SpecError};
pub use stage_sentinel2::{Band, ConvertRequest, Error, HAS_GDAL, Level, Nodata, inputs};
pub use summary::{Made, Summary};

use std::time::Duration;

use crate::{Failure, Finished, Pipeline, Step, Tasks, task};

/// Its name.
pub const NAME: &str = "sentinel2-cog";

const MIB: u64 = 1 << 20;
/// What Sen2Cor 2.11 asks for at 10 m.
const L2A_MEMORY: u64 = 8 << 30;
/// GDAL's cache of blocks, the blocks that its threads decode, and ours.
const CONVERT_MEMORY: u64 = 640 * MIB;

/// What a finished run made.
pub fn summary(finished: &Finished) -> Result<Summary, Failure> {
    summary::summary(&finished.context)
}

/// The pipeline.
pub fn pipeline() -> Pipeline {
    Pipeline::new(
        NAME,
        "Makes cloud-optimized GeoTIFFs of Sentinel-2 products and other JPEG 2000 files.",
        tasks(),
    )
    .step(
        Step::job("level-2a", "sentinel2-l2a", steps::plan_l2a)
            .memory(L2A_MEMORY)
            .timeout(Duration::from_hours(3))
            .about("correct each product of level 1C by the external command, if there is one"),
    )
    .step(
        Step::map("find", "sentinel2-find", steps::plan_find)
            .memory(64 * MIB)
            .about("find the bands of each product, and the offset of their numbers"),
    )
    .step(
        Step::job("convert", "sentinel2-convert", steps::plan_convert)
            .memory(CONVERT_MEMORY)
            .cpu(2)
            .timeout(Duration::from_hours(1))
            .about("make a cloud-optimized GeoTIFF of one band"),
    )
    .step(
        Step::reduce("scenes", "sentinel2-scenes", steps::plan_scenes)
            .memory(64 * MIB)
            .about("pair the dates of each tile in a table for NDVI"),
    )
    .outlook(outlook::outlook)
    .sections(section::sections)
    .publish(publish::publish)
}

fn tasks() -> Tasks {
    Tasks::new()
        .with(task("sentinel2-l2a", 1, stage_sentinel2::l2a))
        .with(task("sentinel2-find", 1, stage_sentinel2::find))
        .with(task("sentinel2-convert", 1, stage_sentinel2::convert))
        .with(task("sentinel2-scenes", 1, stage_sentinel2::scenes))
}
