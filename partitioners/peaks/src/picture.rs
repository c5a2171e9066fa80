//! A picture of the sample: brightness is the total ion current of a pixel.
use png::{BitDepth, ColorType, Encoder};

use crate::Grid;

/// No picture has more pixels.
const LARGEST: u64 = 1 << 26;
/// Small samples are enlarged about to this.
const SIDE: u64 = 480;

/// The total ion current of every pixel as an RGBA PNG; slices stand side by side, pixels without a spectrum are clear.
///
/// The scale is linear, from 0 to the current that 1 % of the pixels exceed.
///
/// # Errors
/// The size of a picture that would be too large.
pub(crate) fn total_ion_current(grid: &Grid, currents: impl Iterator<Item = (u32, f64)>) -> Result<Vec<u8>, [u64; 2]> {
    let [columns, rows, slices] = grid.size.map(u64::from);
    let (width, height) = ((columns * slices + slices.saturating_sub(1)).max(1), rows.max(1));
    if width.checked_mul(height).is_none_or(|pixels| pixels > LARGEST) {
        return Err([width, height]);
    }
    let mut image: Vec<Option<f64>> = vec![None; (width * height) as usize];
    for (pixel, current) in currents {
        let pixel = u64::from(pixel);
        let (x, y, z) = (pixel % columns, pixel / columns % rows, pixel / columns / rows);
        let place = &mut image[(y * width + z * (columns + 1) + x) as usize];
        *place = Some(place.unwrap_or(0.0) + current);
    }
    let mut known: Vec<f64> = image.iter().copied().flatten().collect();
    known.sort_by(f64::total_cmp);
    let top = known
        .get(known.len().saturating_sub(1) * 99 / 100)
        .copied()
        .unwrap_or(0.0);
    let top = if top > 0.0 {
        top
    } else {
        known.last().copied().unwrap_or(0.0).max(f64::MIN_POSITIVE)
    };
    let scale = (SIDE / width.max(height)).max(1);
    let mut bytes = Vec::with_capacity((width * height * scale * scale * 4) as usize);
    for row in image.chunks(width as usize) {
        let start = bytes.len();
        for pixel in row {
            let colour = pixel.map_or([0; 4], |current| {
                let [red, green, blue] = ramp((current / top).clamp(0.0, 1.0));
                [red, green, blue, 255]
            });
            (0..scale).for_each(|_| bytes.extend_from_slice(&colour));
        }
        let line = bytes[start..].to_vec();
        (1..scale).for_each(|_| bytes.extend_from_slice(&line));
    }
    Ok(encode((width * scale) as u32, (height * scale) as u32, &bytes))
}

fn encode(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a picture of one pixel or more");
    writer.write_image_data(rgba).expect("as many bytes as pixels");
    writer.finish().expect("memory takes any bytes");
    out
}

/// From dark violet over red to pale yellow: lightness rises evenly, as the eye sees it, while the hue turns.
///
/// Colours are chosen in OKLCH and converted by the matrices of Ottosson (2020),
/// <https://bottosson.github.io/posts/oklab/>.
fn ramp(at: f64) -> [u8; 3] {
    let lightness = 0.16 + 0.80 * at;
    // All of it lies inside sRGB: clipped colours would draw edges that are not there.
    let chroma = 0.04 + 0.11 * (std::f64::consts::PI * at.powf(0.9)).sin();
    let hue = (290.0 + 175.0 * at).to_radians();
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let cube = |value: f64| value * value * value;
    let long = cube(lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b);
    let medium = cube(lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b);
    let short = cube(lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b);
    let linear = [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ];
    linear.map(|light| {
        let light = light.clamp(0.0, 1.0);
        let shown = if light <= 0.003_130_8 {
            12.92 * light
        } else {
            1.055 * light.powf(1.0 / 2.4) - 0.055
        };
        (shown * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_rises_with_the_current() {
        let luminance = |at: f64| {
            let [red, green, blue] = ramp(at).map(|channel| f64::from(channel).powf(2.2));
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let steps: Vec<f64> = (0..=50).map(|step| luminance(f64::from(step) / 50.0)).collect();
        assert!(steps.is_sorted(), "{steps:?}");
    }

    #[test]
    fn a_picture_of_a_grid_that_is_mostly_empty_is_refused_and_of_none_is_one_pixel() {
        let grid = |size| Grid { origin: [1; 3], size };
        assert_eq!(
            total_ion_current(&grid([65_535, 65_535, 1]), std::iter::empty()),
            Err([65_535, 65_535])
        );
        assert!(total_ion_current(&grid([0, 0, 0]), std::iter::empty()).is_ok());
        let image = total_ion_current(&grid([2, 1, 2]), [(0, 1.0), (3, 5.0)].into_iter()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(image)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        // Two slices of two columns with a gap, enlarged 96 times.
        assert_eq!((info.width, info.height), (480, 96));
        let alpha = |column: usize| pixels[column * 96 * 4 + 3];
        assert_eq!([0, 1, 2, 3, 4].map(alpha), [255, 0, 0, 0, 255]);
    }
}
