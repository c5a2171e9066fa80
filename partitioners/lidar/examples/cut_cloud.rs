//! `cut_cloud IN DIR PARTS BUFFER [MEMORY-IN-MIB] [las|laz]`: cuts one cloud, for measurements of the library alone.
use std::sync::Arc;

use object_io::Store;
use partition_lidar::{CutBy, CutRequest, Layout, Method, OutFormat, cut};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, from, to, parts, buffer, rest @ ..] = arguments.as_slice() else {
        return Err("usage: cut_cloud IN DIR PARTS BUFFER [MEMORY-IN-MIB] [las|laz]".into());
    };
    let request = CutRequest {
        objects: vec![from.parse()?],
        layout: Layout {
            by: CutBy::Parts(parts.parse()?),
            method: Method::Density,
            buffer: buffer.parse()?,
        },
        out: to.parse()?,
        format: if rest.get(1).is_some_and(|format| format == "las") {
            OutFormat::Las
        } else {
            OutFormat::Laz
        },
        memory: rest.first().map_or(Ok(512), |text| text.parse::<u64>())? << 20,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(cut(&Store::new(), &request, Arc::new(|_| ())))?;
    for tile in &report.clouds[0].tiles {
        eprintln!(
            "{} {} own {} buffer",
            tile.file.uri, tile.own_points, tile.buffer_points
        );
    }
    Ok(())
}
