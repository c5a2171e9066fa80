//! `tessera plan`: what a run will do and cost.
use std::time::Duration;

use object_io::Store;
use pipelines::{Budget, Forecast, by_name, forecast, variant_calling};

use crate::{run::Asked, runs::Machine, show};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Foresee variant calling, from the sizes of the inputs alone.
    VariantCalling {
        #[command(flatten)]
        asked: Asked,
        #[command(flatten)]
        machine: Machine,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    let Command::VariantCalling { asked, machine, json } = command;
    let spec = asked.spec(store).await?;
    let pipeline = by_name(variant_calling::NAME)?;
    let prices = machine.prices(store).await?;
    let budget: Budget = machine.options(store).await?.budget;
    let foreseen = forecast(&pipeline, &spec, store, budget, &prices).await?;
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
