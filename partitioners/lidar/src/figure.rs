//! Draws tiles over a density map, and how many points tiles of equal density and of equal area have.
use crate::{
    Density, Tile, Tiling,
    canvas::{Align, Canvas, Colour, LETTER, Letters, ramp},
};

/// What a figure shows.
pub(crate) struct Figure<'a> {
    pub(crate) title: String,
    pub(crate) density: &'a Density,
    /// Smallest coordinates of the map, in units of the coordinate system.
    pub(crate) origin: [f64; 2],
    /// The raw box of the map and the size of a raw unit.
    pub(crate) raw_origin: [i32; 2],
    pub(crate) scale: [f64; 2],
    /// The cut that is drawn.
    pub(crate) shown: &'a Tiling,
    /// Both cuts, to be compared.
    pub(crate) cuts: [(&'static str, &'a Tiling); 2],
}

const WHITE: Colour = [255; 3];
const INK: Colour = [40, 40, 40];
const FAINT: Colour = [200, 200, 200];
const EMPTY: Colour = [240, 240, 240];
const TILE: Colour = [255, 255, 255];
const BARS: [Colour; 2] = [[33, 144, 141], [208, 120, 60]];

const MAP: usize = 640;
const LEFT: usize = 30;
const TOP: usize = 70;
const BAR_TOP: usize = TOP + 40;
const PANEL: usize = 460;
const HEIGHT: usize = TOP + MAP + 60;

