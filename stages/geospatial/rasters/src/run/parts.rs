//! The patches of a raster, opened.
use std::ops::Range;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_io::Store;
use partition_cog::Window;
use plan::{Object, Uri};

use crate::{
    Cell, Error, Layout, PatchError, Statistics,
    layout::intersection,
    patch::{Contents, PREFIX, Stored, directory_length},
};

/// Directories up to this size come with the first request.
const FIRST: u64 = 64 << 10;
/// Requests in flight.
pub(super) const REQUESTS: usize = 8;

struct Part {
    object: Object,
    contents: Contents,
}

/// All patches of a raster, which together cover it once.
pub(super) struct Parts {
    store: Store,
    layout: Layout,
    all: Vec<Part>,
    /// For each block of the raster, row-major, the patch that has it.
    owners: Vec<u32>,
}

impl Parts {
    pub(super) async fn open<T: Cell>(store: &Store, layout: &Layout, uris: &[Uri], out: &Uri) -> Result<Self, Error> {
        // Gathered first: a stream that maps references would keep the future from being `Send` for every lifetime.
        let opens: Vec<_> = uris.iter().map(|uri| open::<T>(store, layout, uri)).collect();
        let parts: Vec<Part> = stream::iter(opens).buffered(REQUESTS).try_collect().await?;
        let [rows, columns] = layout.blocks(0);
        let blocks = rows * columns;
        let covered = parts
            .iter()
            .map(|part| part.contents.directory.blocks.len() as u64)
            .sum();
        // Before room for all blocks is made: a request cannot ask for more than the patches have.
        if covered < blocks {
            let uri = out.clone();
            return Err(Error::Missing { uri, covered, blocks });
        }
        let mut owners = vec![u32::MAX; blocks as usize];
        for (number, part) in parts.iter().enumerate() {
            let [rows, part_columns] = layout.blocks_of(&part.contents.directory.window);
            for (row, column) in rows.flat_map(|row| part_columns.clone().map(move |column| (row, column))) {
                let owner = &mut owners[(row * columns + column) as usize];
                if *owner != u32::MAX {
                    return Err(Error::Twice {
                        uri: out.clone(),
                        row,
                        column,
                        first: uris[*owner as usize].clone(),
                        second: uris[number].clone(),
                    });
                }
                *owner = number as u32;
            }
        }
        Ok(Self {
            store: store.clone(),
            layout: layout.clone(),
            all: parts,
            owners,
        })
    }

    /// The patch that has a block of the raster.
    fn owner(&self, row: u64, column: u64) -> usize {
        self.owners[(row * self.layout.blocks(0)[1] + column) as usize] as usize
    }

    /// Statistics of the raster: its blocks joined in row-major order.
    pub(super) fn statistics(&self) -> Statistics {
        let [rows, columns] = self.layout.blocks(0);
        let cells = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        Statistics::of_blocks(cells.map(|(row, column)| {
            let part = &self.all[self.owner(row, column)];
            part.contents.statistics(&self.layout, row, column)
        }))
    }

    /// Where a block of the raster is stored.
    pub(super) fn block(&self, row: u64, column: u64) -> (usize, Range<u64>) {
        let owner = self.owner(row, column);
        (owner, self.all[owner].contents.block(&self.layout, row, column))
    }

    /// Where a block of the first overview is stored, if it lies in one patch as a whole.
    pub(super) fn overview(&self, row: u64, column: u64) -> Option<(usize, Range<u64>)> {
        let owner = self.owner(2 * row, 2 * column);
        match self.all[owner].contents.overview(&self.layout, row, column) {
            Stored::Whole(range) => Some((owner, range.clone())),
            Stored::Part(_) => None,
        }
    }

    /// The plain pixels of a block of the first overview that lies in several patches.
    pub(super) async fn shares(&self, row: u64, column: u64) -> Result<Vec<(Window, Bytes)>, Error> {
        let cell = self.layout.block(1, row, column);
        let mut found: Vec<usize> = Vec::new();
        let [rows, columns] = self.layout.blocks(0);
        for row in 2 * row..(2 * row + 2).min(rows) {
            for column in 2 * column..(2 * column + 2).min(columns) {
                let owner = self.owner(row, column);
                if !found.contains(&owner) {
                    found.push(owner);
                }
            }
        }
        let mut shares = Vec::new();
        for owner in found {
            let contents = &self.all[owner].contents;
            let window = self.layout.reduce(&contents.directory.window, 1);
            if let (Some(part), Stored::Part(range)) = (
                intersection(&window, &cell),
                contents.overview(&self.layout, row, column),
            ) {
                shares.push((part, self.read(owner, range.clone()).await?));
            }
        }
        Ok(shares)
    }

    /// The plain pixels of rows of the second overview.
    pub(super) async fn second<T: Cell>(&self, rows: &Range<u64>) -> Result<Vec<(Window, Bytes)>, Error> {
        let mut reads = Vec::new();
        for (number, part) in self.all.iter().enumerate() {
            if let Some((range, window)) = part.contents.second::<T>(&self.layout, rows) {
                reads.push(async move { Ok::<_, Error>((window, self.read(number, range).await?)) });
            }
        }
        stream::iter(reads).buffered(REQUESTS).try_collect().await
    }

    /// Bytes of a patch.
    pub(super) async fn read(&self, part: usize, range: Range<u64>) -> Result<Bytes, Error> {
        Ok(self.store.read(&self.all[part].object, range).await?)
    }

    pub(super) fn uri(&self, part: usize) -> &Uri {
        &self.all[part].object.uri
    }

    /// Bytes of all patches.
    pub(super) fn bytes(&self) -> u64 {
        self.all.iter().map(|part| part.object.size).sum()
    }
}

async fn open<T: Cell>(store: &Store, layout: &Layout, uri: &Uri) -> Result<Part, Error> {
    let malformed = |source| Error::Patch {
        uri: uri.clone(),
        source,
    };
    let object = store.head(uri).await?;
    let mut start = store.read(&object, 0..object.size.min(FIRST)).await?;
    let length = directory_length(&start).map_err(malformed)?;
    let end = (PREFIX + length) as u64;
    if end > object.size {
        let says = format!("a directory of {length} bytes");
        return Err(malformed(PatchError::Sizes { says }));
    }
    if end > start.len() as u64 {
        start = store.read(&object, 0..end).await?;
    }
    let text = &start[PREFIX..end as usize];
    let contents = Contents::parse::<T>(text, layout, object.size).map_err(malformed)?;
    Ok(Part { object, contents })
}
