//! What the two tables of alignments share: how their Parquet is written and read.
use std::{io::Write, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::Schema;
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

use crate::TableError;

/// Rows that are encoded at once, and decoded at once.
const BATCH: usize = 8192;
/// Rows of a row group: what a reader holds in memory of one table, compressed.
const ROW_GROUP: usize = 1 << 17;

fn properties(schema: &Schema) -> Result<WriterProperties, TableError> {
    let mut properties = WriterProperties::builder()
        .set_created_by("tessera".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(ROW_GROUP))
        .set_write_batch_size(BATCH);
    // Nearly every value of these is new: a dictionary would only be built to be thrown away.
    for column in ["read", "position", "mate_position"] {
        if schema.index_of(column).is_ok() {
            let column = ColumnPath::from(column);
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
        }
    }
    Ok(properties.build())
}

/// Writes batches of columns. Nothing in the file depends on when or where it is written.
pub(crate) struct TableWriter<W: Write + Send> {
    parquet: ArrowWriter<W>,
    schema: Arc<Schema>,
}

impl<W: Write + Send> TableWriter<W> {
    pub(crate) fn new(to: W, schema: Arc<Schema>) -> Result<Self, TableError> {
        let options = ArrowWriterOptions::new()
            .with_properties(properties(&schema)?)
            .with_skip_arrow_metadata(true);
        let parquet = ArrowWriter::try_new_with_options(to, schema.clone(), options)?;
        Ok(Self { parquet, schema })
    }

    /// Whether `rows` are enough to be written.
    pub(crate) fn is_batch(rows: usize) -> bool {
        rows >= BATCH
    }

    pub(crate) fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), TableError> {
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        Ok(self.parquet.write(&batch)?)
    }

    pub(crate) fn finish(self) -> Result<W, TableError> {
        Ok(self.parquet.into_inner()?)
    }
}

/// Reads batches of columns, in the order and with the types of the schema asked for.
pub(crate) struct TableReader {
    batches: ParquetRecordBatchReader,
    rows: u64,
}

impl TableReader {
    /// Opens `bytes` as table `table`.
    pub(crate) fn new(bytes: Bytes, table: &'static str, schema: &Schema) -> Result<Self, TableError> {
        let builder = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
        let found = builder.schema();
        for (at, wanted) in schema.fields().iter().enumerate() {
            let fits = found
                .fields()
                .get(at)
                .is_some_and(|field| field.name() == wanted.name() && field.data_type() == wanted.data_type());
            if !fits {
                return Err(TableError::Column {
                    table,
                    column: wanted.name().clone(),
                });
            }
        }
        let rows = builder.metadata().file_metadata().num_rows().max(0) as u64;
        Ok(Self {
            batches: builder.with_batch_size(BATCH).build()?,
            rows,
        })
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, TableError> {
        Ok(self.batches.next().transpose()?)
    }
}
