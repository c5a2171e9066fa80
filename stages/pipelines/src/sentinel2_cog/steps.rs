//! The items of each step.
use stage_sentinel2::{
    ConvertRequest, FindRequest, FindResponse, L2aRequest, L2aResponse, Level, ScenesRequest, level_of,
};

use super::{
    Spec,
    targets::{Target, dates, targets},
};
use crate::{Context, Failure, Item, unnamed};

/// The products of level 1C, if there is a command.
pub(super) async fn plan_l2a(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let Some(command) = &spec.l2a_command else {
        return Ok(Vec::new());
    };
    let mut items = Vec::new();
    for product in &spec.products {
        if level_of(&context.store, product).await? == Level::L1C {
            let request = L2aRequest {
                product: product.clone(),
                command: command.clone(),
                out: unnamed(),
            };
            items.push(Item::new(product.name(), &request)?);
        }
    }
    Ok(items)
}

/// Each product, or what was made of it.
pub(super) async fn plan_find(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let made: Vec<L2aResponse> = context.responses("level-2a")?;
    let item = |product: &plan::Uri| {
        let better = made.iter().find(|made| made.product == *product);
        let product = better.map_or(product, |made| &made.made).clone();
        let label = product.name().to_owned();
        let bands = spec.bands.clone();
        Item::new(label, &FindRequest { product, bands })
    };
    spec.products.iter().map(item).collect()
}

pub(super) async fn plan_convert(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let item = |target: Target| {
        let request = ConvertRequest {
            raster: target.source,
            block: spec.block,
            resampling: target.resampling,
            nodata: target.nodata,
            out: unnamed(),
        };
        Item::new(target.name, &request)
    };
    targets(&context)?.into_iter().map(item).collect()
}

/// One item, unless no date has both bands.
pub(super) async fn plan_scenes(context: Context) -> Result<Vec<Item>, Failure> {
    let found: Vec<FindResponse> = context.responses("find")?;
    let (dates, _) = dates(&found);
    if dates.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Item::new("scenes.csv", &ScenesRequest { dates, out: unnamed() })?])
}
