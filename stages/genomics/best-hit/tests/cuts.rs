//! The law of these stages: alignments do not depend on how reads and reference are cut.
mod common;

use common::{Run, alignments, simulate::simulate, test_data};
use genomics_tables::Alignment;
use object_io::Store;
use plan::Uri;
use stage_align::Preset;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// Compares all cuts with the one of one part and one chunk; gives that one.
async fn check(mut run: Run<'_>, cuts: &[(u64, u64)]) -> Vec<Alignment> {
    let whole = alignments(&run).await;
    for &(parts, chunks) in cuts {
        (run.parts, run.chunks) = (parts, chunks);
        let cut = alignments(&run).await;
        let differing = whole.iter().zip(&cut).filter(|(a, b)| a != b).count();
        if let Some((a, b)) = whole.iter().zip(&cut).find(|(a, b)| a != b) {
            panic!(
                "{parts} x {chunks}: {differing} of {} rows differ, first\n{a:?}\n{b:?}",
                whole.len()
            );
        }
        assert_eq!(whole.len(), cut.len(), "{parts} x {chunks}");
    }
    whole
}

#[tokio::test]
async fn a_genome_of_repeats() {
    let simulation = simulate(11, 240_000, 6_000);
    let store = Store::new();
    store.put(&uri("mem://t/ref.fa"), simulation.fasta).await.unwrap();
    let [first, second] = simulation.fastq;
    store.put(&uri("mem://t/1.fq"), first).await.unwrap();
    store.put(&uri("mem://t/2.fq"), second).await.unwrap();
    let run = Run {
        store: &store,
        reads: vec![uri("mem://t/1.fq"), uri("mem://t/2.fq")],
        reference: uri("mem://t/ref.fa"),
        preset: Preset::ShortReads,
        longest_read: 150,
        parts: 1,
        chunks: 1,
    };
    let rows = check(run, &[(3, 2), (1, 5), (10, 18), (1, 97)]).await;
    assert!(rows.len() > 11_900);
}

async fn real(reference: &str, reads: &[&str], preset: Preset, longest_read: u64, at_least: usize) {
    let Some(data) = test_data() else { return };
    let store = Store::new();
    let copy = async |name: &str, to: &str| {
        let to = uri(&format!("mem://t/{to}"));
        store
            .put(&to, std::fs::read(data.join("genomics").join(name)).unwrap())
            .await
            .unwrap();
        to
    };
    let reference = copy(reference, "ref.fa").await;
    let mut copies = Vec::new();
    for (number, name) in reads.iter().enumerate() {
        copies.push(copy(name, &format!("{number}.fastq.gz")).await);
    }
    let run = Run {
        store: &store,
        reads: copies,
        reference,
        preset,
        longest_read,
        parts: 1,
        chunks: 1,
    };
    let rows = check(run, &[(10, 18), (3, 5), (1, 2)]).await;
    assert!(rows.len() >= at_least, "{}", rows.len());
}

#[tokio::test]
async fn sars_cov_2_amplicons() {
    let reads = [
        "sars-cov-2/illumina_subsample1_1.fastq.gz",
        "sars-cov-2/illumina_subsample1_2.fastq.gz",
    ];
    real("sars-cov-2/MN908947.3.fasta", &reads, Preset::ShortReads, 250, 10_000).await;
}

#[tokio::test]
async fn lambda_pairs() {
    let reads = ["lambda/sample1_1.fastq.gz", "lambda/sample1_2.fastq.gz"];
    real("lambda/lambda_virus.fasta", &reads, Preset::ShortReads, 1_300, 10_000).await;
}

#[tokio::test]
async fn lambda_long_reads() {
    real(
        "lambda/lambda_virus.fasta",
        &["lambda/longreads.fastq.gz"],
        Preset::Nanopore,
        2_600,
        1_000,
    )
    .await;
}

#[tokio::test]
async fn sars_cov_2_nanopore() {
    let reads = ["sars-cov-2/nanopore_barcode07.fastq.gz"];
    real("sars-cov-2/MN908947.3.fasta", &reads, Preset::Nanopore, 2_600, 1_000).await;
}
