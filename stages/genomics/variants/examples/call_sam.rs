//! Calls variants from a FASTA and a SAM file, for measuring the callers alone: `call_sam REF.fa READS.sam diploid|pool > OUT.vcf`.
//! Timings go to standard error.
#[path = "../../pileup/tests/common/mod.rs"]
mod common;

use std::{env, fs, process::ExitCode, time::Instant};

use stage_variants::{ErrorCounts, ErrorModel, Mode, Params, call_range, header, write_record};

#[expect(clippy::print_stdout, reason = "an example")]
fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let [_, fasta, sam, mode] = &arguments[..] else {
        eprintln!("call_sam REF.fa READS.sam diploid|pool");
        return ExitCode::from(2);
    };
    let contigs = common::parse_fasta(&fs::read_to_string(fasta).expect("readable FASTA"));
    let sam = common::parse_sam(&fs::read_to_string(sam).expect("readable SAM"), &contigs);
    let mode = if mode == "pool" { Mode::Pool } else { Mode::Diploid };
    let start = Instant::now();
    let pileup = common::pile_up(&sam, &contigs, |_| true);
    let piled = start.elapsed();
    let start = Instant::now();
    let lengths: Vec<(String, u64)> = contigs
        .iter()
        .map(|(name, bases)| (name.clone(), bases.len() as u64))
        .collect();
    let mut counts = ErrorCounts::default();
    for (contig, (_, length)) in lengths.iter().enumerate() {
        counts.add(&ErrorCounts::of(&pileup, contig as u32, 0..*length));
    }
    let errors = ErrorModel::learn(&counts);
    let learnt: Vec<String> = errors
        .qualities()
        .map(|(said, learnt)| format!("{said}: {learnt:.1}"))
        .collect();
    eprintln!("base qualities, as said and as learnt: {}", learnt.join(", "));
    let params = Params {
        mode,
        errors,
        ..Params::default()
    };
    let mut text = header(&lengths, "sample", mode, "call_sam");
    for (contig, (name, length)) in lengths.iter().enumerate() {
        for call in call_range(&pileup, contig as u32, 0..*length, &params) {
            write_record(&call, name, &mut text);
        }
    }
    eprintln!(
        "pileup {:.3} s, calling {:.3} s, {} rows",
        piled.as_secs_f64(),
        start.elapsed().saturating_sub(piled).as_secs_f64(),
        pileup.len()
    );
    print!("{text}");
    ExitCode::SUCCESS
}
