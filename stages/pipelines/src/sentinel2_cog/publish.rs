//! Puts the rasters and the table where the user wants them.
use super::summary::summary;
use crate::{Context, Failure, Published};

/// The rasters, then the table that names them.
pub(super) async fn publish(context: Context) -> Result<Published, Failure> {
    let Some(out) = &context.destination else {
        return Ok(Published::default());
    };
    let summary = summary(&context)?;
    let mut objects = Vec::new();
    for made in &summary.made {
        let to = out.join(&made.file);
        context.store.copy(&made.raster.cog, &to).await?;
        objects.push(to);
    }
    if let Some(scenes) = &summary.scenes {
        let to = out.join("scenes.csv");
        context.store.copy(&scenes.table, &to).await?;
        objects.push(to);
    }
    Ok(Published {
        objects,
        report: Some(out.join("report.html")),
    })
}
