//! Progress on standard error: a bar per step on a terminal, a line now and then elsewhere.
use std::{
    io::{self, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use pipelines::{Event, Observer, What};

use crate::show;

/// Lines of a log come no closer than this.
const BETWEEN_LINES: Duration = Duration::from_secs(10);
const BAR: &str = "{prefix:>14} {bar:30.cyan/dim} {pos}/{len} {msg:.dim} {eta:.dim}";

/// An observer for the shell.
pub(crate) fn observer() -> Arc<Progress> {
    Arc::new(Progress {
        is_terminal: io::stderr().is_terminal(),
        step: Mutex::new(None),
    })
}

pub(crate) struct Progress {
    is_terminal: bool,
    step: Mutex<Option<Step>>,
}

/// The step that is running.
struct Step {
    name: String,
    items: usize,
    done: usize,
    retries: usize,
    bytes: u64,
    started: Instant,
    told: Instant,
    bar: ProgressBar,
}

impl Progress {
    /// Says something above the bar.
    pub(crate) fn say(&self, text: &str) {
        match &*self.step.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(step) if self.is_terminal => step.bar.suspend(|| eprintln!("{text}")),
            _ => eprintln!("{text}"),
        }
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if let Some(step) = self.step.lock().unwrap_or_else(PoisonError::into_inner).take() {
            step.bar.finish_and_clear();
        }
    }

    fn start(&self, name: &str, items: usize, done: usize) {
        let bar = if self.is_terminal {
            ProgressBar::new(items as u64)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.set_position(done as u64);
        bar.reset_eta();
        if self.is_terminal {
            // The time goes on even while no item ends.
            bar.enable_steady_tick(Duration::from_millis(200));
        } else {
            let before = if done > 0 {
                format!(", {done} done before")
            } else {
                String::new()
            };
            eprintln!("{name}: {}{before}", items_of(items));
        }
        let now = Instant::now();
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = Some(Step {
            name: name.to_owned(),
            items,
            done,
            retries: 0,
            bytes: 0,
            started: now,
            told: now,
            bar,
        });
    }

    fn finish(&self) {
        let Some(step) = self.step.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        step.bar.finish_and_clear();
        let mut figures = vec![items_of(step.items), show::duration(step.started.elapsed())];
        figures.extend(step.extras());
        eprintln!("{:>14} {}", step.name, figures.join(", "));
    }

    fn with(&self, change: impl FnOnce(&mut Step)) {
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(step) = step.as_mut() else { return };
        change(step);
        step.bar.set_position(step.done as u64);
        step.bar.set_message(step.extras().join(", "));
        if !self.is_terminal && step.told.elapsed() >= BETWEEN_LINES {
            step.told = Instant::now();
            let mut figures = vec![
                format!("{} of {}", step.done, step.items),
                show::duration(step.started.elapsed()),
            ];
            figures.extend(step.extras());
            eprintln!("{}: {}", step.name, figures.join(", "));
        }
    }
}

impl Step {
    fn extras(&self) -> Vec<String> {
        let mut extras = Vec::new();
        if self.bytes > 0 {
            extras.push(format!("{} read", show::bytes(self.bytes)));
        }
        match self.retries {
            0 => {}
            1 => extras.push("1 retry".to_owned()),
            retries => extras.push(format!("{retries} retries")),
        }
        extras
    }
}

fn items_of(items: usize) -> String {
    if items == 1 {
        "1 item".to_owned()
    } else {
        format!("{} items", show::count(items as u64))
    }
}

impl Observer for Progress {
    fn event(&self, event: &Event) {
        match &event.what {
            What::StepStarted { step, items, done } => self.start(step, *items, *done),
            What::StepFinished { .. } => self.finish(),
            What::ItemFinished { figures, .. } => self.with(|step| {
                step.done += 1;
                step.bytes += figures.bytes_in;
            }),
            What::ItemRetried {
                item, wait, failure, ..
            } => {
                self.with(|step| step.retries += 1);
                self.say(&format!(
                    "{}: {} failed ({}: {failure}), again in {wait:.1} s",
                    item.step,
                    item.label,
                    failure.kind.name()
                ));
            }
            What::ItemFailed { item, failure, .. } => {
                self.say(&format!("{}: {} failed: {failure}", item.step, item.label));
            }
            What::Stopping { running } if *running > 0 => {
                let what = if *running == 1 {
                    "1 item that runs".to_owned()
                } else {
                    format!("{running} items that run")
                };
                self.say(&format!("waiting for {what}"));
            }
            _ => {}
        }
    }
}
