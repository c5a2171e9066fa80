use arrow_schema::ArrowError;
use parquet::errors::ParquetError;
use plan::{Fault, FaultKind};

use crate::CigarError;

/// Why a table cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The bytes are no Parquet file, or a broken one.
    #[error("malformed Parquet")]
    Parquet(#[from] ParquetError),
    /// Columns do not fit together.
    #[error("malformed columns")]
    Arrow(#[from] ArrowError),
    /// A Parquet file, but another table.
    #[error("no table of {table}: column {column} is missing or has another type")]
    Column {
        /// What was expected.
        table: &'static str,
        /// The first column that does not fit.
        column: String,
    },
    /// A row with a broken CIGAR.
    #[error(transparent)]
    Cigar(#[from] CigarError),
}

impl Fault for TableError {
    fn kind(&self) -> FaultKind {
        FaultKind::Malformed
    }
}
