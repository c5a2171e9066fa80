//! The local engine: runs a pipeline on this machine, step by step.
use std::{sync::Arc, time::Instant};

use plan::Uri;
use serde::de::DeserializeOwned;
use tokio::{sync::Notify, time};

use crate::{
    Budget, Context, Ending, Error, Failure, Observer, Pipeline, Planned, Prices, Published, Record, Run, Silent,
    State, Step, Stop, Task,
    budget::peak_of_this_process,
    clock,
    context::StepAnswers,
    event::What,
    flight::Flight,
    journal::{self, Journal},
    lease::{self, Lease},
    retry::Retries,
    run_folder::line,
    runs::failure_of,
};

/// How an engine goes about a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// What items may use together.
    pub budget: Budget,
    /// When transient failures are tried again.
    pub retries: Retries,
    /// Times that an item may take as long here as its step allows it on a function. None, which is the default, sets no
    /// limit: here somebody sees it and can stop it, and a large item is slow, not stuck.
    pub patience: Option<f64>,
    /// Prices for the report.
    pub prices: Prices,
    /// Work on the run even if another process seems to. Harmless, but both do the same work.
    pub takeover: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            budget: Budget::of_this_machine(),
            retries: Retries::default(),
            patience: None,
            prices: Prices::default(),
            takeover: false,
        }
    }
}

/// Runs one run, from wherever it stands, to its end.
pub struct Engine {
    pub(crate) pipeline: Pipeline,
    pub(crate) run: Run,
    pub(crate) options: Options,
    pub(crate) stop: Stop,
    observer: Arc<dyn Observer>,
}

/// A finished run.
#[derive(Clone)]
pub struct Finished {
    /// The run.
    pub run: Run,
    /// Seconds that this process worked on it.
    pub seconds: f64,
    /// What was copied to where the user wants it.
    pub published: Published,
    pub(crate) context: Context,
}

impl Finished {
    /// The responses of a step, in the order of its items.
    pub fn responses<Response: DeserializeOwned>(&self, step: &str) -> Result<Vec<Response>, Failure> {
        self.context.responses(step)
    }

    /// The one response of a `Job` or `Reduce` step.
    pub fn response<Response: DeserializeOwned>(&self, step: &str) -> Result<Response, Failure> {
        self.context.response(step)
    }

    /// The report.
    pub fn report(&self) -> Uri {
        self.run.file("report.html")
    }
}

impl Engine {
    /// An engine for `run`, which is one of `pipeline`, that tells nobody and cannot be stopped.
    pub fn new(pipeline: Pipeline, run: Run, options: Options) -> Self {
        Self {
            pipeline,
            run,
            options,
            stop: Stop::new(),
            observer: Arc::new(Silent),
        }
    }

