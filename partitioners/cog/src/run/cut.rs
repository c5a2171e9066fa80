//! The task that writes every window as a file of its own, for programs that cannot read ranges.
use futures::stream::{self, StreamExt, TryStreamExt};
use object_io::Store;
use plan::{Partition, Uri};
use serde::{Deserialize, Serialize};

use super::read;
use crate::{Cog, Cut, Error, Window, WindowScope, write_window};

/// How to cut which raster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The raster.
    pub raster: Uri,
    /// How to cut it.
    pub cut: Cut,
    /// Folder for `window-00000.tif`, ….
    pub out: Uri,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The windows, in order.
    pub windows: Vec<Written>,
}

/// A window that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The file.
    pub object: Uri,
    /// Its pixels, in those of the level that was cut.
    pub window: Window,
}

/// Windows in memory at a time.
const CONCURRENCY: usize = 2;

/// Writes the windows.
///
/// # Errors
/// As [`Cog::open`], [`Cog::plan`] and [`read`].
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let cog = Cog::open(store, &request.raster).await?;
    let plan = cog.plan(store, &request.cut).await?;
    let writes = plan
        .partitions
        .iter()
        .map(|partition| write(store, partition, &request.out));
    // Gathered first: a stream that maps references would keep the future from being `Send` for every lifetime.
    let writes: Vec<_> = writes.collect();
    let windows = stream::iter(writes).buffered(CONCURRENCY).try_collect().await?;
    Ok(Response { windows })
}

async fn write(store: &Store, partition: &Partition<WindowScope>, folder: &Uri) -> Result<Written, Error> {
    let object = folder.join(&format!("window-{:05}.tif", partition.number));
    store.put(&object, window_file(store, partition).await?).await?;
    Ok(Written {
        object,
        window: partition.scope.window.clone(),
    })
}

/// The window of a partition as a GeoTIFF.
///
/// # Errors
/// As [`read`].
pub async fn window_file(store: &Store, partition: &Partition<WindowScope>) -> Result<Vec<u8>, Error> {
    let pixels = read(store, partition).await?;
    let scope = partition.scope.clone();
    let encoded =
        tokio::task::spawn_blocking(move || write_window(&pixels, &scope.geo, scope.nodata, &scope.look)).await;
    Ok(encoded.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())))
}
