//! A raster to look at: the picture, a colour bar with the share of values beside it, and a title.
use std::ops::Range;

use crate::{Canvas, Color, Letters, Picture, PictureError, Ramp, ramp::STEPS};

const PAPER: Color = [255, 255, 255];
const INK: Color = [38, 38, 38];
const FAINT: Color = [128, 128, 128];
const BARS: Color = [190, 196, 204];
/// Where nothing is known.
const NOTHING: Color = [214, 214, 214];

const NO_DATA: &str = "no data";

/// Space around everything, and between picture and legend.
const MARGIN: usize = 24;
/// Small rasters are shown in larger squares, up to this many pixels a side.
const LEAST: usize = 480;
/// Longest colour bar, in pixels.
const BAR: usize = 420;
const BAR_WIDTH: usize = 22;
/// Longest bar of the histogram.
const LONGEST: usize = 56;

/// What the colour bar says.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Values at its two ends; values beyond have the colour of the end, and a tip shows that there are some.
    pub range: Range<f64>,
    /// What the values are, with their unit.
    pub label: String,
}

/// A rectangle over the picture, in pixels of the raster (not of the picture).
#[derive(Clone, Debug, PartialEq)]
pub struct Overlay {
    /// From north to south.
    pub rows: Range<f64>,
    /// From west to east.
    pub columns: Range<f64>,
    /// Of the line.
    pub color: Color,
}

/// How a raster is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Stands above.
    pub title: String,
    /// Colours.
    pub ramp: Ramp,
    /// Legend.
    pub bar: Bar,
    /// Drawn over the raster, in this order.
    pub overlays: Vec<Overlay>,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            title: String::new(),
            ramp: Ramp::default(),
            bar: Bar {
                range: 0.0..1.0,
                label: String::new(),
            },
            overlays: Vec::new(),
        }
    }
}

/// Draws a raster as PNG. The same picture and look give the same bytes.
pub fn draw(picture: &Picture, look: &Look) -> Result<Vec<u8>, PictureError> {
    canvas(picture, look)?.png()
}

/// Draws a raster; more can be drawn over it.
pub fn canvas(picture: &Picture, look: &Look) -> Result<Canvas, PictureError> {
    let Range { start, end } = look.bar.range;
    let Picture { height, width, .. } = *picture;
    if !(start < end && (end - start).is_finite()) {
        return Err(PictureError::Range { start, end });
    }
    if height == 0 || width == 0 || picture.values.len() != height * width {
        return Err(PictureError::Size { height, width });
    }
    let zoom = (LEAST / height.max(width)).max(1);
    let (high, wide) = (height * zoom, width * zoom);
    let ticks = ticks(start, end);
    let texts = ticks.iter().map(|tick| tick.1.as_str()).chain([NO_DATA]);
    let labels = texts.map(|text| Letters::Small.width(text)).max().unwrap_or(0);
    let legend = LONGEST + 6 + BAR_WIDTH + 12 + labels;
    let top = MARGIN + Letters::Title.height() + 14;
    let texts = Letters::Title
        .width(&look.title)
        .max(Letters::Small.width(&note(picture)));
    let bar = high.clamp(160, BAR);
    // Legend: label, tip, bar, tip, and the line for nodata.
    let legend_height = 24 + 12 + bar + 12 + 40;
    let mut canvas = Canvas::new(
        top + high.max(legend_height) + 10 + Letters::Small.height() + MARGIN,
        (MARGIN + wide + MARGIN + legend).max(MARGIN + texts) + MARGIN,
        PAPER,
    );
    canvas.text(MARGIN, MARGIN, &look.title, Letters::Title, INK);
    let palette = look.ramp.palette();
    let step = |value: f32| ((f64::from(value) - start) / (end - start) * (STEPS - 1) as f64).round();
    for (number, &value) in picture.values.iter().enumerate() {
        let color = if value.is_nan() {
            NOTHING
        } else {
            palette[step(value).clamp(0.0, (STEPS - 1) as f64) as usize]
        };
        let (row, column) = (top + number / width * zoom, MARGIN + number % width * zoom);
        canvas.fill(row..row + zoom, column..column + zoom, color);
    }
    for overlay in &look.overlays {
        let scale = zoom as f64 / picture.reduction as f64;
        let place = |range: &Range<f64>, from: usize, length: usize| {
            let at = |value: f64| from + (value * scale).round().clamp(0.0, length as f64) as usize;
            at(range.start)..at(range.end).max(at(range.start) + 1)
        };
        canvas.outline(
            place(&overlay.rows, top, high),
            place(&overlay.columns, MARGIN, wide),
            1,
            overlay.color,
        );
    }
    canvas.outline(top - 1..top + high + 1, MARGIN - 1..MARGIN + wide + 1, 1, FAINT);
    canvas.text(top + high + 8, MARGIN, &note(picture), Letters::Small, FAINT);
    draw_legend(&mut canvas, picture, look, [top, MARGIN + wide + MARGIN], bar, &ticks);
    Ok(canvas)
}

