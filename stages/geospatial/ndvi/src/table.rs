//! The summary of all scenes as Parquet.
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use parquet::{
    arrow::{ArrowWriter, arrow_writer::ArrowWriterOptions},
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};

use crate::SummaryRow;

/// One row per product of a scene, in the order given. Equal rows give equal bytes.
///
/// Columns: `scene`, `product`, `pixels`, `valid` (pixels), `valid_share`, `mean`, `min`, `max`, `std` (null without a valid
/// pixel), and for differences `threshold`, `loss`, `gain` (pixels), `loss_share`, `gain_share` of the valid ones. Shares are
/// 0 to 1.
pub fn table(rows: &[SummaryRow], threshold: f32) -> Result<Vec<u8>, ParquetError> {
    let texts =
        |of: &dyn Fn(&SummaryRow) -> String| Arc::new(StringArray::from_iter_values(rows.iter().map(of))) as ArrayRef;
    let counts =
        |of: &dyn Fn(&SummaryRow) -> Option<u64>| Arc::new(rows.iter().map(of).collect::<UInt64Array>()) as ArrayRef;
    let numbers =
        |of: &dyn Fn(&SummaryRow) -> Option<f64>| Arc::new(rows.iter().map(of).collect::<Float64Array>()) as ArrayRef;
    let known = |row: &SummaryRow, value: f64| (row.statistics.valid > 0).then_some(value);
    let share = |row: &SummaryRow| row.statistics.valid as f64 / row.pixels.max(1) as f64;
    // The decimal that the user wrote, not the `f32` nearest to it.
    let threshold: f64 = threshold.to_string().parse().unwrap_or(f64::from(threshold));
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("scene", texts(&|row| row.scene.clone()), false),
        ("product", texts(&|row| row.product.to_string()), false),
        ("pixels", counts(&|row| Some(row.pixels)), false),
        ("valid", counts(&|row| Some(row.statistics.valid)), false),
        ("valid_share", numbers(&|row| Some(share(row))), false),
        ("mean", numbers(&|row| known(row, row.statistics.mean)), true),
        ("min", numbers(&|row| known(row, row.statistics.min)), true),
        ("max", numbers(&|row| known(row, row.statistics.max)), true),
        ("std", numbers(&|row| known(row, row.statistics.deviation())), true),
        ("threshold", numbers(&|row| row.change.map(|_| threshold)), true),
        ("loss", counts(&|row| row.change.map(|change| change.loss)), true),
        ("gain", counts(&|row| row.change.map(|change| change.gain)), true),
        (
            "loss_share",
            numbers(&|row| row.change.map(|change| change.loss_share())),
            true,
        ),
        (
            "gain_share",
            numbers(&|row| row.change.map(|change| change.gain_share())),
            true,
        ),
    ])?;
    let properties = WriterProperties::builder()
        .set_created_by("tessera".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), batch.schema(), options)?;
    writer.write(&batch)?;
    writer.into_inner()
}
