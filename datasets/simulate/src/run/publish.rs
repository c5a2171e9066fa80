//! What a blocking producer left in temporary files becomes an object.
use std::{io, path::PathBuf};

use object_io::Store;
use plan::Uri;
use tokio::sync::mpsc;

use crate::Error;

/// Stores pieces that a thread reads, as one object.
pub(super) async fn publish(
    store: &Store,
    uri: &Uri,
    pieces: impl Iterator<Item = io::Result<Vec<u8>>> + Send + 'static,
) -> Result<(), Error> {
    let (send, mut receive) = mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || {
        for piece in pieces {
            // Whoever does not take it any more has an error of its own.
            if send.blocking_send(piece).is_err() {
                break;
            }
        }
    });
    let mut writer = store.writer(uri).await?;
    while let Some(piece) = receive.recv().await {
        match piece {
            Ok(bytes) => writer.write(bytes).await?,
            Err(source) => {
                writer.abort().await?;
                return Err(Error::Write {
                    object: uri.clone(),
                    source,
                });
            }
        }
    }
    reading
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
    writer.finish().await?;
    Ok(())
}

/// Where temporary files of an output go: beside it if it is local, where there is room for it.
pub(super) fn folder(out: &Uri) -> Result<PathBuf, Error> {
    let Some(folder) = out.path() else {
        return Ok(std::env::temp_dir());
    };
    std::fs::create_dir_all(&folder).map_err(|source| Error::Write {
        object: out.clone(),
        source,
    })?;
    Ok(folder)
}
