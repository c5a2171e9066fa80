//! `tessera runs`: the runs in a folder or bucket, and going on with them.
use object_io::Store;
use pipelines::{Run, Runs, State, StepStats, Summary, by_name, utc};
use plan::Uri;
use serde::Serialize;

use crate::show;

mod drive;
mod progress;

pub(crate) use drive::{Machine, drive};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List runs and how they stand.
    List {
        #[command(flatten)]
        place: Place,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Show what a run was asked and how its steps went.
    Show {
        /// Name of the run, a part of it that no other has, or `latest`.
        run: String,
        #[command(flatten)]
        place: Place,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Go on with a run that was stopped, failed or killed; nothing that is done is computed again.
    Resume {
        /// Name of the run, a part of it that no other has, or `latest`.
        run: String,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        machine: Machine,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Remove runs with their intermediate files; results that were copied out of them stay.
    Clean {
        /// Names of runs, or parts of them that no others have.
        #[arg(required_unless_present = "finished")]
        runs: Vec<String>,
        /// Remove every finished run.
        #[arg(long, conflicts_with = "runs")]
        finished: bool,
        /// Say what would be removed, and remove nothing.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        place: Place,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

/// Where runs live.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The folder or s3://BUCKET/PREFIX that was given to `run` as --out or --store; runs are in its `runs/`.
    #[arg(long, value_name = "DIR|URI", default_value = ".")]
    store: Uri,
}

impl Place {
    fn runs(&self, store: &Store) -> Runs {
        Runs::new(store.clone(), &self.store)
    }
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::List { place, json } => list(&place.runs(store).list().await?, json),
        Command::Show { run, place, json } => show_run(&place.runs(store).open(&run).await?, json).await,
        Command::Resume {
            run,
            place,
            machine,
            json,
        } => {
            let run = place.runs(store).open(&run).await?;
            let pipeline = by_name(&run.about.pipeline)?;
            let options = machine.options(store).await?;
            let finished = drive(pipeline, run, options, &place.store).await?;
            drive::tell(&finished, json)
        }
        Command::Clean {
            runs,
            finished,
            dry_run,
            place,
            json,
        } => clean(&place.runs(store), runs, finished, dry_run, json).await,
    }
}

fn list(summaries: &[Summary], json: bool) -> anyhow::Result<()> {
    if json {
        return show::json(&summaries);
    }
    if summaries.is_empty() {
        return Ok(show::print("no runs; --store says where to look")?);
    }
    let row = |summary: &Summary| {
        [
            summary.id.clone(),
            summary.pipeline.clone(),
            summary.state.name().to_owned(),
            utc(summary.created),
            show::duration(std::time::Duration::from_secs_f64(summary.seconds)),
        ]
    };
    let table = show::table(
        ["run", "pipeline", "state", "started", "time"],
        summaries.iter().map(row),
    );
    Ok(show::print(table)?)
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    about: &'a pipelines::About,
    failure: Option<&'a pipelines::Failure>,
    steps: &'a [StepStats],
}

async fn show_run(run: &Run, json: bool) -> anyhow::Result<()> {
    let (summary, ending) = (run.summary().await?, run.ending().await?);
    // A run of a pipeline that this version does not have is shown without its steps.
    let steps = match by_name(&run.about.pipeline) {
        Ok(pipeline) => run.stats(&pipeline).await?,
        Err(_) => Vec::new(),
    };
    let failure = ending.as_ref().and_then(|ending| ending.failure.as_ref());
    if json {
        return show::json(&Shown {
            summary: &summary,
            about: &run.about,
            failure,
            steps: &steps,
        });
    }
    show::print(format!(
        "{}  {}\nstarted  {}\nfolder   {}",
        summary.id,
        summary.state.name(),
        utc(summary.created),
        summary.folder
    ))?;
    for input in &run.about.inputs {
        show::print(format!("input    {}  {}", input.uri, show::bytes(input.size)))?;
    }
    show::print(String::from("\n") + &show::table(HEADER, steps.iter().map(row)))?;
    if let Some(failure) = failure {
        show::print(format!(
            "\n{}: {}",
            failure.kind.name(),
            failure.chain().join("\n  because: ")
        ))?;
    }
    if summary.state == State::Finished {
        show::print(format!("\nreport   {}", run.folder.join("report.html")))?;
    }
    Ok(())
}

const HEADER: [&str; 9] = [
    "step", "items", "wall", "median", "95 %", "longest", "read", "written", "retries",
];

fn row(step: &StepStats) -> [String; 9] {
    let seconds = |seconds: f64| show::duration(std::time::Duration::from_secs_f64(seconds));
    // Nobody told what a task moved whose requests and responses name no objects.
    let told = |bytes: u64| if bytes == 0 { "-".to_owned() } else { show::bytes(bytes) };
    let figures = [
        seconds(step.wall),
        seconds(step.median),
        seconds(step.p95),
        seconds(step.longest),
        told(step.bytes_in),
        told(step.bytes_out),
        step.retries.to_string(),
    ];
    let [wall, median, p95, longest, read, written, retries] = if step.done > 0 {
        figures
    } else {
        figures.map(|_| "-".to_owned())
    };
    let items = match (step.planned, step.done == step.items) {
        (false, _) => "-".to_owned(),
        (true, true) => show::count(step.items as u64),
        (true, false) => format!(
            "{} of {}",
            show::count(step.done as u64),
            show::count(step.items as u64)
        ),
    };
    [
        step.step.clone(),
        items,
        wall,
        median,
        p95,
        longest,
        read,
        written,
        retries,
    ]
}

#[derive(Serialize)]
struct Removed {
    run: String,
    objects: u64,
    bytes: u64,
}

async fn clean(runs: &Runs, names: Vec<String>, finished: bool, dry_run: bool, json: bool) -> anyhow::Result<()> {
    let mut chosen = Vec::new();
    for name in names {
        chosen.push(runs.open(&name).await?);
    }
    if finished {
        for summary in runs
            .list()
            .await?
            .iter()
            .filter(|summary| summary.state == State::Finished)
        {
            chosen.push(runs.open(&summary.id).await?);
        }
    }
    let mut removed = Vec::new();
    for run in &chosen {
        let (objects, bytes) = if dry_run {
            run.size().await?
        } else {
            runs.remove(run).await?
        };
        let run = run.about.id.clone();
        removed.push(Removed { run, objects, bytes });
    }
    if json {
        return show::json(&removed);
    }
    let row = |of: Removed| [of.run, show::count(of.objects), show::bytes(of.bytes)];
    let title = if dry_run { "would remove" } else { "removed" };
    Ok(show::print(show::table(
        [title, "files", "size"],
        removed.into_iter().map(row),
    ))?)
}
