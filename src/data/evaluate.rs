//! `tessera data evaluate`: results beside the truth.
use object_io::Store;
use plan::Uri;
use simulate::{CutEvaluation, Evaluation, LossEvaluation, cut_evaluation, evaluation, loss_evaluation};

use crate::show;

/// Variants unless a kind is named.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Evaluate {
    #[command(subcommand)]
    kind: Option<Kind>,
    #[command(flatten)]
    variants: Option<Variants>,
}

#[derive(clap::Subcommand)]
enum Kind {
    /// Compare called variants with the true ones.
    Variants(Variants),
    /// Compare an NDVI difference with the losses that are there.
    Ndvi(Ndvi),
    /// Compare the tiles of a point cloud with the whole one.
    Lidar(Lidar),
}

#[derive(clap::Args)]
struct Variants {
    /// VCF of the true variants.
    truth: Uri,
    /// VCF of the calls, plain or gzipped.
    calls: Uri,
    /// The reference of both.
    #[arg(long)]
    reference: Uri,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Ndvi {
    /// GeoTIFF of the difference: floating-point numbers, or whole ones in steps of 1/10000.
    difference: Uri,
    /// The true losses: TILE_loss.tif of a simulation.
    #[arg(long)]
    loss: Uri,
    /// The noise-free change: TILE_change.tif of a simulation.
    #[arg(long)]
    change: Option<Uri>,
    /// A pixel is called lost where NDVI changes by less than this.
    #[arg(long, default_value_t = loss_evaluation::THRESHOLD, allow_negative_numbers = true)]
    threshold: f64,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Lidar {
    /// The whole cloud, LAS or LAZ.
    cloud: Uri,
    /// Its tiles, or folders of them.
    #[arg(required = true)]
    tiles: Vec<Uri>,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

impl Evaluate {
    pub(crate) async fn run(self, store: &Store) -> anyhow::Result<()> {
        match (self.kind, self.variants) {
            (Some(Kind::Ndvi(arguments)), _) => arguments.run(store).await,
            (Some(Kind::Lidar(arguments)), _) => arguments.run(store).await,
            (Some(Kind::Variants(arguments)), _) | (None, Some(arguments)) => arguments.run(store).await,
            (None, None) => {
                Err(show::Usage("what is to be compared? See `tessera data evaluate --help`".to_owned()).into())
            }
        }
    }
}

impl Variants {
    async fn run(self, store: &Store) -> anyhow::Result<()> {
        let request = evaluation::Request {
            truth: self.truth,
            calls: self.calls,
            reference: self.reference,
        };
        let found = evaluation::run(store, request).await?;
        if self.json {
            return show::json(&found);
        }
        Ok(show::print(variant_tables(&found))?)
    }
}

impl Ndvi {
    async fn run(self, store: &Store) -> anyhow::Result<()> {
        let request = loss_evaluation::Request {
            difference: self.difference,
            loss: self.loss,
            change: self.change,
            threshold: self.threshold,
        };
        let found = loss_evaluation::run(store, request).await?;
        if self.json {
            return show::json(&found);
        }
        Ok(show::print(loss_table(&found))?)
    }
}

/// Lost pixels as a person reads them.
pub(crate) fn loss_table(found: &LossEvaluation) -> String {
    let header = ["lost pixels", "found", "false", "missed", "precision", "recall", "F1"];
    let mut text = show::table(header, [counts_row("all", &found.pixels)]);
    for (what, (right, of)) in [("clear-cut", found.clear_cut), ("burnt", found.burn)] {
        let share = 100.0 * right as f64 / of.max(1) as f64;
        text += &format!(
            "\n{what}: {} of {} found ({share:.2} %)",
            show::count(right),
            show::count(of)
        );
    }
    text += &format!(
        "\ncompared: {} pixels, called lost below {}; {} outside a swath or behind clouds; {} without a value",
        show::count(found.compared),
        found.threshold,
        show::count(found.unknown),
        show::count(found.missing),
    );
    if let (Some(mean), Some(square)) = (found.mean_error, found.root_mean_square) {
        text += &format!("\nerror of the difference: {mean:.5} on average, {square:.5} root mean square");
    }
    text
}

impl Lidar {
    async fn run(self, store: &Store) -> anyhow::Result<()> {
        let request = cut_evaluation::Request {
            cloud: self.cloud,
            tiles: self.tiles,
        };
        let found = cut_evaluation::run(store, request).await?;
        if self.json {
            show::json(&found)?;
        } else {
            show::print(cut_text(&found))?;
        }
        anyhow::ensure!(found.equal, "the tiles do not hold the points of the cloud");
        Ok(())
    }
}

/// The comparison of tiles with their cloud as a person reads it.
pub(crate) fn cut_text(found: &CutEvaluation) -> String {
    let (least, most) = found.sizes().unwrap_or_default();
    let mut text = format!(
        "{} points; {} tiles of {} to {} own points, {} in all; {} buffer points",
        show::count(found.points),
        found.tiles.len(),
        show::count(least),
        show::count(most),
        show::count(found.own),
        show::count(found.buffer),
    );
    if found.withheld > 0 {
        text += &format!(
            "\n{} points were withheld before the cut and are not compared",
            show::count(found.withheld)
        );
    }
    text += if found.equal {
        "\nthe own points of the tiles are the points of the cloud, each once"
    } else {
        "\nthe own points of the tiles are NOT the points of the cloud"
    };
    text
}

/// The comparison as a person reads it.
pub(crate) fn variant_tables(found: &Evaluation) -> String {
    let header = ["variants", "found", "false", "missed", "precision", "recall", "F1"];
    let mut text = show::table(
        header,
        [counts_row("SNP", &found.snp), counts_row("indel", &found.indel)],
    );
    let (right, compared) = found.genotypes;
    if compared > 0 {
        text = format!(
            "{text}\n\ngenotypes right: {} of {}",
            show::count(right),
            show::count(compared)
        );
    }
    if found.recall.len() > 1 {
        let rows = found.recall.iter().map(|recall| {
            let share = recall.found as f64 / recall.total.max(1) as f64;
            [
                format!("{}", recall.frequency),
                show::count(recall.found),
                show::count(recall.total),
                format!("{share:.4}"),
            ]
        });
        text = format!(
            "{text}\n\n{}",
            show::table(["true frequency", "found", "of", "recall"], rows)
        );
    }
    for (what, keys) in [("false", &found.false_positives), ("missed", &found.false_negatives)] {
        for key in keys.iter().take(5) {
            let place = format!("{}:{} {}>{}", key.contig, key.position, key.reference, key.alternate);
            text = format!("{text}\n{what}: {place}");
        }
    }
    text
}

fn counts_row(kind: &str, counts: &simulate::Counts) -> [String; 7] {
    let share = |value: f64| format!("{value:.4}");
    [
        kind.to_owned(),
        show::count(counts.true_positives),
        show::count(counts.false_positives),
        show::count(counts.false_negatives),
        share(counts.precision),
        share(counts.recall),
        share(counts.f1),
    ]
}
