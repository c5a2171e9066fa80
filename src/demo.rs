//! `tessera demo`: every partitioner and pipeline on simulated data, and what it found beside the truth.
use object_io::Store;
use pipelines::variant_calling::Mode;
use plan::Uri;
use simulate::genomics::Params;

use crate::show;

mod tiles;
mod variants;
mod vegetation;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Folder for the data and the results.
    #[arg(long, default_value = "demo")]
    out: Uri,
}

/// Bases over which the pool is sequenced this often: enough for variants of 1 %, and still quick.
const POOL_COVERAGE: f64 = 2000.0;

pub(crate) async fn run(arguments: Arguments, store: &Store) -> anyhow::Result<()> {
    let out = arguments.out;
    let diploid = Params::diploid();
    let pool = Params {
        coverage: POOL_COVERAGE,
        ..Params::pool()
    };
    let first = variants::run(store, &out.join("diploid"), diploid, Mode::Diploid, [4, 3]).await?;
    let second = variants::run(store, &out.join("pool"), pool, Mode::Pool, [4, 1]).await?;
    let change = vegetation::run(store, &out.join("ndvi")).await?;
    let cloud = tiles::run(store, &out.join("lidar")).await?;

    title("Summary: truth against results")?;
    let row = |name: &str, kind: &str, counts: &simulate::Counts| {
        [
            name.to_owned(),
            kind.to_owned(),
            show::count(counts.true_positives + counts.false_negatives),
            show::count(counts.true_positives),
            show::count(counts.false_positives),
            show::count(counts.false_negatives),
            format!("{:.4}", counts.f1),
        ]
    };
    let rows = [
        row("diploid, 200 kb at 30×", "SNPs", &first.found.snp),
        row("diploid, 200 kb at 30×", "indels", &first.found.indel),
        row("pool, 30 kb at 2000×", "SNPs", &second.found.snp),
        row("two dates of a landscape", "lost pixels", &change.found.pixels),
    ];
    show::print(show::table(
        ["sample", "what", "true", "found", "false", "missed", "F1"],
        rows,
    ))?;
    show::print(format!("\n{}", cloud.said))?;
    let looks = [
        ["variants, diploid".to_owned(), first.report.to_string()],
        ["variants, pool".to_owned(), second.report.to_string()],
        ["vegetation".to_owned(), change.report.to_string()],
        ["change map".to_owned(), change.map.to_string()],
        ["LiDAR tiles over density".to_owned(), cloud.figure.to_string()],
    ];
    show::print("\nTo open in a browser or an image viewer:\n")?;
    show::print(show::table(["", ""], looks))?;
    show::print("\nNext: README.md, section \"Partition a file\"; `tessera --help`.")?;
    Ok(())
}

fn title(text: &str) -> anyhow::Result<()> {
    Ok(show::print(format!("\n── {text}"))?)
}
