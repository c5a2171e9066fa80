//! From reads in order of position to pileup rows.
use std::ops::Range;

use genomics_tables::{
    IndelKey, Letter, MatchKey, OtherKey, Pileup, QUALITY_MAX, StartKey, Strand, fragment_print, mapq_bin,
};

use crate::{
    Read, ReadError,
    layout::{Gap, GapKind, Layout, Letters},
    mates::{Overlap, Verdict, consensus},
    slot::{Allele, Slot, Tally},
};

/// Bases of a read on either side of a mismatch in which other differences are its company.
const COMPANY_WINDOW: u32 = 10;
/// A clip shorter than this is no sign that a read lies wrongly.
const CLIP: u32 = 4;
/// Mates further apart do not come from one fragment.
const FRAGMENT_MAX: i64 = 2000;

/// Piles up the reads of one piece of a contig.
///
/// Reads come in order of position. Memory holds the rows that the last reads can still reach, and those not yet taken.
pub struct Builder {
    contig: u32,
    start: u64,
    text: Vec<u8>,
    count_once: bool,
    /// Slots of positions `origin..`, as a ring.
    slots: Vec<Slot>,
    origin: u64,
    /// One behind the last position that has been touched.
    reach: u64,
    last: u64,
    rows: Pileup,
    observations: u64,
    added: u64,
    tally: Tally,
    layout: Layout,
    overlap: Overlap,
    differences: Differences,
}

/// Where observations of one read come from.
#[derive(Clone, Copy)]
struct Origin {
    mapq_bin: u8,
    fragment: u16,
}

/// The mismatches of one read, waiting for their company.
#[derive(Default)]
struct Differences {
    /// Position, base of the read, observation.
    found: Vec<(u64, u32, OtherKey)>,
    /// Bases of the read at which something differs.
    events: Vec<u32>,
}

impl Differences {
    fn clear(&mut self) {
        self.found.clear();
        self.events.clear();
    }

    fn push(&mut self, position: u64, at: u32, (base, quality, strand): (u8, u8, Strand), origin: Origin) {
        let letter = match base {
            b'A' => Letter::A,
            b'C' => Letter::C,
            b'G' => Letter::G,
            b'T' => Letter::T,
            _ => Letter::N,
        };
        let named = letter != Letter::N;
        if named {
            self.events.push(at);
        }
        let key = OtherKey {
            letter,
            mapq_bin: origin.mapq_bin,
            strand,
            quality: if named { quality } else { 0 },
            end: 0,
            company: 0,
            fragment: if named { origin.fragment } else { 0 },
        };
        self.found.push((position, at, key));
    }
}

impl Builder {
    /// Starts a piece: bases `start..` of a contig. Letters other than ACGT, in either case, become N.
    pub fn new(contig: u32, start: u64, text: &[u8]) -> Self {
        let letter = |&base: &u8| match base.to_ascii_uppercase() {
            base @ (b'A' | b'C' | b'G' | b'T') => base,
            _ => b'N',
        };
        Self {
            contig,
            start,
            text: text.iter().map(letter).collect(),
            count_once: true,
            slots: std::iter::repeat_with(Slot::default).take(1024).collect(),
            origin: start,
            reach: start,
            last: 0,
            rows: Pileup::new(),
            observations: 0,
            added: 0,
            tally: Tally::default(),
            layout: Layout::default(),
            overlap: Overlap::default(),
            differences: Differences::default(),
        }
    }

    /// Counts overlapping mates twice, as `samtools mpileup -x` does. For comparisons only.
    #[must_use]
    pub fn counting_mates_twice(mut self) -> Self {
        self.count_once = false;
        self
    }

