//! The `tessera` command: a thin shell over the partitioners and the pipelines.
//!
//! Results go to standard output, progress and errors to standard error. Exit status: 0 done, 1 failed, 2 wrong usage.
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use object_io::Store;

mod cog;
mod data;
mod demo;
mod fasta;
mod fastq;
mod info;
mod isotopes;
mod lidar;
mod peaks;
mod plan_run;
mod run;
mod runs;
mod show;

/// Cuts scientific objects into parts in place and runs whole pipelines over the parts.
///
/// Wherever a path is accepted, s3://BUCKET/KEY is too (AWS_REGION, AWS_PROFILE and AWS_ENDPOINT_URL are honoured).
#[derive(Parser)]
#[command(version, about, long_about, max_term_width = 110, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  tessera fastq index reads.fastq.gz                      one pass; writes reads.fastq.gz.tessera
  tessera fastq read reads.fastq.gz --parts 10 --part 3   the fourth tenth of the reads, as text
  tessera fasta index genome.fa                           writes genome.fa.fai, as samtools does
  tessera cog read red.tif --windows 11x11 --part 17 --out window.tif
  tessera lidar cut cloud.laz --parts 10 --buffer 5 --out tiles
  tessera peaks sort DATA.imzML --segments 64 --out DIR   peaks by m/z, ready to be read in windows
  tessera run variant-calling --reads r1.fq.gz r2.fq.gz --reference genome.fa --out calls
  tessera isotopes C6H12O6+H --resolving-power 140000     m/z and heights of the peaks of an ion
  tessera info reads.fastq.gz                             what a file is";

#[derive(Subcommand)]
enum Command {
    /// Index, plan, read and cut reads.
    #[command(subcommand)]
    Fastq(fastq::Command),
    /// Index, plan, read and cut reference sequences.
    #[command(subcommand)]
    Fasta(fasta::Command),
    /// Plan, read and cut windows of rasters (GeoTIFF, COG).
    #[command(subcommand)]
    Cog(cog::Command),
    /// Index, plan, read and cut point clouds.
    #[command(subcommand)]
    Lidar(lidar::Command),
    /// Index, plan, sort and read imaging mass spectrometry (imzML).
    #[command(subcommand)]
    Peaks(peaks::Command),
    /// Isotope patterns of ions as an instrument shows them.
    Isotopes(isotopes::Arguments),
    /// Run a whole pipeline.
    #[command(subcommand)]
    Run(run::Command),
    /// Foresee a run: tasks, bytes, memory, time and cost, without running it.
    #[command(subcommand)]
    Plan(plan_run::Command),
    /// List, show, go on with and remove runs.
    #[command(subcommand)]
    Runs(runs::Command),
    /// Simulate data with known truth, compare calls with it, fetch public data.
    #[command(subcommand)]
    Data(data::Command),
    /// Run every pipeline on simulated data and compare what is found with the truth.
    Demo(demo::Arguments),
    /// Say what an object is: format, size, contents.
    Info(info::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            show::failure(&anyhow::Error::new(error).context("cannot start threads"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(dispatch(arguments.command, &Store::new())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if show::closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            show::failure(&error);
            ExitCode::from(if error.is::<show::Usage>() { 2 } else { 1 })
        }
    }
}

async fn dispatch(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::Fastq(command) => fastq::run(command, store).await,
        Command::Fasta(command) => fasta::run(command, store).await,
        Command::Cog(command) => cog::run(command, store).await,
        Command::Lidar(command) => lidar::run(command, store).await,
        Command::Isotopes(arguments) => isotopes::run(&arguments),
        Command::Peaks(command) => peaks::run(command, store).await,
        Command::Run(command) => run::run(command, store).await,
        Command::Plan(command) => plan_run::run(command, store).await,
        Command::Runs(command) => runs::run(command, store).await,
        Command::Data(command) => data::run(command, store).await,
        Command::Demo(arguments) => demo::run(arguments, store).await,
        Command::Info(arguments) => info::run(arguments, store).await,
    }
}
