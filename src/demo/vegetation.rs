//! NDVI on simulated satellite images of two dates.
use object_io::Store;
use pipelines::{
    Options, absolute,
    ndvi::{Band, Date, Encoding, Scene, Spec},
};
use plan::Uri;
use simulate::{
    LossEvaluation,
    geospatial::Imagery,
    loss_evaluation,
    scenes::{self, Tile},
};

use super::title;
use crate::{run, show};

/// What was found, and where it is told.
pub(super) struct Changed {
    pub(super) found: LossEvaluation,
    pub(super) report: Uri,
    pub(super) map: Uri,
}

/// What baseline 04.00 of Sentinel-2 adds to its numbers.
const OFFSET: u16 = 1000;

/// Simulates a tile before and after clear-cuts and fires, computes its change, compares.
pub(super) async fn run(store: &Store, out: &Uri) -> anyhow::Result<Changed> {
    title("NDVI: simulate two dates of a landscape")?;
    let imagery = Imagery {
        tiles: 1,
        offsets: [0, OFFSET],
        ..Imagery::default()
    };
    let request = scenes::Request {
        lidar: None,
        imagery: Some(imagery.clone()),
        out: out.join("data"),
    };
    let made = scenes::run(store, request).await?;
    let Some((images, tile)) = made
        .imagery
        .as_ref()
        .and_then(|made| made.tiles.first().map(|tile| (made, tile)))
    else {
        anyhow::bail!("no tile was simulated");
    };
    show::print(format!(
        "{} × {} pixels; {} were cut clear and {} burnt; the second date stores reflectance + {OFFSET}",
        show::count(imagery.size.into()),
        show::count(imagery.size.into()),
        show::count(images.clear_cut),
        show::count(images.burn),
    ))?;

    title("NDVI: run")?;
    let spec = Spec {
        scenes: vec![scene(tile)],
        windows: Spec::WINDOWS,
        encoding: Encoding::F32,
        threshold: 0.2,
        only: Vec::new(),
    };
    let folders = run::Folders {
        place: out.clone(),
        out: out.clone(),
    };
    let done = run::ndvi::compute(store, &spec, &folders, Options::default(), true).await?;
    show::print(done.text())?;

    title("NDVI: truth against lost pixels")?;
    let found = loss_evaluation::run(
        store,
        loss_evaluation::Request {
            difference: out.join("difference.tif"),
            loss: tile.loss.clone(),
            change: Some(tile.change.clone()),
            threshold: loss_evaluation::THRESHOLD,
        },
    )
    .await?;
    show::print(crate::data::evaluate::loss_table(&found))?;
    Ok(Changed {
        found,
        report: done.report,
        map: out.join("difference.png"),
    })
}

fn scene(tile: &Tile) -> Scene {
    let date = |red: &Uri, nir: &Uri, offset| Date {
        red: Band::from(absolute(red)),
        nir: Band::from(absolute(nir)),
        offset,
        nodata: None,
    };
    Scene {
        name: tile.name.clone(),
        first: date(&tile.red, &tile.nir, 0.0),
        second: Some(date(&tile.red2, &tile.nir2, -f64::from(OFFSET))),
    }
}
