//! Mates in two files, or one after the other in one: the same count, the same names, cut at the same numbers.
use plan::Uri;

use crate::{Header, Summary, mate_number};

/// Two reads that should be mates are not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// The files have unequal numbers of reads.
    #[error(
        "{first} has {first_reads} reads but {second} has {second_reads}: they are not two mates of the same pairs"
    )]
    Count {
        /// R1.
        first: Uri,
        /// Its reads.
        first_reads: u64,
        /// R2.
        second: Uri,
        /// Its reads.
        second_reads: u64,
    },
    /// An interleaved file with an odd number of reads.
    #[error("{object}: {reads} reads cannot be pairs one after the other; the last has no mate")]
    Odd {
        /// The file.
        object: Uri,
        /// Its reads.
        reads: u64,
    },
    /// The files given in the wrong order, by what the names of their first reads say.
    #[error(
        "{first} holds the second mates ({first_name:?}) and {second} the first ({second_name:?}); give R1 before R2"
    )]
    Swapped {
        /// Given as R1.
        first: Uri,
        /// Name line of its first read.
        first_name: String,
        /// Given as R2.
        second: Uri,
        /// Name line of its first read.
        second_name: String,
    },
    /// Names that differ.
    #[error(
        "pair {pair} is out of step: {first_name:?} (read {first_read} of {first}) and {second_name:?} (read {second_read} of {second})"
    )]
    Names {
        /// 0-based number of the pair.
        pair: u64,
        /// R1.
        first: Uri,
        /// 0-based number of the read in R1.
        first_read: u64,
        /// Its name line.
        first_name: String,
        /// R2.
        second: Uri,
        /// 0-based number of the read in R2.
        second_read: u64,
        /// Its name line.
        second_name: String,
    },
}

/// How the counts and names of mates in two files agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Together,
    /// The counts agree and some name does not.
    NamesDiffer,
}

/// Compares two indexed files; equal digests mean equal names, without reading them again.
pub(crate) fn compare(first: &Header, second: &Header) -> Result<Step, PairError> {
    let (one, two) = (&first.summary, &second.summary);
    if one.reads != two.reads {
        return Err(PairError::Count {
            first: first.index.source.uri.clone(),
            first_reads: one.reads,
            second: second.index.source.uri.clone(),
            second_reads: two.reads,
        });
    }
    if let (Some(one), Some(two)) = (&one.first_name, &two.first_name)
        && (mate_number(one.as_bytes()), mate_number(two.as_bytes())) == (Some(2), Some(1))
    {
        return Err(PairError::Swapped {
            first: first.index.source.uri.clone(),
            first_name: one.clone(),
            second: second.index.source.uri.clone(),
            second_name: two.clone(),
        });
    }
    Ok(if one.names == two.names {
        Step::Together
    } else {
        Step::NamesDiffer
    })
}

/// The same for an interleaved file.
pub(crate) fn compare_interleaved(object: &Uri, summary: &Summary) -> Result<Step, PairError> {
    if !summary.reads.is_multiple_of(2) {
        return Err(PairError::Odd {
            object: object.clone(),
            reads: summary.reads,
        });
    }
    Ok(if summary.even_names == summary.odd_names {
        Step::Together
    } else {
        Step::NamesDiffer
    })
}
