//! The tabix index of a BGZF-compressed VCF file.
//!
//! Format: <https://samtools.github.io/hts-specs/tabix.pdf>. Bins of 2^14 to 2^29 bases; contigs longer than 2^29 have none.
use std::collections::BTreeMap;

use crate::bgzf;

/// The longest contig that a tabix index covers.
pub(crate) const LONGEST: u64 = 1 << 29;
/// A bin number that no record has, in which htslib keeps counts.
const COUNTS: u32 = 37_450;

/// Gathers records in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct Tabix {
    contigs: Vec<Contig>,
}

#[derive(Debug, Default)]
struct Contig {
    name: String,
    bins: BTreeMap<u32, Vec<(u64, u64)>>,
    windows: Vec<u64>,
    first: u64,
    last: u64,
    records: u64,
}

impl Tabix {
    /// Adds a record: reference bases `start..end` (0-based), stored at virtual offsets `from..to`.
    pub(crate) fn add(&mut self, contig: &str, start: u64, end: u64, from: u64, to: u64) {
        if self.contigs.last().is_none_or(|last| last.name != contig) {
            self.contigs.push(Contig {
                name: contig.to_owned(),
                first: from,
                ..Contig::default()
            });
        }
        let Some(contig) = self.contigs.last_mut() else { return };
        contig.last = to;
        contig.records += 1;
        let chunks = contig.bins.entry(bin(start, end)).or_default();
        match chunks.last_mut() {
            // Chunks that meet in one block are one.
            Some(last) if last.1 >> 16 == from >> 16 => last.1 = to,
            _ => chunks.push((from, to)),
        }
        let (first, last) = ((start >> 14) as usize, ((end.max(start + 1) - 1) >> 14) as usize);
        while contig.windows.len() <= last {
            // A window without a record begins where the one before does.
            let before = contig.windows.last().copied().unwrap_or(0);
            contig
                .windows
                .push(if contig.windows.len() >= first { from } else { before });
        }
    }

    /// The index file.
    pub(crate) fn finish(&self) -> Vec<u8> {
        let mut bytes = b"TBI\x01".to_vec();
        let mut push = |number: u32| bytes.extend_from_slice(&number.to_le_bytes());
        push(self.contigs.len() as u32);
        // VCF: sequence in column 1, position in column 2, no end column, lines of '#' are comments, none skipped.
        for number in [2, 1, 2, 0, u32::from(b'#'), 0] {
            push(number);
        }
        push(self.contigs.iter().map(|contig| contig.name.len() as u32 + 1).sum());
        for contig in &self.contigs {
            bytes.extend_from_slice(contig.name.as_bytes());
            bytes.push(0);
        }
        for contig in &self.contigs {
            contig.push(&mut bytes);
        }
        let mut file = bgzf::compress(&bytes);
        file.extend_from_slice(&bgzf::EOF);
        file
    }
}

impl Contig {
    fn push(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&(self.bins.len() as u32 + 1).to_le_bytes());
        let counts = [(self.first, self.last), (self.records, 0)];
        let all = self
            .bins
            .iter()
            .map(|(&bin, chunks)| (bin, &chunks[..]))
            .chain([(COUNTS, &counts[..])]);
        for (bin, chunks) in all {
            bytes.extend_from_slice(&bin.to_le_bytes());
            bytes.extend_from_slice(&(chunks.len() as u32).to_le_bytes());
            for (from, to) in chunks {
                bytes.extend_from_slice(&from.to_le_bytes());
                bytes.extend_from_slice(&to.to_le_bytes());
            }
        }
        bytes.extend_from_slice(&(self.windows.len() as u32).to_le_bytes());
        for window in &self.windows {
            bytes.extend_from_slice(&window.to_le_bytes());
        }
    }
}

/// The smallest bin that holds bases `start..end`.
fn bin(start: u64, end: u64) -> u32 {
    let last = end.max(start + 1) - 1;
    for (shift, first) in [(14, 4681), (17, 585), (20, 73), (23, 9), (26, 1)] {
        if start >> shift == last >> shift {
            return first + (start >> shift) as u32;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_those_of_the_specification() {
        assert_eq!([bin(0, 1), bin(16_384, 16_385), bin(16_383, 16_385)], [4681, 4682, 585]);
        assert_eq!(bin(0, 1 << 29), 0);
    }

    #[test]
    fn windows_without_records_repeat_the_one_before() {
        let mut tabix = Tabix::default();
        tabix.add("c", 5, 6, 100, 120);
        tabix.add("c", 3 << 14, (3 << 14) + 1, 1 << 16, (1 << 16) + 9);
        assert_eq!(tabix.contigs[0].windows, [100, 100, 100, 1 << 16]);
    }
}
