//! The pipeline's own part of the report.
use super::{Made, Spec, summary::summary};
use crate::{Block, Context, Failure, Section};

/// Pictures in a report, at most: each is some hundred kilobytes.
const PICTURES: usize = 24;

/// What was found.
pub(super) async fn sections(context: Context) -> Result<Vec<Section>, Failure> {
    let spec: Spec = context.spec()?;
    let summary = summary(&context)?;
    let number = |made: &Made, value: f64| {
        if made.row.statistics.valid == 0 {
            return "-".to_owned();
        }
        format!("{value:.3}")
    };
    let share = |part: f64| format!("{:.2} %", 100.0 * part);
    let header = [
        "scene",
        "raster",
        "valid",
        "mean",
        "min",
        "max",
        "deviation",
        "loss",
        "gain",
    ];
    let rows = summary.made.iter().map(|made| {
        let (row, statistics) = (&made.row, &made.row.statistics);
        let change =
            |of: fn(&super::Change) -> f64| row.change.as_ref().map_or_else(|| "-".to_owned(), |c| share(of(c)));
        vec![
            row.scene.clone(),
            row.product.to_string(),
            share(statistics.valid as f64 / row.pixels.max(1) as f64),
            number(made, statistics.mean),
            number(made, statistics.min),
            number(made, statistics.max),
            number(made, statistics.deviation()),
            change(super::Change::loss_share),
            change(super::Change::gain_share),
        ]
    });
    let mut found = Section::new("Vegetation").with(Block::Table {
        header: header.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    });
    if spec.scenes.iter().any(|scene| scene.second.is_some()) {
        let text = format!(
            "Loss and gain: pixels whose index fell or rose by more than {} from the first date to the second, of those known \
             on both.",
            spec.threshold
        );
        found = found.with(Block::Text(text));
    }
    for made in summary.made.iter().take(PICTURES) {
        found = found.with(Block::Png {
            bytes: context.store.get(&made.raster.png).await?.to_vec(),
            caption: format!("{}: {}", made.row.scene, made.row.product),
        });
    }
    if let Some(more) = summary.made.len().checked_sub(PICTURES).filter(|&more| more > 0) {
        found = found.with(Block::Text(format!(
            "The pictures of {more} more rasters lie beside the rasters."
        )));
    }
    Ok(vec![found])
}
