//! The items of one step in flight: as many at once as cores and memory allow.
use std::{
    cmp::Reverse,
    collections::{BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque},
    future,
    pin::Pin,
};

use futures::stream::{FuturesUnordered, StreamExt};
use plan::FaultKind;
use tokio::{
    sync::mpsc,
    time::{self, Instant},
};

use crate::{
    Budget, Engine, Error, Failure, Json, Planned, Record, Step, Task, clock,
    event::{Figures, ItemName, What},
    journal::Journal,
    record::traffic,
    recorder, worker,
};

/// How far behind an item that does not fit now a smaller one is looked for.
const LOOK_AHEAD: usize = 64;

type Computation<'a> = Pin<Box<dyn Future<Output = Landed> + Send + 'a>>;

/// An item whose computation ended.
struct Landed {
    item: usize,
    lane: u32,
    started: u64,
    seconds: f64,
    result: Result<Json, Failure>,
}

pub(crate) struct Flight<'a> {
    engine: &'a Engine,
    number: usize,
    step: &'a Step,
    task: &'a Task,
    journal: &'a Journal,
    items: &'a [Planned],
    records: &'a mut HashMap<String, Record>,
    /// Not started, those that need most memory first.
    waiting: VecDeque<usize>,
    /// To be tried again at a time.
    again: BinaryHeap<Reverse<(Instant, usize)>>,
    attempts: HashMap<usize, u32>,
    running: FuturesUnordered<Computation<'a>>,
    free: Budget,
    lanes: BTreeSet<u32>,
    /// Computed, but not durable yet.
    unrecorded: usize,
    /// Nothing new is started.
    halted: bool,
    error: Option<Error>,
}

impl<'a> Flight<'a> {
    pub(crate) fn new(
        engine: &'a Engine,
        (number, step, task): (usize, &'a Step, &'a Task),
        items: &'a [Planned],
        records: &'a mut HashMap<String, Record>,
        journal: &'a Journal,
    ) -> Self {
        // Two items of one manifest may ask the same; it is computed once.
        let mut seen = HashSet::new();
        let is_open = |&item: &usize| !records.contains_key(&items[item].key) && seen.insert(&items[item].key);
        let mut waiting: Vec<usize> = (0..items.len()).filter(is_open).collect();
        waiting.sort_by_key(|&item| Reverse(items[item].memory));
        Self {
            engine,
            number,
            step,
            task,
            journal,
            items,
            records,
            waiting: waiting.into(),
            again: BinaryHeap::new(),
            attempts: HashMap::new(),
            running: FuturesUnordered::new(),
            free: engine.options.budget,
            lanes: (0..engine.options.budget.cores.max(1)).collect(),
            unrecorded: 0,
            halted: false,
            error: None,
        }
    }

