//! Places where a read may come from, before anybody has chosen among them.
use std::{io::Write, ops::Range, sync::Arc};

use arrow_array::{
    ArrayRef, Int32Array, RecordBatch, StringArray, UInt8Array, UInt32Array, UInt64Array,
    builder::StringBuilder,
    cast::AsArray,
    types::{Int32Type, UInt8Type, UInt32Type, UInt64Type},
};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;

use crate::{
    Cigar, Mate, TableError,
    alignment_parquet::{TableReader, TableWriter},
};

/// One place where a read aligns. The set of a read's hits does not depend on how the reference was cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hit {
    /// 0-based number of the read, or of the pair, in the whole FASTQ file.
    pub read: u64,
    /// Which read of the pair.
    pub mate: Mate,
    /// 0-based number of the contig in the reference's `.fai`.
    pub contig: u32,
    /// 0-based leftmost aligned reference base.
    pub position: u64,
    /// Whether the reverse complement of the read is aligned.
    pub reverse: bool,
    /// In reference direction; spans the whole read, unaligned ends are soft clips.
    pub cigar: Cigar,
    /// The aligner's score.
    pub score: i32,
    /// Phred-scaled likelihood of the read, given that it comes from here: small is likely.
    pub penalty: u32,
    /// Mismatches, inserted and deleted bases.
    pub edit_distance: u32,
    /// Bases aligned to an equal reference base.
    pub matches: u32,
    /// The seeds that led here.
    pub seeds: Seeds,
}

/// A chain of seeds, which shows roughly where a read may align, and how well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seeds {
    /// About the number of bases that the seeds cover, less what they are out of line.
    pub score: i32,
    /// Bases of the read, as sequenced, from the first seed to the last.
    pub range: Range<u32>,
}

/// A chain within this many bases of the best is always worth an alignment: a mismatch hides the two seeds around it.
const NEAR: i32 = 42;

impl Seeds {
    /// Whether these seeds make it pointless to look at `other`: for the same bases of the read, more than twice as good.
    ///
    /// The align stage leaves such places out to save time, but it knows the seeds of one chunk only; the best-hit stage
    /// applies the same rule over all chunks, so that the outcome does not depend on the cut.
    ///
    /// ```
    /// use genomics_tables::Seeds;
    /// let best = Seeds { score: 140, range: 0..150 };
    /// assert!(best.outweigh(&Seeds { score: 30, range: 100..140 }));
    /// assert!(!best.outweigh(&Seeds { score: 110, range: 0..150 }));
    /// ```
    pub fn outweigh(&self, other: &Self) -> bool {
        other.score < self.score / 2 && other.score < self.score - NEAR && overlaps(&self.range, &other.range)
    }
}

/// Whether two ranges share more than half of the shorter.
fn overlaps(a: &Range<u32>, b: &Range<u32>) -> bool {
    let shared = a.end.min(b.end).saturating_sub(a.start.max(b.start));
    u64::from(shared) * 2 > u64::from(a.len().min(b.len()) as u32)
}

const TABLE: &str = "hits";

fn schema() -> Arc<Schema> {
    let column = |name: &str, kind| Field::new(name, kind, false);
    Arc::new(Schema::new(vec![
        column("read", DataType::UInt64),
        column("mate", DataType::UInt8),
        column("contig", DataType::UInt32),
        column("position", DataType::UInt64),
        column("reverse", DataType::UInt8),
        column("cigar", DataType::Utf8),
        column("score", DataType::Int32),
        column("penalty", DataType::UInt32),
        column("edit_distance", DataType::UInt32),
        column("matches", DataType::UInt32),
        column("seed_score", DataType::Int32),
        column("seed_start", DataType::UInt32),
        column("seed_end", DataType::UInt32),
    ]))
}

/// Writes hits in the order given; the align stage gives them in order of (read, mate).
pub struct HitWriter<W: Write + Send> {
    table: TableWriter<W>,
    columns: Columns,
}

#[derive(Default)]
struct Columns {
    read: Vec<u64>,
    mate: Vec<u8>,
    contig: Vec<u32>,
    position: Vec<u64>,
    reverse: Vec<u8>,
    cigar: StringBuilder,
    score: Vec<i32>,
    penalty: Vec<u32>,
    edit_distance: Vec<u32>,
    matches: Vec<u32>,
    seed_score: Vec<i32>,
    seed_start: Vec<u32>,
    seed_end: Vec<u32>,
}

impl<W: Write + Send> HitWriter<W> {
    /// Starts a table.
    pub fn new(to: W) -> Result<Self, TableError> {
        Ok(Self {
            table: TableWriter::new(to, schema())?,
            columns: Columns::default(),
        })
    }

    /// Appends a row.
    pub fn push(&mut self, hit: &Hit) -> Result<(), TableError> {
        self.columns.push(hit);
        if TableWriter::<W>::is_batch(self.columns.read.len()) {
            self.table.write(self.columns.take())?;
        }
        Ok(())
    }

    /// Writes the rest and the footer, and gives back what was written to.
    pub fn finish(mut self) -> Result<W, TableError> {
        if !self.columns.read.is_empty() {
            self.table.write(self.columns.take())?;
        }
        self.table.finish()
    }
}

