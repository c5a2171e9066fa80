//! Repeats of short units in the reference, as classes that share a rate of indel errors.
use genomics_tables::{Indel, Pileup};
use serde::{Deserialize, Serialize};

use crate::weights::phred;

/// More copies than this count as so many.
const COPIES: u8 = 22;
/// Longer units count as of this length.
pub(crate) const PERIODS: u8 = 3;
/// Longer indels count as of this length.
const LENGTHS: u8 = 3;
/// Longest stretch of reference looked at for repeats.
pub(crate) const REPEAT_MAX: u64 = 200;

/// A tandem repeat of the reference that begins behind an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Tract {
    /// Bases of the unit.
    pub(crate) period: u8,
    /// Whole units; 0 stands for every anchor.
    pub(crate) copies: u8,
}

impl Tract {
    pub(crate) fn new(period: u32, copies: u32) -> Self {
        let copies = copies.min(u32::from(COPIES)) as u8;
        // Without a repeat an anchor is like any other.
        let period = if copies == 0 {
            1
        } else {
            period.clamp(1, u32::from(PERIODS))
        };
        Self {
            period: period as u8,
            copies,
        }
    }

    /// How much likelier an indel is here than outside repeats: slippage makes them commoner, the more the more copies
    /// there are.
    pub(crate) fn prior(self) -> f64 {
        if self.copies < 4 {
            1.0
        } else {
            f64::from(self.copies - 2)
        }
    }
}

/// Indels that sequencing makes by error equally often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct IndelClass {
    pub(crate) tract: Tract,
    pub(crate) deletion: bool,
    /// Bases, up to [`LENGTHS`].
    pub(crate) length: u8,
}

impl IndelClass {
    pub(crate) fn new(indel: &Indel, tract: Tract) -> Self {
        let (deletion, length) = match indel {
            Indel::Insertion(bases) => (false, bases.len() as u32),
            Indel::Deletion(length) => (true, *length),
        };
        Self {
            tract,
            deletion,
            length: length.clamp(1, u32::from(LENGTHS)) as u8,
        }
    }

    /// The rate of an average instrument.
    pub(crate) fn guess(self) -> f64 {
        slip_error(
            u32::from(self.length),
            u32::from(self.tract.period),
            u32::from(self.tract.copies),
        )
    }
}

/// Probability that a read shows an indel that is not there.
///
/// Outside repeats the rates of the SiNPle model (1e-5 for one base, 1e-6 for more); in a tandem repeat polymerases slip:
/// about 2.5 Phred less for each further copy of a homopolymer, as Illumina reads show (1 in 100 at 12 copies).
fn slip_error(length: u32, period: u32, copies: u32) -> f64 {
    let outside: f64 = if length == 1 { 50.0 } else { 60.0 };
    let slope = if period <= 1 { 3.0 } else { 2.5 };
    let slips = f64::from(copies.saturating_sub(3)) * slope;
    phred(
        (outside - slips)
            .clamp(15.0, outside)
            .min(if copies > 4 { outside - slips } else { outside })
            .max(15.0),
    )
}

/// The shortest unit that a sequence repeats.
pub(crate) fn period(sequence: &[u8]) -> usize {
    (1..=sequence.len())
        .find(|&period| {
            sequence.len().is_multiple_of(period) && sequence[period..] == sequence[..sequence.len() - period]
        })
        .unwrap_or(0)
}

/// So many letters behind an anchor are enough for [`place`].
pub(crate) fn reach(indel: &Indel) -> u64 {
    match indel {
        Indel::Insertion(_) => REPEAT_MAX,
        Indel::Deletion(length) => u64::from(*length) + REPEAT_MAX,
    }
}

/// Where an indel stands: bases that it could move to the right and stay the same, and the repeat it is one unit more or less of.
///
/// `behind` are the reference letters behind the anchor.
pub(crate) fn place(indel: &Indel, behind: &[u8]) -> (u32, u32, u32) {
    let (unit, after) = match indel {
        Indel::Insertion(bases) => (*bases, behind),
        Indel::Deletion(length) => {
            let end = (*length as usize).min(behind.len());
            behind.split_at(end)
        }
    };
    let after = &after[..after.len().min(REPEAT_MAX as usize)];
    let repeats = |(at, letter): &(usize, &u8)| !unit.is_empty() && unit[at % unit.len()] == **letter;
    let shift = after.iter().enumerate().take_while(repeats).count() as u32;
    // The tract in which the indel is one unit more or less, deleted bases included.
    let tract = if let Indel::Deletion(length) = indel {
        shift + length
    } else {
        shift
    };
    let period = period(&unit[..unit.len().min(REPEAT_MAX as usize)]) as u32;
    (shift, period, tract.checked_div(period).unwrap_or(0))
}