    /// Computes every item that has no record yet.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let (to_recorder, results) = mpsc::unbounded_channel();
        let (from_recorder, mut recorded) = mpsc::unbounded_channel();
        let run = self.engine.run.clone();
        let folder = run.records_folder(self.number, self.step);
        let worker = self.journal.worker().to_owned();
        tokio::spawn(recorder::record(run, folder, worker, results, move |told| {
            // Nobody listens when the flight was dropped.
            let _ = from_recorder.send(told);
        }));
        loop {
            self.launch();
            let is_quiet = self.running.is_empty() && self.unrecorded == 0;
            if is_quiet && (self.halted || (self.waiting.is_empty() && self.again.is_empty())) {
                break;
            }
            let next = self.again.peek().map(|Reverse((when, _))| *when);
            tokio::select! {
                Some(landed) = self.running.next() => self.land(landed, &to_recorder),
                told = recorded.recv(), if self.unrecorded > 0 => match told {
                    Some(told) => self.recorded(told),
                    None => self.unheard(),
                },
                () = until(next), if !self.halted => self.wake(),
                () = self.engine.stop.stopped(), if !self.halted => self.halt(),
            }
        }
        let done = self
            .items
            .iter()
            .filter(|item| self.records.contains_key(&item.key))
            .count();
        match self.error {
            Some(error) => Err(error),
            None if done < self.items.len() => Err(self.engine.stopped(self.step, done, self.items.len())),
            None => Ok(()),
        }
    }

    /// Starts what fits.
    fn launch(&mut self) {
        while !self.halted {
            let ahead = self.waiting.iter().take(LOOK_AHEAD);
            let shares: Vec<Budget> = ahead.map(|&item| self.share(item)).collect();
            let Some(at) = shares.iter().position(|&share| self.free.take(share)) else {
                return;
            };
            let lane = self.lanes.pop_first();
            let (Some(item), Some(lane)) = (self.waiting.remove(at), lane) else {
                // Every item takes a core, and there are as many lanes as cores.
                self.free.give_back(shares[at]);
                return;
            };
            self.start(item, lane);
        }
    }

    fn share(&self, item: usize) -> Budget {
        self.engine.options.budget.clip(self.step.cpu, self.items[item].memory)
    }

    fn start(&mut self, item: usize, lane: u32) {
        let attempts = self.attempts.entry(item).or_default();
        *attempts += 1;
        let attempt = *attempts;
        self.journal.tell(What::ItemStarted {
            item: self.name(item),
            attempt,
            lane,
        });
        let limit = self
            .engine
            .options
            .patience
            .map(|times| self.step.timeout.mul_f64(times));
        let request = self.items[item].request.clone();
        let computation = worker::compute(self.task.clone(), self.engine.run.store.clone(), request, limit);
        let started = clock::now();
        self.running.push(Box::pin(async move {
            let (result, seconds) = computation.await;
            Landed {
                item,
                lane,
                started,
                seconds,
                result,
            }
        }));
    }

    fn land(&mut self, landed: Landed, to_recorder: &mpsc::UnboundedSender<(usize, Record)>) {
        let item = landed.item;
        self.free.give_back(self.share(item));
        self.lanes.insert(landed.lane);
        let attempts = self.attempts.get(&item).copied().unwrap_or(1);
        match landed.result {
            Ok(response) => {
                let planned = &self.items[item];
                let (bytes_in, bytes_out) = traffic(&planned.request, &response);
                let figures = Figures {
                    started: landed.started,
                    seconds: landed.seconds,
                    attempts,
                    cpu: self.step.cpu,
                    memory: planned.memory,
                    bytes_in,
                    bytes_out,
                    peak_memory: None,
                    worker: self.journal.worker().to_owned(),
                    lane: landed.lane,
                };
                let record = Record {
                    key: planned.key.clone(),
                    response,
                    figures,
                };
                // The recorder lives until this sender is dropped; if it is broken, it has told so.
                if to_recorder.send((item, record)).is_ok() {
                    self.unrecorded += 1;
                }
            }
            Err(failure) => self.failed(item, attempts, failure),
        }
    }

    fn failed(&mut self, item: usize, attempts: u32, failure: Failure) {
        let planned = &self.items[item];
        let retries = self.engine.options.retries;
        let wait = if failure.is_transient() {
            retries.wait(attempts, &planned.key)
        } else {
            None
        };
        if let Some(wait) = wait {
            self.again.push(Reverse((Instant::now() + wait, item)));
            self.journal.tell(What::ItemRetried {
                item: self.name(item),
                attempt: attempts,
                wait: wait.as_secs_f64(),
                failure,
            });
            return;
        }
        self.journal.tell(What::ItemFailed {
            item: self.name(item),
            attempts,
            failure: failure.clone(),
            request: serde_json::from_str(planned.request.get()).unwrap_or_default(),
        });
        let error = Error::Item {
            item: Box::new(self.name(item)),
            request: planned.request.clone(),
            attempts,
            source: failure,
        };
        self.fail(error);
    }

    /// Takes note of the first error; nothing new is started.
    fn fail(&mut self, error: Error) {
        if self.error.is_none() {
            self.error = Some(error);
        }
        self.halt();
    }

    fn halt(&mut self) {
        if !self.halted {
            self.halted = true;
            self.journal.tell(What::Stopping {
                running: self.running.len(),
            });
        }
    }

    fn recorded(&mut self, told: recorder::Told) {
        let records = match told {
            Ok(records) => records,
            Err((lost, error)) => {
                self.unrecorded -= lost;
                return self.fail(error);
            }
        };
        self.unrecorded -= records.len();
        for (item, record) in records {
            self.journal.tell(What::ItemFinished {
                item: self.name(item),
                figures: record.figures.clone(),
            });
            self.records.insert(record.key.clone(), record);
        }
    }

    /// The recorder is gone without a word.
    fn unheard(&mut self) {
        self.unrecorded = 0;
        let source = Failure::new(FaultKind::Internal, "the recorder of results ended before its time");
        let step = format!("step {} any further", self.step.name);
        self.fail(Error::Plan { step, source });
    }

    /// Puts the items whose wait is over first in the queue.
    fn wake(&mut self) {
        let now = Instant::now();
        while let Some(&Reverse((when, item))) = self.again.peek() {
            if when > now {
                return;
            }
            self.again.pop();
            self.waiting.push_front(item);
        }
    }

    fn name(&self, item: usize) -> ItemName {
        ItemName {
            step: self.step.name.into(),
            key: self.items[item].key.clone(),
            label: self.items[item].label.clone(),
        }
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => time::sleep_until(when).await,
        None => future::pending().await,
    }
}
