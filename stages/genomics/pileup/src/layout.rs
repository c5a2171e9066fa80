//! How a read lies on the reference, with its indels moved as far left as they go.
use crate::Read;

/// Bases side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// First reference position.
    pub(crate) reference: u64,
    /// First base of the read, in reference direction.
    pub(crate) read: u32,
    pub(crate) length: u32,
}

/// What lies between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GapKind {
    /// Bases `read..read + length` of the read are inserted.
    Insertion { read: u32 },
    /// Reference bases are missing in the read.
    Deletion,
    /// Reference is skipped, as an intron.
    Skip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap {
    /// The reference base before the gap.
    pub(crate) anchor: u64,
    pub(crate) length: u32,
    pub(crate) kind: GapKind,
    /// Aligned bases of the read before and behind the gap.
    pub(crate) left: u32,
    pub(crate) right: u32,
}

/// The aligned part of a read. Buffers are kept between reads.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) runs: Vec<Run>,
    pub(crate) gaps: Vec<Gap>,
    operations: Vec<(Op, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Match,
    Insertion,
    Deletion,
    Skip,
}

/// Reference letters around a read.
#[derive(Clone, Copy)]
pub(crate) struct Letters<'a> {
    /// Position of the first letter.
    pub(crate) start: u64,
    /// `A`, `C`, `G`, `T` or `N`.
    pub(crate) text: &'a [u8],
}

impl Letters<'_> {
    /// The letter at a position; `None` outside.
    fn at(&self, position: u64) -> Option<u8> {
        let index = position.checked_sub(self.start)?;
        self.text.get(usize::try_from(index).ok()?).copied()
    }
}

impl Layout {
    /// Lays out a read: clips, and indels without aligned bases on both sides, are dropped.
    pub(crate) fn set(&mut self, read: &Read, letters: Letters) {
        self.runs.clear();
        self.gaps.clear();
        let mut position = read.position;
        let mut at = self.set_operations(read.cigar, &mut position);
        if self.operations.len() > 1 {
            self.shift_left(read, letters, &mut position, &mut at);
        }
        for &(op, length) in &self.operations {
            let (anchor, kind) = match op {
                Op::Match => {
                    let (reference, read) = (position, at);
                    self.runs.push(Run {
                        reference,
                        read,
                        length,
                    });
                    position += u64::from(length);
                    at += length;
                    continue;
                }
                Op::Insertion => (position.saturating_sub(1), GapKind::Insertion { read: at }),
                Op::Deletion => (position.saturating_sub(1), GapKind::Deletion),
                Op::Skip => (position.saturating_sub(1), GapKind::Skip),
            };
            if op == Op::Insertion {
                at += length;
            } else {
                position += u64::from(length);
            }
            self.gaps.push(Gap {
                anchor,
                length,
                kind,
                left: 0,
                right: 0,
            });
        }
        self.measure_flanks();
    }

    /// Reference positions from the first aligned base to the last, half-open.
    pub(crate) fn range(&self) -> std::ops::Range<u64> {
        match (self.runs.first(), self.runs.last()) {
            (Some(first), Some(last)) => first.reference..last.reference + u64::from(last.length),
            _ => 0..0,
        }
    }

    /// Fills `operations` with the part from the first to the last run of aligned bases; gives the first base of it.
    fn set_operations(&mut self, cigar: &[u32], position: &mut u64) -> u32 {
        let operations = &mut self.operations;
        operations.clear();
        let mut first_base = 0;
        for &packed in cigar {
            let length = packed >> 4;
            let op = match packed & 15 {
                0 | 7 | 8 => Op::Match,
                1 | 4 => Op::Insertion,
                2 => Op::Deletion,
                3 => Op::Skip,
                _ => continue,
            };
            if length == 0 {
                continue;
            }
            match (operations.last_mut(), op) {
                (None, Op::Match) => operations.push((op, length)),
                (None, Op::Insertion) => first_base += length,
                (None, _) => *position += u64::from(length),
                (Some((last, sum)), _) if *last == op => *sum += length,
                _ => operations.push((op, length)),
            }
        }
        while operations.last().is_some_and(|&(op, _)| op != Op::Match) {
            operations.pop();
        }
        first_base
    }

    /// Moves every indel that has aligned bases on both sides left as long as the read stays the same.
    ///
    /// One that reaches the start of the alignment says nothing: it is dropped with the bases it passed.
    fn shift_left(&mut self, read: &Read, letters: Letters, first: &mut u64, first_base: &mut u32) {
        let (mut position, mut at) = (*first, *first_base);
        let mut index = 0;
        while index < self.operations.len() {
            let (op, length) = self.operations[index];
            let movable = matches!(op, Op::Insertion | Op::Deletion)
                && index > 0
                && self.operations[index - 1].0 == Op::Match
                && self
                    .operations
                    .get(index + 1)
                    .is_some_and(|&(next, _)| next == Op::Match);
            if movable {
                let before = self.operations[index - 1].1;
                // Between two gaps at least one aligned base stays; at the start of the read none needs to.
                let room = if index == 1 { before } else { before - 1 };
                let shift = if op == Op::Deletion {
                    deletion_shift(letters, position, length, room)
                } else {
                    insertion_shift(read.bases, letters, position, at, length, room)
                };
                self.operations[index - 1].1 -= shift;
                self.operations[index + 1].1 += shift;
                position -= u64::from(shift);
                at -= shift;
                if self.operations[index - 1].1 == 0 {
                    self.operations.drain(..2);
                    match op {
                        Op::Insertion => at += length,
                        _ => position += u64::from(length),
                    }
                    (*first, *first_base) = (position, at);
                    index = 0;
                    continue;
                }
            }
            match op {
                Op::Match => {
                    position += u64::from(length);
                    at += length;
                }
                Op::Insertion => at += length,
                Op::Deletion | Op::Skip => position += u64::from(length),
            }
            index += 1;
        }
    }