impl Columns {
    fn push(&mut self, hit: &Hit) {
        self.read.push(hit.read);
        self.mate.push(hit.mate.number());
        self.contig.push(hit.contig);
        self.position.push(hit.position);
        self.reverse.push(u8::from(hit.reverse));
        hit.cigar.append_to(&mut self.cigar);
        self.score.push(hit.score);
        self.penalty.push(hit.penalty);
        self.edit_distance.push(hit.edit_distance);
        self.matches.push(hit.matches);
        self.seed_score.push(hit.seeds.score);
        self.seed_start.push(hit.seeds.range.start);
        self.seed_end.push(hit.seeds.range.end);
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        use std::mem::take;
        vec![
            Arc::new(UInt64Array::from(take(&mut self.read))),
            Arc::new(UInt8Array::from(take(&mut self.mate))),
            Arc::new(UInt32Array::from(take(&mut self.contig))),
            Arc::new(UInt64Array::from(take(&mut self.position))),
            Arc::new(UInt8Array::from(take(&mut self.reverse))),
            Arc::new(self.cigar.finish()),
            Arc::new(Int32Array::from(take(&mut self.score))),
            Arc::new(UInt32Array::from(take(&mut self.penalty))),
            Arc::new(UInt32Array::from(take(&mut self.edit_distance))),
            Arc::new(UInt32Array::from(take(&mut self.matches))),
            Arc::new(Int32Array::from(take(&mut self.seed_score))),
            Arc::new(UInt32Array::from(take(&mut self.seed_start))),
            Arc::new(UInt32Array::from(take(&mut self.seed_end))),
        ]
    }
}

/// Reads hits in the order written, one batch of rows in memory at a time.
pub struct HitReader {
    table: TableReader,
    batch: Option<Batch>,
    at: usize,
}

impl HitReader {
    /// Opens a table.
    pub fn new(table: Bytes) -> Result<Self, TableError> {
        Ok(Self {
            table: TableReader::new(table, TABLE, &schema())?,
            batch: None,
            at: 0,
        })
    }

    /// Rows of the whole table.
    pub fn rows(&self) -> u64 {
        self.table.rows()
    }

    fn next_row(&mut self) -> Result<Option<Hit>, TableError> {
        loop {
            if let Some(batch) = &self.batch
                && self.at < batch.read.len()
            {
                self.at += 1;
                return batch.row(self.at - 1).map(Some);
            }
            match self.table.next_batch()? {
                Some(batch) => self.batch = Some(Batch::new(&batch)),
                None => return Ok(None),
            }
            self.at = 0;
        }
    }
}

impl Iterator for HitReader {
    type Item = Result<Hit, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}

struct Batch {
    read: UInt64Array,
    mate: UInt8Array,
    contig: UInt32Array,
    position: UInt64Array,
    reverse: UInt8Array,
    cigar: StringArray,
    score: Int32Array,
    penalty: UInt32Array,
    edit_distance: UInt32Array,
    matches: UInt32Array,
    seed_score: Int32Array,
    seed_start: UInt32Array,
    seed_end: UInt32Array,
}

impl Batch {
    /// Takes the columns, whose order and types the table reader has made sure of.
    fn new(batch: &RecordBatch) -> Self {
        let u32s = |at: usize| batch.column(at).as_primitive::<UInt32Type>().clone();
        Self {
            read: batch.column(0).as_primitive::<UInt64Type>().clone(),
            mate: batch.column(1).as_primitive::<UInt8Type>().clone(),
            contig: u32s(2),
            position: batch.column(3).as_primitive::<UInt64Type>().clone(),
            reverse: batch.column(4).as_primitive::<UInt8Type>().clone(),
            cigar: batch.column(5).as_string::<i32>().clone(),
            score: batch.column(6).as_primitive::<Int32Type>().clone(),
            penalty: u32s(7),
            edit_distance: u32s(8),
            matches: u32s(9),
            seed_score: batch.column(10).as_primitive::<Int32Type>().clone(),
            seed_start: u32s(11),
            seed_end: u32s(12),
        }
    }

    fn row(&self, at: usize) -> Result<Hit, TableError> {
        Ok(Hit {
            read: self.read.value(at),
            mate: Mate::from_number(self.mate.value(at)),
            contig: self.contig.value(at),
            position: self.position.value(at),
            reverse: self.reverse.value(at) != 0,
            cigar: self.cigar.value(at).parse::<Cigar>()?,
            score: self.score.value(at),
            penalty: self.penalty.value(at),
            edit_distance: self.edit_distance.value(at),
            matches: self.matches.value(at),
            seeds: Seeds {
                score: self.seed_score.value(at),
                range: self.seed_start.value(at)..self.seed_end.value(at),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_come_back_as_written() {
        let hit = |i: u64| Hit {
            read: i / 4,
            mate: Mate::from_number((i % 3) as u8),
            contig: i as u32 % 7,
            position: i * 31 % 100_003,
            reverse: i.is_multiple_of(2),
            cigar: format!("{}M{}S", i % 9 + 1, i % 3 + 1).parse().unwrap(),
            score: i as i32 % 301 - 3,
            penalty: i as u32 % 400,
            edit_distance: i as u32 % 9,
            matches: i as u32 % 150,
            seeds: Seeds {
                score: i as i32 % 150,
                range: i as u32 % 10..i as u32 % 10 + 30,
            },
        };
        let mut writer = HitWriter::new(Vec::new()).unwrap();
        for i in 0..9_000 {
            writer.push(&hit(i)).unwrap();
        }
        let reader = HitReader::new(writer.finish().unwrap().into()).unwrap();
        assert_eq!(reader.rows(), 9_000);
        assert!(reader.map(Result::unwrap).eq((0..9_000).map(hit)));
    }

    #[test]
    fn another_table_is_refused() {
        let alignments = crate::AlignmentWriter::new(Vec::new()).unwrap().finish().unwrap();
        assert!(matches!(
            HitReader::new(alignments.into()),
            Err(TableError::Column { table: "hits", .. })
        ));
    }
}
