//! `tessera cog`: windows of rasters.
use std::num::NonZero;

use object_io::Store;
use partition_cog::{
    Area, Bounds, Cog, Cut, Description, Error, LevelDescription, Window, WindowGrid, WindowScope, WindowSize, cut,
};
use plan::{Partition, Plan, Uri};
use serde_json::json;

use crate::{fastq::parse, show};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Say what a raster is: size, bands, blocks, compression, overviews, CRS, bounds.
    Info {
        /// The raster: a GeoTIFF or COG.
        raster: Uri,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Show how RASTER would be cut into windows on the edges of its blocks.
    Plan {
        /// The raster: a GeoTIFF or COG.
        raster: Uri,
        #[command(flatten)]
        layout: Layout,
        /// Print one JSON document: the whole plan.
        #[arg(long)]
        json: bool,
    },
    /// Write one window of a plan as a GeoTIFF.
    Read {
        /// The raster: a GeoTIFF or COG.
        raster: Uri,
        #[command(flatten)]
        layout: Layout,
        /// Which window, counted from 0; may be left out if the plan has only one.
        #[arg(long)]
        part: Option<u64>,
        /// The file to write.
        #[arg(long)]
        out: Uri,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Write each window of a plan as a GeoTIFF of its own.
    Cut {
        /// The raster: a GeoTIFF or COG.
        raster: Uri,
        #[command(flatten)]
        layout: Layout,
        /// Folder to write to.
        #[arg(long)]
        out: Uri,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
#[group(multiple = false)]
struct Extent {
    /// A grid of windows: rows x columns. One window is the default.
    #[arg(long, value_name = "ROWSxCOLUMNS", value_parser = grid)]
    windows: Option<WindowGrid>,
    /// Windows of at most so many blocks, which lie together in the file.
    #[arg(long, value_name = "N")]
    blocks: Option<NonZero<u64>>,
    /// Windows of at most so many stored bytes, which lie together in the file.
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    target_size: Option<NonZero<u64>>,
}

#[derive(clap::Args)]
pub(crate) struct Layout {
    #[command(flatten)]
    size: Extent,
    /// Only the pixels that this box touches, in coordinates of the raster's CRS.
    #[arg(long, value_name = "MINX,MINY,MAXX,MAXY", value_parser = bbox, allow_hyphen_values = true, conflicts_with = "pixels")]
    bbox: Option<Bounds>,
    /// Only these pixels.
    #[arg(long, value_name = "ROW..ROW,COLUMN..COLUMN", value_parser = pixels)]
    pixels: Option<Window>,
    /// This overview instead of the full resolution, counted from 0, as in GDAL.
    #[arg(long, value_name = "N")]
    overview: Option<usize>,
    /// Windows are also to be cut on multiples of so many rows and columns.
    #[arg(long, value_name = "ROWSxCOLUMNS", value_parser = grid)]
    align: Option<WindowGrid>,
}

impl Layout {
    fn cut(self) -> Cut {
        let one = NonZero::<u64>::MIN;
        let grid = self.size.windows.unwrap_or(WindowGrid {
            rows: one,
            columns: one,
        });
        let blocks = self.size.blocks.map(WindowSize::Blocks);
        let bytes = self.size.target_size.map(WindowSize::Bytes);
        Cut {
            level: self.overview.map_or(0, |overview| overview.saturating_add(1)),
            area: self.bbox.map(Area::Bounds).or(self.pixels.map(Area::Pixels)),
            size: blocks.or(bytes).unwrap_or(WindowSize::Grid(grid)),
            unit: self.align,
        }
    }
}

/// `11x11`
fn grid(text: &str) -> Result<WindowGrid, String> {
    let wanted = || "write ROWSxCOLUMNS, for example 11x11".to_owned();
    let (rows, columns) = text.split_once(['x', 'X']).ok_or_else(wanted)?;
    let number = |text: &str| text.trim().parse().map_err(|_| wanted());
    Ok(WindowGrid {
        rows: number(rows)?,
        columns: number(columns)?,
    })
}

/// `600000,4590000,610000,4600000`
fn bbox(text: &str) -> Result<Bounds, String> {
    let numbers: Result<Vec<f64>, _> = text.split(',').map(|number| number.trim().parse()).collect();
    match numbers.as_deref() {
        Ok(&[min_x, min_y, max_x, max_y]) if min_x < max_x && min_y < max_y => Ok(Bounds {
            min_x,
            min_y,
            max_x,
            max_y,
        }),
        Ok([_, _, _, _]) => Err("each minimum must be below its maximum".into()),
        _ => Err("write MINX,MINY,MAXX,MAXY, for example 600000,4590000,610000,4600000".into()),
    }
}

/// `0..512,1024..2048`
fn pixels(text: &str) -> Result<Window, String> {
    let wanted = || "write ROW..ROW,COLUMN..COLUMN, for example 0..512,1024..2048".to_owned();
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| wanted());
    let range = |text: &str| {
        let (start, end) = text.split_once("..").ok_or_else(wanted)?;
        Ok::<_, String>(number(start)?..number(end)?)
    };
    let (rows, columns) = text.split_once(',').ok_or_else(wanted)?;
    Ok(Window::new(range(rows)?, range(columns)?))
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::Info { raster, json } => info(store, &raster, json).await,
        Command::Plan { raster, layout, json } => {
            let plan = plan(store, &raster, layout).await?;
            if json {
                return show::json(&plan);
            }
            Ok(show::print(plan_table(&plan))?)
        }
        Command::Read {
            raster,
            layout,
            part,
            out,
            json,
        } => {
            let plan = plan(store, &raster, layout).await?;
            let partition = pick(&plan, part)?;
            let file = cut::window_file(store, partition).await?;
            let object = store.put(&out, file).await?;
            let scope = &partition.scope;
            if json {
                return show::json(&json!({ "object": object, "window": scope.window, "geo": scope.geo }));
            }
            Ok(show::print(format!(
                "{}  {}, {}",
                object.uri,
                scope.window,
                show::bytes(object.size)
            ))?)
        }
        Command::Cut {
            raster,
            layout,
            out,
            json,
        } => {
            let request = cut::Request {
                raster,
                cut: layout.cut(),
                out,
            };
            let done = cut::run(store, request).await.map_err(usage)?;
            if json {
                return show::json(&done);
            }
            let rows = done
                .windows
                .iter()
                .map(|written| [written.object.to_string(), written.window.to_string()]);
            Ok(show::print(show::table(["window", "pixels"], rows))?)
        }
    }
}

async fn plan(store: &Store, raster: &Uri, layout: Layout) -> anyhow::Result<Plan<WindowScope>> {
    let cog = Cog::open(store, raster).await?;
    cog.plan(store, &layout.cut()).await.map_err(usage)
}

/// A level or an area that the raster does not have is wrong usage.
fn usage(error: Error) -> anyhow::Error {
    match error {
        Error::Cut { object, source } => show::Usage(format!("{object}: {source}")).into(),
        other => other.into(),
    }
}

fn pick(plan: &Plan<WindowScope>, part: Option<u64>) -> anyhow::Result<&Partition<WindowScope>> {
    let count = plan.partitions.len();
    let Some(part) = part.or((count == 1).then_some(0)) else {
        return Err(show::Usage(format!("the plan has {count} windows: say which by --part")).into());
    };
    let found = usize::try_from(part).ok().and_then(|part| plan.partitions.get(part));
    found.ok_or_else(|| show::Usage(format!("no window {part}: the plan has {count}, counted from 0")).into())
}

fn plan_table(plan: &Plan<WindowScope>) -> String {
    let rows = plan.partitions.iter().map(|partition| {
        let scope = &partition.scope;
        let bytes = partition.bytes.iter().map(|range| range.end - range.start).sum();
        [
            partition.number.to_string(),
            format!("{}..{}", scope.window.rows.start, scope.window.rows.end),
            format!("{}..{}", scope.window.columns.start, scope.window.columns.end),
            show::count(scope.image.blocks.len() as u64),
            show::count(partition.bytes.len() as u64),
            show::bytes(bytes),
            show::bytes(scope.decoded_bytes()),
        ]
    });
    show::table(
        ["window", "rows", "columns", "blocks", "reads", "to fetch", "decoded"],
        rows,
    )
}

pub(crate) async fn info(store: &Store, uri: &Uri, json: bool) -> anyhow::Result<()> {
    let description = Cog::open(store, uri).await?.describe();
    if json {
        return show::json(&description);
    }
    Ok(show::print(told(&description))?)
}

fn told(raster: &Description) -> String {
    let format = match (raster.cog, raster.big_tiff) {
        (true, true) => "COG, BigTIFF",
        (true, false) => "COG",
        (false, true) => "BigTIFF",
        (false, false) => "TIFF",
    };
    let mut lines = vec![format!(
        "{}  {format}, {}",
        raster.object.uri,
        show::bytes(raster.object.size)
    )];
    let order = match (raster.bands, raster.separate) {
        (1, _) => "",
        (_, true) => ", each with blocks of its own",
        (_, false) => ", side by side in each pixel",
    };
    let plural = if raster.bands == 1 { "band" } else { "bands" };
    let nodata = raster
        .nodata
        .map_or_else(|| "no nodata value".into(), |nodata| format!("nodata {nodata}"));
    lines.push(format!(
        "{} {plural} of {}{order}; {nodata}",
        raster.bands, raster.sample
    ));
    lines.push(raster.crs.clone().unwrap_or_else(|| "no CRS".into()));
    if let (Some(bounds), Some((width, height))) = (raster.bounds, raster.pixel_size) {
        let Bounds {
            min_x,
            min_y,
            max_x,
            max_y,
        } = bounds;
        lines.push(format!(
            "x {min_x} to {max_x}, y {min_y} to {max_y}; pixels of {width} x {height}"
        ));
    }
    if let Some(feature) = &raster.unsupported {
        lines.push(format!("cannot be read here: {feature} is not supported"));
    }
    let rows = raster
        .levels
        .iter()
        .enumerate()
        .map(|(number, level): (usize, &LevelDescription)| {
            let name = number
                .checked_sub(1)
                .map_or_else(|| "full".into(), |overview| format!("overview {overview}"));
            let kind = if level.tiled { "tiles" } else { "strips" };
            [
                name,
                level.height.to_string(),
                level.width.to_string(),
                format!(
                    "{} {kind} of {} x {}",
                    show::count(level.blocks),
                    level.block_height,
                    level.block_width
                ),
                level.compression.clone(),
                level.predictor.clone(),
                if level.mask { "yes" } else { "no" }.into(),
            ]
        });
    let table = show::table(
        ["level", "rows", "columns", "blocks", "compression", "predictor", "mask"],
        rows,
    );
    format!("{}\n\n{table}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_boxes_and_pixels_are_read_as_written() {
        let WindowGrid { rows, columns } = grid("11x4").unwrap();
        assert_eq!((rows.get(), columns.get()), (11, 4));
        assert!(grid("0x4").is_err() && grid("11").is_err());
        assert!(bbox("-3,41.5,-2,42").is_ok());
        assert!(bbox("3,41,2,42").is_err() && bbox("1,2,3").is_err() && bbox("1,2,nan,4").is_err());
        assert_eq!(pixels("0..512,1024..2048"), Ok(Window::new(0..512, 1024..2048)));
    }
}
