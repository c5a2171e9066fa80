//! Alignments as a Parquet table. Equal alignments give equal bytes.
use std::{io::Write, sync::Arc};

use arrow_array::{
    Array, ArrayRef, RecordBatch, StringArray, UInt8Array, UInt16Array, UInt32Array, UInt64Array,
    builder::{StringBuilder, UInt32Builder, UInt64Builder},
    cast::AsArray,
    types::{Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type},
};
use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;

use crate::{
    Alignment, AlignmentKind, Cigar, Mate, MatePlace, TableError,
    alignment_parquet::{TableReader, TableWriter},
};

const TABLE: &str = "alignments";

/// Bits of the `flag` column, those of SAM.
mod flag {
    pub(super) const PAIRED: u16 = 0x1;
    pub(super) const PROPER: u16 = 0x2;
    pub(super) const MATE_UNMAPPED: u16 = 0x8;
    pub(super) const REVERSE: u16 = 0x10;
    pub(super) const MATE_REVERSE: u16 = 0x20;
    pub(super) const FIRST: u16 = 0x40;
    pub(super) const SECOND: u16 = 0x80;
    pub(super) const SECONDARY: u16 = 0x100;
    pub(super) const SUPPLEMENTARY: u16 = 0x800;
}

fn schema() -> Arc<Schema> {
    let required = |name: &str, kind| Field::new(name, kind, false);
    let optional = |name: &str, kind| Field::new(name, kind, true);
    Arc::new(Schema::new(vec![
        required("read", DataType::UInt64),
        required("flag", DataType::UInt16),
        required("contig", DataType::UInt32),
        required("position", DataType::UInt64),
        required("mapq", DataType::UInt8),
        required("cigar", DataType::Utf8),
        required("score", DataType::Int32),
        required("next_score", DataType::Int32),
        required("near_places", DataType::UInt32),
        required("edit_distance", DataType::UInt32),
        required("matches", DataType::UInt32),
        optional("mate_contig", DataType::UInt32),
        optional("mate_position", DataType::UInt64),
        optional("mate_cigar", DataType::Utf8),
    ]))
}

/// Writes alignments in the order given; both stages give them in order of (read, mate).
pub struct AlignmentWriter<W: Write + Send> {
    table: TableWriter<W>,
    columns: Columns,
}

#[derive(Default)]
struct Columns {
    read: Vec<u64>,
    flag: Vec<u16>,
    contig: Vec<u32>,
    position: Vec<u64>,
    mapq: Vec<u8>,
    cigar: StringBuilder,
    score: Vec<i32>,
    next_score: Vec<i32>,
    near_places: Vec<u32>,
    edit_distance: Vec<u32>,
    matches: Vec<u32>,
    mate_contig: UInt32Builder,
    mate_position: UInt64Builder,
    mate_cigar: StringBuilder,
}

impl<W: Write + Send> AlignmentWriter<W> {
    /// Starts a table.
    pub fn new(to: W) -> Result<Self, TableError> {
        Ok(Self {
            table: TableWriter::new(to, schema())?,
            columns: Columns::default(),
        })
    }

