//! From values to colours.

/// Red, green and blue of sRGB.
pub type Color = [u8; 3];

/// Steps of a ramp: with text and frames a picture stays within 256 colours, so that PNG stores a byte per pixel.
pub(crate) const STEPS: usize = 192;

/// A run of colours, mixed in Oklab so that equal steps of value look like equal steps of colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ramp {
    /// Dark violet over green to yellow, for densities and anything else that grows; close to viridis.
    #[default]
    Sequential,
    /// Brown over yellow to dark green, for vegetation indexes: bare soil ends and plants begin at about a third.
    Vegetation,
    /// Red over near-white to green, for changes: red is loss. Equally dark on both sides.
    Diverging,
}

impl Ramp {
    fn stops(self) -> &'static [(f64, Color)] {
        match self {
            Self::Sequential => &[
                (0.0, [68, 1, 84]),
                (0.25, [59, 82, 139]),
                (0.5, [33, 145, 140]),
                (0.75, [94, 201, 98]),
                (1.0, [253, 231, 37]),
            ],
            Self::Vegetation => &[
                (0.0, [92, 64, 42]),
                (0.17, [160, 124, 78]),
                (0.3, [219, 197, 140]),
                (0.42, [246, 238, 172]),
                (0.56, [182, 213, 113]),
                (0.72, [94, 169, 76]),
                (0.86, [33, 119, 58]),
                (1.0, [6, 66, 36]),
            ],
            Self::Diverging => &[
                (0.0, [127, 10, 28]),
                (0.2, [200, 55, 50]),
                (0.38, [240, 161, 135]),
                (0.5, [247, 246, 244]),
                (0.62, [150, 204, 152]),
                (0.8, [38, 139, 73]),
                (1.0, [0, 79, 40]),
            ],
        }
    }

    /// The colour of `share`, 0 to 1; beyond, that of the nearer end.
    pub fn color(self, share: f64) -> Color {
        let stops = self.stops();
        let after = stops.partition_point(|stop| stop.0 <= share).clamp(1, stops.len() - 1);
        let ((from, a), (to, b)) = (stops[after - 1], stops[after]);
        mix(a, b, ((share - from) / (to - from)).clamp(0.0, 1.0))
    }

    /// The colours of a picture, from the lowest to the highest value.
    pub(crate) fn palette(self) -> [Color; STEPS] {
        std::array::from_fn(|step| self.color(step as f64 / (STEPS - 1) as f64))
    }
}

/// A colour between two, in Oklab.
///
/// Ottosson 2020, A perceptual color space for image processing, <https://bottosson.github.io/posts/oklab/>.
fn mix(a: Color, b: Color, share: f64) -> Color {
    let (a, b) = (to_oklab(a), to_oklab(b));
    from_oklab(std::array::from_fn(|at| a[at] + (b[at] - a[at]) * share))
}

fn to_oklab(color: Color) -> [f64; 3] {
    let linear = |byte: u8| {
        let value = f64::from(byte) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    let [r, g, b] = color.map(linear);
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

fn from_oklab([lightness, a, b]: [f64; 3]) -> Color {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let linear = [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ];
    linear.map(|value| {
        let value = value.clamp(0.0, 1.0);
        let coded = if value <= 0.003_130_8 {
            12.92 * value
        } else {
            1.055 * value.powf(1.0 / 2.4) - 0.055
        };
        (coded * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramps_go_through_their_stops_and_stay_at_their_ends() {
        for ramp in [Ramp::Sequential, Ramp::Vegetation, Ramp::Diverging] {
            for &(share, color) in ramp.stops() {
                assert_eq!(ramp.color(share), color, "{ramp:?} {share}");
            }
            assert_eq!(ramp.color(-3.0), ramp.color(0.0));
            assert_eq!(ramp.color(9.0), ramp.color(1.0));
        }
    }

    #[test]
    fn both_sides_of_a_change_are_about_as_dark() {
        for share in [0.0, 0.1, 0.2, 0.3, 0.4] {
            let [loss, gain] = [share, 1.0 - share].map(|share| to_oklab(Ramp::Diverging.color(share))[0]);
            assert!((loss - gain).abs() < 0.06, "{share}: {loss} {gain}");
        }
    }
}
