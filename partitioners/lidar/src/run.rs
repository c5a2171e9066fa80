//! The tasks: everything here that does I/O.
use std::sync::Arc;

use plan::Uri;

use crate::Error;

mod cut;
mod deal;
mod ends;
mod index;
mod info;
mod layout;
mod open;
mod read;
mod survey;
mod write;

pub use self::cut::{CloudTiles, CutReport, CutRequest, TileFile, cut};
pub use self::index::{DEFAULT_MEMORY, IndexRequest, index};
pub use self::info::{Info, figure, info};
pub use self::layout::{CutBy, Layout, TileScope, plan};
pub use self::open::open;
pub use self::read::read;

/// Is told how much work was done since it was told last. All of it adds up to the size of the objects, about.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// Runs work that blocks, or computes for long, beside the async runtime.
async fn blocking<T: Send + 'static>(
    object: &Uri,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| {
        Err(Error::Read {
            object: object.clone(),
            source: std::io::Error::other(panic),
        })
    })
}

/// Tells progress in shares of an object: `share` of its bytes while a pass goes from its start to its end.
struct Meter {
    progress: Progress,
    size: u64,
}

impl Meter {
    /// A function that takes positions in the object, in order.
    fn pass(&self, share: f64) -> impl Fn(u64) + use<> {
        let (progress, size) = (self.progress.clone(), self.size);
        let told = std::cell::Cell::new(0);
        move |position| {
            let now = (position.min(size) as f64 * share) as u64;
            progress(now.saturating_sub(told.get()));
            told.set(now.max(told.get()));
        }
    }
}
