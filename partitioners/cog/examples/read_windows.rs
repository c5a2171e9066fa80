//! Reads every window of rasters, two or more windows at a time, and prints how long it took.
//!
//! `read_windows ROWSxCOLUMNS RASTER…`
#![expect(clippy::print_stdout, reason = "what this program is for")]
use std::{num::NonZero, sync::Arc, time::Instant};

use object_io::Store;
use partition_cog::{Cog, Cut, Error, Samples, Threads, decode, fetch};
use plan::Uri;
use tokio::{sync::Semaphore, task::JoinSet};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut arguments = std::env::args().skip(1);
    let grid = arguments.next().ok_or("usage: read_windows ROWSxCOLUMNS RASTER…")?;
    let (rows, columns) = grid.split_once('x').ok_or("the grid is ROWSxCOLUMNS")?;
    let (rows, columns): (NonZero<u64>, NonZero<u64>) = (rows.parse()?, columns.parse()?);
    let start = Instant::now();
    let store = Store::new();
    let mut partitions = Vec::new();
    for raster in arguments {
        let cog = Cog::open(&store, &Uri::from_path(raster)).await?;
        partitions.push(cog.plan(&store, &Cut::grid(rows, columns)).await?.partitions);
    }
    let threads = std::thread::available_parallelism()?.get();
    // One window of all rasters after the other, as a computation on several bands reads them.
    let windows = partitions.iter().map(Vec::len).max().unwrap_or(0);
    let order = (0..windows).flat_map(|at| partitions.iter().filter_map(move |of| of.get(at)));
    let (slots, mut reads) = (Arc::new(Semaphore::new(threads)), JoinSet::<Result<u64, Error>>::new());
    let (mut requests, mut bytes) = (0, 0);
    for partition in order {
        requests += partition.bytes.len();
        bytes += partition.bytes.iter().map(|range| range.end - range.start).sum::<u64>();
        let (store, partition) = (store.clone(), partition.clone());
        let slot = slots.clone().acquire_owned().await?;
        reads.spawn(async move {
            let fetched = fetch(&store, &partition).await?;
            let sum = tokio::task::spawn_blocking(move || {
                let pixels = decode(&partition, &fetched, Threads::One)?;
                drop(slot);
                Ok(match &pixels.samples {
                    Samples::U16(samples) => samples.first().map_or(0, |&sample| u64::from(sample)),
                    other => other.len() as u64,
                })
            });
            sum.await
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
        });
    }
    let mut sum = 0;
    while let Some(read) = reads.join_next().await {
        sum += read??;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{seconds:.3} s, {windows} windows, {requests} requests, {bytes} bytes, sum of first samples {sum}");
    Ok(())
}
