//! Runs a pipeline of naps, to look at a report without having to compute anything:
//! `cargo run -p pipelines --example report -- FOLDER`, then open `FOLDER/runs/…/report.html`.
use std::{env, time::Duration};

use object_io::Store;
use pipelines::{
    Block, Budget, Context, Engine, Failure, Item, Load, Options, Pipeline, Runs, Section, Step, Tasks, task, unnamed,
};
use plan::{Fault, FaultKind, Uri};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Nap {
    millis: u64,
    number: u64,
    out: Uri,
}

#[derive(Serialize)]
struct Rested {
    bytes_in: u64,
    bytes_out: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("woken up")]
struct Woken;

impl Fault for Woken {
    fn kind(&self) -> FaultKind {
        FaultKind::Unavailable
    }
}

async fn nap(_store: Store, request: Nap) -> Result<Rested, Woken> {
    tokio::time::sleep(Duration::from_millis(request.millis)).await;
    // One nap in fifteen is disturbed, a third of the times it is tried.
    let clock = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |since| since.subsec_micros());
    if request.number % 15 == 7 && clock.is_multiple_of(3) {
        return Err(Woken);
    }
    Ok(Rested {
        bytes_in: request.millis << 18,
        bytes_out: request.millis << 15,
    })
}

fn naps(count: u64, millis: u64) -> impl Fn(Context) -> std::future::Ready<Result<Vec<Item>, Failure>> {
    move |_| {
        let one = |number: u64| {
            // A few long ones among many of about the same length.
            let spread = (number * 7919) % 61 + if number % 23 == 5 { 150 } else { 0 };
            let millis = millis / 2 + millis * spread / 60;
            Item::new(
                format!(
                    "reads {}..{} × chunk {}",
                    number * 5000,
                    (number + 1) * 5000,
                    number % 3 + 1
                ),
                &Nap {
                    millis,
                    number,
                    out: unnamed(),
                },
            )
        };
        std::future::ready((0..count).map(one).collect())
    }
}

async fn outlook(_: Context) -> Result<Vec<Load>, Failure> {
    let load = |step: &str, items, mebibytes: f64| Load {
        step: step.into(),
        items,
        bytes_in: (mebibytes * 1e6) as u64,
        bytes_out: (mebibytes * 1e5) as u64,
        work: mebibytes,
        memory: 1200 << 20,
    };
    Ok(vec![
        load("index", 2, 9.0),
        load("align", 90, 300.0),
        load("best-hit", 30, 80.0),
        load("call", 40, 120.0),
    ])
}

async fn sections(_: Context) -> Result<Vec<Section>, Failure> {
    let figures = [
        ("SNPs", "1 204"),
        ("indels", "87"),
        ("mean depth", "41.3 ×"),
        ("Ti/Tv", "2.08"),
    ];
    let figures = figures
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    let table = Block::Table {
        header: row(["contig", "length", "SNPs", "indels"]),
        rows: vec![
            row(["chr1", "1000000", "811", "60"]),
            row(["chr2", "500000", "393", "27"]),
        ],
    };
    Ok(vec![Section::new("Variants").with(Block::Figures(figures)).with(table)])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder: Uri = env::args().nth(1).unwrap_or_else(|| "naps".into()).parse()?;
    let pipeline = Pipeline::new(
        "naps",
        "Short rests of many sizes, as if reads were aligned",
        Tasks::new().with(task("nap", 1, nap)),
    )
    .step(Step::reduce("prepare", "nap", naps(1, 300)).about("Looks at the input objects"))
    .step(Step::map("index", "nap", naps(2, 600)).about("Checkpoints and read counts of each FASTQ"))
    .step(
        Step::map("align", "nap", naps(90, 80))
            .memory(1200 << 20)
            .about("Hits of each read on each chunk"),
    )
    .step(Step::map("best-hit", "nap", naps(30, 40)).about("The best alignment of each read over all chunks"))
    .step(Step::map("call", "nap", naps(40, 60)).about("Merges pileups and calls variants"))
    .step(
        Step::job("concatenate", "nap", naps(1, 150))
            .cpu(2)
            .about("One VCF and its index"),
    )
    .outlook(outlook)
    .sections(sections);
    let spec = serde_json::json!({"reads": ["reads_1.fastq.gz", "reads_2.fastq.gz"], "mode": "diploid"});
    let runs = Runs::new(Store::new(), &folder);
    let run = runs.create(&pipeline, &spec, Vec::new()).await?;
    let budget = Budget {
        cores: 6,
        memory: 8 << 30,
    };
    let finished = Engine::new(
        pipeline,
        run,
        Options {
            budget,
            ..Options::default()
        },
    )
    .run()
    .await?;
    eprintln!("{}", finished.report());
    Ok(())
}
