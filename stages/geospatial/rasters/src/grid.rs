//! Pixels in memory: cutting, pasting and halving rectangles of them.
use partition_cog::Window;

use crate::Cell;

/// A rectangle of pixels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid<T> {
    /// Where it lies in its level.
    pub(crate) window: Window,
    pub(crate) pixels: Vec<T>,
}

/// The same, borrowed.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, T> {
    pub(crate) window: &'a Window,
    pub(crate) pixels: &'a [T],
}

impl<T: Cell> Grid<T> {
    pub(crate) fn filled(window: Window, value: T) -> Self {
        let pixels = vec![value; (window.height() * window.width()) as usize];
        Self { window, pixels }
    }

    pub(crate) fn view(&self) -> View<'_, T> {
        View {
            window: &self.window,
            pixels: &self.pixels,
        }
    }

    /// Copies a rectangle that lies inside this one.
    pub(crate) fn paste(&mut self, part: View<T>) {
        let (width, own) = (part.window.width() as usize, self.window.width() as usize);
        let top = (part.window.rows.start - self.window.rows.start) as usize;
        let left = (part.window.columns.start - self.window.columns.start) as usize;
        for (number, row) in part.pixels.chunks_exact(width).enumerate() {
            let at = (top + number) * own + left;
            self.pixels[at..at + width].copy_from_slice(row);
        }
    }
}

impl<'a, T: Cell> View<'a, T> {
    /// The rows of a window that lies inside this one.
    pub(crate) fn rows(self, window: &Window) -> impl Iterator<Item = &'a [T]> + use<'a, T> {
        let width = self.window.width() as usize;
        let left = (window.columns.start - self.window.columns.start) as usize;
        let right = left + window.width() as usize;
        let top = (window.rows.start - self.window.rows.start) as usize * width;
        let bottom = top + window.height() as usize * width;
        self.pixels[top..bottom]
            .chunks_exact(width)
            .map(move |row| &row[left..right])
    }

    /// The next level of this rectangle: means of two rows and two columns, fewer at the raster's lower and right edge.
    ///
    /// Rows and columns begin at even numbers.
    pub(crate) fn halved(self, nodata: Option<T>) -> Grid<T> {
        let half = |range: &std::ops::Range<u64>| range.start / 2..range.end.div_ceil(2);
        let window = Window {
            rows: half(&self.window.rows),
            columns: half(&self.window.columns),
        };
        let width = self.window.width() as usize;
        let mut pixels = Vec::with_capacity((window.height() * window.width()) as usize);
        // What is beyond the edge counts as not valid. Without nodata every integer is valid: then the last column or row
        // counts twice, which leaves the mean of those that are there.
        let mean = |a, b, c, d| T::mean([a, b, c, d], nodata);
        for pair in self.pixels.chunks(2 * width) {
            let (upper, lower) = pair.split_at(width);
            let lower = if lower.is_empty() { upper } else { lower };
            let (upper, up_end) = upper.as_chunks::<2>();
            let (lower, low_end) = lower.as_chunks::<2>();
            pixels.extend(upper.iter().zip(lower).map(|(&[a, b], &[c, d])| mean(a, b, c, d)));
            if let (Some(&a), Some(&c)) = (up_end.first(), low_end.first()) {
                pixels.push(mean(a, a, c, c));
            }
        }
        Grid { window, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(rows: std::ops::Range<u64>, columns: std::ops::Range<u64>, pixels: &[i16]) -> Grid<i16> {
        Grid {
            window: Window { rows, columns },
            pixels: pixels.to_vec(),
        }
    }

    #[test]
    fn odd_edges_are_means_of_what_is_there() {
        let full = grid(2..5, 4..7, &[1, 3, 8, 1, 3, 10, 7, 9, -9]);
        let half = full.view().halved(Some(-9));
        assert_eq!(half, grid(1..3, 2..4, &[2, 9, 8, -9]));
    }

    #[test]
    fn cut_and_paste_are_inverse() {
        let full = grid(2..5, 4..7, &[1, 3, 8, 1, 3, 10, 7, 9, -9]);
        let window = Window {
            rows: 3..5,
            columns: 5..7,
        };
        let part: Vec<i16> = full.view().rows(&window).flatten().copied().collect();
        assert_eq!(part, [3, 10, 9, -9]);
        let mut copy = Grid::filled(full.window.clone(), 0);
        copy.paste(full.view());
        assert_eq!(copy, full);
        copy.paste(View {
            window: &window,
            pixels: &[0; 4],
        });
        assert_eq!(copy.pixels, [1, 3, 8, 1, 0, 0, 7, 0, 0]);
    }
}
