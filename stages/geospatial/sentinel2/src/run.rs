//! The tasks.
mod convert;
mod find;
mod l2a;
mod local;
mod scenes;

pub use convert::{check_block, convert};
pub use find::{find, inputs, level_of};
pub use l2a::l2a;
pub use scenes::scenes;

use plan::Uri;

use crate::Error;

/// Runs work off the threads that wait for the network.
async fn compute<R: Send + 'static>(uri: &Uri, work: impl FnOnce() -> R + Send + 'static) -> Result<R, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|source| Error::Panic {
        uri: uri.clone(),
        source,
    })
}
