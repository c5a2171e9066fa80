use std::{num::NonZero, ops::Range};

use object_io::Store;
use partition_gzip::Format;
use plan::{Object, Partition, Plan, Uri, split_evenly};
use serde::{Deserialize, Serialize};

use crate::{Check, Error, Healed, ReadStart, RecordKind, Scanner, TextSink};

/// The scope of a part cut by bytes: what lies between the first record starts at or after both ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteRange {
    /// What the records are.
    pub kind: RecordKind,
    /// Bytes, before the worker heals both ends.
    pub bytes: Range<u64>,
}

/// Look-ahead at first, and at most: two reads and more must fit.
const LOOK: u64 = 64 << 10;
const LOOK_FURTHEST: u64 = 32 << 20;

/// Cuts an uncompressed object into even byte ranges, without reading it.
///
/// # Errors
/// [`Error::Compressed`] if it is gzip.
pub async fn plan_bytes(
    store: &Store,
    object: &Uri,
    kind: RecordKind,
    parts: NonZero<u64>,
) -> Result<Plan<ByteRange>, Error> {
    let object = store.head(object).await?;
    let prefix = store.read(&object, 0..object.size.min(Format::PREFIX as u64)).await?;
    if Format::detect(&prefix) != Format::Plain {
        return Err(Error::Compressed { object: object.uri });
    }
    let part = |(number, bytes): (usize, Range<u64>)| Partition {
        object: object.clone(),
        number: number as u64,
        bytes: vec![bytes.clone()],
        scope: ByteRange { kind, bytes },
    };
    let partitions = split_evenly(object.size, parts.get()).enumerate().map(part).collect();
    Ok(Plan { object, partitions })
}

/// Heals both ends of a part and gives its whole records to `out`; says which bytes they are.
///
/// FASTQ is checked as it goes by; a fault names the read counted from the start of the part, and the byte of the object.
pub async fn read_bytes(
    store: &Store,
    partition: &Partition<ByteRange>,
    mut out: impl TextSink,
) -> Result<Range<u64>, Error> {
    let ByteRange { kind, bytes } = partition.scope.clone();
    let object = &partition.object;
    let start = heal(store, object, kind, bytes.start).await?;
    let end = heal(store, object, kind, bytes.end).await?.max(start);
    let mut reader = store.sequential(object, start..end).await?;
    let uri = object.uri.clone();
    let passed = tokio::task::spawn_blocking(move || {
        let mut scanner = Scanner::at(Check::Framing, ReadStart { read: 0, text: start });
        let write = |source| {
            Error::Store(object_io::Error::Io {
                uri: uri.clone(),
                source,
            })
        };
        loop {
            let piece = reader.fill().map_err(write)?;
            if piece.is_empty() {
                break;
            }
            if kind == RecordKind::Fastq {
                let record = |source| Error::Record {
                    object: uri.clone(),
                    source,
                };
                scanner.push(piece).map_err(record)?;
            }
            out.text(piece).map_err(write)?;
            let length = piece.len();
            reader.consume(length);
        }
        let finished = scanner.finish().map(|_| ());
        finished.map_err(|source| Error::Record {
            object: uri.clone(),
            source,
        })?;
        out.end().map_err(write)
    });
    passed.await.map_err(|source| Error::Panic {
        object: object.uri.clone(),
        source,
    })??;
    Ok(start..end)
}

/// The first record start at or after `border`; the object's end if there is none.
async fn heal(store: &Store, object: &Object, kind: RecordKind, border: u64) -> Result<u64, Error> {
    if border == 0 || border >= object.size {
        return Ok(border.min(object.size));
    }
    let mut look = LOOK;
    loop {
        let end = object.size.min(border + look);
        let text = store.read(object, border - 1..end).await?;
        match kind.first_record(&text, end == object.size) {
            Healed::At(offset) => return Ok(border + offset as u64),
            Healed::End => return Ok(object.size),
            Healed::More if look >= LOOK_FURTHEST => {
                return Err(Error::Unhealed {
                    object: object.uri.clone(),
                    border,
                    looked: look,
                });
            }
            Healed::More => look *= 8,
        }
    }
}
