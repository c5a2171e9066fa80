//! The Gantt chart: which lane computed what, when.
use std::fmt::Write;

use crate::{
    report::format::{escape, seconds},
    stats::Bar,
};

/// Width of the plot in user units; the SVG scales to the page.
const WIDTH: f64 = 1000.0;
const LEFT: f64 = 58.0;
const LANE: f64 = 20.0;
/// Width of a mark for a pause in which nothing ran.
const PAUSE: f64 = 14.0;
/// Bars that are narrower than this, and follow each other more closely, are drawn as one.
const MERGED: f64 = 0.7;

/// Time with long pauses cut out.
struct Axis {
    /// Busy stretches in milliseconds, in order, with the place where each starts on the axis.
    stretches: Vec<(u64, u64, f64)>,
    per_milli: f64,
}

impl Axis {
    fn new(bars: &[Bar]) -> Self {
        let mut stretches: Vec<(u64, u64)> = Vec::new();
        for bar in bars {
            match stretches.last_mut() {
                Some((_, end)) if bar.start <= *end => *end = (*end).max(bar.end()),
                _ => stretches.push((bar.start, bar.end())),
            }
        }
        let busy: u64 = stretches.iter().map(|(start, end)| end - start).sum();
        // A pause shorter than this is drawn as it is.
        let short = (busy / 20).max(500);
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (start, end) in stretches {
            match joined.last_mut() {
                Some((_, before)) if start - *before <= short => *before = end,
                _ => joined.push((start, end)),
            }
        }
        let shown: u64 = joined.iter().map(|(start, end)| end - start).sum();
        let pauses = PAUSE * joined.len().saturating_sub(1) as f64;
        let per_milli = (WIDTH - LEFT - pauses).max(WIDTH / 4.0) / shown.max(1) as f64;
        let mut at = LEFT;
        let place = |(start, end): (u64, u64)| {
            let placed = (start, end, at);
            at += (end - start) as f64 * per_milli + PAUSE;
            placed
        };
        Self {
            stretches: joined.into_iter().map(place).collect(),
            per_milli,
        }
    }

    fn x(&self, time: u64) -> f64 {
        let after = self.stretches.iter().rev().find(|(start, ..)| *start <= time);
        let (start, end, at) = after.copied().unwrap_or((time, time, LEFT));
        at + (time.min(end) - start) as f64 * self.per_milli
    }
}

/// The chart of `bars`, which are in order of start; none for no bars.
pub(crate) fn timeline(bars: &[Bar], steps: &[&str]) -> Option<String> {
    if bars.is_empty() {
        return None;
    }
    let axis = Axis::new(bars);
    let lanes = bars.iter().map(|bar| bar.lane).max().unwrap_or(0) + 1;
    let plot = f64::from(lanes) * LANE;
    let height = plot + 26.0;
    let mut svg = format!(
        r#"<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Timeline of items per lane">"#
    );
    for lane in 0..lanes {
        let y = f64::from(lane) * LANE;
        let _ = write!(
            svg,
            r#"<text class="axis" x="{}" y="{}" text-anchor="end">lane {lane}</text><line class="grid" x1="{LEFT}" x2="{WIDTH}" y1="{}" y2="{}"/>"#,
            LEFT - 8.0,
            y + LANE * 0.68,
            y + LANE,
            y + LANE
        );
    }
    ticks(&mut svg, &axis, plot);
    for lane in 0..lanes {
        draw_lane(&mut svg, &axis, bars.iter().filter(|bar| bar.lane == lane), steps);
    }
    svg.push_str("</svg>");
    Some(svg)
}

fn ticks(svg: &mut String, axis: &Axis, plot: f64) {
    let shown: f64 = axis
        .stretches
        .iter()
        .map(|(start, end, _)| (end - start) as f64)
        .sum::<f64>()
        / 1000.0;
    let step = tick(shown / 8.0);
    let mut before = 0.0;
    let mut drawn = -1.0;
    for (number, &(start, end, at)) in axis.stretches.iter().enumerate() {
        let length = (end - start) as f64 / 1000.0;
        let mut time = (before / step).ceil() * step;
        // The end of a stretch and the start of the next are one time at two places.
        if time <= drawn {
            time += step;
        }
        while time <= before + length {
            drawn = time;
            let x = at + (time - before) * 1000.0 * axis.per_milli;
            let _ = write!(
                svg,
                r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="0" y2="{plot}"/><text class="axis" x="{x:.1}" y="{}" text-anchor="middle">{}</text>"#,
                plot + 17.0,
                tick_label(time)
            );
            time += step;
        }
        before += length;
        if number > 0 {
            let x = at - PAUSE / 2.0;
            let pause = seconds(start.saturating_sub(axis.stretches[number - 1].1) as f64 / 1000.0);
            let _ = write!(
                svg,
                r#"<line class="pause" x1="{x:.1}" x2="{x:.1}" y1="0" y2="{plot}"><title>nothing ran for {pause}</title></line>"#
            );
        }
    }
}

