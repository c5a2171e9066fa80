//! What must hold before a request is applied.
use std::ops;

use s3s::{
    S3Result,
    dto::{CopySource, ETagCondition},
    s3_error,
};

use crate::objects::Stored;

/// `If-Match` and `If-None-Match` of a read.
pub(crate) fn check_read(etag: &str, wanted: Option<&ETagCondition>, unwanted: Option<&ETagCondition>) -> S3Result<()> {
    let fits = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(other) => other.value() == etag,
    };
    if wanted.is_some_and(|condition| !fits(condition)) {
        return Err(s3_error!(PreconditionFailed));
    }
    if unwanted.is_some_and(fits) {
        return Err(s3_error!(NotModified));
    }
    Ok(())
}

/// The same of a write.
pub(crate) fn check_write(
    there: Option<&Stored>,
    wanted: Option<&ETagCondition>,
    unwanted: Option<&ETagCondition>,
) -> S3Result<()> {
    let Some(there) = there else {
        return wanted.map_or(Ok(()), |_| Err(s3_error!(NoSuchKey)));
    };
    check_read(&there.etag, wanted, unwanted).map_err(|_| s3_error!(PreconditionFailed))
}

pub(crate) fn source(source: &CopySource) -> S3Result<(&str, &str)> {
    match source {
        CopySource::Bucket { bucket, key, .. } => Ok((bucket, key)),
        _ => Err(s3_error!(NotImplemented)),
    }
}

/// `bytes=1-2` of a copy, which must lie inside the object.
pub(crate) fn copied_range(text: &str, size: usize) -> S3Result<ops::Range<usize>> {
    let ends = text.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let ends = ends.and_then(|(first, last)| Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()?)));
    let (first, last) = ends.ok_or_else(|| s3_error!(InvalidArgument))?;
    if first > last || last >= size {
        return Err(s3_error!(InvalidRange));
    }
    Ok(first..last + 1)
}
