//! The pipeline's own part of the report.
use crate::{Block, Context, Failure, Section};

/// What was found.
pub(super) async fn sections(context: Context) -> Result<Vec<Section>, Failure> {
    let summary = super::call::summary(&context).await?;
    let counts = summary.counts;
    let share = |part: u64, whole: u64| {
        if whole == 0 {
            return "-".to_owned();
        }
        format!("{:.2} %", 100.0 * part as f64 / whole as f64)
    };
    let ratio = |part: u64, whole: u64| {
        if whole == 0 {
            return "-".to_owned();
        }
        format!("{:.2}", part as f64 / whole as f64)
    };
    let figure = |name: &str, value: String| (name.to_owned(), value);
    let calls = Section::new("Variants").with(Block::Figures(vec![
        figure("records", counts.records.to_string()),
        figure("passed filters", counts.passed.to_string()),
        figure("SNPs", counts.substitutions.to_string()),
        figure("indels", counts.indels.to_string()),
        figure(
            "transitions / transversions",
            ratio(counts.transitions, counts.transversions),
        ),
        figure(
            "heterozygous / homozygous",
            ratio(counts.heterozygous, counts.homozygous),
        ),
    ]));
    let reads = Section::new("Reads").with(Block::Figures(vec![
        figure("reads", summary.reads.to_string()),
        figure("placed", share(summary.mapped, summary.reads)),
        figure("in proper pairs", share(summary.proper, summary.reads)),
        figure("reference covered", share(counts.covered, summary.bases)),
        figure("mean depth where covered", ratio(counts.depth, counts.covered)),
    ]));
    Ok(vec![calls, reads])
}
