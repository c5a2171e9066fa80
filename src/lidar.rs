//! `tessera lidar`: point clouds.
use std::{
    io::{self, Write},
    num::NonZero,
    sync::Arc,
    time::Instant,
};

use object_io::Store;
use partition_lidar::{
    CutBy, CutRequest, IndexRequest, Layout, Method, OutFormat, Progress, cut, index, info, plan, read,
};
use plan::Uri;

use crate::{fastq::parse, show};

mod report;

const CUT_EXAMPLES: &str = "\
Examples:
  tessera lidar cut cloud.laz --parts 10 --buffer 5 --out tiles
  tessera lidar cut *.laz --target-points 1000000 --buffer 5 --out s3://lab/tiles
  tessera lidar cut huge.laz --parts 100 --memory 256MiB --out tiles --plot map.png";
const INDEX_EXAMPLES: &str = "\
Examples:
  tessera lidar index cloud.laz --parts 10        then plan and read --parts 10 fetch what they need only
  tessera lidar read cloud.laz --parts 10 --part 3 --buffer 5 > tile.laz";

/// The verbs.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Read the coordinates of all points once; writes CLOUD.tessera
    #[command(after_help = INDEX_EXAMPLES)]
    Index(IndexArguments),
    /// Show into which tiles a cloud would be cut
    Plan(PlanArguments),
    /// Write one tile to standard output
    Read(ReadArguments),
    /// Write every tile as a file
    #[command(after_help = CUT_EXAMPLES)]
    Cut(CutArguments),
    /// Read a cloud whole and say what it is: counts, bounds, coordinate system, returns, classes, densities
    Info(InfoArguments),
}

#[derive(clap::Args)]
pub(crate) struct IndexArguments {
    /// The cloud: LAS, LAZ or COPC
    cloud: Uri,
    /// A cut to lay out as well, so that it can be planned and read from the index alone (repeatable)
    #[arg(long, value_name = "N")]
    parts: Vec<NonZero<u64>>,
    /// A cut into tiles of this many points (repeatable)
    #[arg(long, value_name = "POINTS")]
    target_points: Vec<NonZero<u64>>,
    /// How these cuts are laid out
    #[arg(long, value_enum, default_value_t)]
    method: MethodName,
    /// Where the index goes [default: CLOUD.tessera]
    #[arg(long, value_name = "INDEX")]
    out: Option<Uri>,
    /// Bytes that may be used
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = "704MiB")]
    memory: NonZero<u64>,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// How tiles are laid out.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
pub(crate) enum MethodName {
    /// Tiles of equal numbers of points
    #[default]
    Density,
    /// Tiles of equal area
    Grid,
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Density => Self::Density,
            MethodName::Grid => Self::Grid,
        }
    }
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct By {
    /// Number of tiles
    #[arg(long, value_name = "N")]
    parts: Option<NonZero<u64>>,
    /// Points of a tile, at most (its buffer not counted)
    #[arg(long, value_name = "POINTS")]
    target_points: Option<NonZero<u64>>,
    /// Bytes of a tile's records before compression, at most
    #[arg(long, value_name = "SIZE", value_parser = parse::size)]
    target_size: Option<NonZero<u64>>,
}

#[derive(clap::Args)]
pub(crate) struct LayoutArguments {
    #[command(flatten)]
    by: By,
    /// How tiles are laid out
    #[arg(long, value_enum, default_value_t)]
    method: MethodName,
    /// How far tiles reach beyond the box of their own points, in units of the coordinate system
    #[arg(long, value_name = "DISTANCE", default_value_t = 0.0)]
    buffer: f64,
}

impl LayoutArguments {
    fn layout(&self) -> anyhow::Result<Layout> {
        let By {
            parts,
            target_points,
            target_size,
        } = self.by;
        let by = parts.map(CutBy::Parts);
        let by = by.or(target_points.map(CutBy::TargetPoints));
        let by = by.or(target_size.map(CutBy::TargetBytes));
        if self.buffer.is_nan() || self.buffer < 0.0 {
            return Err(show::Usage(format!("--buffer {} is no distance", self.buffer)).into());
        }
        Ok(Layout {
            by: by.ok_or_else(|| show::Usage("say how to cut, for example --parts 10".into()))?,
            method: self.method.into(),
            buffer: self.buffer,
        })
    }
}

/// What tiles are written as.
#[derive(Clone, Copy, Default, clap::ValueEnum)]
pub(crate) enum FormatName {
    /// Compressed
    #[default]
    Laz,
    /// Plain
    Las,
}

impl From<FormatName> for OutFormat {
    fn from(name: FormatName) -> Self {
        match name {
            FormatName::Laz => Self::Laz,
            FormatName::Las => Self::Las,
        }
    }
}

