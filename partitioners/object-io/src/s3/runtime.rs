//! Threads of our own drive the connections.
//!
//! So a blocking read works from any thread, also from one that a caller's runtime needs, and a stage that computes for
//! minutes on the caller's runtime does not let its downloads time out.
use std::{future::Future, io, sync::LazyLock, thread};

use plan::Uri;
use tokio::{
    runtime::{Builder, Handle, Runtime},
    task::JoinSet,
};

use crate::{Error, Result};

static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(cores.min(4))
        .thread_name("s3")
        .enable_all()
        .build()
});

pub(super) fn handle() -> io::Result<Handle> {
    match &*RUNTIME {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}

/// Runs `work` on those threads. Dropping the future that is returned stops it.
pub(super) async fn run<T: Send + 'static>(
    uri: &Uri,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let failed = |source| Error::Unavailable {
        uri: uri.clone(),
        source,
    };
    let mut task = JoinSet::new();
    task.spawn_on(work, &handle().map_err(failed)?);
    let done = task.join_next().await.expect("one task was spawned");
    done.unwrap_or_else(|panic| Err(failed(io::Error::other(panic))))
}
