//! Patterns of ion formulas, one a line on standard input: formula, then m/z and intensity of each peak, tab-separated.
//!
//! `patterns INSTRUMENT RESOLVING_POWER PEAKS [CHARGE]`, or `patterns sigma WIDTH PEAKS [CHARGE]` as METASPACE's version 1; `--time` prints formulas per second of one core instead.
use std::{
    io::{self, BufWriter, Read, Write},
    time::Instant,
};

use stage_isotopes::{Engine, Formula, Model, Resolution};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (flags, values): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|flag| flag.starts_with("--"));
    let [instrument, power, peaks, charge @ ..] = &values[..] else {
        return Err("patterns INSTRUMENT RESOLVING_POWER PEAKS [CHARGE] [--time]".into());
    };
    let resolution = if instrument == "sigma" {
        Resolution::WidthAtIon { sigma: power.parse()? }
    } else {
        Resolution::at_200(instrument.parse()?, power.parse()?)
    };
    let peaks = peaks.parse()?;
    let mut engine = Engine::new(Model { resolution, peaks })?;
    let charge = charge.first().map_or(Ok(1), |charge| charge.parse())?;
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let start = Instant::now();
    let (mut done, mut found) = (0, 0);
    for line in text.lines() {
        let pattern = line
            .parse::<Formula>()
            .ok()
            .and_then(|formula| engine.pattern(&formula, charge).ok());
        done += 1;
        if flags.is_empty() {
            write!(out, "{line}")?;
            for peak in pattern.iter().flatten() {
                write!(out, "\t{}\t{}", peak.mz, peak.intensity)?;
            }
            writeln!(out)?;
        } else {
            found += pattern.map_or(0, |pattern| pattern.len());
        }
    }
    if !flags.is_empty() {
        let rate = f64::from(done) / start.elapsed().as_secs_f64();
        writeln!(out, "{rate:.0} formulas/s, {done} formulas, {found} peaks")?;
    }
    Ok(out.flush()?)
}