    fn measure_flanks(&mut self) {
        let total: u32 = self.runs.iter().map(|run| run.length).sum();
        let mut runs = self.runs.iter().peekable();
        let mut left = 0;
        for gap in &mut self.gaps {
            while let Some(run) = runs.next_if(|run| run.reference <= gap.anchor) {
                left += run.length;
            }
            (gap.left, gap.right) = (left, total - left);
        }
    }
}

fn deletion_shift(letters: Letters, position: u64, length: u32, room: u32) -> u32 {
    let equal = |&shift: &u32| {
        let behind = position - 1 - u64::from(shift);
        let letter = letters.at(behind);
        letter.is_some_and(|letter| letter != b'N') && letter == letters.at(behind + u64::from(length))
    };
    (0..room).take_while(equal).count() as u32
}

fn insertion_shift(bases: &[u8], letters: Letters, position: u64, at: u32, length: u32, room: u32) -> u32 {
    let equal = |&shift: &u32| {
        let letter = letters.at(position - 1 - u64::from(shift));
        let base = |at: u32| bases.get(at as usize).copied();
        letter.is_some_and(|letter| letter != b'N')
            && letter == base(at - 1 - shift)
            && letter == base(at + length - 1 - shift)
    };
    (0..room).take_while(equal).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(cigar: &str, position: u64, bases: &[u8], text: &[u8]) -> Layout {
        let cigar: genomics_tables::Cigar = cigar.parse().unwrap();
        let qualities = vec![30; bases.len()];
        let read = Read {
            position,
            cigar: cigar.packed(),
            bases,
            qualities: &qualities,
            ..Read::default()
        };
        let mut layout = Layout::default();
        layout.set(&read, Letters { start: 0, text });
        layout
    }

    fn runs(layout: &Layout) -> Vec<(u64, u32, u32)> {
        layout.runs.iter().map(|r| (r.reference, r.read, r.length)).collect()
    }

    #[test]
    fn clips_are_dropped() {
        let layout = layout("2S3M1S", 1, b"GGCGTA", b"ACGTACGT");
        assert_eq!(runs(&layout), [(1, 2, 3)]);
        assert_eq!(layout.range(), 1..4);
    }

    #[test]
    fn a_deletion_moves_to_the_start_of_its_repeat() {
        //            0123456789
        let text = b"GCATTTTTGC";
        let layout = layout("6M2D2M", 0, b"GCATTTGC", text);
        assert_eq!(runs(&layout), [(0, 0, 3), (5, 3, 5)]);
        assert_eq!(layout.gaps[0].anchor, 2);
        assert_eq!((layout.gaps[0].left, layout.gaps[0].right), (3, 5));
    }

    #[test]
    fn an_insertion_moves_and_turns() {
        // GCA[TA]TATAGG: the insertion written behind the repeat moves before it.
        let text = b"GCATATAGG";
        let layout = layout("7M2I2M", 0, b"GCATATATAGG", text);
        assert_eq!(layout.gaps[0].anchor, 1);
        assert_eq!(layout.gaps[0].kind, GapKind::Insertion { read: 2 });
        assert_eq!(runs(&layout), [(0, 0, 2), (2, 4, 7)]);
    }

    #[test]
    fn an_indel_that_reaches_the_start_is_dropped() {
        let deletion = layout("3M1D4M", 4, b"TTTGCAA", b"GCATTTTTGCAA");
        assert_eq!(runs(&deletion), [(5, 0, 7)]);
        assert!(deletion.gaps.is_empty());
        let insertion = layout("2M1I3M", 3, b"TTTTGC", b"GCATTTGC");
        assert_eq!(runs(&insertion), [(3, 1, 5)]);
    }

    #[test]
    fn neighbouring_indels_do_not_merge() {
        let layout = layout("2M1D1M1D2M", 0, b"TTTTT", b"TTTTTTT");
        assert_eq!(layout.range().end, 7);
        assert!(layout.runs.iter().all(|run| run.length > 0));
    }

    #[test]
    fn odd_cigars_do_no_harm() {
        assert!(layout("5S", 3, b"ACGTA", b"ACGTACGT").runs.is_empty());
        assert!(layout("5I", 3, b"ACGTA", b"ACGTACGT").runs.is_empty());
        assert_eq!(runs(&layout("3D2M2I", 0, b"ACGT", b"ACGTACGT")), [(3, 0, 2)]);
        assert_eq!(
            runs(&layout("2M1P2M3N1M", 0, b"ACGTA", b"ACGTACGT")),
            [(0, 0, 4), (7, 4, 1)]
        );
    }
}
