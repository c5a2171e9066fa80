//! The items of each step.
use partition_cog::Window;
use stage_ndvi::{
    AssembleRequest, AssembleResponse, PlanRequest, PlanResponse, ScenePlan, SummaryRequest, SummaryRow, WindowRequest,
    WindowResponse,
};

use super::{Change, MIB, Product, Spec};
use crate::{Context, Failure, Item, unnamed};

pub(super) async fn plan_scenes(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let item = |scene: &super::Scene| {
        let request = PlanRequest {
            scene: scene.clone(),
            size: spec.windows,
            encoding: spec.encoding,
            out: unnamed(),
        };
        Item::new(scene.name.clone(), &request)
    };
    spec.scenes.iter().map(item).collect()
}

/// The windows of the first scene, then those of the second.
pub(super) async fn plan_windows(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let scenes: Vec<PlanResponse> = context.responses("plan")?;
    let mut items = Vec::new();
    for scene in scenes {
        let plan = ScenePlan::open(&context.store, &scene.plan).await?;
        for window in plan.windows {
            let label = format!("{}, {}", scene.scene, window.window);
            let request = WindowRequest {
                raster: plan.raster.clone(),
                window,
                threshold: spec.threshold,
                only: spec.only.clone(),
                out: unnamed(),
            };
            items.push(Item::new(label, &request)?);
        }
    }
    Ok(items)
}

/// Stored bytes and decoded bands, then for each product its pixels, their encoding and its share of working room.
pub(super) fn window_memory(request: &WindowRequest) -> u64 {
    let bands = || request.window.dates.iter().flat_map(|date| [&date.red, &date.nir]);
    let stored: u64 = bands()
        .flat_map(|band| &band.partition.bytes)
        .map(|bytes| bytes.end - bytes.start)
        .sum();
    let decoded = bands().map(|band| band.partition.scope.decoded_bytes()).sum::<u64>();
    let Window { rows, columns } = &request.window.window;
    let pixels = (rows.end - rows.start) * (columns.end - columns.start);
    let products = Product::wanted(request.window.dates.len(), &request.only).len() as u64;
    16 * MIB + stored + decoded + products * 8 * pixels
}

/// The responses of a step of windows, scene by scene.
fn by_scene<'a>(scenes: &[PlanResponse], windows: &'a [WindowResponse]) -> Result<Vec<&'a [WindowResponse]>, Failure> {
    let mut rest = windows;
    let mut each = Vec::with_capacity(scenes.len());
    for scene in scenes {
        let Some((own, after)) = rest.split_at_checked(scene.windows as usize) else {
            let message = format!(
                "scene {} has {} windows, but fewer were computed",
                scene.scene, scene.windows
            );
            return Err(Failure::new(plan::FaultKind::Internal, message));
        };
        each.push(own);
        rest = after;
    }
    Ok(each)
}

/// The products of the first scene, then those of the second.
pub(super) async fn plan_assembly(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let scenes: Vec<PlanResponse> = context.responses("plan")?;
    let windows: Vec<WindowResponse> = context.responses("window")?;
    let mut items = Vec::new();
    for (scene, windows) in scenes.iter().zip(by_scene(&scenes, &windows)?) {
        for product in Product::wanted(scene.dates as usize, &spec.only) {
            let made = windows.iter().flat_map(|window| &window.products);
            let patches = made
                .filter(|made| made.product == product)
                .map(|made| made.patch.clone());
            let request = AssembleRequest {
                scene: scene.scene.clone(),
                raster: scene.raster.clone(),
                product,
                patches: patches.collect(),
                out: unnamed(),
            };
            items.push(Item::new(format!("{}, {product}", scene.scene), &request)?);
        }
    }
    Ok(items)
}

/// One row for each product of each scene.
pub(super) fn rows(context: &Context) -> Result<Vec<SummaryRow>, Failure> {
    let spec: Spec = context.spec()?;
    let scenes: Vec<PlanResponse> = context.responses("plan")?;
    let windows: Vec<WindowResponse> = context.responses("window")?;
    let assembled: Vec<AssembleResponse> = context.responses("assemble")?;
    let mut assembled = assembled.into_iter();
    let mut rows = Vec::new();
    for (scene, windows) in scenes.iter().zip(by_scene(&scenes, &windows)?) {
        let mut change = Change::default();
        windows
            .iter()
            .filter_map(|window| window.change.as_ref())
            .for_each(|part| change.add(part));
        for made in assembled
            .by_ref()
            .take(Product::wanted(scene.dates as usize, &spec.only).len())
        {
            rows.push(SummaryRow {
                scene: made.scene,
                product: made.product,
                pixels: made.pixels,
                statistics: made.statistics,
                change: (made.product == Product::Difference).then_some(change),
            });
        }
    }
    Ok(rows)
}

pub(super) async fn plan_summary(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let request = SummaryRequest {
        rows: rows(&context)?,
        threshold: spec.threshold,
        out: unnamed(),
    };
    Ok(vec![Item::new("summary.parquet", &request)?])
}