fn draw_legend(
    canvas: &mut Canvas,
    picture: &Picture,
    look: &Look,
    [top, left]: [usize; 2],
    length: usize,
    ticks: &[(f64, String)],
) {
    let Range { start, end } = look.bar.range;
    let share = |value: f64| (value - start) / (end - start);
    let palette = look.ramp.palette();
    let column = left + LONGEST + 6;
    let label = column.saturating_sub(Letters::Small.width(&look.bar.label) / 2) + BAR_WIDTH / 2;
    canvas.text(top, label, &look.bar.label, Letters::Small, INK);
    let first = top + 36;
    // Share of values per four rows of the bar.
    let mut bins = vec![0_u32; length.div_ceil(4)];
    let (mut below, mut above, mut unknown) = (false, false, false);
    for &value in &picture.values {
        let share = share(f64::from(value));
        unknown |= share.is_nan();
        below |= share < 0.0;
        above |= share > 1.0;
        if (0.0..=1.0).contains(&share) {
            let at = ((1.0 - share) * length as f64 / 4.0) as usize;
            bins[at.min(length.div_ceil(4) - 1)] += 1;
        }
    }
    let most = bins.iter().copied().max().unwrap_or(0).max(1);
    for (number, &count) in bins.iter().enumerate() {
        let long = (f64::from(count) / f64::from(most) * LONGEST as f64).round() as usize;
        let row = first + 4 * number;
        canvas.fill(row..(row + 4).min(first + length), column - 6 - long..column - 6, BARS);
    }
    for down in 0..length {
        let step = (length - 1 - down) * (STEPS - 1) / (length - 1);
        canvas.fill(
            first + down..first + down + 1,
            column..column + BAR_WIDTH,
            palette[step],
        );
    }
    canvas.outline(
        first - 1..first + length + 1,
        column - 1..column + BAR_WIDTH + 1,
        1,
        FAINT,
    );
    // Tips: there are values beyond the end.
    for (beyond, color, up) in [(above, palette[STEPS - 1], true), (below, palette[0], false)] {
        for line in 0..if beyond { BAR_WIDTH / 2 } else { 0 } {
            let row = if up {
                first - 2 - line
            } else {
                first + length + 1 + line
            };
            canvas.fill(row..row + 1, column + line..column + BAR_WIDTH - line, color);
        }
    }
    for (value, text) in ticks {
        let row = first + ((1.0 - share(*value)) * (length - 1) as f64).round() as usize;
        canvas.fill(row..row + 1, column + BAR_WIDTH + 1..column + BAR_WIDTH + 6, INK);
        canvas.text(
            row - Letters::Small.height() / 2,
            column + BAR_WIDTH + 10,
            text,
            Letters::Small,
            INK,
        );
    }
    if unknown {
        let row = first + length + 24;
        canvas.fill(row..row + 14, column..column + BAR_WIDTH, NOTHING);
        canvas.outline(row..row + 14, column..column + BAR_WIDTH, 1, FAINT);
        canvas.text(row - 1, column + BAR_WIDTH + 10, NO_DATA, Letters::Small, INK);
    }
}

