//! Checksums: the ETag, and what a client asks to have checked.
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use s3s::{
    S3Result, TrailingHeaders,
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Md5},
    dto::{Checksum, StreamingBlob},
    s3_error,
};

pub(crate) fn md5(bytes: &[u8]) -> [u8; 16] {
    let mut sum = Md5::new();
    sum.update(bytes);
    sum.finalize()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

/// The bytes that [`hex`] has written.
pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default() as u8;
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

/// Names of the checksums, as header and as algorithm.
const ALGORITHMS: [(&str, &str); 5] = [
    ("x-amz-checksum-crc32", "CRC32"),
    ("x-amz-checksum-crc32c", "CRC32C"),
    ("x-amz-checksum-crc64nvme", "CRC64NVME"),
    ("x-amz-checksum-sha1", "SHA1"),
    ("x-amz-checksum-sha256", "SHA256"),
];

/// The sums of a body that its sender gave, before or after it.
#[derive(Default)]
pub(crate) struct Claimed {
    pub(crate) algorithm: Option<String>,
    pub(crate) sums: Checksum,
}

fn slots(sums: &mut Checksum) -> [&mut Option<String>; 5] {
    [
        &mut sums.checksum_crc32,
        &mut sums.checksum_crc32c,
        &mut sums.checksum_crc64nvme,
        &mut sums.checksum_sha1,
        &mut sums.checksum_sha256,
    ]
}

/// Reads a body and compares it with what its sender claims.
pub(crate) async fn receive(
    body: Option<StreamingBlob>,
    trailers: Option<TrailingHeaders>,
    mut claimed: Claimed,
) -> S3Result<(Bytes, Checksum)> {
    let mut bytes = BytesMut::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| s3_error!(IncompleteBody, "{error}"))?);
        }
    }
    if let Some(trailers) = trailers.and_then(|trailers| trailers.take()) {
        for (slot, (header, _)) in slots(&mut claimed.sums).into_iter().zip(ALGORITHMS) {
            let value = trailers.get(header).and_then(|value| value.to_str().ok());
            *slot = value.map(ToOwned::to_owned).or(slot.take());
        }
    }
    let wanted = |header: usize, sums: &mut Checksum| {
        slots(sums)[header].is_some() || claimed.algorithm.as_deref() == Some(ALGORITHMS[header].1)
    };
    let mut hasher = ChecksumHasher {
        crc32: wanted(0, &mut claimed.sums).then(Default::default),
        crc32c: wanted(1, &mut claimed.sums).then(Default::default),
        crc64nvme: wanted(2, &mut claimed.sums).then(Default::default),
        sha1: wanted(3, &mut claimed.sums).then(Default::default),
        sha256: wanted(4, &mut claimed.sums).then(Default::default),
    };
    hasher.update(&bytes);
    let mut found = hasher.finalize();
    for (claim, found) in slots(&mut claimed.sums).into_iter().zip(slots(&mut found)) {
        if claim.is_some() && claim != found {
            return Err(s3_error!(BadDigest));
        }
    }
    Ok((bytes.freeze(), found))
}
