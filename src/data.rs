//! `tessera data`: public data sets, simulated ones, and results against the truth.
pub(crate) mod evaluate;
mod geospatial;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Mutex, PoisonError},
};

use datasets::{Manifest, fetch};
use indicatif::ProgressBar;
use object_io::Store;
use plan::Uri;
use simulate::{
    genomics::{Mode, Params, Pcr, StrandBias},
    simulation,
};

use self::{evaluate::Evaluate, geospatial::Geospatial};
use crate::show;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Show the public data sets that tessera knows.
    List {
        /// Print one JSON document: the manifests.
        #[arg(long)]
        json: bool,
    },
    /// Fetch a data set; an interrupted download goes on where it stopped.
    Fetch {
        /// A name that `data list` shows, or a manifest of your own (PATH.toml).
        name: String,
        /// Folder to fetch to.
        #[arg(long)]
        out: Uri,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Make a data set whose truth is known, from a seed.
    #[command(subcommand)]
    Simulate(Simulate),
    /// Compare results with the truth: called variants, or what a kind says.
    Evaluate(Evaluate),
}

#[derive(clap::Subcommand)]
pub(crate) enum Simulate {
    /// A genome, a sample of it with known variants, and its reads.
    Genomics(Box<Genomics>),
    /// A laser-scanned scene, and satellite images of two dates with known losses of woods.
    Geospatial(Box<Geospatial>),
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Sample {
    /// One individual with two copies of each contig.
    Diploid,
    /// A viral population, or many individuals: variants at low frequencies.
    Pool,
}

#[derive(clap::Args)]
pub(crate) struct Genomics {
    /// Folder for ref.fa, the reads, truth.vcf and README.md.
    #[arg(long)]
    out: Uri,
    /// What the sample is.
    #[arg(long, value_enum, default_value = "diploid")]
    mode: Sample,
    /// Bases of the genome, such as 200kb or 3mb [default: 200kb, pool: 30kb].
    #[arg(long, value_parser = bases)]
    genome: Option<u64>,
    /// Contigs [default: 2, pool: 1].
    #[arg(long)]
    contigs: Option<u32>,
    /// Mean number of reads over a base [default: 30, pool: 2000].
    #[arg(long)]
    coverage: Option<f64>,
    /// Another seed gives another data set; the same one the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Bases of a read.
    #[arg(long, default_value_t = 150)]
    read_length: u32,
    /// Mean fragment length, in bases.
    #[arg(long, default_value_t = 350.0)]
    insert: f64,
    /// Long reads of this mean length instead of pairs.
    #[arg(long, value_name = "BASES", value_parser = bases)]
    long: Option<u64>,
    /// Share of variants that are insertions or deletions [default: 0.12, pool: 0].
    #[arg(long)]
    indels: Option<f64>,
    /// Mean distance of variants, in bases [default: 870, pool: 100].
    #[arg(long, value_name = "BASES")]
    variant_distance: Option<f64>,
    /// Pool: frequencies of variants.
    #[arg(long, value_delimiter = ',', value_name = "SHARE,…")]
    frequencies: Vec<f64>,
    /// Add one place per 2000 bases where this share of the reads of one strand lies.
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.1")]
    strand_bias: Option<f64>,
    /// Sequence this share of the fragments several times, with errors that all copies share.
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.2")]
    pcr_copies: Option<f64>,
    /// Write the reads as BGZF.
    #[arg(long)]
    bgzf: bool,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// `200kb`, `1.5mb`, `3gb`, `30000`.
fn bases(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let without = lower.trim_end_matches("bp").trim_end_matches('b');
    number(without).ok_or_else(|| format!("{text} is no number of bases, such as 200kb"))
}

/// `200k`, `1.5m`, `3G`, `30000`.
fn number(text: &str) -> Option<u64> {
    let text = text.to_ascii_lowercase();
    let (number, unit) = match text.strip_suffix(['k', 'm', 'g']) {
        None => (text.as_str(), 1.0),
        Some(rest) if text.ends_with('k') => (rest, 1e3),
        Some(rest) if text.ends_with('m') => (rest, 1e6),
        Some(rest) => (rest, 1e9),
    };
    let value = number.parse::<f64>().ok().map(|number| number * unit);
    let value = value.filter(|value| (1.0..1e15).contains(value));
    value.map(|value| value.round() as u64)
}

impl Genomics {
    fn params(&self) -> Params {
        let base = match self.mode {
            Sample::Diploid => Params::diploid(),
            Sample::Pool => Params::pool(),
        };
        let frequencies = if self.frequencies.is_empty() {
            base.frequencies
        } else {
            self.frequencies.clone()
        };
        Params {
            seed: self.seed,
            genome: self.genome.unwrap_or(base.genome),
            contigs: self.contigs.unwrap_or(base.contigs),
            coverage: self.coverage.unwrap_or(base.coverage),
            read_length: self.read_length,
            insert: (self.insert, base.insert.1),
            long: self.long.map(|length| u32::try_from(length).unwrap_or(u32::MAX)),
            indels: self.indels.unwrap_or(base.indels),
            variant_distance: self.variant_distance.unwrap_or(base.variant_distance),
            frequencies,
            strand_bias: self.strand_bias.map(|rate| StrandBias {
                density: 1.0 / 2000.0,
                rate,
            }),
            pcr: self.pcr_copies.map(|duplicated| Pcr {
                duplicated,
                copies: 4.0,
                errors: 1e-4,
            }),
            bgzf: self.bgzf,
            ..base
        }
    }
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::List { json } => list(json),
        Command::Fetch { name, out, json } => fetch_named(store, &name, out, json).await,
        Command::Simulate(Simulate::Geospatial(arguments)) => arguments.run(store).await,
        Command::Simulate(Simulate::Genomics(arguments)) => {
            let request = simulation::Request {
                params: arguments.params(),
                out: arguments.out.clone(),
            };
            let kind = request.params.mode;
            let made = match simulation::run(store, request).await {
                Err(simulate::Error::Params { reason }) => return Err(show::Usage(reason.to_owned()).into()),
                other => other?,
            };
            if arguments.json {
                return show::json(&made);
            }
            let (snps, indels, reads) = (
                show::count(made.snps),
                show::count(made.indels),
                show::count(made.read_count),
            );
            let what = if arguments.long.is_some() {
                "long reads"
            } else {
                "pairs"
            };
            let sample = if kind == Mode::Pool { "pool" } else { "diploid sample" };
            Ok(show::print(format!(
                "{}  {sample}: {snps} SNPs, {indels} indels; {reads} {what}",
                arguments.out
            ))?)
        }
        Command::Evaluate(arguments) => arguments.run(store).await,
    }
}

fn list(json: bool) -> anyhow::Result<()> {
    let known = datasets::catalog();
    if json {
        return show::json(&known);
    }
    let size = |manifest: &Manifest| {
        let bytes: Option<u64> = manifest.files.iter().map(|file| file.bytes).sum();
        bytes
            .filter(|_| manifest.ena_run.is_none())
            .map_or("-".to_owned(), show::bytes)
    };
    let rows = known.iter().map(|manifest| {
        let source = match (&manifest.ena_run, manifest.files.first()) {
            (Some(run), _) => format!("ENA {run}"),
            (None, Some(file)) => file.uri.split('/').nth(2).unwrap_or(&file.uri).to_owned(),
            (None, None) => String::new(),
        };
        [manifest.name.clone(), size(manifest), source, manifest.title.clone()]
    });
    let text = show::table(["name", "size", "from", "what"], rows);
    Ok(show::print(format!(
        "{text}\n\nA size that only the publisher knows is asked when fetching."
    ))?)
}

async fn fetch_named(store: &Store, name: &str, out: Uri, json: bool) -> anyhow::Result<()> {
    let manifest = match datasets::find(name) {
        Some(manifest) => manifest,
        None if Path::new(name)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) =>
        {
            let uri: Uri = name.parse()?;
            let text = store.get(&uri).await?;
            let parsed = Manifest::parse(&String::from_utf8_lossy(&text));
            parsed.map_err(|source| datasets::Error::Manifest { manifest: uri, source })?
        }
        None => return Err(datasets::Error::Unknown { name: name.to_owned() }.into()),
    };
    let (licence, citation) = (manifest.licence.clone(), manifest.citation.clone());
    let bars = Mutex::new(HashMap::new());
    let progress = |file: &str, at: u64, total: Option<u64>| {
        let mut bars = bars.lock().unwrap_or_else(PoisonError::into_inner);
        let bar: &mut ProgressBar = bars
            .entry(file.to_owned())
            .or_insert_with(|| show::progress(total.unwrap_or(0), file));
        bar.set_position(at);
    };
    let done = fetch::run(store, fetch::Request { manifest, out }, &progress).await?;
    if json {
        return show::json(&done);
    }
    let rows = done.files.iter().map(|file| {
        let how = if file.present { "was there" } else { "fetched" };
        [
            file.file.to_string(),
            show::bytes(file.bytes),
            how.to_owned(),
            file.verified_by.clone(),
        ]
    });
    let text = show::table(["file", "size", "", "verified by"], rows);
    Ok(show::print(format!("{text}\n\nlicence: {licence}\ncite: {citation}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_read_with_units() {
        assert_eq!(bases("200kb"), Ok(200_000));
        assert_eq!(bases("1.5Mb"), Ok(1_500_000));
        assert_eq!(bases("3g"), Ok(3_000_000_000));
        assert_eq!(bases("30000"), Ok(30_000));
        assert!(bases("x").is_err() && bases("-5kb").is_err() && bases("nanb").is_err() && bases("").is_err());
    }
}