/// The letters of the rows of a pileup of one contig, by number of row.
pub(crate) struct Letters {
    first: usize,
    rows: Vec<(u64, u8)>,
}

impl Letters {
    pub(crate) fn new(pileup: &Pileup, rows: std::ops::Range<usize>) -> Self {
        let first = rows.start;
        let letter = |at| {
            let row = pileup.row(at);
            (row.position, row.reference)
        };
        Self {
            first,
            rows: rows.map(letter).collect(),
        }
    }

    /// The letter `offset` bases behind row `at`; `None` where no read lies, or of an N.
    fn get(&self, at: usize, offset: u64) -> Option<u8> {
        let index = at - self.first;
        let (position, _) = *self.rows.get(index)?;
        let &(found, letter) = self.rows.get(index + offset as usize)?;
        (found == position + offset && letter != b'N').then_some(letter)
    }

    /// The `count` letters behind row `at`, as far as they are known.
    pub(crate) fn behind(&self, at: usize, count: u64) -> Vec<u8> {
        (1..=count).map_while(|offset| self.get(at, offset)).collect()
    }

    /// The repeats that begin behind row `at`: for each length of unit at most one, none that began before.
    pub(crate) fn tracts(&self, at: usize) -> impl Iterator<Item = Tract> + '_ {
        (1..=u64::from(PERIODS)).filter_map(move |period| {
            let anchor = self.get(at, 0)?;
            if self.get(at, period)? == anchor {
                return None;
            }
            let unit: Vec<u8> = (1..=period).map_while(|offset| self.get(at, offset)).collect();
            if self::period(&unit) as u64 != period {
                return None;
            }
            let same = |offset: &u64| {
                let letter = self.get(at, *offset);
                letter.is_some() && letter == self.get(at, offset + period)
            };
            let more = (1..=REPEAT_MAX).take_while(same).count() as u64;
            Some(Tract::new(period as u32, ((period + more) / period) as u32))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(text: &[u8]) -> (Pileup, usize) {
        let mut pileup = Pileup::new();
        for (position, &letter) in (0..).zip(text) {
            pileup.push_with(0, position, letter, |_| 1);
        }
        (pileup, text.len())
    }

    fn tracts(text: &[u8], at: usize) -> Vec<(u8, u8)> {
        let (pileup, rows) = letters(text);
        let letters = Letters::new(&pileup, 0..rows);
        letters.tracts(at).map(|tract| (tract.period, tract.copies)).collect()
    }

    #[test]
    fn slips_grow_with_copies() {
        assert!((slip_error(1, 1, 2) - 1e-5).abs() < 1e-9);
        assert!((slip_error(3, 3, 1) - 1e-6).abs() < 1e-9);
        assert!(slip_error(1, 1, 12) > 1e-3 && slip_error(1, 1, 100) < 0.04);
    }

    #[test]
    fn a_period_is_the_shortest_unit() {
        let periods = [&b"A"[..], b"AAA", b"ACAC", b"ACA", b""].map(period);
        assert_eq!(periods, [1, 1, 2, 3, 0]);
    }

    #[test]
    fn tracts_begin_behind_their_anchor() {
        // Behind the G stand four A; as units of two or three they are no other repeat.
        assert_eq!(tracts(b"GAAAACT", 0), [(1, 4)]);
        assert_eq!(tracts(b"GAAAACT", 1), [], "a run that began before is none");
        assert_eq!(tracts(b"GACACACTT", 0), [(1, 1), (2, 3), (3, 1)]);
    }

    #[test]
    fn an_indel_and_its_tract_are_of_one_class() {
        for (text, indel) in [
            (&b"GAAAACT"[..], Indel::Deletion(1)),
            (b"GAAAACT", Indel::Insertion(b"A")),
            (b"GACACACTT", Indel::Deletion(2)),
            (b"GACACACTT", Indel::Insertion(b"AC")),
            (b"GAACAACT", Indel::Deletion(3)),
        ] {
            let (_, period, copies) = place(&indel, &text[1..]);
            assert!(
                tracts(text, 0).contains(&(period as u8, copies as u8)),
                "{indel:?} in {text:?}: {period} x {copies}"
            );
        }
    }
}
