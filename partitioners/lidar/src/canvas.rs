//! A picture: filled rectangles, frames, text, and its PNG.
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width};

/// Red, green, blue.
pub(crate) type Colour = [u8; 3];

/// Pixels, row by row from the top.
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

/// Size and weight of letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    /// [`LETTER`] pixels high.
    Small,
    /// 20 pixels high, bold.
    Title,
}

/// Height of small letters.
pub(crate) const LETTER: usize = 16;

/// Where text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize, colour: Colour) -> Self {
        Self {
            width,
            height,
            pixels: vec![colour; width * height],
        }
    }

    /// Fills from (`x`, `y`), `size` wide and high; what lies outside is not drawn.
    pub(crate) fn fill(&mut self, [x, y]: [usize; 2], size: [usize; 2], colour: Colour) {
        let right = x.saturating_add(size[0]).min(self.width);
        for row in y..y.saturating_add(size[1]).min(self.height) {
            if x < right {
                self.pixels[row * self.width + x..row * self.width + right].fill(colour);
            }
        }
    }

    /// A frame one pixel thick around what [`Canvas::fill`] would fill.
    pub(crate) fn frame(&mut self, [x, y]: [usize; 2], size: [usize; 2], colour: Colour) {
        let [width, height] = size.map(|side| side.max(1));
        self.fill([x, y], [width, 1], colour);
        self.fill([x, y + height - 1], [width, 1], colour);
        self.fill([x, y], [1, height], colour);
        self.fill([x + width - 1, y], [1, height], colour);
    }

    /// Writes a line of text whose top is at `y`.
    pub(crate) fn text(&mut self, [x, y]: [usize; 2], text: &str, letters: Letters, align: Align, colour: Colour) {
        let (weight, height) = match letters {
            Letters::Small => (FontWeight::Regular, RasterHeight::Size16),
            Letters::Title => (FontWeight::Bold, RasterHeight::Size20),
        };
        let letter_width = get_raster_width(weight, height);
        let width = text.chars().count() * letter_width;
        let mut x = match align {
            Align::Left => x,
            Align::Middle => x.saturating_sub(width / 2),
            Align::Right => x.saturating_sub(width),
        };
        for letter in text.chars() {
            // A letter that the font lacks is a question.
            let raster = get_raster(letter, weight, height).or_else(|| get_raster('?', weight, height));
            for (row, line) in raster.iter().flat_map(RasterizedChar::rows).enumerate() {
                for (column, &ink) in line.iter().enumerate().filter(|(_, ink)| **ink > 0) {
                    self.blend([x + column, y + row], ink, colour);
                }
            }
            x += letter_width;
        }
    }

    /// Lays `ink` of 255 parts of a colour over a pixel.
    fn blend(&mut self, [x, y]: [usize; 2], ink: u8, colour: Colour) {
        if x >= self.width || y >= self.height {
            return;
        }
        let pixel = &mut self.pixels[y * self.width + x];
        for (below, above) in pixel.iter_mut().zip(colour) {
            let mixed = u32::from(*below) * (255 - u32::from(ink)) + u32::from(above) * u32::from(ink);
            *below = (mixed / 255) as u8;
        }
    }

    /// The bytes of a PNG.
    pub(crate) fn to_png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(self.pixels.as_flattened())?;
        writer.finish()?;
        Ok(bytes)
    }
}

/// Colours of a ramp from few to many: viridis of matplotlib (CC0), which also reads well in grey.
const RAMP: [Colour; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// The colour of `share`, 0 to 1.
pub(crate) fn ramp(share: f64) -> Colour {
    // A share of nothing is none.
    let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
    let at = share * (RAMP.len() - 1) as f64;
    let (below, part) = (at.floor() as usize, at.fract());
    let above = (below + 1).min(RAMP.len() - 1);
    [0, 1, 2].map(|channel| {
        let [from, to] = [RAMP[below][channel], RAMP[above][channel]].map(f64::from);
        (from + (to - from) * part).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_outside_draws_nothing() {
        let mut canvas = Canvas::new(4, 3, [255; 3]);
        canvas.fill([2, 1], [100, 100], [0; 3]);
        canvas.fill([9, 9], [1, 1], [1; 3]);
        canvas.text([100, 100], "far", Letters::Small, Align::Left, [2; 3]);
        let dark = canvas.pixels.iter().filter(|pixel| **pixel == [0; 3]).count();
        assert_eq!((dark, canvas.pixels.len()), (4, 12));
        assert!(canvas.to_png().unwrap().starts_with(b"\x89PNG"));
    }

    #[test]
    fn the_ramp_goes_from_end_to_end() {
        assert_eq!((ramp(-1.0), ramp(2.0)), (RAMP[0], RAMP[8]));
        assert_eq!(ramp(f64::NAN), RAMP[0]);
    }
}
