//! `tessera run ndvi`.
use std::{num::NonZero, str::FromStr, time::Duration};

use object_io::Store;
use partition_cog::{WindowGrid, WindowSize};
use pipelines::{
    Options, absolute,
    ndvi::{self, Band, Date, Encoding, Product, Scene, Spec, Summary},
};
use plan::Uri;
use serde::Serialize;

use super::{Folders, How, Launched, launch, scenes};
use crate::show;

pub(super) const EXAMPLES: &str = "\
Examples:
  tessera run ndvi --red B04.tif --nir B08.tif --out vegetation
  tessera run ndvi --red june_B04.tif --nir june_B08.tif --red2 sept_B04.tif --nir2 sept_B08.tif --out change
  tessera run ndvi --scenes scenes.csv --offset -1000 --as i16 --out s3://lab/change

Writes OUT/ndvi.tif, with two dates also OUT/ndvi2.tif and OUT/difference.tif (later less earlier), a .png to look at beside
each, OUT/summary.parquet and OUT/report.html; several scenes have a folder each. scenes.csv has the columns
name,red,nir[,red2,nir2][,offset,offset2], with rasters named relative to it. The same command after a stop or a crash goes
on where the run was.";

/// What is asked of NDVI; also what `tessera plan ndvi` takes.
#[derive(clap::Args)]
pub(crate) struct Asked {
    /// Red band of the first date: a GeoTIFF, best a COG. Repeat --red and --nir for several scenes.
    #[arg(long, required_unless_present = "scenes", requires = "nir")]
    red: Vec<Uri>,
    /// Near-infrared band of the first date, on the same grid.
    #[arg(long, requires = "red")]
    nir: Vec<Uri>,
    /// Red band of the second date, on the same grid.
    #[arg(long, requires = "nir2", requires = "red")]
    red2: Vec<Uri>,
    /// Near-infrared band of the second date, on the same grid.
    #[arg(long, requires = "red2")]
    nir2: Vec<Uri>,
    /// Scenes from a table instead, with the columns name, red, nir and, where wanted, red2, nir2, offset, offset2.
    #[arg(long, value_name = "CSV", conflicts_with_all = ["red", "nir", "red2", "nir2"])]
    scenes: Option<Uri>,
    /// Cut each scene into so many windows, rows x columns. Results do not depend on it.
    #[arg(long, value_name = "RxC", default_value = "11x11")]
    windows: Grid,
    /// Added to the stored numbers before the index is taken: -1000 for Sentinel-2 from 2022-01-25 on (baseline 04.00),
    /// unless the provider took it off.
    #[arg(long, default_value_t = 0.0, allow_hyphen_values = true)]
    offset: f64,
    /// The same for the second date [default: as --offset].
    #[arg(long, allow_hyphen_values = true)]
    offset2: Option<f64>,
    /// The number that says "nothing known here" in the bands [default: what they declare, else 0 for whole numbers].
    #[arg(long, allow_hyphen_values = true)]
    nodata: Option<f64>,
    /// How indexes are stored: f32, or ten-thousandths in i16: less than half the bytes.
    #[arg(long = "as", value_enum, default_value_t = Stored::F32)]
    stored: Stored,
    /// How far the index must fall or rise to count as loss or gain.
    #[arg(long, default_value_t = 0.2)]
    threshold: f32,
    /// Make only these rasters [default: all].
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Made>,
}

/// What can be made of a scene.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Made {
    Ndvi,
    Ndvi2,
    Difference,
}

impl From<Made> for Product {
    fn from(made: Made) -> Self {
        match made {
            Made::Ndvi => Self::Ndvi,
            Made::Ndvi2 => Self::Ndvi2,
            Made::Difference => Self::Difference,
        }
    }
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Stored {
    F32,
    I16,
}

/// Rows x columns.
#[derive(Clone, Copy)]
struct Grid(WindowGrid);

impl FromStr for Grid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let side = |text: &str| text.parse::<NonZero<u64>>().ok();
        let sides = text
            .split_once(['x', 'X'])
            .and_then(|(rows, columns)| side(rows).zip(side(columns)));
        let (rows, columns) = sides.ok_or("write rows x columns, such as 11x11")?;
        Ok(Self(WindowGrid { rows, columns }))
    }
}

/// What is added to the numbers of each date.
#[derive(Clone, Copy)]
pub(super) struct Offsets {
    pub(super) first: f64,
    pub(super) second: f64,
}

#[derive(clap::Args)]
pub(crate) struct Ndvi {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    how: How,
}

impl Asked {
    /// The spec.
    pub(crate) async fn spec(self, store: &Store) -> anyhow::Result<Spec> {
        let offsets = Offsets {
            first: self.offset,
            second: self.offset2.unwrap_or(self.offset),
        };
        let scenes = match &self.scenes {
            Some(table) => scenes::read(store, table, offsets, self.nodata).await?,
            None => self.listed(offsets)?,
        };
        let spec = Spec {
            scenes,
            windows: WindowSize::Grid(self.windows.0),
            encoding: match self.stored {
                Stored::F32 => Encoding::F32,
                Stored::I16 => Encoding::I16,
            },
            threshold: self.threshold,
            only: self.only.iter().map(|&made| made.into()).collect(),
        };
        spec.check().map_err(|error| show::Usage(error.to_string()))?;
        Ok(spec)
    }

