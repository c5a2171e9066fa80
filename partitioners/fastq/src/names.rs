//! Names of reads, as far as mates share them.
use memchr::memchr2;
use serde::{Deserialize, Serialize};

/// The part of a name line (without `@`) that both mates of a pair share: up to the first blank or tab, without `/1` or `/2`.
///
/// ```
/// use partition_fastq::pair_name;
/// assert_eq!(pair_name(b"A00488:61:1 1:N:0:ACGT"), b"A00488:61:1");
/// assert_eq!(pair_name(b"r7/2 len=80"), pair_name(b"r7/1"));
/// assert_eq!(pair_name(b"r7/3"), b"r7/3");
/// ```
pub fn pair_name(line: &[u8]) -> &[u8] {
    let end = memchr2(b' ', b'\t', line).unwrap_or(line.len());
    match &line[..end] {
        [name @ .., b'/', b'1' | b'2'] if !name.is_empty() => name,
        name => name,
    }
}

/// Which mate a name line says it is: `/1`, `/2`, ` 1:N:0:…` or ` 2:N:0:…`.
pub fn mate_number(line: &[u8]) -> Option<u8> {
    let end = memchr2(b' ', b'\t', line).unwrap_or(line.len());
    let said = if let [.., b'/', mate] = &line[..end] {
        mate
    } else if let Some([mate, b':', ..]) = line.get(end + 1..) {
        mate
    } else {
        return None;
    };
    matches!(said, b'1' | b'2').then(|| said - b'0')
}

/// A running hash of the shared names of reads in order: two files with equal counts and digests have the same names.
///
/// Equal by chance once in 2^64. Not made to withstand an adversary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamesDigest(u64);

const MULTIPLIERS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93];

fn mix(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ MULTIPLIERS[0]) * u128::from(b ^ MULTIPLIERS[1]);
    product as u64 ^ (product >> 64) as u64
}

impl NamesDigest {
    /// Appends the name in a name line (without `@`).
    #[inline]
    pub fn push(&mut self, line: &[u8]) {
        self.append(Self::hash(line));
    }

    /// The hash of the name in a name line.
    #[inline]
    pub(crate) fn hash(line: &[u8]) -> u64 {
        let name = pair_name(line);
        let (words, tail) = name.as_chunks::<8>();
        let hash = words
            .iter()
            .fold(name.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        mix(hash, u64::from_le_bytes(last))
    }

    #[inline]
    pub(crate) fn append(&mut self, hash: u64) {
        self.0 = mix(self.0.rotate_left(17), hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shared_up_to_the_mate() {
        assert_eq!(pair_name(b"x/1"), b"x");
        assert_eq!(pair_name(b"/1"), b"/1");
        assert_eq!(pair_name(b"x 1:N:0:"), b"x");
        assert_eq!(pair_name(b"x\t/2"), b"x");
        assert_eq!(mate_number(b"x/2"), Some(2));
        assert_eq!(mate_number(b"x 1:N:0:AC"), Some(1));
        assert_eq!(mate_number(b"x 12"), None);
        assert_eq!(mate_number(b"x"), None);
    }

    #[test]
    fn the_digest_depends_on_names_and_order() {
        let digest = |names: &[&[u8]]| {
            let mut digest = NamesDigest::default();
            for name in names {
                digest.push(name);
            }
            digest
        };
        assert_eq!(digest(&[b"a/1", b"b 1:N"]), digest(&[b"a/2", b"b 2:N"]));
        assert_ne!(digest(&[b"a", b"b"]), digest(&[b"b", b"a"]));
        assert_ne!(digest(&[b"read12345", b"b"]), digest(&[b"read12346", b"b"]));
        assert_ne!(digest(&[b"ab"]), digest(&[b"ab\0"]));
        assert_ne!(digest(&[]), digest(&[b""]));
    }
}
