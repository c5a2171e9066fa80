//! Looking at an object and fetching ranges of it.
use std::{collections::HashMap, io, ops::Range, time::Duration};

use bytes::{Bytes, BytesMut};
use futures::stream::{self, StreamExt, TryStreamExt};
use plan::{Object, Uri};

use super::{S3, fault, place, runtime};
use crate::{Error, Result, memory::room};

/// A range longer than this is fetched in pieces of this size, several at a time: one connection gives a fraction of
/// what a machine can take. The size is what S3's performance guide advises (8 to 16 MB).
pub(super) const PIECE: u64 = 8 << 20;

/// Pieces of one range in flight.
pub(super) const PIECES: usize = 4;

/// How often a body may break off without this much progress before we give up.
const TRIES: u32 = 5;
const PROGRESS: u64 = 64 << 10;

/// An object and what its writer noted beside it.
pub(super) struct Found {
    pub(super) object: Object,
    pub(super) notes: HashMap<String, String>,
}

/// Cuts a range at multiples of [`PIECE`] from its start.
pub(super) fn pieces(range: &Range<u64>) -> impl Iterator<Item = Range<u64>> + use<> {
    let (start, end) = (range.start, range.end);
    let count = (end - start).div_ceil(PIECE);
    (0..count).map(move |i| start + i * PIECE..end.min(start + (i + 1) * PIECE))
}

impl S3 {
    pub(super) async fn look(&self, uri: &Uri) -> Result<Found> {
        let (bucket, key) = place(uri);
        if key.is_empty() {
            return Err(Error::NotFound { uri: uri.clone() });
        }
        let answer = self.0.head_object().bucket(bucket).key(key).send().await;
        let answer = answer.map_err(|error| fault::reading(uri, &error))?;
        let object = Object {
            uri: uri.clone(),
            size: answer.content_length().unwrap_or_default().max(0) as u64,
            etag: answer.e_tag().unwrap_or_default().to_owned(),
        };
        Ok(Found {
            object,
            notes: answer.metadata.unwrap_or_default(),
        })
    }

    /// A range that lies inside the object.
    pub(super) async fn fetch(&self, object: &Object, range: Range<u64>) -> Result<Bytes> {
        drop(room(range.end - range.start).map_err(|source| Error::from_read(&object.uri, source))?);
        // Each piece fills its share of one allocation, so that joining them copies nothing.
        let mut rest = BytesMut::with_capacity((range.end - range.start) as usize);
        let filled: Vec<BytesMut> = stream::iter(pieces(&range))
            .map(|piece| {
                let after = rest.split_off((piece.end - piece.start) as usize);
                let mut share = std::mem::replace(&mut rest, after);
                let (s3, own) = (self.clone(), object.clone());
                runtime::run(&object.uri, async move {
                    s3.stream(&own, piece, |chunk| share.extend_from_slice(&chunk)).await?;
                    Ok(share)
                })
            })
            .buffered(PIECES)
            .try_collect()
            .await?;
        let mut filled = filled.into_iter();
        let mut joined = filled.next().unwrap_or_default();
        filled.for_each(|share| joined.unsplit(share));
        Ok(joined.freeze())
    }

    /// Hands the bytes of a range to `take`, in order, each once. A body that breaks off is continued from its last
    /// byte, of the same version: the SDK repeats requests, but not bodies.
    pub(super) async fn stream(&self, object: &Object, range: Range<u64>, mut take: impl FnMut(Bytes)) -> Result<()> {
        let (bucket, key) = place(&object.uri);
        let mut at = range.start;
        let mut fruitless = 0;
        while at < range.end {
            let from = at;
            let answer = self
                .0
                .get_object()
                .bucket(bucket)
                .key(key)
                .if_match(&object.etag)
                .range(format!("bytes={from}-{}", range.end - 1))
                .send()
                .await
                .map_err(|error| fault::reading_version(object, &error))?;
            check_range(object, from, answer.content_range())?;
            let mut body = answer.body;
            let broken = loop {
                match body.try_next().await {
                    Ok(Some(mut chunk)) => {
                        chunk.truncate((range.end - at).min(chunk.len() as u64) as usize);
                        at += chunk.len() as u64;
                        take(chunk);
                    }
                    Ok(None) if at == range.end => return Ok(()),
                    Ok(None) => break io::Error::from(io::ErrorKind::UnexpectedEof),
                    Err(error) => break io::Error::new(io::ErrorKind::ConnectionReset, fault::chain(&error)),
                }
            };
            fruitless += 1;
            if at - from >= PROGRESS {
                fruitless = 0;
            }
            // All bytes came, and yet the body ended in an error: its checksum is wrong, and the bytes are handed out.
            if at == range.end || fruitless == TRIES {
                return Err(Error::Unavailable {
                    uri: object.uri.clone(),
                    source: broken,
                });
            }
            tracing::debug!(uri = %object.uri, at, cause = %broken, "continuing a body that broke off");
            tokio::time::sleep(Duration::from_millis(50 << fruitless)).await;
        }
        Ok(())
    }
}

/// A server that ignores `Range` answers with the whole object; its first bytes are not ours.
fn check_range(object: &Object, from: u64, found: Option<&str>) -> Result<()> {
    if found.is_some_and(|found| found.starts_with(&format!("bytes {from}-"))) || (found.is_none() && from == 0) {
        return Ok(());
    }
    let found = found.unwrap_or("the whole object");
    Err(Error::Io {
        uri: object.uri.clone(),
        source: io::Error::other(format!("asked for bytes from {from}, the server gave {found}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_range() {
        let cut: Vec<_> = pieces(&(5..5 + 2 * PIECE + 1)).collect();
        assert_eq!(
            cut,
            [5..5 + PIECE, 5 + PIECE..5 + 2 * PIECE, 5 + 2 * PIECE..6 + 2 * PIECE]
        );
        assert_eq!(pieces(&(7..7)).count(), 0);
    }
}