    /// Appends a row.
    pub fn push(&mut self, alignment: &Alignment) -> Result<(), TableError> {
        self.columns.push(alignment);
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
    fn push(&mut self, row: &Alignment) {
        self.read.push(row.read);
        self.flag.push(flag_of(row));
        self.contig.push(row.contig);
        self.position.push(row.position);
        self.mapq.push(row.mapq);
        row.cigar.append_to(&mut self.cigar);
        self.score.push(row.score);
        self.next_score.push(row.next_score);
        self.near_places.push(row.near_places);
        self.edit_distance.push(row.edit_distance);
        self.matches.push(row.matches);
        let mate = row.mate_place.as_ref();
        self.mate_contig.append_option(mate.map(|mate| mate.contig));
        self.mate_position.append_option(mate.map(|mate| mate.position));
        if let Some(mate) = mate {
            mate.cigar.append_to(&mut self.mate_cigar);
        } else {
            self.mate_cigar.append_null();
        }
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        use std::mem::take;
        vec![
            Arc::new(UInt64Array::from(take(&mut self.read))),
            Arc::new(UInt16Array::from(take(&mut self.flag))),
            Arc::new(UInt32Array::from(take(&mut self.contig))),
            Arc::new(UInt64Array::from(take(&mut self.position))),
            Arc::new(UInt8Array::from(take(&mut self.mapq))),
            Arc::new(self.cigar.finish()),
            Arc::new(arrow_array::Int32Array::from(take(&mut self.score))),
            Arc::new(arrow_array::Int32Array::from(take(&mut self.next_score))),
            Arc::new(UInt32Array::from(take(&mut self.near_places))),
            Arc::new(UInt32Array::from(take(&mut self.edit_distance))),
            Arc::new(UInt32Array::from(take(&mut self.matches))),
            Arc::new(self.mate_contig.finish()),
            Arc::new(self.mate_position.finish()),
            Arc::new(self.mate_cigar.finish()),
        ]
    }
}

fn flag_of(row: &Alignment) -> u16 {
    let mut bits = match row.mate {
        Mate::Single => 0,
        Mate::First => flag::PAIRED | flag::FIRST,
        Mate::Second => flag::PAIRED | flag::SECOND,
    };
    bits |= match row.kind {
        AlignmentKind::Primary => 0,
        AlignmentKind::Supplementary => flag::SUPPLEMENTARY,
        AlignmentKind::Secondary => flag::SECONDARY,
    };
    if row.reverse {
        bits |= flag::REVERSE;
    }
    if row.proper_pair {
        bits |= flag::PROPER;
    }
    match &row.mate_place {
        Some(mate) if mate.reverse => bits |= flag::MATE_REVERSE,
        None if row.mate != Mate::Single => bits |= flag::MATE_UNMAPPED,
        _ => {}
    }
    bits
}

/// Reads alignments in the order written, one batch of rows in memory at a time.
pub struct AlignmentReader {
    table: TableReader,
    batch: Option<Batch>,
    at: usize,
}

impl AlignmentReader {
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

