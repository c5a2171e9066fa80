//! A toy pipeline whose answer one can compute by hand: numbers → their squares → the sum.
#![allow(dead_code, reason = "each test file uses its own part of this module")]
use std::{
    collections::HashMap,
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use object_io::Store;
use pipelines::{
    Block, Budget, Context, Engine, Failure, Item, Load, Options, Pipeline, Published, Retries, Run, Runs, Section,
    Step, Tasks, task, unnamed,
};
use plan::{Fault, FaultKind, Uri};
use serde::{Deserialize, Serialize};

/// What the toy is asked: numbers to square, and how their tasks behave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Spec {
    pub(crate) numbers: Vec<u64>,
    #[serde(default)]
    pub(crate) milliseconds: u64,
    /// Number → transient failures before it succeeds.
    #[serde(default)]
    pub(crate) flaky: HashMap<u64, u32>,
    /// Numbers that fail for good.
    #[serde(default)]
    pub(crate) broken: Vec<u64>,
    /// Numbers whose task panics.
    #[serde(default)]
    pub(crate) panicking: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Square {
    pub(crate) number: u64,
    pub(crate) milliseconds: u64,
    pub(crate) flaky: u32,
    pub(crate) broken: bool,
    pub(crate) panicking: bool,
    pub(crate) out: Uri,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Squared {
    pub(crate) square: u64,
    pub(crate) file: Uri,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) files: Vec<Uri>,
    pub(crate) out: Uri,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ToyError {
    #[error("{number} is not at home")]
    Flaky { number: u64, source: std::io::Error },
    #[error("{number} is broken")]
    Broken { number: u64 },
    #[error(transparent)]
    Store(#[from] object_io::Error),
}

impl Fault for ToyError {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Flaky { .. } => FaultKind::Unavailable,
            Self::Broken { .. } => FaultKind::Malformed,
            Self::Store(error) => error.kind(),
        }
    }
}

/// What the tasks of one toy saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) calls: Mutex<HashMap<u64, u32>>,
    running: AtomicI64,
    pub(crate) most_at_once: AtomicI64,
    pub(crate) sums: AtomicU64,
}

impl Seen {
    pub(crate) fn calls_of(&self, number: u64) -> u32 {
        self.calls.lock().unwrap().get(&number).copied().unwrap_or(0)
    }

    pub(crate) fn all_calls(&self) -> u32 {
        self.calls.lock().unwrap().values().sum()
    }
}

async fn square(seen: Arc<Seen>, store: Store, request: Square) -> Result<Squared, ToyError> {
    let number = request.number;
    let call = {
        let mut calls = seen.calls.lock().unwrap();
        let call = calls.entry(number).or_default();
        *call += 1;
        *call
    };
    // Calls in other processes are told in a file.
    if let Ok(path) = std::env::var("TOY_LOG") {
        let mut log = std::fs::File::options().append(true).create(true).open(path).unwrap();
        log.write_all(format!("{number}\n").as_bytes()).unwrap();
    }
    let now = seen.running.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most_at_once.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(request.milliseconds)).await;
    seen.running.fetch_sub(1, Ordering::SeqCst);
    assert!(!request.panicking, "{number} makes us panic");
    if request.broken {
        return Err(ToyError::Broken { number });
    }
    if call <= request.flaky {
        let source = std::io::Error::other("the line is busy");
        return Err(ToyError::Flaky { number, source });
    }
    let square = number * number;
    let file = request.out.with_suffix(".txt");
    store.put(&file, square.to_string()).await?;
    Ok(Squared { square, file })
}

async fn sum(seen: Arc<Seen>, store: Store, request: Sum) -> Result<u64, ToyError> {
    seen.sums.fetch_add(1, Ordering::SeqCst);
    let mut sum = 0;
    for file in &request.files {
        sum += String::from_utf8_lossy(&store.get(file).await?).parse::<u64>().unwrap();
    }
    store.put(&request.out.with_suffix(".txt"), sum.to_string()).await?;
    Ok(sum)
}

async fn plan_squares(context: Context) -> Result<Vec<Item>, Failure> {
    let spec: Spec = context.spec()?;
    let item = |&number: &u64| {
        let request = Square {
            number,
            milliseconds: spec.milliseconds,
            flaky: spec.flaky.get(&number).copied().unwrap_or(0),
            broken: spec.broken.contains(&number),
            panicking: spec.panicking.contains(&number),
            out: unnamed(),
        };
        Item::new(format!("number {number}"), &request)
    };
    spec.numbers.iter().map(item).collect()
}

