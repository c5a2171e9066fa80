//! What a run will have to do, told from the sizes of its inputs alone.
use stage_sentinel2::{Level, inputs};

use super::{CONVERT_MEMORY, L2A_MEMORY, MIB, Spec};
use crate::{Context, Failure, Load};

/// Bytes of a cloud-optimized GeoTIFF with its overviews for each of lossless JPEG 2000: 203 MB of 118 MB for a band at 10 m.
const GROWTH: f64 = 1.7;
/// Bytes that level 2A adds to level 1C, for each of its own.
const L2A_GROWTH: f64 = 1.4;

/// The load of every step.
pub(super) async fn outlook(context: Context) -> Result<Vec<Load>, Failure> {
    let spec: Spec = context.spec()?;
    let (mut corrected, mut whole, mut rasters, mut stored, mut metadata) = (0, 0, 0, 0, 0);
    for product in &spec.products {
        let (level, objects) = inputs(&context.store, product, &spec.bands, false).await?;
        for object in objects {
            if object.uri.name().rsplit_once('.').is_some_and(|(_, end)| end == "xml") {
                metadata += object.size;
            } else {
                rasters += 1;
                stored += object.size;
            }
        }
        if level == Level::L1C && spec.l2a_command.is_some() {
            corrected += 1;
            let (_, objects) = inputs(&context.store, product, &spec.bands, true).await?;
            whole += objects.iter().map(|object| object.size).sum::<u64>();
        }
    }
    for file in &spec.files {
        rasters += 1;
        stored += context.store.head(file).await?.size;
    }
    let load = |step: &str, items: u64, bytes_in: u64, bytes_out: u64, work: f64, memory: u64| Load {
        step: step.into(),
        items,
        bytes_in,
        bytes_out,
        work,
        memory,
    };
    let products = spec.products.len() as u64;
    let mib = |bytes: u64| bytes as f64 / MIB as f64;
    Ok(vec![
        load(
            "level-2a",
            corrected,
            whole,
            (whole as f64 * L2A_GROWTH) as u64,
            corrected as f64,
            L2A_MEMORY,
        ),
        load("find", products, metadata, 0, products as f64, 64 * MIB),
        load(
            "convert",
            rasters,
            stored,
            (stored as f64 * GROWTH) as u64,
            mib(stored),
            CONVERT_MEMORY,
        ),
        load("scenes", u64::from(products > 0), 0, 4096, products as f64, 64 * MIB),
    ])
}
