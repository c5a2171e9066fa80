//! Everything that touches the store.
mod dataset;
pub mod index;
pub mod info;
mod input;
pub mod map;
mod npy;
mod output;
pub mod plan;
mod reader;
pub mod reduce;
mod segments;
pub mod sort;
mod split;
mod window;

pub use dataset::{Dataset, default_index};
pub use input::Input;
pub use segments::{Manifest, SegmentEntry, Sorted};
pub use window::{Peak, Segment, fetch};

/// Waits for work on threads where it may block and compute.
async fn blocking<T: Send + 'static>(
    object: &::plan::Uri,
    work: impl FnOnce() -> Result<T, crate::Error> + Send + 'static,
) -> Result<T, crate::Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(crate::Error::Panic { object: object.clone() }))
}

/// Threads that compute when nobody says how many.
fn threads(wanted: Option<std::num::NonZero<usize>>) -> usize {
    let here = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    wanted.map_or_else(here, std::num::NonZero::get)
}
