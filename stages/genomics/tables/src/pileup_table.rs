//! Pileups as a Parquet table, with statistics of position for each row group. Equal pileups give equal bytes.
use std::{io::Write, ops::Range, sync::Arc};

use arrow_array::{
    Array, ArrayRef, BinaryArray, RecordBatch, UInt8Array, UInt32Array, UInt64Array,
    cast::AsArray,
    types::{UInt8Type, UInt32Type, UInt64Type},
};
use arrow_schema::{DataType, Field, Schema};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
        arrow_writer::ArrowWriterOptions,
    },
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::{
        metadata::RowGroupMetaData,
        properties::{EnabledStatistics, WriterProperties},
        reader::ChunkReader,
        statistics::Statistics,
    },
    schema::types::ColumnPath,
};

use crate::{
    TableError,
    pileup::{Lists, Pileup},
};

/// Rows that are encoded at once, and decoded at once.
const BATCH: usize = 8192;
/// Rows of a row group: the finest piece that a reader of a range can fetch.
const ROW_GROUP: usize = 1 << 15;

fn schema() -> Arc<Schema> {
    let required = |name: &str, kind| Field::new(name, kind, false);
    Arc::new(Schema::new(vec![
        required("contig", DataType::UInt32),
        required("position", DataType::UInt64),
        required("reference", DataType::UInt8),
        required("depth", DataType::UInt32),
        required("matches", DataType::Binary),
        required("others", DataType::Binary),
        required("indels", DataType::Binary),
        required("starts", DataType::Binary),
    ]))
}

fn properties() -> Result<WriterProperties, TableError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("tessera".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_write_batch_size(BATCH)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None);
    for column in ["contig", "position"] {
        let column = ColumnPath::from(column);
        properties = properties
            .set_column_encoding(column.clone(), Encoding::DELTA_BINARY_PACKED)
            .set_column_statistics_enabled(column, EnabledStatistics::Chunk);
    }
    Ok(properties.build())
}

/// Writes a pileup in pieces; each piece must lie behind the one before.
pub struct PileupWriter<W: Write + Send> {
    parquet: ArrowWriter<W>,
}

impl<W: Write + Send> PileupWriter<W> {
    /// Starts a table.
    pub fn new(to: W) -> Result<Self, TableError> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties()?)
            .with_skip_arrow_metadata(true);
        Ok(Self {
            parquet: ArrowWriter::try_new_with_options(to, schema(), options)?,
        })
    }

    /// Appends rows.
    pub fn write(&mut self, pileup: &Pileup) -> Result<(), TableError> {
        for start in (0..pileup.len()).step_by(BATCH) {
            let rows = start..pileup.len().min(start + BATCH);
            let columns: Vec<ArrayRef> = vec![
                Arc::new(UInt32Array::from(pileup.contigs[rows.clone()].to_vec())),
                Arc::new(UInt64Array::from(pileup.positions[rows.clone()].to_vec())),
                Arc::new(UInt8Array::from(pileup.references[rows.clone()].to_vec())),
                Arc::new(UInt32Array::from(pileup.depths[rows.clone()].to_vec())),
                binary(&pileup.matches, rows.clone()),
                binary(&pileup.others, rows.clone()),
                binary(&pileup.indels, rows.clone()),
                binary(&pileup.starts, rows),
            ];
            self.parquet.write(&RecordBatch::try_new(schema(), columns)?)?;
        }
        Ok(())
    }

    /// Writes the footer and gives back what was written to.
    pub fn finish(self) -> Result<W, TableError> {
        Ok(self.parquet.into_inner()?)
    }
}

fn binary(lists: &Lists, rows: Range<usize>) -> ArrayRef {
    Arc::new(BinaryArray::from_iter_values(rows.map(|at| lists.row(at))))
}

/// The rows of one stretch of one contig, fetching only the row groups that can hold some.
///
/// `table` is anything that gives byte ranges: bytes in memory, a file, an object of a store.
pub fn read_pileup<R: ChunkReader + 'static>(
    table: R,
    contig: u32,
    positions: Range<u64>,
) -> Result<Pileup, TableError> {
    let metadata = ArrowReaderMetadata::load(&table, ArrowReaderOptions::new())?;
    check_columns(metadata.schema())?;
    let wanted: Vec<usize> = (0..metadata.metadata().num_row_groups())
        .filter(|&group| may_hold(metadata.metadata().row_group(group), contig, &positions))
        .collect();
    let mut pileup = Pileup::new();
    if wanted.is_empty() {
        return Ok(pileup);
    }
    let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(table, metadata)
        .with_batch_size(BATCH)
        .with_row_groups(wanted)
        .build()?;
    for batch in batches {
        append(&mut pileup, &batch?, |c, p| c == contig && positions.contains(&p));
    }
    check_rows(pileup)
}

/// A whole table.
pub fn read_whole_pileup<R: ChunkReader + 'static>(table: R) -> Result<Pileup, TableError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(table)?;
    check_columns(builder.schema())?;
    let mut pileup = Pileup::new();
    for batch in builder.with_batch_size(BATCH).build()? {
        append(&mut pileup, &batch?, |_, _| true);
    }
    check_rows(pileup)
}

