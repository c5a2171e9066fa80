//! Makes results durable before an item counts as done. Several that wait are written as one object ("group commit"): an
//! item that is alone is recorded at once, and ten thousand small ones do not cost ten thousand disk flushes.
use bytes::Bytes;
use object_io::PutOutcome;
use plan::Uri;
use tokio::sync::mpsc;

use crate::{Error, Record, Run, retry::Retries, run_folder};

/// Most records in one object.
const MOST: usize = 512;

/// Items whose records are durable, or how many could not be made so and why.
pub(crate) type Told = Result<Vec<(usize, Record)>, (usize, Error)>;

/// Writes records as they come until `records` closes; tells each as it is durable.
pub(crate) async fn record(
    run: Run,
    folder: Uri,
    worker: String,
    mut records: mpsc::UnboundedReceiver<(usize, Record)>,
    told: impl Fn(Told),
) {
    let mut batch = Vec::new();
    let mut number = 0;
    while records.recv_many(&mut batch, MOST).await > 0 {
        number += 1;
        let uri = folder.join(&format!("{worker}-{number:05}.jsonl"));
        let batch = std::mem::take(&mut batch);
        let lost = batch.len();
        told(
            write(&run, &uri, &batch)
                .await
                .map(|()| batch)
                .map_err(|error| (lost, error)),
        );
    }
}

async fn write(run: &Run, uri: &Uri, batch: &[(usize, Record)]) -> Result<(), Error> {
    let mut text = String::new();
    for (_, record) in batch {
        text.push_str(&run_folder::line(record)?);
        text.push('\n');
    }
    let bytes = Bytes::from(text);
    let put = || run.store.put_if_absent(uri, bytes.clone());
    match Retries::default().persist(uri.as_str(), put).await? {
        // The name has this worker's own name and count in it, so that one already there is ours: its answer was lost.
        PutOutcome::Created(_) | PutOutcome::Existed => Ok(()),
    }
}
