//! Writes files made of pieces; each appears whole or not at all.
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use object_io::Store;
use plan::{Object, Uri};

use crate::Error;

/// Files that are written at a time: a disk makes one durable while another is copied.
const WRITERS: usize = 4;

async fn write(store: &Store, uri: Uri, pieces: Vec<Bytes>) -> Result<Object, Error> {
    let mut writer = store.writer(&uri).await?;
    for piece in pieces {
        writer.write(piece).await?;
    }
    Ok(writer.finish().await?)
}

/// Writes all files, in any order; the answers are in the order given. Those written before a failure are removed again.
pub(crate) async fn write_all(store: &Store, files: Vec<(Uri, Vec<Bytes>)>) -> Result<Vec<Object>, Error> {
    let names: Vec<Uri> = files.iter().map(|(uri, _)| uri.clone()).collect();
    let writes: Vec<_> = files
        .into_iter()
        .map(|(uri, pieces)| write(store, uri, pieces))
        .collect();
    let written = stream::iter(writes).buffered(WRITERS).try_collect().await;
    if written.is_err() {
        remove(store, &names).await;
    }
    written
}

/// Removes what is of no use to anybody. What cannot be removed either, the error at hand explains.
pub(crate) async fn remove(store: &Store, names: &[Uri]) {
    for name in names {
        let _ = store.delete(name).await;
    }
}
