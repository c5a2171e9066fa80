use plan::{Fault, FaultKind, Object, Uri};

use crate::{Failure, ItemName, Json};

/// Why a run could not be made, found, run or reported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The pipeline's definition cannot run.
    #[error("pipeline {pipeline}: {what}")]
    Definition {
        /// Its name.
        pipeline: String,
        /// What is wrong.
        what: String,
    },
    /// No pipeline has that name.
    #[error("there is no pipeline {name}; known: {known}")]
    NoSuchPipeline {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// No run has that name.
    #[error("{folder}: no run {id}")]
    NoSuchRun {
        /// What was asked for.
        id: String,
        /// Where it was looked for.
        folder: Uri,
    },
    /// Several runs have that text in their names.
    #[error("{folder}: {id} may mean any of {}", .candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// Where it was looked for.
        folder: Uri,
        /// The runs it may mean.
        candidates: Vec<String>,
    },
    /// Another process works on the run.
    #[error("run {run}: process {pid} on {host} works on it (last heard of {seconds} s ago)")]
    Busy {
        /// The run.
        run: String,
        /// The other's host.
        host: String,
        /// The other's process number.
        pid: u32,
        /// Since when it has been silent.
        seconds: u64,
    },
    /// An input object is not what it was when the run was made.
    #[error(
        "run {run}: {} had {} bytes and ETag {}, now it has {} bytes and ETag {}; start a new run",
        .was.uri, .was.size, .was.etag, .now.size, .now.etag
    )]
    InputChanged {
        /// The run.
        run: String,
        /// The object then.
        was: Box<Object>,
        /// The object now.
        now: Box<Object>,
    },
    /// The run was started by a version with other tasks.
    #[error("run {run}: started with other tasks than this version has ({differences}); start a new run")]
    OtherVersion {
        /// The run.
        run: String,
        /// What differs.
        differences: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// A file of the run folder does not say what it should.
    #[error("{uri}: not {what} of a run")]
    Folder {
        /// The file.
        uri: Uri,
        /// What it should be.
        what: &'static str,
        /// The cause.
        source: serde_json::Error,
    },
    /// A value has no JSON form.
    #[error("a value of the run cannot be written as JSON")]
    Unwritable {
        /// The cause.
        source: serde_json::Error,
    },
    /// A planner, a forecast or a section of the report failed.
    #[error("cannot plan {step}")]
    Plan {
        /// The step.
        step: String,
        /// The cause.
        source: Failure,
    },
    /// The results could not be copied to where the user wants them.
    #[error("run {run}: everything is computed, but the results cannot be written where they are wanted")]
    Publish {
        /// The run.
        run: String,
        /// The cause.
        source: Failure,
    },
    /// An item failed for good.
    #[error(
        "step {}: {} failed ({}){}\n  request: {}",
        .item.step,
        .item.label,
        .source.kind.name(),
        if *.attempts > 1 { format!(" after {attempts} attempts") } else { String::new() },
        shortened(.request.get())
    )]
    Item {
        /// The item.
        item: Box<ItemName>,
        /// What it was asked.
        request: Json,
        /// Attempts made.
        attempts: u32,
        /// The cause.
        source: Failure,
    },
    /// The user stopped the run.
    #[error("run {run}: stopped in step {step} with {done} of {items} items done")]
    Stopped {
        /// The run.
        run: String,
        /// The step that it was in.
        step: String,
        /// Items of that step that are done.
        done: usize,
        /// Items of that step.
        items: usize,
    },
    /// The prices or rates that the user gave cannot be used.
    #[error("{file}: not a table of prices")]
    Prices {
        /// The file.
        file: String,
        /// The cause.
        source: Box<toml::de::Error>,
    },
    /// The pipeline has no forecast.
    #[error("pipeline {pipeline} cannot be forecast")]
    NoOutlook {
        /// The pipeline.
        pipeline: String,
    },
}

/// Requests are shown to about this length; the whole one is in the run's events.
const SHOWN: usize = 600;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} bytes; whole in events.jsonl)", &text[..end], text.len()),
    }
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Definition { .. } | Self::Unwritable { .. } => FaultKind::Internal,
            Self::NoSuchPipeline { .. }
            | Self::NoSuchRun { .. }
            | Self::Ambiguous { .. }
            | Self::Busy { .. }
            | Self::OtherVersion { .. }
            | Self::Stopped { .. }
            | Self::Prices { .. }
            | Self::NoOutlook { .. } => FaultKind::Invalid,
            Self::InputChanged { .. } => FaultKind::Changed,
            Self::Store(error) => error.kind(),
            Self::Folder { .. } => FaultKind::Malformed,
            Self::Plan { source, .. } | Self::Item { source, .. } | Self::Publish { source, .. } => source.kind,
        }
    }
}