fn check_columns(found: &Schema) -> Result<(), TableError> {
    for wanted in schema().fields() {
        match found.field_with_name(wanted.name()) {
            Ok(field) if field.data_type() == wanted.data_type() => {}
            _ => {
                return Err(TableError::Column {
                    table: "pileup",
                    column: wanted.name().clone(),
                });
            }
        }
    }
    Ok(())
}

fn check_rows(pileup: Pileup) -> Result<Pileup, TableError> {
    match pileup.first_broken_row() {
        None => Ok(pileup),
        Some(at) => Err(TableError::Parquet(ParquetError::General(format!(
            "pileup row at contig {} position {} is malformed",
            pileup.contigs[at], pileup.positions[at]
        )))),
    }
}

fn may_hold(group: &RowGroupMetaData, contig: u32, positions: &Range<u64>) -> bool {
    // Unsigned columns are stored in signed ones of the same width, statistics included.
    let contigs = match group.column(0).statistics() {
        Some(Statistics::Int32(s)) => s
            .min_opt()
            .zip(s.max_opt())
            .map(|(&min, &max)| (min as u32, max as u32)),
        _ => None,
    };
    let Some((first, last)) = contigs else { return true };
    if !(first..=last).contains(&contig) {
        return false;
    }
    if first != last {
        return true;
    }
    match group.column(1).statistics() {
        Some(Statistics::Int64(s)) => match s.min_opt().zip(s.max_opt()) {
            Some((&min, &max)) => (min as u64) < positions.end && positions.start <= max as u64,
            None => true,
        },
        _ => true,
    }
}

fn append(pileup: &mut Pileup, batch: &RecordBatch, wanted: impl Fn(u32, u64) -> bool) {
    let column = |name: &str| batch.column_by_name(name).expect("columns were checked");
    let contigs = column("contig").as_primitive::<UInt32Type>();
    let positions = column("position").as_primitive::<UInt64Type>();
    let references = column("reference").as_primitive::<UInt8Type>();
    let depths = column("depth").as_primitive::<UInt32Type>();
    let binary = |name: &str| column(name).as_binary::<i32>();
    let (matches, others, indels, starts) = (binary("matches"), binary("others"), binary("indels"), binary("starts"));
    for at in 0..batch.num_rows() {
        let (contig, position) = (contigs.value(at), positions.value(at));
        if !wanted(contig, position) {
            continue;
        }
        pileup.contigs.push(contig);
        pileup.positions.push(position);
        pileup.references.push(references.value(at));
        pileup.depths.push(depths.value(at));
        let lists = [
            (&mut pileup.matches, matches),
            (&mut pileup.others, others),
            (&mut pileup.indels, indels),
            (&mut pileup.starts, starts),
        ];
        for (list, values) in lists {
            debug_assert_eq!(values.null_count(), 0);
            list.push_with(|bytes| bytes.extend_from_slice(values.value(at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pileup_histogram::push_entry;
    use bytes::Bytes;

    fn pileup() -> Pileup {
        let mut pileup = Pileup::new();
        for i in 0..100_000_u64 {
            let (contig, position) = if i < 70_000 { (0, i * 2) } else { (4, i) };
            pileup.push_with(contig, position, b"ACGTN"[i as usize % 5], |lists| {
                let mut last = 0;
                push_entry(lists.matches, &mut last, i as u32 % 50, 3);
                push_entry(lists.matches, &mut last, 1000, 1);
                if i % 10 == 0 {
                    push_entry(lists.others, &mut 0, i as u32, 1);
                }
                i as u32 % 90
            });
        }
        pileup
    }

    fn table(pileup: &Pileup) -> Bytes {
        let mut writer = PileupWriter::new(Vec::new()).unwrap();
        writer.write(pileup).unwrap();
        writer.finish().unwrap().into()
    }

    #[test]
    fn a_table_gives_back_the_rows_and_the_rows_of_a_range() {
        let pileup = pileup();
        let bytes = table(&pileup);
        assert!(bytes == table(&pileup));
        assert!(read_whole_pileup(bytes.clone()).unwrap() == pileup);
        let part = read_pileup(bytes.clone(), 0, 1000..1010).unwrap();
        assert_eq!(part.positions, [1000, 1002, 1004, 1006, 1008]);
        assert_eq!(part.row(0), pileup.row(500));
        assert_eq!(read_pileup(bytes.clone(), 4, 0..u64::MAX).unwrap().len(), 30_000);
        assert!(read_pileup(bytes, 2, 0..u64::MAX).unwrap().is_empty());
    }

    #[test]
    fn broken_tables_are_errors() {
        let bytes = table(&pileup());
        for cut in [0, 10, bytes.len() / 2, bytes.len() - 1] {
            assert!(read_whole_pileup(bytes.slice(..cut)).is_err());
        }
        let mut bad = pileup();
        let last = bad.matches.ends[0] - 1;
        bad.matches.bytes[last] = 0x80;
        assert!(read_whole_pileup(table(&bad)).is_err());
    }
}