async fn plan_sum(context: Context) -> Result<Vec<Item>, Failure> {
    let squares: Vec<Squared> = context.responses("square")?;
    let files = squares.into_iter().map(|square| square.file).collect();
    Ok(vec![Item::new("all squares", &Sum { files, out: unnamed() })?])
}

async fn outlook(context: Context) -> Result<Vec<Load>, Failure> {
    let spec: Spec = context.spec()?;
    let load = |step: &str, items: usize, memory| Load {
        step: step.into(),
        items: items as u64,
        bytes_in: 8 << 20,
        bytes_out: 100,
        work: 8.0,
        memory,
    };
    Ok(vec![
        load("square", spec.numbers.len(), 100_000_000),
        load("sum", 1, 1 << 20),
    ])
}

async fn sections(context: Context) -> Result<Vec<Section>, Failure> {
    let sum: u64 = context.response("sum")?;
    Ok(vec![
        Section::new("Sum").with(Block::Figures(vec![("<sum>".into(), sum.to_string())])),
    ])
}

/// A result and the report go where the user wants them.
async fn publish(context: Context) -> Result<Published, Failure> {
    let folder = context.destination.clone().unwrap();
    let sum: u64 = context.response("sum")?;
    let object = folder.join("sum.txt");
    context.store.put(&object, sum.to_string()).await?;
    Ok(Published {
        objects: vec![object],
        report: Some(folder.join("report.html")),
    })
}

/// Squares numbers, 100 MB of memory each, and sums the squares.
pub(crate) fn pipeline(seen: &Arc<Seen>) -> Pipeline {
    let (of_square, of_sum) = (seen.clone(), seen.clone());
    let tasks = Tasks::new()
        .with(task("square", 1, move |store, request| {
            square(of_square.clone(), store, request)
        }))
        .with(task("sum", 1, move |store, request| {
            sum(of_sum.clone(), store, request)
        }));
    Pipeline::new("toy", "numbers to the sum of their squares", tasks)
        .step(
            Step::map("square", "square", plan_squares)
                .memory_of(|_: &Square| 100_000_000)
                .about("squares a number"),
        )
        .step(
            Step::reduce("sum", "sum", plan_sum)
                .memory(1 << 20)
                .about("sums the squares"),
        )
        .outlook(outlook)
        .sections(sections)
        .publish(publish)
}

pub(crate) fn options(cores: u32) -> Options {
    Options {
        budget: Budget {
            cores,
            memory: 16_000_000_000,
        },
        retries: Retries {
            base: Duration::from_millis(2),
            ..Retries::default()
        },
        ..Options::default()
    }
}

pub(crate) fn runs(store: &Store, base: &str) -> Runs {
    Runs::new(store.clone(), &base.parse().unwrap())
}

pub(crate) async fn new_run(runs: &Runs, seen: &Arc<Seen>, spec: &Spec) -> Run {
    runs.create(&pipeline(seen), spec, Vec::new()).await.unwrap()
}

/// Runs `run` and gives the sum.
pub(crate) async fn go(run: &Run, seen: &Arc<Seen>, options: Options) -> Result<u64, pipelines::Error> {
    let finished = Engine::new(pipeline(seen), run.clone(), options).run().await?;
    Ok(finished.response("sum").unwrap())
}

/// Outputs and results of a run, without the times: what must be the same however it was run.
pub(crate) async fn contents(run: &Run) -> Vec<(String, String)> {
    let mut contents = Vec::new();
    for object in run.store.list(&run.folder).await.unwrap() {
        let name = object
            .uri
            .as_str()
            .strip_prefix(run.folder.as_str())
            .unwrap()
            .to_owned();
        let text = String::from_utf8(run.store.get(&object.uri).await.unwrap().to_vec()).unwrap();
        if name.starts_with("/results") {
            let answers = text.lines().map(|line| {
                let record: pipelines::Record = serde_json::from_str(line).unwrap();
                format!("{} {}", record.key, record.response)
            });
            contents.push((name, answers.collect::<Vec<_>>().join("\n")));
        } else if name.contains("/square/") || name.contains("/sum/") || name.starts_with("/manifests") {
            contents.push((name, text));
        }
    }
    contents
}
