//! Runs a run with progress on the terminal and Ctrl-C understood.
use std::fmt;

use anyhow::Context;
use object_io::Store;
use pipelines::{Engine, Error, Finished, Options, Pipeline, Prices, Run, Stop};
use plan::Uri;
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::progress;
use crate::show;

/// What a run may use of this machine.
#[derive(clap::Args)]
pub(crate) struct Machine {
    /// Items computed at once [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Machine")]
    cores: Option<u32>,
    /// Memory that items may need together, such as 6GiB [default: 0.8 of what is available]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Machine")]
    memory: Option<u64>,
    /// Prices and rates that differ from the built-in ones: a TOML file of the same form
    #[arg(long, value_name = "FILE", help_heading = "Machine")]
    prices: Option<Uri>,
    /// Work on the run even if another process seems to; harmless, but both do the same work
    #[arg(long, help_heading = "Machine")]
    takeover: bool,
}

impl Machine {
    /// The engine's options.
    pub(crate) async fn options(&self, store: &Store) -> anyhow::Result<Options> {
        let mut options = Options {
            prices: self.prices(store).await?,
            takeover: self.takeover,
            ..Options::default()
        };
        options.budget.cores = self.cores.unwrap_or(options.budget.cores);
        options.budget.memory = self.memory.unwrap_or(options.budget.memory);
        Ok(options)
    }

    /// The built-in prices with what the user's file says instead.
    pub(crate) async fn prices(&self, store: &Store) -> anyhow::Result<Prices> {
        let Some(file) = &self.prices else {
            return Ok(Prices::default());
        };
        let bytes = store.get(file).await?;
        let text = std::str::from_utf8(&bytes).with_context(|| format!("{file}: not a table of prices"))?;
        Ok(Prices::with(text, file.as_str())?)
    }
}

/// `6GiB`, `6G`, `600MB` or a number of bytes.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let unit = match text[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1_u64 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        other => return Err(format!("unknown unit {other}; write 6GiB, 600MB or a number of bytes")),
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| "write 6GiB, 600MB or a number of bytes".to_owned())?;
    if !(number.is_finite() && number > 0.0) {
        return Err("must be more than nothing".to_owned());
    }
    Ok((number * unit as f64) as u64)
}

/// Runs `run`, which lives in `place` as the user wrote it, to its end.
pub(crate) async fn drive(pipeline: Pipeline, run: Run, options: Options, place: &Uri) -> anyhow::Result<Finished> {
    let resume = match place.as_str() {
        "." => format!("tessera runs resume {}", run.about.id),
        place => format!("tessera runs resume {} --store {}", run.about.id, quoted(place)),
    };
    let stop = Stop::new();
    let progress = progress::observer();
    let interrupts = tokio::spawn(interrupts(stop.clone(), resume.clone(), progress.clone()));
    let engine = Engine::new(pipeline, run, options)
        .observed_by(progress.clone())
        .stopped_by(stop);
    let ended = engine.run().await;
    interrupts.abort();
    progress.clear();
    ended.map_err(|error| match error {
        error @ (Error::Stopped { .. }
        | Error::Item { .. }
        | Error::Plan { .. }
        | Error::Publish { .. }
        | Error::Store(_)) => Unfinished { error, resume }.into(),
        error => error.into(),
    })
}

/// The first Ctrl-C or SIGTERM stops the run, the second ends the process.
async fn interrupts(stop: Stop, resume: String, progress: std::sync::Arc<progress::Progress>) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
    stop.stop();
    progress.say("stopping: what runs is let finish; press Ctrl-C again to end at once");
    tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
    progress.say(&format!("ended; go on with: {resume}"));
    std::process::exit(130);
}

/// A run that can be gone on with, and how.
#[derive(Debug)]
struct Unfinished {
    error: Error,
    resume: String,
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  go on with: {}", self.error, self.resume)
    }
}

impl std::error::Error for Unfinished {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.error)
    }
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:+=@%".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[derive(Serialize)]
struct Told<'a> {
    run: &'a str,
    folder: &'a Uri,
    seconds: f64,
    results: &'a [Uri],
    report: Uri,
}

/// Says what a finished run left.
pub(crate) fn tell(finished: &Finished, json: bool) -> anyhow::Result<()> {
    let report = finished.published.report.clone().unwrap_or_else(|| finished.report());
    if json {
        return show::json(&Told {
            run: &finished.run.about.id,
            folder: &finished.run.folder,
            seconds: finished.seconds,
            results: &finished.published.objects,
            report,
        });
    }
    for object in &finished.published.objects {
        show::print(format!("result   {object}"))?;
    }
    show::print(format!("report   {report}\nrun      {}", finished.run.about.id))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        assert_eq!(size("6GiB"), Ok(6 << 30));
        assert_eq!(size("1.5 g"), Ok(3 << 29));
        assert_eq!(size("600MB"), Ok(600_000_000));
        assert_eq!(size("42"), Ok(42));
        assert!(size("6 parsecs").is_err() && size("-1").is_err() && size("GiB").is_err() && size("0").is_err());
    }

    #[test]
    fn places_are_quoted_for_the_shell() {
        assert_eq!(quoted("s3://lab/a-b_c"), "s3://lab/a-b_c");
        assert_eq!(quoted("my calls"), "'my calls'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