/// A round step of at least `least` seconds: 1, 2 or 5 times a power of ten, or a round number of minutes.
fn tick(least: f64) -> f64 {
    const MINUTES: [f64; 9] = [60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0, 86_400.0];
    if least > 30.0 {
        return MINUTES.into_iter().find(|&step| step >= least).unwrap_or(least);
    }
    let power = 10f64.powf(least.max(1e-3).log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    round
        .into_iter()
        .find(|&step| step >= least * 0.999)
        .unwrap_or(power * 10.0)
}

fn tick_label(time: f64) -> String {
    match time {
        0.0 => "0".into(),
        t if t < 1.0 => format!("{:.0} ms", t * 1000.0),
        t if t < 120.0 => format!("{} s", (t * 10.0).round() / 10.0),
        t if t < 7200.0 => format!("{:.0} min", t / 60.0),
        t => format!("{:.1} h", t / 3600.0),
    }
}

/// Draws the bars of one lane; runs of bars too narrow to be told apart become one.
fn draw_lane<'a>(svg: &mut String, axis: &Axis, bars: impl Iterator<Item = &'a Bar>, steps: &[&str]) {
    struct Drawn {
        step: usize,
        lane: u32,
        from: f64,
        to: f64,
        items: usize,
        title: String,
    }
    let mut draw = |drawn: Drawn| {
        let title = match drawn.items {
            1 => drawn.title,
            items => format!("{}: {items} items", steps.get(drawn.step).unwrap_or(&"")),
        };
        let _ = write!(
            svg,
            r#"<rect class="s{}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" rx="2"><title>{}</title></rect>"#,
            drawn.step % 8,
            drawn.from,
            f64::from(drawn.lane) * LANE + 3.0,
            (drawn.to - drawn.from - 0.4).max(0.8),
            LANE - 6.0,
            escape(&title)
        );
    };
    let mut pending: Option<Drawn> = None;
    for bar in bars {
        let (from, to) = (axis.x(bar.start), axis.x(bar.end()));
        match &mut pending {
            Some(last) if last.step == bar.step && to - from < MERGED && from - last.to < MERGED => {
                last.to = last.to.max(to);
                last.items += 1;
            }
            _ => {
                let step = steps.get(bar.step).unwrap_or(&"");
                let next = Drawn {
                    step: bar.step,
                    lane: bar.lane,
                    from,
                    to,
                    items: 1,
                    title: format!("{step} · {} · {}", bar.label, seconds(bar.seconds)),
                };
                pending.replace(next).into_iter().for_each(&mut draw);
            }
        }
    }
    pending.into_iter().for_each(draw);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(lane: u32, start: u64, seconds: f64) -> Bar {
        Bar {
            step: 0,
            label: "a <b>".into(),
            lane,
            start,
            seconds,
        }
    }

    #[test]
    fn pauses_are_cut_and_bars_lie_in_order() {
        let bars = [bar(0, 1000, 1.0), bar(1, 1500, 1.5), bar(0, 9_000_000, 1.0)];
        let axis = Axis::new(&bars);
        let xs = [1000, 1500, 2000, 3000, 9_000_000, 9_001_000].map(|time| axis.x(time));
        assert!(xs.is_sorted(), "{xs:?}");
        assert!((xs[0] - LEFT).abs() < 1e-9 && (xs[5] - WIDTH).abs() < 1e-6, "{xs:?}");
        assert!((xs[4] - xs[3] - PAUSE).abs() < 1e-6, "{xs:?}");
        let svg = timeline(&bars, &["align"]).unwrap();
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(svg.contains("align · a &lt;b&gt; · 1.50 s"), "{svg}");
        assert!(svg.contains("nothing ran for 2 h 29 min"), "{svg}");
    }

    #[test]
    fn ten_thousand_items_make_a_small_chart() {
        let bars: Vec<Bar> = (0..10_000).map(|n| bar(n as u32 % 2, n * 5, 0.009)).collect();
        let svg = timeline(&bars, &["align"]).unwrap();
        assert!(svg.len() < 10_000, "{} bytes", svg.len());
        assert!(svg.contains("align: 5000 items"));
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            format!("{:?}", [0.013, 0.3, 1.0, 7.0, 45.0, 400.0].map(tick)),
            "[0.02, 0.5, 1.0, 10.0, 60.0, 600.0]"
        );
    }
}