    fn next_row(&mut self) -> Result<Option<Alignment>, TableError> {
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

impl Iterator for AlignmentReader {
    type Item = Result<Alignment, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}

struct Batch {
    read: UInt64Array,
    flag: UInt16Array,
    contig: UInt32Array,
    position: UInt64Array,
    mapq: UInt8Array,
    cigar: StringArray,
    score: arrow_array::Int32Array,
    next_score: arrow_array::Int32Array,
    near_places: UInt32Array,
    edit_distance: UInt32Array,
    matches: UInt32Array,
    mate_contig: UInt32Array,
    mate_position: UInt64Array,
    mate_cigar: StringArray,
}

impl Batch {
    /// Takes the columns, whose order and types the table reader has made sure of.
    fn new(batch: &RecordBatch) -> Self {
        let u32s = |at: usize| batch.column(at).as_primitive::<UInt32Type>().clone();
        let u64s = |at: usize| batch.column(at).as_primitive::<UInt64Type>().clone();
        let i32s = |at: usize| batch.column(at).as_primitive::<Int32Type>().clone();
        let texts = |at: usize| batch.column(at).as_string::<i32>().clone();
        Self {
            read: u64s(0),
            flag: batch.column(1).as_primitive::<UInt16Type>().clone(),
            contig: u32s(2),
            position: u64s(3),
            mapq: batch.column(4).as_primitive::<UInt8Type>().clone(),
            cigar: texts(5),
            score: i32s(6),
            next_score: i32s(7),
            near_places: u32s(8),
            edit_distance: u32s(9),
            matches: u32s(10),
            mate_contig: u32s(11),
            mate_position: u64s(12),
            mate_cigar: texts(13),
        }
    }

    fn row(&self, at: usize) -> Result<Alignment, TableError> {
        let bits = self.flag.value(at);
        let mate_place = if self.mate_position.is_valid(at) {
            Some(MatePlace {
                contig: self.mate_contig.value(at),
                position: self.mate_position.value(at),
                reverse: bits & flag::MATE_REVERSE != 0,
                cigar: self.mate_cigar.value(at).parse::<Cigar>()?,
            })
        } else {
            None
        };
        Ok(Alignment {
            read: self.read.value(at),
            mate: match (bits & flag::FIRST != 0, bits & flag::SECOND != 0) {
                (true, _) => Mate::First,
                (_, true) => Mate::Second,
                _ => Mate::Single,
            },
            contig: self.contig.value(at),
            position: self.position.value(at),
            reverse: bits & flag::REVERSE != 0,
            kind: match (bits & flag::SECONDARY != 0, bits & flag::SUPPLEMENTARY != 0) {
                (true, _) => AlignmentKind::Secondary,
                (_, true) => AlignmentKind::Supplementary,
                _ => AlignmentKind::Primary,
            },
            proper_pair: bits & flag::PROPER != 0,
            mapq: self.mapq.value(at),
            score: self.score.value(at),
            next_score: self.next_score.value(at),
            near_places: self.near_places.value(at),
            edit_distance: self.edit_distance.value(at),
            matches: self.matches.value(at),
            cigar: self.cigar.value(at).parse::<Cigar>()?,
            mate_place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[Alignment]) -> Vec<u8> {
        let mut writer = AlignmentWriter::new(Vec::new()).unwrap();
        for row in rows {
            writer.push(row).unwrap();
        }
        writer.finish().unwrap()
    }

    /// Rows that use every field and both sides of every flag, over two batches.
    fn rows() -> Vec<Alignment> {
        let kinds = [
            AlignmentKind::Primary,
            AlignmentKind::Supplementary,
            AlignmentKind::Secondary,
        ];
        let mates = [Mate::Single, Mate::First, Mate::Second];
        let row = |i: u64| Alignment {
            read: i / 3 + (1 << 40),
            mate: mates[(i % 3) as usize],
            contig: i as u32 % 5,
            position: i * 7919 % 1_000_003,
            reverse: i % 2 == 1,
            kind: kinds[(i / 3 % 3) as usize],
            proper_pair: i % 4 == 1,
            mapq: (i % 61) as u8,
            score: i as i32 % 300 - 10,
            next_score: i as i32 % 200,
            near_places: i as u32 % 9,
            edit_distance: i as u32 % 11,
            matches: i as u32 % 151,
            cigar: format!("{}S{}M", i % 20 + 1, i % 50 + 100).parse().unwrap(),
            mate_place: (!i.is_multiple_of(3) && !i.is_multiple_of(5)).then(|| MatePlace {
                contig: i as u32 % 7,
                position: i * 31,
                reverse: i % 8 < 4,
                cigar: "150M".parse().unwrap(),
            }),
        };
        (0..10_000).map(row).collect()
    }

    #[test]
    fn rows_come_back_as_written() {
        let reader = AlignmentReader::new(table(&rows()).into()).unwrap();
        assert_eq!(reader.rows(), 10_000);
        let back: Vec<_> = reader.collect::<Result<_, _>>().unwrap();
        assert!(back == rows());
    }

    #[test]
    fn equal_rows_give_equal_bytes_and_no_row_is_a_table_too() {
        assert!(table(&rows()) == table(&rows()));
        assert_eq!(AlignmentReader::new(table(&[]).into()).unwrap().count(), 0);
    }

    #[test]
    fn bytes_that_are_no_table_are_an_error() {
        let whole = table(&rows());
        for cut in [0, 3, whole.len() / 2, whole.len() - 1] {
            assert!(AlignmentReader::new(Bytes::copy_from_slice(&whole[..cut])).is_err());
        }
    }
}
