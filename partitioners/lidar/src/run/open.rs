use std::sync::Arc;

use object_io::{ReadAt, Store};
use plan::{Object, Uri};

use super::{blocking, ends::Ends};
use crate::{Cloud, Error};

/// Reads everything of a LAS, LAZ or COPC file but its points.
///
/// # Errors
/// What is malformed, with its byte.
pub async fn open(store: &Store, uri: &Uri) -> Result<Cloud, Error> {
    let object = store.head(uri).await?;
    Ok(open_version(store, &object).await?.0)
}

/// Opens exactly this version, and what reads its points.
pub(crate) async fn open_version(store: &Store, object: &Object) -> Result<(Cloud, Arc<dyn ReadAt>), Error> {
    let source = store.read_at(object).await?;
    let object = object.clone();
    let uri = object.uri.clone();
    blocking(&uri, move || {
        let failed = |source| Error::Read {
            object: object.uri.clone(),
            source,
        };
        let ends: Arc<dyn ReadAt> = Arc::new(Ends::new(source.clone()).map_err(failed)?);
        let cloud = Cloud::open(&object, &ends)?;
        Ok((cloud, source))
    })
    .await
}
