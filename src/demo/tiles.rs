//! A density cut of a simulated laser-scanned scene.
use std::{num::NonZero, sync::Arc};

use object_io::Store;
use partition_lidar::{CutBy, CutRequest, DEFAULT_MEMORY, Layout, Method, OutFormat, cut, figure};
use plan::Uri;
use simulate::{cut_evaluation, geospatial::Lidar, scenes};

use super::title;
use crate::{data, show};

/// What was cut, and how it looks.
pub(super) struct Tiles {
    /// In one sentence.
    pub(super) said: String,
    pub(super) figure: Uri,
}

const POINTS: u64 = 1_000_000;
const PARTS: NonZero<u64> = NonZero::new(10).unwrap();

/// Simulates a scene of uneven density, cuts it into tiles of equal numbers of points, compares.
pub(super) async fn run(store: &Store, out: &Uri) -> anyhow::Result<Tiles> {
    title("LiDAR: simulate a scene of uneven density")?;
    let lidar = Lidar {
        points: POINTS,
        ..Lidar::default()
    };
    let request = scenes::Request {
        lidar: Some(lidar),
        imagery: None,
        out: out.join("data"),
    };
    let Some(made) = scenes::run(store, request).await?.lidar else {
        anyhow::bail!("no scene was simulated");
    };
    let (points, side) = (show::count(made.count), made.side);
    show::print(format!("{points} points on {side:.0} × {side:.0} m in {}", made.points))?;

    title("LiDAR: cut into tiles of equal numbers of points")?;
    let layout = Layout {
        by: CutBy::Parts(PARTS),
        method: Method::Density,
        buffer: 5.0,
    };
    let tiles = out.join("tiles");
    let request = CutRequest {
        objects: vec![made.points.clone()],
        layout,
        out: tiles.clone(),
        format: OutFormat::Laz,
        memory: DEFAULT_MEMORY,
    };
    let report = cut(store, &request, Arc::new(|_| {})).await?;
    let rows = report.clouds.iter().flat_map(|cloud| &cloud.tiles).map(|tile| {
        let [[west, east], [south, north]] = tile.bounds;
        [
            tile.number.to_string(),
            show::count(tile.own_points),
            show::count(tile.buffer_points),
            format!("{:.0} × {:.0} m", east - west, north - south),
            show::bytes(tile.file.size),
        ]
    });
    show::print(show::table(["tile", "own points", "buffer", "extent", "file"], rows))?;

    title("LiDAR: the tiles against the cloud")?;
    let request = cut_evaluation::Request {
        cloud: made.points.clone(),
        tiles: vec![tiles],
    };
    let found = cut_evaluation::run(store, request).await?;
    show::print(data::evaluate::cut_text(&found))?;
    anyhow::ensure!(found.equal, "the tiles do not hold the points of the cloud");
    let picture = out.join("tiles.png");
    let drawn = figure(store, &made.points, layout, Arc::new(|_| {})).await?;
    store.put(&picture, drawn).await?;
    let (least, most) = found.sizes().unwrap_or_default();
    Ok(Tiles {
        said: format!(
            "{points} laser points in {PARTS} tiles of {} to {} own points; put together they are the cloud again.",
            show::count(least),
            show::count(most)
        ),
        figure: picture,
    })
}
