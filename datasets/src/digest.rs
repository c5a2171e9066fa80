//! The checksum of a file as it comes in.
use md5::{Digest as _, Md5};
use sha2::{Digest as _, Sha256};

use crate::File;

/// Computes what a file's publisher vouches for.
pub(crate) enum Digest {
    Sha256(Sha256),
    Md5(Md5),
    Nothing,
}

/// A checksum or a length that is not as published.
pub(crate) struct Differs {
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Digest {
    /// The strongest that is known of `file`.
    pub(crate) fn of(file: &File) -> Self {
        match (&file.sha256, &file.md5) {
            (Some(_), _) => Self::Sha256(Sha256::new()),
            (None, Some(_)) => Self::Md5(Md5::new()),
            (None, None) => Self::Nothing,
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(digest) => digest.update(bytes),
            Self::Md5(digest) => digest.update(bytes),
            Self::Nothing => {}
        }
    }

    /// Compares with what is published.
    pub(crate) fn check(self, file: &File) -> Result<(), Differs> {
        let (what, expected, found) = match self {
            Self::Sha256(digest) => ("SHA-256", &file.sha256, hex(&digest.finalize())),
            Self::Md5(digest) => ("MD5", &file.md5, hex(&digest.finalize())),
            Self::Nothing => return Ok(()),
        };
        match expected {
            Some(expected) if !expected.eq_ignore_ascii_case(&found) => Err(Differs {
                what,
                expected: expected.clone(),
                found,
            }),
            _ => Ok(()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[digit as usize]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        let md5 = File {
            md5: Some("900150983cd24fb0d6963f7d28e17f72".into()),
            ..File::default()
        };
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let sha256 = File {
            sha256: Some(sha256.to_uppercase()),
            ..File::default()
        };
        for file in [md5, sha256] {
            let check = |text: &[u8]| {
                let mut digest = Digest::of(&file);
                digest.update(text);
                digest.check(&file).is_ok()
            };
            assert!(check(b"abc") && !check(b"abd"));
        }
    }
}
