//! Computes one item on a thread of its own, so that neither a panic nor a busy loop in a task can harm the engine.
use std::{
    panic::{self, AssertUnwindSafe},
    thread,
    time::{Duration, Instant},
};

use object_io::Store;
use plan::FaultKind;
use tokio::{runtime::Handle, sync::oneshot, time};

use crate::{Failure, Json, Task};

/// Runs `task` on `request` until it answers, fails, panics or `limit`, if any, is over; then gives the seconds it took.
///
/// A task that never yields cannot be ended: its thread is left to itself, and the item is reported as failed.
pub(crate) async fn compute(
    task: Task,
    store: Store,
    request: Json,
    limit: Option<Duration>,
) -> (Result<Json, Failure>, f64) {
    let started = Instant::now();
    let handle = Handle::current();
    let (answer, answered) = oneshot::channel();
    let name = task.name.to_owned();
    let work = move || {
        let work = || handle.block_on(within(limit, task.invoke(store, request)));
        let result = match panic::catch_unwind(AssertUnwindSafe(work)) {
            Ok(Some(result)) => result,
            Ok(None) => Err(overdue(limit)),
            Err(payload) => Err(panicked(&*payload)),
        };
        // Nobody listens when the item was given up before.
        let _ = answer.send(result);
    };
    let result = match thread::Builder::new().name(name).spawn(work) {
        Err(error) => {
            Err(Failure::from_error(FaultKind::Unavailable, &error).context("cannot start a thread for the item"))
        }
        // A little longer than the task's own limit, which ends it more cleanly.
        Ok(_) => match within(limit.map(|limit| limit + Duration::from_secs(1)), answered).await {
            Some(Ok(result)) => result,
            Some(Err(_dropped)) => Err(Failure::new(
                FaultKind::Internal,
                "the item's thread ended without an answer",
            )),
            None => Err(overdue(limit)),
        },
    };
    (result, started.elapsed().as_secs_f64())
}

/// What `work` gives, unless `limit` is over before.
async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
    match limit {
        Some(limit) => time::timeout(limit, work).await.ok(),
        None => Some(work.await),
    }
}

fn overdue(limit: Option<Duration>) -> Failure {
    let limit = limit.unwrap_or_default();
    Failure::new(
        FaultKind::Internal,
        format!("no answer within {} s", limit.as_secs_f64()),
    )
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> Failure {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    let cause = Failure::new(FaultKind::Internal, text.unwrap_or_else(|| "no message".into()));
    cause.context("the task panicked")
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;
    use crate::task;

    async fn run(task: Task, limit: Duration) -> Result<Json, Failure> {
        compute(task, Store::new(), to_raw_value(&7).unwrap(), Some(limit))
            .await
            .0
    }

    #[tokio::test]
    async fn a_panic_is_the_failure_of_the_item() {
        let panics = task("panics", 1, async |_, number: u64| {
            assert_ne!(number, 7, "seven of all numbers");
            Ok::<_, object_io::Error>(())
        });
        let failure = run(panics, Duration::from_secs(5)).await.unwrap_err();
        assert_eq!(failure.kind, FaultKind::Internal);
        assert_eq!(failure.message, "the task panicked");
        assert!(failure.chain()[1].contains("seven of all numbers"), "{failure:?}");
    }

    #[tokio::test]
    async fn a_task_that_waits_or_spins_too_long_is_overdue() {
        let waits = task("waits", 1, async |_, _: u64| {
            time::sleep(Duration::from_mins(1)).await;
            Ok::<_, object_io::Error>(())
        });
        let spins = task("spins", 1, async |_, _: u64| {
            thread::sleep(Duration::from_secs(3));
            Ok::<_, object_io::Error>(())
        });
        for task in [waits, spins] {
            let failure = run(task, Duration::from_millis(50)).await.unwrap_err();
            assert_eq!(failure.message, "no answer within 0.05 s");
        }
    }

    #[tokio::test]
    async fn a_busy_item_does_not_stop_the_engine() {
        let spins = task("spins", 1, async |_, number: u64| {
            thread::sleep(Duration::from_millis(300));
            Ok::<_, object_io::Error>(number)
        });
        let (ticks, answer) = tokio::join!(
            async {
                let started = Instant::now();
                time::sleep(Duration::from_millis(20)).await;
                started.elapsed()
            },
            run(spins, Duration::from_secs(5))
        );
        assert!(ticks < Duration::from_millis(200), "{ticks:?}");
        assert_eq!(answer.unwrap().get(), "7");
    }
}