    /// Adds a read; `mate` is the primary alignment of its mate if it lies on the same contig.
    ///
    /// # Errors
    /// If the read comes out of order, leaves the piece, or does not fit its CIGAR. Nothing is added then.
    pub fn add(&mut self, read: &Read, mate: Option<&Read>) -> Result<(), ReadError> {
        self.check(read)?;
        let mate = mate.filter(|mate| lengths_fit(mate));
        self.last = read.position;
        self.flush(read.position);
        self.shrink();
        let mut layout = std::mem::take(&mut self.layout);
        layout.set(read, self.letters());
        if !layout.runs.is_empty() {
            let overlaps = self.count_once
                && mate
                    .is_some_and(|mate| touches(&layout.range(), &mate.range()) && self.compare(&layout, read, mate));
            self.observe(read, mate, &layout, overlaps);
        }
        self.layout = layout;
        Ok(())
    }

    /// The rows that no later read can change; they are handed out once.
    pub fn take_rows(&mut self) -> Pileup {
        std::mem::take(&mut self.rows)
    }

    /// Rows that [`Builder::take_rows`] would give now.
    pub fn rows_ready(&self) -> usize {
        self.rows.len()
    }

    /// Ends the piece: the remaining rows, and the number of observations in all rows.
    pub fn finish(mut self) -> (Pileup, u64) {
        self.flush(u64::MAX);
        (self.rows, self.observations)
    }

    /// Counts observations together now and then, so that memory does not grow with depth.
    fn shrink(&mut self) {
        self.added += 1;
        if self.added.is_multiple_of(2048) {
            for slot in &mut self.slots {
                slot.shrink(&mut self.tally);
            }
        }
    }

