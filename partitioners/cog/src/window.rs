//! Rectangles of pixels.
use std::{fmt, ops::Range};

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
    /// The window of these rows and columns.
    pub fn new(rows: Range<u64>, columns: Range<u64>) -> Self {
        Self { rows, columns }
    }

    /// Number of rows.
    pub fn height(&self) -> u64 {
        self.rows.end.saturating_sub(self.rows.start)
    }

    /// Number of columns.
    pub fn width(&self) -> u64 {
        self.columns.end.saturating_sub(self.columns.start)
    }

    /// Whether it has no pixel.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() || self.columns.is_empty()
    }

    /// The pixels that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let both = |a: &Range<u64>, b: &Range<u64>| {
            let start = a.start.max(b.start);
            start..a.end.min(b.end).max(start)
        };
        Self {
            rows: both(&self.rows, &other.rows),
            columns: both(&self.columns, &other.columns),
        }
    }

    /// Whether every pixel of `other` is in this one.
    pub fn contains(&self, other: &Self) -> bool {
        let inside = |a: &Range<u64>, b: &Range<u64>| a.start <= b.start && b.end <= a.end;
        inside(&self.rows, &other.rows) && inside(&self.columns, &other.columns)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, columns } = self;
        write!(
            f,
            "rows {}..{}, columns {}..{}",
            rows.start, rows.end, columns.start, columns.end
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_that_do_not_meet_have_nothing_in_common() {
        let left = Window::new(0..5, 0..5);
        assert!(left.intersection(&Window::new(0..5, 7..9)).is_empty());
        let both = left.intersection(&Window::new(3..9, 4..9));
        assert_eq!(both, Window::new(3..5, 4..5));
        assert!(left.contains(&both));
    }
}
