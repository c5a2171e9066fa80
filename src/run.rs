//! `tessera run`: whole pipelines.
use object_io::Store;
use pipelines::{Finished, Options, Runs};
use plan::{Object, Uri};
use serde::Serialize;

use crate::{
    runs::{Machine, drive},
    show,
};

pub(crate) mod ndvi;
mod scenes;
pub(crate) mod sentinel2_cog;
pub(crate) mod variant_calling;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Call variants of reads against a reference: align, best hit, pileup, call.
    #[command(after_help = variant_calling::EXAMPLES)]
    VariantCalling(variant_calling::VariantCalling),
    /// Compute the vegetation index of satellite images of one or two dates, and what changed.
    #[command(after_help = ndvi::EXAMPLES)]
    Ndvi(ndvi::Ndvi),
    /// Make cloud-optimized GeoTIFFs of Sentinel-2 products and other JPEG 2000 files.
    #[command(name = "sentinel2-cog", after_help = sentinel2_cog::EXAMPLES)]
    Sentinel2Cog(sentinel2_cog::Sentinel2Cog),
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::VariantCalling(arguments) => variant_calling::run(arguments, store).await,
        Command::Ndvi(arguments) => ndvi::run(arguments, store).await,
        Command::Sentinel2Cog(arguments) => sentinel2_cog::run(arguments, store).await,
    }
}

/// How a pipeline is run, whichever it is.
#[derive(clap::Args)]
pub(crate) struct How {
    /// Folder for the results and the report.
    #[arg(long)]
    out: Uri,
    /// Where the records and intermediate files of the run live [default: OUT].
    #[arg(long)]
    store: Option<Uri>,
    #[command(flatten)]
    machine: Machine,
    /// Make a new run even if an equal one is unfinished.
    #[arg(long)]
    new: bool,
    /// Print one JSON document when done.
    #[arg(long)]
    json: bool,
}

impl How {
    fn folders(&self) -> Folders {
        Folders {
            place: self.store.clone().unwrap_or_else(|| self.out.clone()),
            out: self.out.clone(),
        }
    }

    /// Shows what a run gave: as JSON if that is wanted, else as text for a person.
    fn show<Done: Serialize>(&self, done: &Done, text: impl FnOnce(&Done) -> String) -> anyhow::Result<()> {
        if self.json {
            return show::json(done);
        }
        Ok(show::print(text(done))?)
    }
}

/// Where a run lives, and where its results go.
pub(crate) struct Folders {
    pub(crate) place: Uri,
    pub(crate) out: Uri,
}

/// A run that came to its end.
pub(crate) struct Launched {
    pub(crate) finished: Finished,
    /// US dollars that its items would have cost on AWS, with the Lambda memory of the best cost-performance.
    pub(crate) cost: Option<f64>,
}

/// Makes a run of the pipeline `name`, or goes on with an equal one that is unfinished, to its end.
pub(crate) async fn launch(
    store: &Store,
    name: &str,
    spec: &impl Serialize,
    inputs: Vec<Object>,
    folders: &Folders,
    options: Options,
    new: bool,
) -> anyhow::Result<Launched> {
    let pipeline = pipelines::by_name(name)?;
    let runs = Runs::new(store.clone(), &folders.place);
    let unfinished = if new {
        None
    } else {
        runs.unfinished(&pipeline, spec, &inputs).await?
    };
    let run = match unfinished {
        Some(run) => {
            eprintln!("going on with {}; --new starts over", run.about.id);
            run
        }
        None => runs.create(&pipeline, spec, inputs).await?,
    };
    run.send_to(&folders.out).await?;
    let prices = options.prices.clone();
    let finished = drive(pipeline.clone(), run, options, &folders.place).await?;
    let steps = finished.run.stats(&pipeline).await?;
    let usages: Vec<_> = steps.iter().map(pipelines::StepStats::usage).collect();
    let cost = pipelines::best(&pipelines::choices(&usages, &prices)).map(|bill| bill.dollars);
    Ok(Launched { finished, cost })
}
