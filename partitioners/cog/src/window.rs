//! Rectangles of pixels.
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Pixels of a raster: rows from north to south, columns from west to east, both 0-based and half-open.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Rows.
    pub rows: Range<u64>,
    /// Columns.
    pub columns: Range<u64>,
}

impl Window {
    /// Number of rows.
    pub fn height(&self) -> u64 {
        self.rows.end - self.rows.start
    }

    /// Number of columns.
    pub fn width(&self) -> u64 {
        self.columns.end - self.columns.start
    }
}
