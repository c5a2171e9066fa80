//! What happens during a run, told as it happens.
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Failure;

/// Something that happened: a line of `events.jsonl`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// Milliseconds since 1970-01-01 UTC.
    pub time: u64,
    /// The process that it happened in.
    pub worker: String,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum What {
    /// A process began, or went on with, a run.
    RunStarted {
        /// The run.
        run: String,
        /// Its pipeline.
        pipeline: String,
        /// Items that may be computed at once.
        cores: usize,
        /// Bytes of memory that items in flight may need together.
        memory: u64,
    },
    /// A step's manifest is there.
    StepStarted {
        /// The step.
        step: String,
        /// Items in its manifest.
        items: usize,
        /// Those that were finished before.
        done: usize,
    },
    /// An item was given to a lane.
    ItemStarted {
        /// Which.
        #[serde(flatten)]
        item: ItemName,
        /// Counts from 1.
        attempt: u32,
        /// The lane, from 0.
        lane: u32,
    },
    /// An item's result is recorded.
    ItemFinished {
        /// Which.
        #[serde(flatten)]
        item: ItemName,
        /// How it went.
        figures: Figures,
    },
    /// An item failed in a way that trying again can help.
    ItemRetried {
        /// Which.
        #[serde(flatten)]
        item: ItemName,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Seconds until the next.
        wait: f64,
        /// Why.
        failure: Failure,
    },
    /// An item failed for good.
    ItemFailed {
        /// Which.
        #[serde(flatten)]
        item: ItemName,
        /// Attempts made.
        attempts: u32,
        /// Why.
        failure: Failure,
        /// What it was asked.
        request: Value,
    },
    /// All items of a step are done.
    StepFinished {
        /// The step.
        step: String,
        /// From its start in this process.
        seconds: f64,
    },
    /// No new item is started; those running are let finish.
    Stopping {
        /// Items still running.
        running: usize,
    },
    /// This process is done with the run.
    RunEnded {
        /// How.
        state: State,
        /// From its start in this process.
        seconds: f64,
    },
}

/// Names an item in an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemName {
    /// Its step.
    pub step: String,
    /// Its key, a hash of the request.
    pub key: String,
    /// What a person calls it.
    pub label: String,
}

/// How the computation of an item went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// When the last attempt started: milliseconds since 1970-01-01 UTC.
    pub started: u64,
    /// Wall-clock time of the last attempt.
    pub seconds: f64,
    /// Attempts made.
    pub attempts: u32,
    /// Threads it was given.
    pub cpu: u32,
    /// Estimate of its memory, in bytes, that the engine went by.
    pub memory: u64,
    /// Bytes it read from the store.
    pub bytes_in: u64,
    /// Bytes it wrote to the store.
    pub bytes_out: u64,
    /// Memory it really needed, in bytes, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// The process.
    pub worker: String,
    /// The lane of that process, from 0.
    pub lane: u32,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Every item is done.
    Finished,
    /// An item, or a planner, failed for good.
    Failed,
    /// Stopped by the user, or killed.
    Stopped,
    /// A process works on it.
    Running,
}

impl State {
    /// The word a person reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Running => "running",
        }
    }
}

/// Is told every event of a run; called from the engine's thread, so it must be quick.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: &Event) {}
}
