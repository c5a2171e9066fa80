//! How long the items of a step took.
use std::fmt::Write;

use crate::{report::format::seconds, stats::quantile};

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 84.0;
const BINS: usize = 30;

/// A histogram of `times`, in seconds, in the colour of step `step`; none for fewer than two items.
pub(crate) fn histogram(times: &[f64], step: usize) -> Option<String> {
    if times.len() < 2 {
        return None;
    }
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let longest = quantile(&sorted, 1.0).max(1e-6);
    let mut bins = [0_usize; BINS];
    for time in &sorted {
        bins[((time / longest * BINS as f64) as usize).min(BINS - 1)] += 1;
    }
    let most = bins.iter().max().copied().unwrap_or(1).max(1) as f64;
    let mut svg = format!(
        r#"<svg class="histogram" viewBox="0 0 {WIDTH} {}" role="img" aria-label="Histogram of item times">"#,
        HEIGHT + 18.0
    );
    let bin = WIDTH / BINS as f64;
    for (number, &items) in bins.iter().enumerate() {
        if items == 0 {
            continue;
        }
        // The fewest items still show.
        let height = (items as f64 / most * (HEIGHT - 6.0)).max(2.0);
        let range = |edge: usize| seconds(longest * edge as f64 / BINS as f64);
        let _ = write!(
            svg,
            r#"<rect class="s{}" x="{:.1}" y="{:.1}" width="{:.1}" height="{height:.1}" rx="1.5"><title>{items} from {} to {}</title></rect>"#,
            step % 8,
            number as f64 * bin + 0.75,
            HEIGHT - height,
            bin - 1.5,
            range(number),
            range(number + 1)
        );
    }
    let median = quantile(&sorted, 0.5);
    let x = (median / longest * WIDTH).clamp(0.0, WIDTH);
    let _ = write!(
        svg,
        r#"<line class="grid" x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/><line class="median" x1="{x:.1}" x2="{x:.1}" y1="2" y2="{HEIGHT}"><title>median {}</title></line>"#,
        seconds(median)
    );
    let label = HEIGHT + 14.0;
    let _ = write!(
        svg,
        r#"<text class="axis" x="0" y="{label}">0</text><text class="axis" x="{WIDTH}" y="{label}" text-anchor="end">{}</text></svg>"#,
        seconds(longest)
    );
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_a_bin() {
        let svg = histogram(&[0.1, 0.1, 0.1, 2.0], 3).unwrap();
        assert!(svg.contains("<title>3 from 67 ms to 133 ms</title>"), "{svg}");
        assert!(svg.contains("<title>1 from 1.93 s to 2.00 s</title>"), "{svg}");
        assert!(histogram(&[1.0], 0).is_none());
        assert!(histogram(&[0.0, 0.0], 0).is_some());
    }
}
