//! A raster small enough to be looked at.
use crate::{Cell, Layout};

/// Values of a raster or of one of its overviews.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Row by row from north to south; NaN where nothing is known. Multiplied by the raster's scale.
    pub values: Vec<f32>,
    /// Rows and columns of the raster that one pixel stands for, at most.
    pub reduction: u64,
}

impl Picture {
    pub(crate) fn new<T: Cell>(layout: &Layout, level: usize, pixels: &[T]) -> Self {
        let [height, width] = layout.size(level).map(|length| length as usize);
        let nodata = layout.nodata::<T>();
        let scale = layout.scale.unwrap_or(1.0);
        let value = |&pixel: &T| {
            if pixel.is_valid(nodata) {
                (pixel.to_f64() * scale) as f32
            } else {
                f32::NAN
            }
        };
        Self {
            height,
            width,
            values: pixels.iter().map(value).collect(),
            reduction: 1 << level,
        }
    }
}
