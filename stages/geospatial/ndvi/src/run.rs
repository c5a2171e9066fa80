//! The tasks.
mod assemble;
mod plan;
mod summary;
mod window;

pub use assemble::assemble;
pub use plan::plan;
pub use summary::summary;
pub use window::window;

use ::plan::Uri;

use crate::Error;

/// Runs work off the threads that wait for the network.
async fn compute<R: Send + 'static>(out: &Uri, work: impl FnOnce() -> R + Send + 'static) -> Result<R, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|source| Error::Panic {
        out: out.clone(),
        source,
    })
}