/// What a pixel of the picture stands for.
fn note(picture: &Picture) -> String {
    match picture.reduction {
        0 | 1 => String::new(),
        side => format!("1 pixel: mean of {side} x {side}"),
    }
}

/// Round numbers from `start` to `end`, four to nine, and how they are written.
fn ticks(start: f64, end: f64) -> Vec<(f64, String)> {
    let rough = (end - start) / 6.0;
    let power = 10_f64.powi(rough.log10().floor() as i32);
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|round| round * power)
        .into_iter()
        .find(|step| *step >= rough * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let decimals = (-step.log10().floor()).max(0.0) as usize;
    let first = (start / step - 1e-9).ceil() as i64;
    let last = (end / step + 1e-9).floor() as i64;
    // Not -0.
    let tick = |number: i64| {
        (
            number as f64 * step,
            format!("{:.decimals$}", if number == 0 { 0.0 } else { number as f64 * step }),
        )
    };
    (first..=last).take(20).map(tick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(height: usize, width: usize, value: impl Fn(usize, usize) -> f32) -> Picture {
        let values = (0..height * width).map(|at| value(at / width, at % width)).collect();
        Picture {
            height,
            width,
            values,
            reduction: 4,
        }
    }

    #[test]
    fn ticks_are_round_numbers_in_the_range() {
        let texts = |start, end| ticks(start, end).into_iter().map(|tick| tick.1).collect::<Vec<_>>();
        assert_eq!(texts(-0.2, 1.0), ["-0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(-0.6, 0.6), ["-0.6", "-0.4", "-0.2", "0.0", "0.2", "0.4", "0.6"]);
        assert_eq!(texts(0.0, 30.0), ["0", "5", "10", "15", "20", "25", "30"]);
        assert_eq!(texts(0.0, 1e9)[1], "200000000");
    }

    #[test]
    fn pixels_have_the_colour_of_their_value() {
        let look = Look {
            bar: Bar {
                range: 0.0..10.0,
                label: "m".into(),
            },
            ..Look::default()
        };
        let made = canvas(
            &picture(500, 600, |row, _| if row < 250 { 0.0 } else { f32::NAN }),
            &look,
        )
        .unwrap();
        let top = MARGIN + Letters::Title.height() + 14;
        assert_eq!(made.get(top, MARGIN), Ramp::Sequential.color(0.0));
        assert_eq!(made.get(top + 499, MARGIN + 599), NOTHING);
        assert_eq!(made.get(top + 500, MARGIN), FAINT);
    }

    #[test]
    fn overlays_are_placed_in_pixels_of_the_raster() {
        let red = [255, 0, 0];
        let look = Look {
            overlays: vec![Overlay {
                rows: 400.0..800.0,
                columns: 0.0..2400.0,
                color: red,
            }],
            ..Look::default()
        };
        let made = canvas(&picture(500, 600, |_, _| 0.5), &look).unwrap();
        let top = MARGIN + Letters::Title.height() + 14;
        assert_eq!(
            [made.get(top + 100, MARGIN + 300), made.get(top + 199, MARGIN + 599)],
            [red; 2]
        );
        assert!(made.get(top + 150, MARGIN + 300) != red);
    }

    #[test]
    fn the_smallest_and_the_strangest_rasters_are_drawn() {
        let one = picture(1, 1, |_, _| f32::NAN);
        assert!(!draw(&one, &Look::default()).unwrap().is_empty());
        let long = picture(1, 1400, |_, column| column as f32);
        assert!(!draw(&long, &Look::default()).unwrap().is_empty());
        let infinite = picture(3, 3, |row, _| if row > 1 { f32::INFINITY } else { f32::NEG_INFINITY });
        assert!(!draw(&infinite, &Look::default()).unwrap().is_empty());
        let look = Look {
            bar: Bar {
                range: 1.0..1.0,
                label: String::new(),
            },
            ..Look::default()
        };
        assert!(draw(&one, &look).is_err());
    }
}
