//! Whether rasters lie on the same pixels.
use std::fmt;

use partition_cog::GeoReference;

/// Size and place of a raster.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Rows.
    pub height: u64,
    /// Columns.
    pub width: u64,
    /// Geotransform and CRS.
    pub georeference: GeoReference,
}

/// One thing in which two rasters differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub field: &'static str,
    /// In the first raster.
    pub first: String,
    /// In the other.
    pub other: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} and {}", self.field, self.first, self.other)
    }
}

/// Corners closer than this share of a pixel are the same: writers round.
const TOLERANCE: f64 = 1e-3;

/// Everything in which two rasters differ; empty if pixel lies on pixel.
pub fn differences(first: &Place, other: &Place) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |field, first: String, other: String| {
        found.push(Difference { field, first, other });
    };
    if first.height != other.height {
        differ("rows", first.height.to_string(), other.height.to_string());
    }
    if first.width != other.width {
        differ("columns", first.width.to_string(), other.width.to_string());
    }
    transforms(first, other, &mut differ);
    if !same_crs(&first.georeference, &other.georeference) {
        let name = |place: &Place| place.georeference.crs().unwrap_or_else(|| "none".to_owned());
        let (mut one, mut two) = (name(first), name(other));
        if one == two {
            // Equal names, other definitions.
            let keys = |place: &Place| {
                format!(
                    " with keys {:?} {:?}",
                    place.georeference.keys, place.georeference.doubles
                )
            };
            one += &keys(first);
            two += &keys(other);
        }
        differ("CRS", one, two);
    }
    found
}

fn transforms(first: &Place, other: &Place, differ: &mut impl FnMut(&'static str, String, String)) {
    let (one, two) = match (first.georeference.transform, other.georeference.transform) {
        (Some(one), Some(two)) => (one, two),
        (None, None) => return,
        (one, two) => {
            let text = |transform: Option<[f64; 6]>| transform.map_or_else(|| "none".to_owned(), |t| format!("{t:?}"));
            return differ("geotransform", text(one), text(two));
        }
    };
    // Distance of the same pixel's corner in the two, in pixels of the first.
    let pixel = one[1].hypot(one[4]).max(f64::MIN_POSITIVE);
    let apart = |x: f64, y: f64| (x / pixel).hypot(y / pixel) > TOLERANCE;
    if apart(two[0] - one[0], two[3] - one[3]) {
        let corner = |t: [f64; 6]| format!("({}, {})", t[0], t[3]);
        differ("upper left corner", corner(one), corner(two));
    }
    let (rows, columns) = (first.height as f64, first.width as f64);
    let step = |at: usize, count: f64| (two[at] - one[at]) * count;
    if apart(step(1, columns), step(4, columns)) || apart(step(2, rows), step(5, rows)) {
        let size = |t: [f64; 6]| {
            if t[2] == 0.0 && t[4] == 0.0 {
                format!("{} x {}", t[1], t[5])
            } else {
                format!("{} x {}, turned by {} and {}", t[1], t[5], t[2], t[4])
            }
        };
        differ("pixel size", size(one), size(two));
    }
}

/// Equal codes are equal systems, whatever they are called; without codes the whole definition counts.
fn same_crs(first: &GeoReference, other: &GeoReference) -> bool {
    match (first.epsg(), other.epsg()) {
        (Some(first), Some(other)) => first == other,
        _ => first.keys == other.keys && first.doubles == other.doubles && first.ascii == other.ascii,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            height: 100,
            width: 200,
            georeference: GeoReference {
                transform: Some([600_000.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0]),
                keys: vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32630],
                ..GeoReference::default()
            },
        }
    }

    fn said(change: impl FnOnce(&mut Place)) -> String {
        let mut other = place();
        change(&mut other);
        let all = differences(&place(), &other);
        all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn each_field_is_told_with_both_values() {
        assert_eq!(said(|_| ()), "");
        assert_eq!(
            said(|p| (p.height, p.width) = (99, 1)),
            "rows: 100 and 99; columns: 200 and 1"
        );
        let corner = said(|p| p.georeference.transform = Some([600_010.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0]));
        assert_eq!(corner, "upper left corner: (600000, 4600020) and (600010, 4600020)");
        let pixel = said(|p| p.georeference.transform = Some([600_000.0, 20.0, 0.0, 4_600_020.0, 0.0, -20.0]));
        assert_eq!(pixel, "pixel size: 10 x -10 and 20 x -20");
        assert!(said(|p| p.georeference.transform = None).starts_with("geotransform: [600000.0, "));
        assert_eq!(
            said(|p| p.georeference.keys[15] = 32631),
            "CRS: EPSG:32630 and EPSG:32631"
        );
        assert_eq!(said(|p| p.georeference.keys = vec![]), "CRS: EPSG:32630 and none");
    }

    #[test]
    fn names_and_rounding_do_not_count() {
        assert_eq!(
            said(|p| p.georeference.transform = Some([600_000.000_1, 10.0, 0.0, 4_600_020.0, 0.0, -10.0])),
            ""
        );
        assert_eq!(said(|p| p.georeference.ascii = "WGS 84".into()), "");
    }
}
