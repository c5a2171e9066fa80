//! A picture that is drawn: rectangles, lines of text, PNG.
use std::{collections::BTreeMap, ops::Range};

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

use crate::{Color, PictureError};

/// Steps of grey between a letter and what is behind it: few colours make small files.
const SHADES: u32 = 8;

/// Pixels in colour, rows from top to bottom. What is drawn outside is cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canvas {
    height: usize,
    width: usize,
    pixels: Vec<Color>,
}

/// Size and weight of letters. All letters of a size are equally wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letters {
    /// 16 pixels high.
    Small,
    /// 20 pixels high, bold.
    Title,
}

impl Letters {
    fn font(self) -> (FontWeight, RasterHeight) {
        match self {
            Self::Small => (FontWeight::Regular, RasterHeight::Size16),
            Self::Title => (FontWeight::Bold, RasterHeight::Size20),
        }
    }

    /// Height of a line, in pixels.
    pub fn height(self) -> usize {
        self.font().1.val()
    }

    /// Width of a text, in pixels.
    pub fn width(self, text: &str) -> usize {
        let (weight, height) = self.font();
        text.chars().count() * get_raster_width(weight, height)
    }
}

impl Canvas {
    /// A canvas of one colour.
    pub fn new(height: usize, width: usize, color: Color) -> Self {
        let pixels = vec![color; height * width];
        Self { height, width, pixels }
    }

    /// Rows and columns.
    pub fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// The colour of a pixel.
    ///
    /// # Panics
    /// If there is no such pixel.
    pub fn get(&self, row: usize, column: usize) -> Color {
        assert!(column < self.width, "column {column} of {}", self.width);
        self.pixels[row * self.width + column]
    }

    /// Sets a pixel.
    pub fn set(&mut self, row: usize, column: usize, color: Color) {
        if row < self.height && column < self.width {
            self.pixels[row * self.width + column] = color;
        }
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, rows: Range<usize>, columns: Range<usize>, color: Color) {
        let columns = columns.start.min(self.width)..columns.end.min(self.width);
        for row in rows.start..rows.end.min(self.height) {
            let line = row * self.width;
            if !columns.is_empty() {
                self.pixels[line + columns.start..line + columns.end].fill(color);
            }
        }
    }

    /// Draws the border of a rectangle, inside of it, `thick` pixels wide.
    pub fn outline(&mut self, rows: Range<usize>, columns: Range<usize>, thick: usize, color: Color) {
        let (top, left) = (rows.start + thick, columns.start + thick);
        let (bottom, right) = (rows.end.saturating_sub(thick), columns.end.saturating_sub(thick));
        self.fill(rows.start..top.min(rows.end), columns.clone(), color);
        self.fill(bottom.max(rows.start)..rows.end, columns.clone(), color);
        self.fill(rows.clone(), columns.start..left.min(columns.end), color);
        self.fill(rows, right.max(columns.start)..columns.end, color);
    }

    /// Writes a line of text with its upper left corner at a pixel. Letters beyond Latin-1 become `?`.
    pub fn text(&mut self, row: usize, column: usize, text: &str, letters: Letters, color: Color) {
        let (weight, height) = letters.font();
        let step = get_raster_width(weight, height);
        for (number, letter) in text.chars().enumerate() {
            let raster = get_raster(letter, weight, height).or_else(|| get_raster('?', weight, height));
            let Some(raster) = raster else { continue };
            for (down, line) in raster.rows().enumerate() {
                for (right, &ink) in line.iter().enumerate() {
                    self.blend(row + down, column + number * step + right, ink, color);
                }
            }
        }
    }

    fn blend(&mut self, row: usize, column: usize, ink: u8, color: Color) {
        if row >= self.height || column >= self.width {
            return;
        }
        let share = (u32::from(ink) * SHADES + 127) / 255;
        let below = &mut self.pixels[row * self.width + column];
        for (below, &above) in below.iter_mut().zip(&color) {
            let mixed = u32::from(above) * share + u32::from(*below) * (SHADES - share);
            *below = (mixed / SHADES) as u8;
        }
    }

    /// The picture as PNG; with a palette if 256 colours are enough.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        let mut palette: BTreeMap<Color, u8> = BTreeMap::new();
        let mut last = None;
        for &color in &self.pixels {
            if last != Some(color) {
                palette.insert(color, 0);
                last = Some(color);
                if palette.len() > 256 {
                    break;
                }
            }
        }
        let (width, height) = (u32::try_from(self.width), u32::try_from(self.height));
        let (Ok(width), Ok(height)) = (width, height) else {
            return Err(PictureError::Size {
                height: self.height,
                width: self.width,
            });
        };
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_depth(png::BitDepth::Eight);
        let data = if palette.len() > 256 {
            encoder.set_color(png::ColorType::Rgb);
            self.pixels.as_flattened().to_vec()
        } else {
            palette
                .values_mut()
                .zip(0..=u8::MAX)
                .for_each(|(place, number)| *place = number);
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_palette(palette.keys().copied().collect::<Vec<_>>().into_flattened());
            self.pixels.iter().map(|color| palette[color]).collect()
        };
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&data)?;
        writer.finish()?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: Color = [255; 3];
    const BLACK: Color = [0; 3];

    fn decoded(file: &[u8]) -> (Vec<u8>, png::ColorType) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let stored = reader.info().color_type;
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        (pixels, stored)
    }

    #[test]
    fn a_png_holds_the_pixels_with_and_without_palette() {
        let mut canvas = Canvas::new(20, 40, WHITE);
        canvas.fill(3..5, 38..99, [9, 8, 7]);
        canvas.outline(0..99, 0..4, 1, BLACK);
        let (pixels, kind) = decoded(&canvas.png().unwrap());
        assert_eq!(
            (pixels, kind),
            (canvas.pixels.as_flattened().to_vec(), png::ColorType::Indexed)
        );
        for column in 0..40 {
            for row in 0..20 {
                canvas.set(row, column, [row as u8, column as u8, 0]);
            }
        }
        let (pixels, kind) = decoded(&canvas.png().unwrap());
        assert_eq!(
            (pixels, kind),
            (canvas.pixels.as_flattened().to_vec(), png::ColorType::Rgb)
        );
    }

    #[test]
    fn outlines_lie_inside() {
        let mut canvas = Canvas::new(4, 4, WHITE);
        canvas.outline(0..4, 0..3, 1, BLACK);
        let black: Vec<usize> = (0..16).filter(|at| canvas.pixels[*at] == BLACK).collect();
        assert_eq!(black, [0, 1, 2, 4, 6, 8, 10, 12, 13, 14]);
    }

    #[test]
    fn letters_have_ink_and_are_cut_at_the_edge() {
        let mut canvas = Canvas::new(16, 20, WHITE);
        canvas.text(0, 0, "H\u{4e16}", Letters::Small, BLACK);
        canvas.text(10, 15, "edge", Letters::Title, BLACK);
        assert!(canvas.pixels.contains(&BLACK));
        assert_eq!(Letters::Small.width("abc"), 3 * Letters::Small.width("a"));
    }
}
