use serde::{Deserialize, Serialize};

/// Layout of point records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PointFormat {
    /// LAS 1.2, format 3: GPS time and colour; the CRS as GeoTIFF keys.
    Three,
    /// LAS 1.4, format 6: GPS time, up to 15 returns, 256 classes; the CRS as WKT.
    #[default]
    Six,
}

/// A laser-scanned scene. Equal parameters give equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lidar {
    /// Another seed gives another scene.
    pub seed: u64,
    /// Points in all, noise and every return counted.
    pub points: u64,
    /// Mean number of points per square metre; the scene is a square of `points / density`.
    pub density: f64,
    /// Layout of the records.
    pub format: PointFormat,
    /// Compress the points (LAZ).
    pub compressed: bool,
    /// Metres of a pixel of the true elevation.
    pub pixel: f64,
}

impl Lidar {
    /// Length of the scene's side, in metres.
    pub fn side(&self) -> f64 {
        (self.points as f64 / self.density).sqrt()
    }

    /// Why these parameters cannot be meant, if they cannot.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let rules = [
            (self.points > 0, "a scene has at least one point"),
            (
                positive(self.density),
                "the density of points is no number per square metre",
            ),
            (positive(self.pixel), "the pixel of the true elevation is no length"),
            (
                self.side() <= 100_000.0,
                "the scene is wider than 100 km: ask for a higher density",
            ),
            (
                self.side() / self.pixel <= 30_000.0,
                "the true elevation has more than 30000 pixels a side: ask for a larger pixel",
            ),
            (
                self.format == PointFormat::Six || u32::try_from(self.points).is_ok(),
                "LAS 1.2 counts up to 4294967295 points: use point format 6",
            ),
        ];
        rules.into_iter().find(|&(holds, _)| !holds).map(|(_, fault)| fault)
    }
}

impl Default for Lidar {
    /// A million points, 5 per square metre, as LAZ.
    fn default() -> Self {
        Self {
            seed: 1,
            points: 1_000_000,
            density: 5.0,
            format: PointFormat::Six,
            compressed: true,
            pixel: 1.0,
        }
    }
}
