//! `tessera data simulate geospatial`.
use object_io::Store;
use plan::Uri;
use simulate::{
    geospatial::{Imagery, Lidar, PointFormat},
    scenes,
};

use crate::show;

#[derive(clap::Args)]
pub(crate) struct Geospatial {
    /// Folder for the point cloud, the images, the truth and README.md.
    #[arg(long)]
    out: Uri,
    /// Points of the laser-scanned scene, such as 1m or 16m; 0 leaves it out.
    #[arg(long, default_value = "1m", value_parser = points)]
    points: u64,
    /// Mean number of points per square metre.
    #[arg(long, value_name = "POINTS", default_value_t = Lidar::default().density)]
    density: f64,
    /// LAS point format: 6, or 3 with colours.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u8).range(3..=6))]
    point_format: u8,
    /// Write LAS instead of LAZ.
    #[arg(long)]
    las: bool,
    /// Pixels of a tile's side; a Sentinel-2 tile has 10980.
    #[arg(long, default_value_t = Imagery::default().size)]
    size: u32,
    /// Tiles of images at two dates, side by side; 0 leaves them out.
    #[arg(long, default_value_t = Imagery::default().tiles)]
    tiles: u32,
    /// Pixels of a block's side in the images.
    #[arg(long, default_value_t = Imagery::default().block)]
    block: u32,
    /// What is added to the numbers of the first date.
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    offset: u16,
    /// What is added to the numbers of the second date: 1000 is Sentinel-2 since January 2022.
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    offset2: u16,
    /// Share of each date that clouds hide.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    clouds: f64,
    /// Another seed gives another data set; the same one the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// `16m`, `250k`, `1000000`, `0`.
fn points(text: &str) -> Result<u64, String> {
    if text == "0" {
        return Ok(0);
    }
    super::number(text).ok_or_else(|| format!("{text} is no number of points, such as 16m"))
}

impl Geospatial {
    fn request(&self) -> Result<scenes::Request, show::Usage> {
        let format = match self.point_format {
            3 => PointFormat::Three,
            6 => PointFormat::Six,
            other => return Err(show::Usage(format!("point format {other} is not simulated: 3 or 6"))),
        };
        let lidar = Lidar {
            seed: self.seed,
            points: self.points,
            density: self.density,
            format,
            compressed: !self.las,
            ..Lidar::default()
        };
        let imagery = Imagery {
            seed: self.seed,
            size: self.size,
            tiles: self.tiles,
            block: self.block,
            offsets: [self.offset, self.offset2],
            clouds: self.clouds,
        };
        if self.points == 0 && self.tiles == 0 {
            return Err(show::Usage("--points 0 and --tiles 0 leave nothing to make".to_owned()));
        }
        Ok(scenes::Request {
            lidar: (self.points > 0).then_some(lidar),
            imagery: (self.tiles > 0).then_some(imagery),
            out: self.out.clone(),
        })
    }

    pub(crate) async fn run(&self, store: &Store) -> anyhow::Result<()> {
        let made = match scenes::run(store, self.request()?).await {
            Err(simulate::Error::Params { reason }) => return Err(show::Usage(reason.to_owned()).into()),
            other => other?,
        };
        if self.json {
            return show::json(&made);
        }
        let mut lines = Vec::new();
        if let Some(lidar) = &made.lidar {
            let classes = lidar.classes.iter().map(|(class, &points)| {
                let share = 100.0 * points as f64 / lidar.count as f64;
                format!("{class} {share:.1} %")
            });
            lines.push(format!(
                "{}  {} points in {:.0} m x {:.0} m; classes {}",
                lidar.points,
                show::count(lidar.count),
                lidar.side,
                lidar.side,
                classes.collect::<Vec<_>>().join(", ")
            ));
        }
        if let Some(images) = &made.imagery {
            let tiles = images.tiles.len();
            lines.push(format!(
                "{}  {tiles} {} of {} x {} pixels at two dates; {} clear-cut and {} burnt pixels in {} polygons",
                images.scenes,
                if tiles == 1 { "tile" } else { "tiles" },
                self.size,
                self.size,
                show::count(images.clear_cut),
                show::count(images.burn),
                show::count(images.polygons),
            ));
        }
        Ok(show::print(lines.join("\n"))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_read_with_units() {
        assert_eq!(points("16m"), Ok(16_000_000));
        assert_eq!(points("0"), Ok(0));
        assert!(points("many").unwrap_err().contains("points"));
    }
}
