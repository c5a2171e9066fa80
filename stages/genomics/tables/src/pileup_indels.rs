//! The indels that begin behind one position, each with the reads that show it.
use crate::pileup_histogram::{Entries, add_lists, push_varint, take_varint};

/// What an indel does to the reference behind its anchor base. Left-aligned: no read shows it further left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Indel<'a> {
    /// These bases (upper case) come between the anchor and the next reference base.
    Insertion(&'a [u8]),
    /// So many reference bases behind the anchor are missing.
    Deletion(u32),
}

/// An indel with the list of its [`crate::IndelKey`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndelEntry<'a> {
    /// The indel.
    pub indel: Indel<'a>,
    /// Who shows it, for [`Entries`].
    pub reads: &'a [u8],
}

/// Appends one indel; they must come in order of [`Indel`].
///
/// Stored as number `length * 2 + (1 for a deletion)`, inserted bases, number of bytes of the list, the list.
pub fn push_indel(bytes: &mut Vec<u8>, entry: &IndelEntry) {
    match entry.indel {
        Indel::Insertion(inserted) => {
            push_varint(bytes, (inserted.len() as u64) << 1);
            bytes.extend_from_slice(inserted);
        }
        Indel::Deletion(length) => push_varint(bytes, u64::from(length) << 1 | 1),
    }
    push_varint(bytes, entry.reads.len() as u64);
    bytes.extend_from_slice(entry.reads);
}

/// The indels behind one position, in order.
#[derive(Clone, Debug)]
pub struct Indels<'a>(&'a [u8]);

impl<'a> Indels<'a> {
    /// Reads a stored list. Broken bytes end it early; [`Indels::is_whole`] finds them.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether the bytes are well formed.
    pub fn is_whole(bytes: &'a [u8]) -> bool {
        let mut indels = Self::new(bytes);
        let mut before = None;
        for entry in indels.by_ref() {
            if !Entries::is_whole(entry.reads) || before.is_some_and(|before| before >= entry.indel) {
                return false;
            }
            before = Some(entry.indel);
        }
        indels.0.is_empty()
    }
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Option<&'a [u8]> {
    let (front, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(front)
}

impl<'a> Iterator for Indels<'a> {
    type Item = IndelEntry<'a>;

    fn next(&mut self) -> Option<IndelEntry<'a>> {
        let mut rest = self.0;
        let head = take_varint(&mut rest)?;
        let indel = if head & 1 == 1 {
            Indel::Deletion(u32::try_from(head >> 1).ok()?)
        } else {
            Indel::Insertion(take(&mut rest, head >> 1)?)
        };
        let length = take_varint(&mut rest)?;
        let reads = take(&mut rest, length)?;
        self.0 = rest;
        Some(IndelEntry { indel, reads })
    }
}

/// Appends the sum of several lists of indels.
pub(crate) fn add_indels(lists: &[&[u8]], sum: &mut Vec<u8>) {
    if let [only] = lists {
        sum.extend_from_slice(only);
        return;
    }
    let mut all: Vec<IndelEntry> = lists.iter().flat_map(|list| Indels::new(list)).collect();
    all.sort_by_key(|entry| entry.indel);
    let mut reads = Vec::new();
    for same in all.chunk_by(|a, b| a.indel == b.indel) {
        let lists: Vec<&[u8]> = same.iter().map(|entry| entry.reads).collect();
        reads.clear();
        add_lists(&lists, &mut reads);
        let indel = same[0].indel;
        push_indel(sum, &IndelEntry { indel, reads: &reads });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(Indel, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &(indel, reads) in entries {
            push_indel(&mut bytes, &IndelEntry { indel, reads });
        }
        bytes
    }

    #[test]
    fn indels_add_up_by_allele() {
        let a = list(&[(Indel::Insertion(b"AC"), &[10]), (Indel::Deletion(3), &[10])]);
        let b = list(&[(Indel::Insertion(b"AG"), &[2]), (Indel::Deletion(3), &[10])]);
        let mut sum = Vec::new();
        add_indels(&[&a, &b], &mut sum);
        let wanted = list(&[
            (Indel::Insertion(b"AC"), &[10]),
            (Indel::Insertion(b"AG"), &[2]),
            (Indel::Deletion(3), &[11, 0]),
        ]);
        assert_eq!(sum, wanted);
        assert!(Indels::is_whole(&sum));
    }

    #[test]
    fn broken_lists_are_found() {
        let whole = list(&[(Indel::Insertion(b"ACGT"), &[10, 12])]);
        assert!(Indels::is_whole(&whole));
        for cut in 1..whole.len() {
            assert!(!Indels::is_whole(&whole[..cut]), "{cut}");
        }
        assert!(!Indels::is_whole(&[
            0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f
        ]));
    }
}