    fn letters(&self) -> Letters<'_> {
        Letters {
            start: self.start,
            text: &self.text,
        }
    }

    fn check(&self, read: &Read) -> Result<(), ReadError> {
        let position = read.position;
        if position < self.last {
            return Err(ReadError::Order {
                position,
                last: self.last,
            });
        }
        let (alignment, reference) = (read.range(), self.start..self.start + self.text.len() as u64);
        if alignment.start < reference.start || alignment.end > reference.end {
            return Err(ReadError::Outside { alignment, reference });
        }
        if !lengths_fit(read) {
            return Err(ReadError::Length {
                position,
                cigar: read.cigar_bases(),
                bases: read.bases.len(),
                qualities: read.qualities.len(),
            });
        }
        Ok(())
    }

    fn compare(&mut self, layout: &Layout, read: &Read, mate: &Read) -> bool {
        let mut overlap = std::mem::take(&mut self.overlap);
        let found = overlap.set(layout, read, mate, self.letters());
        self.overlap = overlap;
        found
    }

    fn observe(&mut self, read: &Read, mate: Option<&Read>, layout: &Layout, overlaps: bool) {
        let range = layout.range();
        self.reserve(range.end);
        let origin = Origin {
            mapq_bin: mapq_bin(read.mapq),
            fragment: fragment_of(read, mate),
        };
        let none = 0..0;
        let (given_up, region) = if overlaps {
            (self.overlap.given_up.clone(), self.overlap.region.clone())
        } else {
            (none.clone(), none)
        };
        if !overlaps || self.overlap.left {
            let covered = if overlaps {
                self.overlap.joint.clone()
            } else {
                range.clone()
            };
            let span = (covered.end - range.start).min(2047) as u16;
            let key = StartKey {
                mapq_bin: origin.mapq_bin,
                span,
                fragment: origin.fragment,
            };
            self.slot(range.start).starts.push(key.pack());
        }
        self.differences.clear();
        for run in &layout.runs {
            let (start, end) = (run.reference, run.reference + u64::from(run.length));
            // Before, inside and behind the region of overlap.
            self.plain(read, run.read, start..end.min(region.start.max(start)), start, origin);
            if overlaps {
                self.shared(
                    read,
                    run.read,
                    start.max(region.start)..end.min(region.end),
                    start,
                    origin,
                );
            }
            self.plain(read, run.read, start.max(region.end.min(end))..end, start, origin);
        }
        for gap in &layout.gaps {
            self.gap(read, gap, &given_up, &region, origin);
        }
        self.push_differences(read, layout);
    }

    /// Bases that only this read covers.
    #[inline]
    fn plain(&mut self, read: &Read, first: u32, positions: Range<u64>, run_start: u64, origin: Origin) {
        if positions.is_empty() {
            return;
        }
        let length = (positions.end - positions.start) as usize;
        let at = first as usize + (positions.start - run_start) as usize;
        let offset = (positions.start - self.start) as usize;
        let strand = Strand::of(read.reverse);
        let prefix = MatchKey {
            mapq_bin: origin.mapq_bin,
            strand,
            quality: 0,
        }
        .pack();
        let mask = self.slots.len() - 1;
        let letters = &self.text[offset..offset + length];
        let bases = &read.bases[at..at + length];
        let qualities = &read.qualities[at..at + length];
        for (i, ((&letter, &base), &quality)) in letters.iter().zip(bases).zip(qualities).enumerate() {
            if letter == base && base != b'N' {
                let slot = &mut self.slots[(positions.start as usize).wrapping_add(i) & mask];
                slot.push_match(prefix | u16::from(quality.min(QUALITY_MAX)));
            } else {
                let position = positions.start + i as u64;
                self.differences
                    .push(position, (at + i) as u32, (base, quality, strand), origin);
            }
        }
    }

    /// Bases that the mate covers too.
    fn shared(&mut self, read: &Read, first: u32, positions: Range<u64>, run_start: u64, origin: Origin) {
        for position in positions {
            if self.overlap.given_up.contains(&position) {
                // The mate has this position, unless it has a deletion or nothing here.
                continue;
            }
            let at = first as usize + (position - run_start) as usize;
            let own = (read.bases[at], read.qualities[at]);
            let mate = self.overlap.base(position);
            let (base, quality, strand) = match consensus(own, mate) {
                Verdict::Own(quality) => (own.0, quality, Strand::of(read.reverse)),
                Verdict::Mate(quality) => (mate.0, quality, Strand::of(!read.reverse)),
                Verdict::Both(quality) => (own.0, quality, Strand::Both),
                Verdict::Neither => (b'N', 0, Strand::Both),
            };
            let letter = self.text[(position - self.start) as usize];
            if letter == base && base != b'N' {
                let key = MatchKey {
                    mapq_bin: origin.mapq_bin,
                    strand,
                    quality: quality.min(QUALITY_MAX),
                };
                self.slot(position).push_match(key.pack());
            } else {
                self.differences
                    .push(position, at as u32, (base, quality, strand), origin);
            }
        }
    }

    /// An indel: the reads' allele at its anchor, and the positions that a deletion leaves out.
    fn gap(&mut self, read: &Read, gap: &Gap, given_up: &Range<u64>, region: &Range<u64>, origin: Origin) {
        if gap.kind == GapKind::Deletion {
            let key = OtherKey {
                letter: Letter::Deleted,
                mapq_bin: origin.mapq_bin,
                strand: Strand::of(read.reverse),
                quality: 0,
                end: 0,
                company: 0,
                fragment: 0,
            };
            let deleted = gap.anchor + 1..gap.anchor + 1 + u64::from(gap.length);
            for position in deleted.filter(|position| !given_up.contains(position)) {
                self.slot(position).others.push(key.pack());
            }
        }
        if gap.kind == GapKind::Skip {
            return;
        }
        let (mut left, mut right, mut strand) = (gap.left, gap.right, Strand::of(read.reverse));
        if region.contains(&gap.anchor)
            && let Some(theirs) = self.overlap.gap_at(gap.anchor)
        {
            if given_up.contains(&gap.anchor) {
                return;
            }
            if theirs.length == gap.length {
                left = left.max(theirs.left);
                right = right.max(theirs.right);
                strand = Strand::Both;
            }
        }
        let key = IndelKey {
            mapq_bin: origin.mapq_bin,
            strand,
            left: left.min(15) as u8,
            right: right.min(63) as u8,
            fragment: origin.fragment,
        };
        let allele = match gap.kind {
            GapKind::Insertion { read: at } => {
                let inserted = &read.bases[at as usize..(at + gap.length) as usize];
                Allele::Insertion(inserted.into())
            }
            _ => Allele::Deletion(gap.length),
        };
        self.slot(gap.anchor).indels.push((allele, key.pack()));
    }

    /// Gives the mismatches their distance to the end and their company, and files them.
    fn push_differences(&mut self, read: &Read, layout: &Layout) {
        let (Some(first), Some(last)) = (layout.runs.first(), layout.runs.last()) else {
            return;
        };
        if self.differences.found.is_empty() {
            return;
        }
        let (first, last) = (first.read, last.read + last.length - 1);
        let mut differences = std::mem::take(&mut self.differences);
        for gap in layout.gaps.iter().filter(|gap| gap.kind != GapKind::Skip) {
            differences.events.push(first + gap.left);
        }
        if first >= CLIP {
            differences.events.push(first);
        }
        if last + 1 + CLIP <= read.bases.len() as u32 {
            differences.events.push(last);
        }
        for &(position, at, mut key) in &differences.found {
            if key.letter != Letter::N {
                let near = |&&event: &&u32| event.abs_diff(at) <= COMPANY_WINDOW;
                // The mismatch itself is among the events.
                let company = differences.events.iter().filter(near).count() - 1;
                key.company = company.min(3) as u8;
                key.end = at.saturating_sub(first).min(last.saturating_sub(at)).min(15) as u8;
            }
            self.slot(position).others.push(key.pack());
        }
        self.differences = differences;
    }

    #[inline]
    fn slot(&mut self, position: u64) -> &mut Slot {
        let mask = self.slots.len() - 1;
        &mut self.slots[position as usize & mask]
    }

    /// Makes room for positions up to `end`.
    fn reserve(&mut self, end: u64) {
        let wanted = (end - self.origin) as usize;
        if wanted > self.slots.len() {
            let old = std::mem::take(&mut self.slots);
            let (old_mask, mask) = (old.len() - 1, wanted.next_power_of_two() - 1);
            self.slots.resize_with(mask + 1, Slot::default);
            let mut old: Vec<Option<Slot>> = old.into_iter().map(Some).collect();
            for position in self.origin..self.reach {
                if let Some(slot) = old[position as usize & old_mask].take() {
                    self.slots[position as usize & mask] = slot;
                }
            }
        }
        self.reach = self.reach.max(end);
    }

    /// Turns the slots before `position` into rows.
    fn flush(&mut self, position: u64) {
        let end = position.min(self.reach);
        let mask = self.slots.len() - 1;
        while self.origin < end {
            let at = self.origin as usize & mask;
            let slot = &mut self.slots[at];
            if !slot.is_empty() {
                let letter = self.text[(self.origin - self.start) as usize];
                let (tally, observations) = (&mut self.tally, &mut self.observations);
                self.rows.push_with(self.contig, self.origin, letter, |mut lists| {
                    let depth = slot.drain_into(tally, &mut lists);
                    *observations += u64::from(depth);
                    depth
                });
            }
            self.origin += 1;
        }
        if position > self.origin && position != u64::MAX {
            self.origin = position;
            self.reach = self.reach.max(position);
        }
    }
}

fn lengths_fit(read: &Read) -> bool {
    read.bases.len() == read.qualities.len() && read.cigar_bases() == read.bases.len() as u64
}

fn touches(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

fn fragment_of(read: &Read, mate: Option<&Read>) -> u16 {
    let own = read.five_prime();
    if let Some(mate) = mate
        && mate.reverse != read.reverse
    {
        let other = mate.five_prime();
        if (own - other).abs() <= FRAGMENT_MAX {
            return fragment_print(own.min(other), own.max(other));
        }
    }
    let range = read.range();
    let far = if read.reverse { range.start } else { range.end };
    fragment_print(own, far as i64 + i64::from(read.reverse))
}
