//! Seconds from arrays in memory to sorted segments: `sort_arrays [spectra] [peaks per spectrum] [segments] [clustered]`.
#![allow(clippy::print_stdout, reason = "a program that prints")]
use std::time::Instant;

use partition_peaks::sort_arrays;

fn main() {
    let mut numbers = std::env::args().skip(1);
    let mut next = |default: u64| numbers.next().map_or(default, |text| text.parse().expect("a number"));
    let (spectra, peaks, segments, clustered) = (next(25_000), next(2000), next(64), next(0));
    let mut state = 1u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let (mut mz, mut intensity, mut pixel) = (Vec::new(), Vec::new(), Vec::new());
    for spectrum in 0..spectra {
        let start = mz.len();
        for _ in 0..peaks {
            let mass = random();
            // Clustered: one of `clustered` ions, within 3 ppm.
            let mass = match clustered {
                0 => 100.0 + 900.0 * mass,
                ions => (100.0 + 900.0 * (mass * ions as f64).floor() / ions as f64) * (1.0 + 6e-6 * (random() - 0.5)),
            };
            mz.push(mass);
            intensity.push(random() as f32 + 0.001);
            pixel.push(spectrum as u32);
        }
        mz[start..].sort_unstable_by(f64::total_cmp);
    }
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    for _ in 0..3 {
        let before = cpu();
        let copy = Instant::now();
        let copied = (mz.clone(), intensity.clone(), pixel.clone());
        let (copy, copy_cpu) = (copy.elapsed(), cpu() - before);
        drop(copied);
        let (start, before) = (Instant::now(), cpu());
        let (sorted, _) = sort_arrays(&mz, &intensity, &pixel, segments, threads);
        let (took, took_cpu) = (start.elapsed(), cpu() - before);
        let total: usize = sorted.iter().map(|segment| segment.mz.len()).sum();
        println!(
            "{total} peaks, {} segments, {threads} threads: {took:.2?} (CPU {took_cpu:.2} s); a copy of the arrays: {copy:.2?} (CPU {copy_cpu:.2} s)",
            sorted.len()
        );
    }
}

/// Processor seconds of this process so far, where the system tells (Linux, in hundredths).
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|field| field.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}
