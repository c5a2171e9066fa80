//! Puts rasters, pictures and the table where the user wants them.
use super::{Spec, summary::summary};
use crate::{Context, Failure, Published};

/// `ndvi.tif`, `ndvi.png` and so on in the folder of the results, or in one folder for each of several scenes; the table of
/// all scenes beside them.
pub(super) async fn publish(context: Context) -> Result<Published, Failure> {
    let Some(out) = &context.destination else {
        return Ok(Published::default());
    };
    let spec: Spec = context.spec()?;
    let summary = summary(&context)?;
    let mut objects = Vec::new();
    for made in &summary.made {
        let to = spec.folder(out, &made.row.scene).join(made.row.product.name());
        for (from, end) in [(&made.raster.tif, ".tif"), (&made.raster.png, ".png")] {
            let to = to.with_suffix(end);
            context.store.copy(from, &to).await?;
            objects.push(to);
        }
    }
    let table = out.join("summary.parquet");
    context.store.copy(&summary.table, &table).await?;
    objects.push(table);
    Ok(Published {
        objects,
        report: Some(out.join("report.html")),
    })
}
