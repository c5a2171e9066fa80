//! Task `scenes`.
use object_io::Store;

use crate::{Error, ScenesRequest, ScenesResponse, pair, table};

/// Pairs the dates of each tile, and writes the table that the pipeline `ndvi` takes.
pub async fn scenes(store: Store, request: ScenesRequest) -> Result<ScenesResponse, Error> {
    let rows = pair(&request.dates);
    let made = store.put(&request.out.with_suffix(".csv"), table(&rows)).await?;
    Ok(ScenesResponse { table: made.uri, rows })
}