    /// Tells what happens to `observer`.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = observer;
        self
    }

    /// Can be stopped by `stop`.
    #[must_use]
    pub fn stopped_by(mut self, stop: Stop) -> Self {
        self.stop = stop;
        self
    }

    /// Runs what is not done yet.
    ///
    /// # Errors
    /// [`Error::Item`] for the first item that failed for good, after those running then have finished;
    /// [`Error::Stopped`]; [`Error::Busy`]; [`Error::InputChanged`] and [`Error::OtherVersion`] for a run that cannot be
    /// gone on with; what the store or a planner said.
    pub async fn run(self) -> Result<Finished, Error> {
        self.pipeline.check()?;
        self.run.check_versions(&self.pipeline)?;
        self.run.check_inputs().await?;
        let lease = Lease::new();
        if self.options.takeover {
            lease.renew(&self.run).await?;
        } else {
            lease.take(&self.run).await?;
        }
        let started = Instant::now();
        let journal = Journal::new(self.run.clone(), lease.worker.clone(), self.observer.clone());
        let ended = self.run_with_upkeep(&journal, &lease).await;
        let ended = match ended {
            Ok(context) => self.publish(&context).await.map(|published| (context, published)),
            Err(error) => Err(error),
        };
        let closed = self.close(&journal, started, &ended).await;
        let released = lease.release(&self.run).await;
        // What stopped the run says more than what then could not be written.
        let (context, published) = ended?;
        closed.and(released)?;
        Ok(Finished {
            run: self.run,
            seconds: started.elapsed().as_secs_f64(),
            published,
            context,
        })
    }

    async fn publish(&self, context: &Context) -> Result<Published, Error> {
        let (Some(publish), Some(destination)) = (&self.pipeline.publish, self.run.destination().await?) else {
            return Ok(Published::default());
        };
        let context = Context {
            destination: Some(destination),
            ..context.clone()
        };
        publish(context).await.map_err(|source| Error::Publish {
            run: self.run.about.id.clone(),
            source,
        })
    }

    /// The steps, while events are flushed and the lease is renewed.
    async fn run_with_upkeep(&self, journal: &Journal, lease: &Lease) -> Result<Context, Error> {
        let done = Notify::new();
        let work = async {
            let ended = self.steps(journal).await;
            done.notify_one();
            ended
        };
        let upkeep = async {
            let mut renewed = Instant::now();
            while time::timeout(journal::FLUSH, done.notified()).await.is_err() {
                let mut kept = journal.flush().await;
                if renewed.elapsed() >= lease::RENEWAL {
                    kept = kept.and(lease.renew(&self.run).await);
                    renewed = Instant::now();
                }
                // Results are recorded elsewhere; a store that is really down fails the run there.
                if let Err(error) = kept {
                    tracing::warn!(%error, "cannot keep the events or the lease of the run");
                }
            }
        };
        tokio::join!(work, upkeep).0
    }

    async fn steps(&self, journal: &Journal) -> Result<Context, Error> {
        journal.tell(What::RunStarted {
            run: self.run.about.id.clone(),
            pipeline: self.pipeline.name.into(),
            cores: self.options.budget.cores as usize,
            memory: self.options.budget.memory,
        });
        let run = &self.run;
        let mut context = Context::new(run.store.clone(), run.folder.clone(), run.about.spec.get());
        for (number, step) in self.pipeline.steps.iter().enumerate() {
            let answers = self.step(number, step, &context, journal).await?;
            context.steps.insert(step.name, Arc::new(answers));
        }
        Ok(context)
    }

    async fn step(
        &self,
        number: usize,
        step: &Step,
        context: &Context,
        journal: &Journal,
    ) -> Result<StepAnswers, Error> {
        if self.stop.is_stopped() {
            return Err(self.stopped(step, 0, 0));
        }
        let started = Instant::now();
        let Some(task) = self.pipeline.tasks.get(step.task) else {
            return Err(Error::Definition {
                pipeline: self.pipeline.name.into(),
                what: format!("step {} names the task {}, which is not there", step.name, step.task),
            });
        };
        let manifest = self.manifest(number, step, task, context).await?;
        let finished = self.run.results(number, step).await?;
        let is_finished = finished.is_some();
        let mut records = self.run.records(number, step).await?;
        let done = manifest.iter().filter(|item| records.contains_key(&item.key)).count();
        journal.tell(What::StepStarted {
            step: step.name.into(),
            items: manifest.len(),
            done,
        });
        Flight::new(self, (number, step, task), &manifest, &mut records, journal)
            .run()
            .await?;
        let results: Vec<&Record> = manifest.iter().filter_map(|item| records.get(&item.key)).collect();
        if !is_finished {
            self.run.finish_step(number, step, &results).await?;
        }
        journal.tell(What::StepFinished {
            step: step.name.into(),
            seconds: started.elapsed().as_secs_f64(),
        });
        Ok(StepAnswers {
            responses: results.into_iter().map(|record| record.response.clone()).collect(),
            requests: manifest.into_iter().map(|item| item.request).collect(),
        })
    }

    /// The manifest as it was planned before, or planned now.
    async fn manifest(
        &self,
        number: usize,
        step: &Step,
        task: &Task,
        context: &Context,
    ) -> Result<Vec<Planned>, Error> {
        if let Some(manifest) = self.run.manifest(number, step).await? {
            return Ok(manifest);
        }
        let failed = |source| Error::Plan {
            step: format!("step {}", step.name),
            source,
        };
        let mut attempt = 1;
        let items = loop {
            match step.plan(context.clone()).await {
                Err(failure) if failure.is_transient() => match self.options.retries.wait(attempt, step.name) {
                    Some(wait) => time::sleep(wait).await,
                    None => return Err(failed(failure)),
                },
                planned => break planned.map_err(failed)?,
            }
            attempt += 1;
        };
        let named = items.into_iter().map(|item| item.planned(&self.run.folder, step, task));
        let named = named.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        self.run.keep_manifest(number, step, named).await
    }

    pub(crate) fn stopped(&self, step: &Step, done: usize, items: usize) -> Error {
        Error::Stopped {
            run: self.run.about.id.clone(),
            step: step.name.into(),
            done,
            items,
        }
    }

    /// Writes how this process leaves the run.
    async fn close(
        &self,
        journal: &Journal,
        started: Instant,
        ended: &Result<(Context, Published), Error>,
    ) -> Result<(), Error> {
        let seconds = started.elapsed().as_secs_f64();
        let state = match ended {
            Ok(_) => State::Finished,
            Err(Error::Stopped { .. }) => State::Stopped,
            Err(_) => State::Failed,
        };
        journal.tell(What::RunEnded { state, seconds });
        journal.close().await?;
        let before = self.run.ending().await?;
        let ending = Ending {
            state,
            ended: clock::now(),
            // Going through a finished run again is not work on it.
            seconds: match &before {
                Some(before) if before.state == State::Finished => before.seconds,
                before => before.as_ref().map_or(0.0, |before| before.seconds) + seconds,
            },
            peak_memory: peak_of_this_process().max(before.and_then(|before| before.peak_memory)),
            failure: ended.as_ref().err().and_then(failure_of),
        };
        let run = &self.run;
        run.put(&run.file("outcome.json"), line(&ending)?).await?;
        let report = run.write_report(&self.pipeline, &self.options.prices).await?;
        if let Ok((_, Published { report: Some(copy), .. })) = ended {
            run.store.put(copy, run.store.get(&report).await?).await?;
        }
        Ok(())
    }
}
