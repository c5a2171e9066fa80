//! What the tests share: rasters made up in memory, and a run of all tasks.
#![allow(dead_code, reason = "each test uses its share")]
use std::num::NonZero;

use geospatial_rasters::{Cell, Layout, Patch};
use object_io::Store;
use partition_cog::{GeoReference, WindowGrid, WindowSize};
use plan::Uri;
use stage_ndvi::{
    AssembleRequest, AssembleResponse, Date, Encoding, Error, PlanRequest, PlanResponse, Product, Scene, ScenePlan,
    WindowRequest, WindowResponse, assemble, plan, window,
};

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
        .block_on(work)
}

pub(crate) fn mem(name: &str) -> Uri {
    format!("mem://lab/{name}").parse().unwrap()
}

pub(crate) fn georeference() -> GeoReference {
    GeoReference {
        transform: Some([600_000.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0]),
        keys: vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32630],
        ..GeoReference::default()
    }
}

/// Writes a raster of one band, by our own writer, with blocks of `block` pixels.
pub(crate) async fn raster<T: Cell>(
    store: &Store,
    uri: &Uri,
    [height, width, block]: [u64; 3],
    nodata: Option<f64>,
    georeference: GeoReference,
    pixel: impl Fn(u64, u64) -> T,
) {
    let layout = Layout {
        height,
        width,
        block,
        sample: T::SAMPLE,
        nodata,
        scale: None,
        description: String::new(),
        georeference,
    };
    let pixels: Vec<T> = (0..height)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .map(|(r, c)| pixel(r, c))
        .collect();
    let patch = Patch::encode(&layout, &layout.whole(), &pixels).unwrap();
    let at = uri.with_suffix(".patch");
    store.put(&at, patch.bytes).await.unwrap();
    geospatial_rasters::assemble(store, &layout, &[at], uri, 1)
        .await
        .unwrap();
}

/// Reflectances as in a scene: fields, noise, and a wedge of nodata.
pub(crate) fn number(seed: u64, row: u64, column: u64) -> u16 {
    if row * 2 + column < 40 {
        return 0;
    }
    let hash =
        (row ^ seed.wrapping_mul(77)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ column.wrapping_mul(0xc2b2_ae3d_27d4_eb4f);
    let hash = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40;
    let field = ((row / 37 + seed) * 31 + column / 41 * 17) % 23;
    (200 + field * 150 + hash % 120) as u16
}

pub(crate) fn grid(rows: u64, columns: u64) -> WindowSize {
    let count = |n| NonZero::new(n).unwrap();
    WindowSize::Grid(WindowGrid {
        rows: count(rows),
        columns: count(columns),
    })
}

pub(crate) fn date(red: &str, nir: &str) -> Date {
    Date {
        red: mem(red).into(),
        nir: mem(nir).into(),
        offset: 0.0,
        nodata: None,
    }
}

/// All that a run gives.
pub(crate) struct Run {
    pub(crate) planned: PlanResponse,
    pub(crate) windows: Vec<WindowResponse>,
    pub(crate) rasters: Vec<AssembleResponse>,
}

/// Plans, computes and assembles a scene, as a pipeline would.
pub(crate) async fn run(
    store: &Store,
    scene: Scene,
    size: WindowSize,
    encoding: Encoding,
    out: &Uri,
) -> Result<Run, Error> {
    let planned = plan(
        store.clone(),
        PlanRequest {
            scene,
            size,
            encoding,
            out: out.join("plan"),
        },
    )
    .await?;
    let scene = ScenePlan::open(store, &planned.plan).await?;
    let mut windows = Vec::new();
    for (number, planned_window) in scene.windows.into_iter().enumerate() {
        let request = WindowRequest {
            only: Vec::new(),
            raster: scene.raster.clone(),
            window: planned_window,
            threshold: 0.2,
            out: out.join(&number.to_string()),
        };
        // As it travels.
        let request = serde_json::from_str(&serde_json::to_string(&request).unwrap()).unwrap();
        windows.push(window(store.clone(), request).await?);
    }
    let mut rasters = Vec::new();
    for &product in Product::of(planned.dates as usize) {
        let patches = windows
            .iter()
            .flat_map(|window| &window.products)
            .filter(|made| made.product == product);
        let request = AssembleRequest {
            scene: planned.scene.clone(),
            raster: planned.raster.clone(),
            product,
            patches: patches.map(|made| made.patch.clone()).collect(),
            out: out.join(product.name()),
        };
        rasters.push(assemble(store.clone(), request).await?);
    }
    Ok(Run {
        planned,
        windows,
        rasters,
    })
}
