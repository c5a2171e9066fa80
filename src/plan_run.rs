//! `tessera plan`: what a run will do and cost.
use std::time::Duration;

use object_io::Store;
use pipelines::{Budget, Forecast, by_name, forecast, ndvi, sentinel2_cog, variant_calling};
use serde::Serialize;

use crate::{run, runs::Machine, show};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Foresee variant calling, from the sizes of the inputs alone.
    VariantCalling {
        #[command(flatten)]
        asked: run::variant_calling::Asked,
        #[command(flatten)]
        how: How,
    },
    /// Foresee NDVI, from the headers of the rasters alone.
    Ndvi {
        #[command(flatten)]
        asked: run::ndvi::Asked,
        #[command(flatten)]
        how: How,
    },
    /// Foresee the conversion of Sentinel-2 products, from the sizes of their files alone.
    #[command(name = "sentinel2-cog")]
    Sentinel2Cog {
        #[command(flatten)]
        asked: run::sentinel2_cog::Asked,
        #[command(flatten)]
        how: How,
    },
}

#[derive(clap::Args)]
pub(crate) struct How {
    #[command(flatten)]
    machine: Machine,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::VariantCalling { asked, how } => {
            foresee(variant_calling::NAME, &asked.spec(store).await?, how, store).await
        }
        Command::Ndvi { asked, how } => foresee(ndvi::NAME, &asked.spec(store).await?, how, store).await,
        Command::Sentinel2Cog { asked, how } => foresee(sentinel2_cog::NAME, &asked.spec()?, how, store).await,
    }
}

async fn foresee(name: &str, spec: &impl Serialize, how: How, store: &Store) -> anyhow::Result<()> {
    let How { machine, json } = how;
    let pipeline = by_name(name)?;
    let prices = machine.prices(store).await?;
    let budget: Budget = machine.options(store).await?.budget;
    let foreseen = forecast(&pipeline, spec, store, budget, &prices).await?;
    if json {
        return show::json(&foreseen);
    }
    Ok(show::print(text(&foreseen))?)
}

fn text(foreseen: &Forecast) -> String {
    let seconds = |seconds: f64| show::duration(Duration::from_secs_f64(seconds));
    let step = |(load, usage): (&pipelines::Load, &pipelines::Usage)| {
        [
            load.step.clone(),
            show::count(load.items),
            show::bytes(load.bytes_in),
            show::bytes(load.bytes_out),
            show::bytes(load.memory),
            seconds(usage.core_seconds),
        ]
    };
    let header = ["step", "items", "reads", "writes", "memory each", "core time"];
    let steps = show::table(header, foreseen.loads.iter().zip(&foreseen.usages).map(step));
    let choice = |bill: &pipelines::Bill| {
        [
            format!("{} MB", bill.memory),
            seconds(bill.seconds),
            format!("${:.4}", bill.dollars),
            format!("{:.3}", bill.cost_performance()),
        ]
    };
    let header = ["Lambda memory", "wall", "cost", "1 / (s × $)"];
    let choices = show::table(header, foreseen.choices.iter().map(choice));
    let mut text = format!(
        "{steps}\n\nHere, on {} cores: about {}.\nOn AWS, prices of {}:\n\n{choices}\n",
        foreseen.cores,
        seconds(foreseen.local_seconds),
        foreseen.prices_of,
    );
    if !foreseen.guessed.is_empty() {
        let guessed = foreseen.guessed.join(", ");
        text.push_str(&format!("\nNever measured, so only guessed: {guessed}.\n"));
    }
    text
}
