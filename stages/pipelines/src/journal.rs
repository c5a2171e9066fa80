//! Keeps the events of a run. Objects cannot be appended to, so events are gathered and written, about once a second, as
//! `events/<worker>-<number>.jsonl`, and joined into `events.jsonl` when the process is done with the run.
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{Error, Event, Observer, Run, What, clock, run_folder};

/// How long events may wait to be written.
pub(crate) const FLUSH: Duration = Duration::from_secs(1);

/// Tells events to the observer and keeps them for the run folder.
pub(crate) struct Journal {
    run: Run,
    worker: String,
    observer: Arc<dyn Observer>,
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    lines: String,
    files: u32,
}

impl Journal {
    pub(crate) fn new(run: Run, worker: String, observer: Arc<dyn Observer>) -> Self {
        Self {
            run,
            worker,
            observer,
            pending: Mutex::default(),
        }
    }

    /// Name of this process in events and records.
    pub(crate) fn worker(&self) -> &str {
        &self.worker
    }

    /// Something happened.
    pub(crate) fn tell(&self, what: What) {
        let event = Event {
            time: clock::now(),
            worker: self.worker.clone(),
            what,
        };
        self.observer.event(&event);
        // An event is made of texts and numbers, which always have a JSON form.
        if let Ok(line) = run_folder::line(&event) {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.lines.push_str(&line);
            pending.lines.push('\n');
        }
    }

    /// Writes what has been gathered. Called from one place at a time.
    pub(crate) async fn flush(&self) -> Result<(), Error> {
        let (lines, number) = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            if pending.lines.is_empty() {
                return Ok(());
            }
            pending.files += 1;
            (std::mem::take(&mut pending.lines), pending.files)
        };
        let name = format!("events/{}-{number:05}.jsonl", self.worker);
        self.run.put(&self.run.file(&name), lines).await
    }

    /// Writes the rest and joins everything, also what earlier processes left, into `events.jsonl`.
    pub(crate) async fn close(&self) -> Result<Vec<Event>, Error> {
        self.flush().await?;
        let whole = self.run.file("events.jsonl");
        let mut events = read(&self.run, &whole).await?;
        let parts = self.run.store.list(&self.run.file("events")).await?;
        for part in &parts {
            events.extend(read(&self.run, &part.uri).await?);
        }
        events.sort_by_key(|event| event.time);
        let mut text = String::new();
        for event in &events {
            text.push_str(&run_folder::line(event)?);
            text.push('\n');
        }
        self.run.put(&whole, text).await?;
        self.run.delete(&parts).await?;
        Ok(events)
    }
}

async fn read(run: &Run, uri: &plan::Uri) -> Result<Vec<Event>, Error> {
    match run.get(uri).await? {
        Some(bytes) => run_folder::parse_lines(uri, "the events", &bytes),
        None => Ok(Vec::new()),
    }
}