impl Figure<'_> {
    pub(crate) fn draw(&self) -> Canvas {
        let bar = LEFT + MAP + 24;
        let panel = bar + 140;
        let mut canvas = Canvas::new(panel + PANEL + 30, HEIGHT, WHITE);
        canvas.text([LEFT, 18], &self.title, Letters::Title, Align::Left, INK);
        let most = self.most();
        self.map(&mut canvas, most);
        self.colour_bar(&mut canvas, bar, most);
        self.histograms(&mut canvas, panel);
        canvas
    }

    /// The largest count of a cell, at least 1.
    fn most(&self) -> f64 {
        f64::from(self.density.counts.iter().copied().max().unwrap_or(1).max(1))
    }

    /// Colours go by the logarithm, as densities span decades.
    fn colour(count: u32, most: f64) -> Colour {
        if count == 0 {
            EMPTY
        } else {
            ramp(f64::from(count).ln() / most.max(2.0).ln())
        }
    }

    fn map(&self, canvas: &mut Canvas, most: f64) {
        let Density {
            columns, rows, cell, ..
        } = *self.density;
        let pixels = MAP as f64 / columns.max(rows) as f64;
        let [width, height] = [columns, rows].map(|cells| ((cells as f64 * pixels).round() as usize).max(1));
        let edge = |cell: usize| (cell as f64 * pixels).round() as usize;
        // North is up.
        let bottom = TOP + height;
        for row in 0..rows {
            for column in 0..columns {
                let size = [edge(column + 1) - edge(column), edge(row + 1) - edge(row)];
                let at = [LEFT + edge(column), bottom - edge(row + 1)];
                let count = self.density.counts[row * columns + column];
                canvas.fill(at, size, Self::colour(count, most));
            }
        }
        let place = |axis: usize, raw: i32, limit: usize| {
            let from = f64::from(raw) - f64::from(self.raw_origin[axis]);
            ((from * self.scale[axis] / cell * pixels).round() as usize).min(limit - 1)
        };
        for Tile { bounds, .. } in &self.shown.tiles {
            let [west, east] = bounds[0].map(|raw| place(0, raw, width));
            let [south, north] = bounds[1].map(|raw| place(1, raw, height));
            let at = [LEFT + west, bottom - 1 - north];
            let size = [east - west + 1, north - south + 1];
            if size[0] > 6 && size[1] > 6 {
                canvas.frame([at[0] + 1, at[1] + 1], [size[0] - 2, size[1] - 2], INK);
            }
            canvas.frame(at, size, TILE);
        }
        canvas.frame([LEFT - 1, TOP - 1], [width + 2, height + 2], INK);
        let label = |value: f64| format!("{value:.0}");
        let span = |cells: usize| cells as f64 * cell;
        let below = bottom + 8;
        let [x, y] = self.origin;
        canvas.text([LEFT, below], &label(x), Letters::Small, Align::Left, INK);
        canvas.text(
            [LEFT + width, below],
            &label(x + span(columns)),
            Letters::Small,
            Align::Right,
            INK,
        );
        canvas.text(
            [LEFT, below + 20],
            &format!("y {} to {}", label(y), label(y + span(rows))),
            Letters::Small,
            Align::Left,
            INK,
        );
    }

    fn colour_bar(&self, canvas: &mut Canvas, x: usize, most: f64) {
        let (width, height) = (18, 300);
        for row in 0..height {
            let share = 1.0 - row as f64 / (height - 1) as f64;
            canvas.fill([x, BAR_TOP + row], [width, 1], ramp(share));
        }
        canvas.frame([x, BAR_TOP], [width, height], INK);
        canvas.text([x, TOP - 4], "points per", Letters::Small, Align::Left, INK);
        canvas.text([x, TOP - 2 + LETTER], "square unit", Letters::Small, Align::Left, INK);
        let area = self.density.cell * self.density.cell;
        for quarter in 0..=4 {
            let share = f64::from(quarter) / 4.0;
            let density = (most.max(2.0).ln() * share).exp() / area;
            let y = BAR_TOP + ((1.0 - share) * (height - 1) as f64) as usize;
            canvas.fill([x + width, y], [4, 1], INK);
            canvas.text(
                [x + width + 7, y - LETTER / 2],
                &short(density),
                Letters::Small,
                Align::Left,
                INK,
            );
        }
        canvas.fill([x, BAR_TOP + height + 10], [width, 12], EMPTY);
        canvas.frame([x, BAR_TOP + height + 10], [width, 12], FAINT);
        canvas.text(
            [x + width + 7, BAR_TOP + height + 8],
            "none",
            Letters::Small,
            Align::Left,
            INK,
        );
    }

    /// Two histograms of points per tile over the same axis.
    fn histograms(&self, canvas: &mut Canvas, x: usize) {
        const BINS: usize = 40;
        let points = |tiling: &Tiling| tiling.tiles.iter().map(|tile| tile.points).max().unwrap_or(0);
        let most = self
            .cuts
            .iter()
            .map(|(_, tiling)| points(tiling))
            .max()
            .unwrap_or(0)
            .max(1);
        let room = (MAP - 40) / 2;
        for (number, (name, tiling)) in self.cuts.iter().enumerate() {
            let top = TOP + number * (room + 40);
            let mut bins = [0u64; BINS];
            for tile in &tiling.tiles {
                let bin = u128::from(tile.points) * BINS as u128 / (u128::from(most) + 1);
                bins[bin as usize] += 1;
            }
            let highest = bins.iter().copied().max().unwrap_or(1).max(1);
            let sizes = tiling.tiles.iter().map(|tile| tile.points);
            let range = match (sizes.clone().min(), sizes.max()) {
                (Some(least), Some(most)) if least == most => format!("{} points each", grouped(least)),
                (Some(least), Some(most)) => format!("{} to {} points", grouped(least), grouped(most)),
                _ => "no points".into(),
            };
            let plural = if tiling.tiles.len() == 1 { "tile" } else { "tiles" };
            let head = format!("{name}: {} {plural}, {range}", tiling.tiles.len());
            canvas.text([x, top - 4], &head, Letters::Small, Align::Left, INK);
            let base = top + room - 20;
            let full = (room - 60) as u64;
            let wide = PANEL / BINS;
            canvas.fill([x, base - full as usize], [PANEL, 1], FAINT);
            canvas.text(
                [x + PANEL, base - full as usize - 18],
                &format!("{highest} {}", if highest == 1 { "tile" } else { "tiles" }),
                Letters::Small,
                Align::Right,
                INK,
            );
            for (bin, &count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
                let high = ((count * full / highest) as usize).max(1);
                canvas.fill([x + bin * wide, base - high], [wide - 1, high], BARS[number]);
            }
            canvas.fill([x, base], [PANEL, 1], INK);
            canvas.text([x, base + 6], "0", Letters::Small, Align::Left, INK);
            canvas.text([x + PANEL, base + 6], &grouped(most), Letters::Small, Align::Right, INK);
            canvas.text(
                [x + PANEL / 2, base + 6],
                "points per tile",
                Letters::Small,
                Align::Middle,
                INK,
            );
        }
    }
}

/// Three digits that matter.
fn short(value: f64) -> String {
    match value {
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ if value >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.1e}"),
    }
}

/// `1 234 567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
