//! One object from many, copied by S3 where its rules allow.
//!
//! Parts of a multipart upload must have 5 MiB or more, except the last. So large inputs are copied on the server, runs
//! of small ones are fetched and sent as one part, and such a part takes what it lacks from the input that follows.
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, StreamExt, TryStreamExt};
use plan::{Object, Uri};

use super::{
    S3,
    multipart::{LARGEST_PART, Multipart, SMALLEST_PART, Source},
};
use crate::{Error, Result};

/// An object of up to this size is fetched and written in one request: fewer requests than any other way.
const SMALL: u64 = 8 << 20;

/// Copies on the server are cut into pieces of this size, which run side by side.
const COPY: u64 = 256 << 20;

/// Parts under way.
const PARTS: usize = 8;

/// Requests under way for the inputs of one fetched part.
const FETCHES: usize = 16;

/// A range of input `0`.
type Span = (usize, Range<u64>);

/// One part of the result.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Copied(Span),
    Fetched(Vec<Span>),
}

/// Cuts the concatenation of inputs of these sizes into parts that S3 accepts, never more than 10 000.
fn plan_parts(sizes: &[u64]) -> Vec<Part> {
    let total: u64 = sizes.iter().sum();
    // At most 4000 parts that are fetched or smaller than COPY, and 4000 copies.
    let least = SMALLEST_PART.max(total.div_ceil(4000));
    let most = COPY.max(least).min(LARGEST_PART);
    let mut parts = Vec::new();
    let mut run: Vec<Span> = Vec::new();
    let mut held = 0;
    for (input, &size) in sizes.iter().enumerate() {
        let mut at = 0;
        if held > 0 {
            // Finish the run: with all of a small input, with as little as it lacks of a large one.
            let lacks = least - held;
            at = if size < lacks + least { size } else { lacks };
        } else if size < least {
            at = size;
        }
        if at > 0 {
            run.push((input, 0..at));
            held += at;
        }
        if held >= least {
            parts.push(Part::Fetched(std::mem::take(&mut run)));
            held = 0;
        }
        let pieces = (size - at).div_ceil(most);
        let cut = |i: u64| at + (size - at) * i / pieces;
        parts.extend((0..pieces).map(|i| Part::Copied((input, cut(i)..cut(i + 1)))));
    }
    if !run.is_empty() {
        parts.push(Part::Fetched(run));
    }
    parts
}

impl S3 {
    pub(super) async fn join(&self, inputs: &[Object], to: &Uri) -> Result<Object> {
        let sizes: Vec<u64> = inputs.iter().map(|object| object.size).collect();
        if sizes.iter().sum::<u64>() <= SMALL {
            let all = sizes
                .iter()
                .enumerate()
                .map(|(input, &size)| (input, 0..size))
                .collect();
            let bytes = self.gather(inputs, all).await?;
            return self.write(to, bytes).await;
        }
        let upload = Multipart::start(self, to).await?;
        let parts = stream::iter((1..).zip(plan_parts(&sizes)))
            .map(|(number, part)| {
                let upload = &upload;
                async move {
                    let source = match part {
                        Part::Copied((input, range)) => Source::Copy(inputs[input].clone(), range),
                        Part::Fetched(spans) => Source::Memory(self.gather(inputs, spans).await?),
                    };
                    upload.part(number, source).await
                }
            })
            .buffer_unordered(PARTS)
            .try_collect()
            .await;
        match parts {
            Ok(parts) => upload.complete(parts).await,
            Err(error) => {
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    async fn gather(&self, inputs: &[Object], spans: Vec<Span>) -> Result<Bytes> {
        let fetched: Vec<Bytes> = stream::iter(spans.into_iter().filter(|(_, range)| !range.is_empty()))
            .map(|(input, range)| self.fetch(&inputs[input], range))
            .buffered(FETCHES)
            .try_collect()
            .await?;
        let mut whole = BytesMut::with_capacity(fetched.iter().map(Bytes::len).sum());
        for bytes in &fetched {
            whole.extend_from_slice(bytes);
        }
        Ok::<_, Error>(whole.freeze())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn a_run_of_small_inputs_takes_what_it_lacks() {
        let parts = plan_parts(&[MIB, 2 * MIB, 20 * MIB, 0, 3]);
        assert_eq!(
            parts,
            [
                Part::Fetched(vec![(0, 0..MIB), (1, 0..2 * MIB), (2, 0..2 * MIB)]),
                Part::Copied((2, 2 * MIB..20 * MIB)),
                Part::Fetched(vec![(4, 0..3)]),
            ]
        );
    }

    fn spans(parts: &[Part]) -> Vec<Span> {
        let each = parts.iter().map(|part| match part {
            Part::Copied(span) => std::slice::from_ref(span),
            Part::Fetched(spans) => spans,
        });
        each.flatten().cloned().collect()
    }

    fn length(part: &Part) -> u64 {
        spans(std::slice::from_ref(part))
            .iter()
            .map(|(_, range)| range.end - range.start)
            .sum()
    }

    proptest! {
        #[test]
        fn parts_keep_the_order_and_the_rules_of_s3(
            sizes in prop::collection::vec(
                prop_oneof![0..100u64, 0..2 * SMALLEST_PART, 4 * MIB..600 * MIB, 1u64 << 30..40 << 30],
                0..400,
            )
        ) {
            let parts = plan_parts(&sizes);
            prop_assert!(parts.len() <= 10_000);
            if let Some((last, others)) = parts.split_last() {
                prop_assert!(length(last) <= LARGEST_PART && length(last) > 0);
                for part in others {
                    prop_assert!((SMALLEST_PART..=LARGEST_PART).contains(&length(part)), "{part:?}");
                }
            }
            // Read in order, the spans give every input from its first to its last byte.
            let mut expected = sizes.iter().enumerate().filter(|(_, size)| **size > 0).peekable();
            let mut at = 0;
            for (input, range) in spans(&parts) {
                let &(wanted, &size) = expected.peek().unwrap();
                prop_assert_eq!((input, range.start), (wanted, at));
                at = range.end;
                if at == size {
                    expected.next();
                    at = 0;
                }
            }
            prop_assert!(expected.peek().is_none());
        }
    }
}
