//! How the steps of a run went, from its records.
use std::collections::HashMap;

use serde::Serialize;

use crate::{Error, Kind, Pipeline, Record, Run, Usage};

/// How a step went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepStats {
    /// Name of the step.
    pub step: String,
    /// How it runs on a cloud.
    pub kind: Kind,
    /// Whether its items are planned.
    pub planned: bool,
    /// Items to compute; equal ones count once.
    pub items: usize,
    /// Those that are done.
    pub done: usize,
    /// Seconds from the first start to the last end, without the time that nothing ran.
    pub wall: f64,
    /// Seconds of all items together.
    pub item_seconds: f64,
    /// Median seconds of an item.
    pub median: f64,
    /// 95 of 100 items took no longer.
    pub p95: f64,
    /// Seconds of the longest item.
    pub longest: f64,
    /// Bytes read from the store.
    pub bytes_in: u64,
    /// Bytes written to the store.
    pub bytes_out: u64,
    /// Attempts beyond the first of each item.
    pub retries: u32,
    /// Largest estimate of an item's memory, in bytes.
    pub memory: u64,
    /// Threads per item.
    pub cpu: u32,
}

/// A finished item of a step, as a report draws it.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// Place of the step in the pipeline, from 0.
    pub(crate) step: usize,
    pub(crate) label: String,
    pub(crate) lane: u32,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) start: u64,
    pub(crate) seconds: f64,
}

impl Bar {
    pub(crate) fn end(&self) -> u64 {
        self.start + (self.seconds * 1000.0) as u64
    }
}

/// Reads the figures of every step, and its finished items in order of start.
pub(crate) async fn read(pipeline: &Pipeline, run: &Run) -> Result<(Vec<StepStats>, Vec<Bar>), Error> {
    let (mut stats, mut bars) = (Vec::new(), Vec::new());
    for (number, step) in pipeline.steps.iter().enumerate() {
        let manifest = run.manifest(number, step).await?;
        let records = match &manifest {
            Some(_) => run.records(number, step).await?,
            None => HashMap::new(),
        };
        let planned = manifest.is_some();
        let labels: HashMap<String, String> = manifest
            .into_iter()
            .flatten()
            .map(|item| (item.key, item.label))
            .collect();
        let mut own: Vec<Bar> = records.values().map(|record| bar(number, record, &labels)).collect();
        own.sort_by_key(|bar| bar.start);
        let mut seconds: Vec<f64> = own.iter().map(|bar| bar.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let figures = || records.values().map(|record| &record.figures);
        stats.push(StepStats {
            step: step.name.into(),
            kind: step.kind,
            planned,
            items: labels.len(),
            done: records.len(),
            wall: busy(&own),
            item_seconds: seconds.iter().sum(),
            median: quantile(&seconds, 0.5),
            p95: quantile(&seconds, 0.95),
            longest: quantile(&seconds, 1.0),
            bytes_in: figures().map(|figures| figures.bytes_in).sum(),
            bytes_out: figures().map(|figures| figures.bytes_out).sum(),
            retries: figures().map(|figures| figures.attempts.saturating_sub(1)).sum(),
            memory: figures().map(|figures| figures.memory).max().unwrap_or(0),
            cpu: step.cpu,
        });
        bars.append(&mut own);
    }
    bars.sort_by_key(|bar| bar.start);
    Ok((stats, bars))
}

impl Run {
    /// How the steps of this run of `pipeline` went so far.
    pub async fn stats(&self, pipeline: &Pipeline) -> Result<Vec<StepStats>, Error> {
        Ok(read(pipeline, self).await?.0)
    }
}

impl StepStats {
    /// What the step used, for a bill.
    pub fn usage(&self) -> Usage {
        let threads = f64::from(self.cpu);
        Usage {
            step: self.step.clone(),
            kind: self.kind,
            items: self.done as u64,
            core_seconds: self.item_seconds * threads,
            longest: self.longest * threads,
            cpu: self.cpu,
            memory: self.memory,
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
        }
    }
}

fn bar(step: usize, record: &Record, labels: &HashMap<String, String>) -> Bar {
    Bar {
        step,
        label: labels.get(&record.key).unwrap_or(&record.key).clone(),
        lane: record.figures.lane,
        start: record.figures.started,
        seconds: record.figures.seconds,
    }
}

/// Seconds during which at least one of `bars`, in order of start, ran.
fn busy(bars: &[Bar]) -> f64 {
    let (mut total, mut until) = (0, 0);
    for bar in bars {
        total += bar.end().saturating_sub(bar.start.max(until));
        until = until.max(bar.end());
    }
    total as f64 / 1000.0
}

/// The nearest-rank quantile of sorted values; 0 of none.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occur() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        let found = [0.5, 0.95, 1.0].map(|share| quantile(&values, share));
        assert_eq!(format!("{found:?}"), "[10.0, 19.0, 20.0]");
        assert_eq!(quantile(&[7.0], 0.5).to_bits(), 7.0_f64.to_bits());
        assert_eq!(quantile(&[], 0.5).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn time_that_nothing_ran_is_no_wall_time() {
        let bar = |start, seconds| Bar {
            step: 0,
            label: String::new(),
            lane: 0,
            start,
            seconds,
        };
        let bars = [bar(0, 2.0), bar(1000, 2.0), bar(1500, 0.5), bar(100_000, 1.0)];
        assert!((busy(&bars) - 4.0).abs() < 1e-9);
    }
}