#[derive(clap::Args)]
pub(crate) struct PlanArguments {
    /// The cloud: LAS, LAZ or COPC
    cloud: Uri,
    #[command(flatten)]
    layout: LayoutArguments,
    /// Draw the tiles over a density map, and the sizes of tiles by density and by area
    #[arg(long, value_name = "PNG")]
    plot: Option<Uri>,
    /// The whole plan as one JSON document: one partition for each worker
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(crate) struct ReadArguments {
    /// The cloud: LAS, LAZ or COPC
    cloud: Uri,
    #[command(flatten)]
    layout: LayoutArguments,
    /// The tile, numbered from 0
    #[arg(long, value_name = "I")]
    part: u64,
    /// What it is written as
    #[arg(long, value_enum, default_value_t)]
    format: FormatName,
}

#[derive(clap::Args)]
pub(crate) struct CutArguments {
    /// The clouds: LAS, LAZ or COPC; each becomes tiles of its own, NAME-0003.laz
    #[arg(required = true)]
    clouds: Vec<Uri>,
    #[command(flatten)]
    layout: LayoutArguments,
    /// The folder that the tiles go to
    #[arg(long, value_name = "DIR")]
    out: Uri,
    /// What they are written as
    #[arg(long, value_enum, default_value_t)]
    format: FormatName,
    /// Bytes that may be used for points; with less, a cloud is read twice or more often. The tiles are the same
    #[arg(long, value_name = "SIZE", value_parser = parse::size, default_value = "704MiB")]
    memory: NonZero<u64>,
    /// Draw the tiles of the (only) cloud over a density map, and the sizes of tiles by density and by area
    #[arg(long, value_name = "PNG")]
    plot: Option<Uri>,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub(crate) struct InfoArguments {
    /// The cloud: LAS, LAZ or COPC
    cloud: Uri,
    /// One JSON document instead of tables
    #[arg(long)]
    json: bool,
}

/// A bar over the stored bytes of some objects.
async fn bar(store: &Store, objects: &[Uri], what: &str) -> anyhow::Result<(indicatif::ProgressBar, Progress)> {
    let mut size = 0;
    for object in objects {
        size += store.head(object).await?.size;
    }
    let bar = show::progress(size, what);
    let own = bar.clone();
    Ok((bar, Arc::new(move |bytes| own.inc(bytes))))
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::Index(arguments) => index_cloud(arguments, store).await,
        Command::Plan(arguments) => plan_cloud(arguments, store).await,
        Command::Read(arguments) => read_tile(arguments, store).await,
        Command::Cut(arguments) => cut_clouds(arguments, store).await,
        Command::Info(arguments) => info_of(store, &arguments.cloud, arguments.json).await,
    }
}

async fn index_cloud(arguments: IndexArguments, store: &Store) -> anyhow::Result<()> {
    let parts = arguments.parts.into_iter().map(CutBy::Parts);
    let targets = arguments.target_points.into_iter().map(CutBy::TargetPoints);
    let method = arguments.method.into();
    let request = IndexRequest {
        object: arguments.cloud,
        out: arguments.out,
        cuts: parts.chain(targets).map(|by| (by, method)).collect(),
        memory: arguments.memory.get(),
    };
    let (bar, progress) = bar(store, std::slice::from_ref(&request.object), "indexing").await?;
    let index = index(store, &request, progress).await;
    bar.finish_and_clear();
    report::index(&index?, arguments.json)
}

async fn plan_cloud(arguments: PlanArguments, store: &Store) -> anyhow::Result<()> {
    let layout = arguments.layout.layout()?;
    let (bar, progress) = bar(store, std::slice::from_ref(&arguments.cloud), "laying out").await?;
    let plan = plan(store, &arguments.cloud, layout, progress).await;
    bar.finish_and_clear();
    let plan = plan?;
    if let Some(to) = &arguments.plot {
        plot(store, &arguments.cloud, layout, to).await?;
    }
    report::plan(&plan, arguments.json)
}

/// Draws a cut of `cloud`.
async fn plot(store: &Store, cloud: &Uri, layout: Layout, to: &Uri) -> anyhow::Result<()> {
    let (bar, progress) = bar(store, std::slice::from_ref(cloud), "drawing").await?;
    let picture = partition_lidar::figure(store, cloud, layout, progress).await;
    bar.finish_and_clear();
    store.put(to, picture?).await?;
    Ok(())
}

async fn read_tile(arguments: ReadArguments, store: &Store) -> anyhow::Result<()> {
    let layout = arguments.layout.layout()?;
    let plan = plan(store, &arguments.cloud, layout, Arc::new(|_| ())).await?;
    let partition = usize::try_from(arguments.part)
        .ok()
        .and_then(|part| plan.partitions.get(part));
    let partition = partition.ok_or_else(|| partition_lidar::Error::NoPart {
        object: arguments.cloud.clone(),
        part: arguments.part,
        parts: plan.partitions.len() as u64,
    })?;
    let tile = read(store, partition, arguments.format.into()).await?;
    let mut out = io::stdout().lock();
    for piece in tile {
        out.write_all(&piece)?;
    }
    Ok(out.flush()?)
}

async fn cut_clouds(arguments: CutArguments, store: &Store) -> anyhow::Result<()> {
    if arguments.plot.is_some() && arguments.clouds.len() > 1 {
        return Err(
            show::Usage("--plot draws one cloud; cut it alone, or use `tessera lidar plan --plot`".into()).into(),
        );
    }
    let request = CutRequest {
        objects: arguments.clouds,
        layout: arguments.layout.layout()?,
        out: arguments.out,
        format: arguments.format.into(),
        memory: arguments.memory.get(),
    };
    let (bar, progress) = bar(store, &request.objects, "cutting").await?;
    let started = Instant::now();
    let done = cut(store, &request, progress).await;
    bar.finish_and_clear();
    let (done, time) = (done?, started.elapsed());
    if let (Some(to), [cloud]) = (&arguments.plot, &request.objects[..]) {
        plot(store, cloud, request.layout, to).await?;
    }
    report::cut(&done, &request.out, time, arguments.json)
}

/// What a cloud is.
pub(crate) async fn info_of(store: &Store, cloud: &Uri, json: bool) -> anyhow::Result<()> {
    let (bar, progress) = bar(store, std::slice::from_ref(cloud), "reading").await?;
    let found = info(store, cloud, progress).await;
    bar.finish_and_clear();
    report::info(&found?, json)
}
