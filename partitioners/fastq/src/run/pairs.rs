use std::sync::{Arc, Mutex, PoisonError};

use object_io::Store;

use crate::{
    Error, PairError, pair_name, pairs,
    pairs::Step,
    records,
    run::{Index, part::stream_reads},
};

/// Refuses two files that are not the mates of the same pairs in the same order.
///
/// Counts and digests of names stand in the indexes, so this costs nothing; only to name the first pair that is out of step
/// are the files read again.
pub async fn check_pairs(store: &Store, first: &Index, second: &Index) -> Result<(), Error> {
    match pairs::compare(first.header(), second.header())? {
        Step::Together => Ok(()),
        Step::NamesDiffer => Err(find(store, [first, second], false).await?),
    }
}

/// Refuses an interleaved file whose reads 2k and 2k + 1 are not mates.
pub async fn check_interleaved(store: &Store, index: &Index) -> Result<(), Error> {
    let header = index.header();
    match pairs::compare_interleaved(&header.index.source.uri, &header.summary)? {
        Step::Together => Ok(()),
        Step::NamesDiffer => Err(find(store, [index, index], true).await?),
    }
}

/// Pairs whose names are held at a time.
const BATCH: u64 = 1 << 15;

async fn find(store: &Store, files: [&Index; 2], interleaved: bool) -> Result<Error, Error> {
    let step = if interleaved { 2 } else { 1 };
    let pairs = files[0].header().summary.reads / step;
    for start in (0..pairs).step_by(BATCH as usize) {
        let end = (start + BATCH).min(pairs);
        let one = names(store, files[0], start * step..end * step).await?;
        let two = if interleaved {
            one.iter().skip(1).step_by(2).cloned().collect()
        } else {
            names(store, files[1], start..end).await?
        };
        let one = one.into_iter().step_by(step as usize);
        for (pair, (first_name, second_name)) in (start..end).zip(one.zip(two)) {
            if pair_name(&first_name) == pair_name(&second_name) {
                continue;
            }
            let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
            return Ok(Error::from(PairError::Names {
                pair,
                first: files[0].header().index.source.uri.clone(),
                first_read: pair * step,
                first_name: text(&first_name),
                second: files[1].header().index.source.uri.clone(),
                second_read: pair * step + step - 1,
                second_name: text(&second_name),
            }));
        }
    }
    // The digests were made by the same names: an index that contradicts its object.
    Ok(Error::Index {
        index: files[1].header().index.source.uri.clone(),
        source: crate::IndexFault::Damaged,
    })
}

async fn names(store: &Store, index: &Index, reads: std::ops::Range<u64>) -> Result<Vec<Vec<u8>>, Error> {
    let text = Arc::new(Mutex::new(Vec::new()));
    let to = text.clone();
    let keep = move |piece: &[u8]| {
        to.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(piece);
        Ok(())
    };
    stream_reads(store, index, reads, keep).await?;
    let text = text.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(records(&text).map(|record| record.name.to_vec()).collect())
}
