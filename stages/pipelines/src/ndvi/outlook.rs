//! What a run will have to do, told from the headers of its rasters.
use partition_cog::{Cog, WindowSize};

use super::{Encoding, MIB, Product, Spec};
use crate::{Context, Failure, Load};

/// Share of a cloud-optimized GeoTIFF that is its full resolution; the rest are overviews.
const FULL: f64 = 0.75;

/// The load of every step.
pub(super) async fn outlook(context: Context) -> Result<Vec<Load>, Failure> {
    let spec: Spec = context.spec()?;
    let (mut windows, mut stored, mut pixels, mut indexes, mut rasters) = (0, 0.0, 0.0, 0.0, 0);
    let mut largest = 0.0_f64;
    for scene in &spec.scenes {
        let cog = Cog::open(&context.store, &scene.first.red.raster).await?;
        let layout = cog.layout();
        let own = layout.height as f64 * layout.width as f64;
        let dates = if scene.second.is_some() { 2 } else { 1 };
        let share = if cog.levels.len() > 1 { FULL } else { 1.0 };
        let bytes = cog.object.size as f64 * share * 2.0 * f64::from(dates);
        let number = match spec.windows {
            WindowSize::Grid(grid) => {
                grid.rows.get().min(layout.blocks_down()) * grid.columns.get().min(layout.blocks_across())
            }
            WindowSize::Blocks(most) => (layout.blocks_down() * layout.blocks_across()).div_ceil(most.get()),
            WindowSize::Bytes(most) => (bytes as u64).div_ceil(most.get()),
        };
        let products = Product::wanted(dates as usize, &spec.only).len();
        largest = largest.max(own / number.max(1) as f64 * (16.0 + 8.0 * products as f64));
        windows += number.max(1);
        stored += bytes;
        pixels += own * products as f64;
        indexes += own * f64::from(dates);
        rasters += products as u64;
    }
    let pixel_bytes = match spec.encoding {
        Encoding::F32 => 2.4,
        Encoding::I16 => 1.4,
    };
    let made = (pixels * pixel_bytes) as u64;
    let load = |step: &str, items: u64, bytes_in: u64, bytes_out: u64, work: f64, memory: u64| Load {
        step: step.into(),
        items,
        bytes_in,
        bytes_out,
        work,
        memory,
    };
    let scenes = spec.scenes.len() as u64;
    Ok(vec![
        load(
            "plan",
            scenes,
            scenes * 4 * (64 << 10),
            windows * 4096,
            scenes as f64,
            64 * MIB,
        ),
        load(
            "window",
            windows,
            stored as u64,
            made,
            indexes / 1e6,
            16 * MIB + largest as u64,
        ),
        load("assemble", rasters, made, made + made / 3, pixels / 1e6, 192 * MIB),
        load("summary", 1, 0, 4096, rasters as f64, 64 * MIB),
    ])
}
