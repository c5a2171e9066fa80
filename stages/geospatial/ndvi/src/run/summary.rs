//! All scenes in one table.
use object_io::Store;

use crate::{Error, SummaryRequest, SummaryResponse, table};

/// Writes the table of all scenes.
pub async fn summary(store: Store, request: SummaryRequest) -> Result<SummaryResponse, Error> {
    let SummaryRequest { rows, threshold, out } = request;
    let uri = out.with_suffix(".parquet");
    let bytes = table(&rows, threshold).map_err(|source| Error::Table {
        uri: uri.clone(),
        source,
    })?;
    store.put(&uri, bytes).await?;
    Ok(SummaryResponse {
        table: uri,
        rows: rows.len() as u64,
    })
}
