use std::{collections::BTreeSet, ops::Range};

use bytes::Bytes;
use object_io::Store;
use plan::{Object, Uri};

use crate::{
    Error, Header, IndexFault, Row, WindowPlace,
    index::{Footer, MAGIC, PAGE_ROWS, decode_page},
};

/// An index whose header is known and whose rows are fetched as needed.
#[derive(Clone, Debug)]
pub struct Index {
    header: Header,
    footer: Footer,
    place: IndexPlace,
    /// The last bytes of the index, and where they start.
    tail: Bytes,
    tail_at: u64,
}

#[derive(Clone, Debug)]
enum IndexPlace {
    Stored(Object),
    /// All of it is the tail.
    Memory(Uri),
}

/// What is read at first: footer, header and as many rows as come with it.
const TAIL: u64 = 64 << 10;

/// Where the index of an object is by default: beside it, with `.tessera` appended.
pub fn default_index(object: &Uri) -> Uri {
    object.with_suffix(".tessera")
}

impl Index {
    /// Opens an index by one or two ranged reads.
    ///
    /// # Errors
    /// [`Error::Index`] if it is foreign, cut short, damaged or of another version.
    pub async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let object = store.head(uri).await?;
        let fault = |source| Error::Index {
            index: uri.clone(),
            source,
        };
        if object.size < (MAGIC.len() + Footer::BYTES) as u64 {
            let start = store.read(&object, 0..object.size.min(MAGIC.len() as u64)).await?;
            let ours = start.len() == MAGIC.len() && start[..] == MAGIC;
            return Err(fault(if ours {
                IndexFault::Truncated
            } else {
                IndexFault::Foreign
            }));
        }
        let tail_at = object.size.saturating_sub(TAIL);
        let tail = store.read(&object, tail_at..object.size).await?;
        let footer = match Self::footer(&tail, object.size) {
            Ok(footer) => footer,
            Err(IndexFault::Truncated) => {
                let start = store.read(&object, 0..MAGIC.len() as u64).await?;
                let ours = start[..] == MAGIC;
                return Err(fault(if ours {
                    IndexFault::Truncated
                } else {
                    IndexFault::Foreign
                }));
            }
            Err(other) => return Err(fault(other)),
        };
        let (tail, tail_at) = if footer.header_at < tail_at {
            let tail = store.read(&object, footer.header_at..object.size).await?;
            (tail, footer.header_at)
        } else {
            (tail, tail_at)
        };
        Self::new(footer, IndexPlace::Stored(object), tail, tail_at).map_err(fault)
    }

    /// Opens the index of `object` at `uri`, and refuses one of another object or another version of it.
    pub async fn of(store: &Store, object: &Object, uri: &Uri) -> Result<Self, Error> {
        let index = Self::open(store, uri).await?;
        let checked = index.header.index.check(object);
        checked.map_err(|source| Error::Stale {
            index: uri.clone(),
            source,
        })?;
        Ok(index)
    }

    /// An index that is in memory; `object` names it in errors.
    pub(crate) fn from_bytes(object: &Uri, bytes: Bytes) -> Result<Self, Error> {
        let fault = |source| Error::Index {
            index: object.clone(),
            source,
        };
        let footer = Self::footer(&bytes, bytes.len() as u64).map_err(fault)?;
        Self::new(footer, IndexPlace::Memory(object.clone()), bytes, 0).map_err(fault)
    }

    fn footer(tail: &Bytes, size: u64) -> Result<Footer, IndexFault> {
        let footer = tail.last_chunk().ok_or(IndexFault::Truncated)?;
        Footer::decode(footer, size)
    }

    fn new(footer: Footer, place: IndexPlace, tail: Bytes, tail_at: u64) -> Result<Self, IndexFault> {
        let from = (footer.header_at - tail_at) as usize;
        let json = tail.get(from..from + footer.header_length as usize);
        let json = json.ok_or(IndexFault::Damaged)?;
        if crc32fast::hash(json) != footer.header_crc {
            return Err(IndexFault::Damaged);
        }
        let header: Header = serde_json::from_slice(json).map_err(|_| IndexFault::Damaged)?;
        if header.fences.len() as u64 != footer.pages() {
            return Err(IndexFault::Damaged);
        }
        Ok(Self {
            header,
            footer,
            place,
            tail,
            tail_at,
        })
    }

    /// What the index says about its object.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Number of places where decoding can start.
    pub fn row_count(&self) -> u64 {
        self.footer.rows
    }

    /// Size of the index in bytes, where it is stored.
    pub fn stored_bytes(&self) -> Option<u64> {
        match &self.place {
            IndexPlace::Stored(object) => Some(object.size),
            IndexPlace::Memory(_) => None,
        }
    }

    fn uri(&self) -> &Uri {
        match &self.place {
            IndexPlace::Stored(object) => &object.uri,
            IndexPlace::Memory(uri) => uri,
        }
    }

    /// Every row.
    pub async fn rows(&self, store: &Store) -> Result<Vec<Row>, Error> {
        let pages: Vec<u64> = (0..self.footer.pages()).collect();
        self.pages(store, &pages).await
    }

    /// The rows by which parts with borders at `reads` can be placed: for each its page and the next.
    pub(crate) async fn rows_near(
        &self,
        store: &Store,
        reads: impl IntoIterator<Item = u64>,
    ) -> Result<Vec<Row>, Error> {
        let fences = &self.header.fences;
        let mut pages = BTreeSet::new();
        for read in reads {
            // Of the rows with this same first read the last one counts, the first one too where it ends a part.
            let last = fences.partition_point(|&fence| fence <= read).saturating_sub(1);
            let first = fences.partition_point(|&fence| fence < read).saturating_sub(1);
            pages.extend(first as u64..=(last as u64 + 1).min(self.footer.pages().saturating_sub(1)));
        }
        let pages: Vec<u64> = pages.into_iter().filter(|&page| page < self.footer.pages()).collect();
        self.pages(store, &pages).await
    }

    async fn pages(&self, store: &Store, pages: &[u64]) -> Result<Vec<Row>, Error> {
        let ranges: Vec<Range<u64>> = pages.iter().map(|&page| self.footer.page(page)).collect();
        let fetched = match (&self.place, ranges.first()) {
            (IndexPlace::Stored(object), Some(first)) if first.start < self.tail_at => {
                store.read_ranges(object, &ranges, TAIL).await?
            }
            _ => ranges.iter().map(|range| self.in_tail(range)).collect(),
        };
        let mut rows = Vec::with_capacity(pages.len() * PAGE_ROWS);
        for page in fetched {
            let decoded = decode_page(&page).map_err(|source| Error::Index {
                index: self.uri().clone(),
                source,
            })?;
            rows.extend(decoded);
        }
        let in_order = |pair: &[Row]| {
            let (one, two) = (&pair[0], &pair[1]);
            one.bit <= two.bit && one.text <= two.text && one.first.read <= two.first.read
        };
        if !rows.windows(2).all(in_order) {
            return Err(Error::Index {
                index: self.uri().clone(),
                source: IndexFault::Damaged,
            });
        }
        Ok(rows)
    }

    fn in_tail(&self, range: &Range<u64>) -> Bytes {
        self.tail
            .slice((range.start - self.tail_at) as usize..(range.end - self.tail_at) as usize)
    }

    /// The windows at these bytes of the index.
    pub(crate) async fn windows(&self, store: &Store, places: Vec<Range<u64>>) -> Result<Vec<Bytes>, Error> {
        match &self.place {
            IndexPlace::Stored(object) => Ok(store.read_ranges(object, &places, TAIL).await?),
            IndexPlace::Memory(_) => Ok(places.iter().map(|place| self.in_tail(place)).collect()),
        }
    }

    /// How a worker gets a window.
    pub(crate) fn window(&self, bytes: Option<Range<u64>>) -> WindowPlace {
        match (bytes, &self.place) {
            (None, _) => WindowPlace::None,
            (Some(bytes), IndexPlace::Stored(index)) => WindowPlace::Stored {
                index: index.clone(),
                bytes,
            },
            (Some(bytes), IndexPlace::Memory(_)) => WindowPlace::Inline(self.in_tail(&bytes)),
        }
    }
}
