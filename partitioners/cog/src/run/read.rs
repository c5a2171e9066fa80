//! Reads windows.
use object_io::Store;
use plan::Partition;

use crate::{
    BlockErrorKind, Error, Fetched, Pixels, StoredWindow, Threads, WindowScope,
    decode::{broken_block, decode},
};

/// Fetches the stored bytes of a partition, and nothing else.
///
/// # Errors
/// [`Error::Block`] if a block lies outside of the object, [`Error::Cut`] for a window that is larger than its bytes can
/// hold, [`Error::Store`] if the object has changed or cannot be read.
pub async fn fetch(store: &Store, partition: &Partition<WindowScope>) -> Result<Fetched, Error> {
    let Partition {
        object, bytes, scope, ..
    } = partition;
    for image in std::iter::once(&scope.image).chain(&scope.mask) {
        outside(partition, image)?;
    }
    scope.check_size(bytes).map_err(|source| Error::Cut {
        object: object.uri.clone(),
        source,
    })?;
    let bytes = store.read_ranges(object, bytes, 0).await?;
    Ok(Fetched { bytes })
}

/// Names a block that is not in the object.
fn outside(partition: &Partition<WindowScope>, image: &StoredWindow) -> Result<(), Error> {
    let object = &partition.object;
    let outside = |block: &crate::Block| !block.is_sparse() && block.bytes().end > object.size;
    let Some(at) = image.blocks.iter().position(outside) else {
        return Ok(());
    };
    let touched = image.layout.blocks_of(&partition.scope.window);
    let (across, down) = (touched.width().max(1), touched.height().max(1));
    let at_row = at as u64 / across;
    let place = (
        at_row / down,
        touched.rows.start + at_row % down,
        touched.columns.start + at as u64 % across,
    );
    let kind = BlockErrorKind::Outside { size: object.size };
    Err(broken_block(object, &image.layout, place, image.blocks[at], kind))
}

/// Fetches and decodes the window of a partition. The header of the raster is not read again.
///
/// # Errors
/// As [`fetch`] and [`decode`].
pub async fn read(store: &Store, partition: &Partition<WindowScope>) -> Result<Pixels, Error> {
    let fetched = fetch(store, partition).await?;
    let partition = partition.clone();
    let decoded = tokio::task::spawn_blocking(move || decode(&partition, &fetched, Threads::Pool)).await;
    decoded.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
