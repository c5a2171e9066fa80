//! What the engine itself costs: ten thousand items that do nothing, in a folder on disk.
use std::{fs, time::Instant};

use object_io::Store;
use pipelines::{Context, Engine, Failure, Item, Options, Pipeline, Runs, Step, Tasks, task, unnamed};
use plan::Uri;
use serde::{Deserialize, Serialize};

const ITEMS: u64 = 10_000;

#[derive(Serialize, Deserialize)]
struct Nothing {
    number: u64,
    out: Uri,
}

async fn nothing(_store: Store, request: Nothing) -> Result<u64, object_io::Error> {
    Ok(request.number)
}

async fn plan_nothing(context: Context) -> Result<Vec<Item>, Failure> {
    let item = |number| Item::new(format!("nothing {number}"), &Nothing { number, out: unnamed() });
    (0..context.spec()?).map(item).collect()
}

/// Processor time of this process, in seconds; clock ticks are 1/100 s on Linux.
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some((fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?) / 100.0)
}

fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_costs_less_than_two_milliseconds_and_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = Pipeline::new(
        "nothing",
        "nothing, often",
        Tasks::new().with(task("nothing", 1, nothing)),
    )
    .step(Step::map("nothing", "nothing", plan_nothing).memory(1 << 20));
    let runs = Runs::new(Store::new(), &Uri::from_path(folder.path()));
    let run = runs.create(&pipeline, &ITEMS, Vec::new()).await.unwrap();
    let (Some(processor), Some(memory)) = (processor_seconds(), peak_memory()) else {
        eprintln!("skipped: this system does not tell processor time and memory in /proc");
        return;
    };
    let started = Instant::now();
    let finished = Engine::new(pipeline, run, Options::default()).run().await.unwrap();
    let wall = started.elapsed().as_secs_f64();
    let processor = processor_seconds().unwrap() - processor;
    let memory = peak_memory().unwrap() - memory;
    let sum: u64 = finished.responses::<u64>("nothing").unwrap().into_iter().sum();
    assert_eq!(sum, ITEMS * (ITEMS - 1) / 2);
    let millis = |seconds: f64| seconds * 1000.0 / ITEMS as f64;
    eprintln!(
        "per item: {:.3} ms wall, {:.3} ms processor, {} bytes of memory",
        millis(wall),
        millis(processor),
        memory / ITEMS
    );
    // Processor time, since other tests may run beside this one.
    assert!(
        millis(processor) < 2.0,
        "{:.3} ms of processor time per item",
        millis(processor)
    );
    assert!(memory < 128 << 20, "{memory} bytes for {ITEMS} items");
}