    /// Scenes from bands on the command line.
    fn listed(&self, offsets: Offsets) -> anyhow::Result<Vec<Scene>> {
        let Self {
            red, nir, red2, nir2, ..
        } = self;
        let usage = |said: &str| anyhow::Error::from(show::Usage(said.into()));
        if red.len() != nir.len() {
            return Err(usage("give as many --nir as --red"));
        }
        if red2.len() != nir2.len() || ![0, red.len()].contains(&red2.len()) {
            return Err(usage("give as many --red2 and --nir2 as --red, or none"));
        }
        let date = |red: &Uri, nir: &Uri, offset| Date {
            red: Band::from(absolute(red)),
            nir: Band::from(absolute(nir)),
            offset,
            nodata: self.nodata,
        };
        let scene = |at: usize| Scene {
            name: if red.len() == 1 {
                name_of(&red[0])
            } else {
                format!("{:03}-{}", at + 1, name_of(&red[at]))
            },
            first: date(&red[at], &nir[at], offsets.first),
            second: red2
                .get(at)
                .zip(nir2.get(at))
                .map(|(red, nir)| date(red, nir, offsets.second)),
        };
        Ok((0..red.len()).map(scene).collect())
    }
}

/// A name for a scene, from that of its red band: `T30TYN_B04.tif` is `T30TYN_B04`.
fn name_of(red: &Uri) -> String {
    let name = red.name();
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let plain = |c: char| {
        if c.is_alphanumeric() || "-_".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = stem.chars().map(plain).collect();
    if name.is_empty() { "scene".into() } else { name }
}

/// Runs what the command line asks.
pub(super) async fn run(Ndvi { asked, how }: Ndvi, store: &Store) -> anyhow::Result<()> {
    let spec = asked.spec(store).await?;
    let options = how.machine.options(store).await?;
    let done = compute(store, &spec, &how.folders(), options, how.new).await?;
    how.show(&done, Done::text)
}

/// What a finished run gave.
#[derive(Serialize)]
pub(crate) struct Done {
    run: String,
    folder: Uri,
    pub(crate) out: Uri,
    pub(crate) report: Uri,
    pub(crate) seconds: f64,
    /// US dollars that its items would have cost on AWS, with the Lambda memory of the best cost-performance.
    cost: Option<f64>,
    #[serde(flatten)]
    pub(crate) summary: Summary,
}

/// Rows of the table on the terminal; `summary.parquet` has all.
const SHOWN: usize = 30;

impl Done {
    /// A table of what was made.
    pub(crate) fn text(&self) -> String {
        let share = |part: u64, whole: u64| format!("{:.2} %", 100.0 * part as f64 / whole.max(1) as f64);
        let row = |made: &ndvi::Made| {
            let (row, statistics) = (&made.row, &made.row.statistics);
            let figure = |value: f64| {
                if statistics.valid == 0 {
                    "-".into()
                } else {
                    format!("{value:.3}")
                }
            };
            let change = |of: fn(&ndvi::Change) -> u64| {
                row.change
                    .as_ref()
                    .map_or_else(|| "-".into(), |change| share(of(change), change.valid))
            };
            [
                row.scene.clone(),
                row.product.to_string(),
                share(statistics.valid, row.pixels),
                figure(statistics.mean),
                figure(statistics.min),
                figure(statistics.max),
                change(|change| change.loss),
                change(|change| change.gain),
            ]
        };
        let header = ["scene", "raster", "valid", "mean", "min", "max", "loss", "gain"];
        let found = show::table(header, self.summary.made.iter().take(SHOWN).map(row));
        let more = self.summary.made.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!("\n… and {more} more in summary.parquet")
        } else {
            String::new()
        };
        let took = show::duration(Duration::from_secs_f64(self.seconds));
        let windows = format!("{} windows, {took}", show::count(self.summary.windows));
        let places = [
            [
                "rasters".into(),
                self.out.to_string(),
                format!("{} GeoTIFFs, a PNG beside each", self.summary.made.len()),
            ],
            [
                "table".into(),
                self.out.join("summary.parquet").to_string(),
                String::new(),
            ],
            ["report".into(), self.report.to_string(), "open it in a browser".into()],
            ["run".into(), self.folder.to_string(), windows],
        ];
        format!("{found}{more}\n\n{}", show::table(["", "", ""], places))
    }
}

/// Makes the run, or goes on with an equal one that is unfinished.
pub(crate) async fn compute(
    store: &Store,
    spec: &Spec,
    folders: &Folders,
    options: Options,
    new: bool,
) -> anyhow::Result<Done> {
    let mut inputs = Vec::new();
    for uri in spec.inputs() {
        inputs.push(store.head(&uri).await?);
    }
    let Launched { finished, cost } = launch(store, ndvi::NAME, spec, inputs, folders, options, new).await?;
    let summary = ndvi::summary(&finished)?;
    Ok(Done {
        out: folders.out.clone(),
        report: folders.out.join("report.html"),
        seconds: finished.seconds,
        run: finished.run.about.id,
        folder: finished.run.folder,
        cost,
        summary,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_are_named_after_their_red_band() {
        let name = |uri: &str| name_of(&uri.parse().unwrap());
        assert_eq!(name("s3://lab/T30TYN_B04.tif"), "T30TYN_B04");
        assert_eq!(name("a b.c.tif"), "a_b");
        assert_eq!(name("x/.tif"), "scene");
    }

    #[test]
    fn grids_are_rows_by_columns() {
        let grid = |text: &str| {
            text.parse::<Grid>()
                .map(|Grid(grid)| (grid.rows.get(), grid.columns.get()))
        };
        assert_eq!(grid("11x3"), Ok((11, 3)));
        assert!(["", "11", "0x3", "x", "1x2x3"].iter().all(|text| grid(text).is_err()));
    }
}
