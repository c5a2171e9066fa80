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
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder},
        arrow_writer::ArrowWriterOptions,
    },
    basic::{Compression, Encoding, ZstdLevel},
    file::properties::WriterProperties,
    schema::types::ColumnPath,
};

use crate::{Alignment, AlignmentKind, Cigar, Mate, MatePlace, TableError};

/// Rows that are encoded at once, and decoded at once.
const BATCH: usize = 8192;
/// Rows of a row group: what a reader holds in memory of one table.
const ROW_GROUP: usize = 1 << 17;

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

fn properties() -> Result<WriterProperties, TableError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("tessera".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_write_batch_size(BATCH);
    // Nearly every value of these is new: a dictionary would only be built to be thrown away.
    for column in ["read", "position", "mate_position"] {
        let column = ColumnPath::from(column);
        properties = properties
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
    }
    Ok(properties.build())
}

/// Writes alignments in the order given; both stages give them in order of (read, mate).
pub struct AlignmentWriter<W: Write + Send> {
    parquet: ArrowWriter<W>,
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
        let options = ArrowWriterOptions::new()
            .with_properties(properties()?)
            .with_skip_arrow_metadata(true);
        Ok(Self {
            parquet: ArrowWriter::try_new_with_options(to, schema(), options)?,
            columns: Columns::default(),
        })
    }

    /// Appends a row.
    pub fn push(&mut self, alignment: &Alignment) -> Result<(), TableError> {
        self.columns.push(alignment);
        if self.columns.read.len() == BATCH {
            self.parquet.write(&self.columns.take()?)?;
        }
        Ok(())
    }

    /// Writes the rest and the footer, and gives back what was written to.
    pub fn finish(mut self) -> Result<W, TableError> {
        if !self.columns.read.is_empty() {
            self.parquet.write(&self.columns.take()?)?;
        }
        Ok(self.parquet.into_inner()?)
    }
}

impl Columns {
    fn push(&mut self, row: &Alignment) {
        use std::fmt::Write as _;
        self.read.push(row.read);
        self.flag.push(flag_of(row));
        self.contig.push(row.contig);
        self.position.push(row.position);
        self.mapq.push(row.mapq);
        // A StringBuilder never fails to take text.
        let _ = write!(self.cigar, "{}", row.cigar);
        self.cigar.append_value("");
        self.score.push(row.score);
        self.next_score.push(row.next_score);
        self.near_places.push(row.near_places);
        self.edit_distance.push(row.edit_distance);
        self.matches.push(row.matches);
        let mate = row.mate_place.as_ref();
        self.mate_contig.append_option(mate.map(|mate| mate.contig));
        self.mate_position.append_option(mate.map(|mate| mate.position));
        if let Some(mate) = mate {
            let _ = write!(self.mate_cigar, "{}", mate.cigar);
            self.mate_cigar.append_value("");
        } else {
            self.mate_cigar.append_null();
        }
    }

    fn take(&mut self) -> Result<RecordBatch, TableError> {
        use std::mem::take;
        let columns: Vec<ArrayRef> = vec![
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
        ];
        Ok(RecordBatch::try_new(schema(), columns)?)
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
    batches: ParquetRecordBatchReader,
    batch: Option<Batch>,
    at: usize,
    rows: u64,
}

impl AlignmentReader {
    /// Opens a table.
    pub fn new(table: Bytes) -> Result<Self, TableError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(table)?;
        let found = builder.schema();
        for wanted in schema().fields() {
            match found.field_with_name(wanted.name()) {
                Ok(field) if field.data_type() == wanted.data_type() => {}
                _ => {
                    return Err(TableError::Column {
                        table: "alignments",
                        column: wanted.name().clone(),
                    });
                }
            }
        }
        let rows = builder.metadata().file_metadata().num_rows().max(0) as u64;
        Ok(Self {
            batches: builder.with_batch_size(BATCH).build()?,
            batch: None,
            at: 0,
            rows,
        })
    }

    /// Rows of the whole table.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    fn next_row(&mut self) -> Result<Option<Alignment>, TableError> {
        loop {
            if let Some(batch) = &self.batch
                && self.at < batch.read.len()
            {
                self.at += 1;
                return batch.row(self.at - 1).map(Some);
            }
            match self.batches.next() {
                Some(batch) => self.batch = Some(Batch::new(&batch?)?),
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
    fn new(batch: &RecordBatch) -> Result<Self, TableError> {
        let column = |name: &str| {
            batch.column_by_name(name).ok_or_else(|| TableError::Column {
                table: "alignments",
                column: name.to_owned(),
            })
        };
        Ok(Self {
            read: column("read")?.as_primitive::<UInt64Type>().clone(),
            flag: column("flag")?.as_primitive::<UInt16Type>().clone(),
            contig: column("contig")?.as_primitive::<UInt32Type>().clone(),
            position: column("position")?.as_primitive::<UInt64Type>().clone(),
            mapq: column("mapq")?.as_primitive::<UInt8Type>().clone(),
            cigar: column("cigar")?.as_string::<i32>().clone(),
            score: column("score")?.as_primitive::<Int32Type>().clone(),
            next_score: column("next_score")?.as_primitive::<Int32Type>().clone(),
            near_places: column("near_places")?.as_primitive::<UInt32Type>().clone(),
            edit_distance: column("edit_distance")?.as_primitive::<UInt32Type>().clone(),
            matches: column("matches")?.as_primitive::<UInt32Type>().clone(),
            mate_contig: column("mate_contig")?.as_primitive::<UInt32Type>().clone(),
            mate_position: column("mate_position")?.as_primitive::<UInt64Type>().clone(),
            mate_cigar: column("mate_cigar")?.as_string::<i32>().clone(),
        })
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
