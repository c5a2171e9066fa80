//! Laws of simulated data sets.
use std::io::Read;

use flate2::read::MultiGzDecoder;
use object_io::Store;
use plan::{Fault, FaultKind, Uri};
use simulate::{
    Error, evaluation,
    genomics::{Params, Pcr, StrandBias},
    simulation,
};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn small() -> Params {
    Params {
        genome: 30_000,
        coverage: 5.0,
        strand_bias: Some(StrandBias {
            density: 0.001,
            rate: 0.3,
        }),
        pcr: Some(Pcr {
            duplicated: 0.1,
            copies: 3.0,
            errors: 0.001,
        }),
        ..Params::diploid()
    }
}

async fn made(store: &Store, params: Params, out: &str) -> Vec<(String, Vec<u8>)> {
    simulation::run(store, simulation::Request { params, out: uri(out) })
        .await
        .unwrap();
    let mut files = Vec::new();
    for object in store.list(&uri(out)).await.unwrap() {
        files.push((
            object.uri.name().to_owned(),
            store.get(&object.uri).await.unwrap().to_vec(),
        ));
    }
    files
}

fn text(gzip: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    MultiGzDecoder::new(gzip).read_to_end(&mut text).unwrap();
    text
}

#[test]
fn equal_parameters_give_equal_bytes() {
    block_on(async {
        let store = Store::new();
        let first = made(&store, small(), "mem://a").await;
        let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "README.md",
                "reads_1.fastq.gz",
                "reads_2.fastq.gz",
                "ref.fa",
                "truth.vcf"
            ]
        );
        assert!(first == made(&store, small(), "mem://b").await);
        let other = made(&store, Params { seed: 2, ..small() }, "mem://c").await;
        assert!(first.iter().zip(&other).all(|(a, b)| a != b));
        // More reads of the same sample: the first ones stay, and so do genome and truth.
        let more = made(
            &store,
            Params {
                coverage: 9.0,
                ..small()
            },
            "mem://d",
        )
        .await;
        assert!(first[3..] == more[3..]);
        let (few, many) = (text(&first[1].1), text(&more[1].1));
        assert!(many.len() > few.len() && many.starts_with(&few));
    });
}

#[test]
fn bgzf_holds_the_same_reads() {
    block_on(async {
        let store = Store::new();
        let member = made(&store, small(), "mem://a").await;
        let blocks = made(&store, Params { bgzf: true, ..small() }, "mem://b").await;
        assert_ne!(member[1].1, blocks[1].1);
        assert!(text(&member[1].1) == text(&blocks[1].1));
        assert_eq!(blocks[1].1[12..14], *b"BC");
    });
}

#[test]
fn long_reads_are_one_file() {
    block_on(async {
        let files = made(
            &Store::new(),
            Params {
                long: Some(2000),
                ..small()
            },
            "mem://a",
        )
        .await;
        let reads = files.iter().find(|(name, _)| name == "reads.fastq.gz").unwrap();
        let reads = String::from_utf8(text(&reads.1)).unwrap();
        let lines: Vec<&str> = reads.lines().collect();
        assert_eq!(lines.len(), 75 * 4);
        assert!(
            lines
                .chunks(4)
                .all(|record| record[1].len() == record[3].len() && record[1].len() > 150)
        );
    });
}

#[test]
fn parameters_that_cannot_be_meant_are_refused() {
    let with = |change: fn(&mut Params)| {
        let mut params = small();
        change(&mut params);
        let request = simulation::Request {
            params,
            out: uri("mem://x"),
        };
        block_on(simulation::run(&Store::new(), request)).unwrap_err()
    };
    let refused = [
        with(|params| params.contigs = 0),
        with(|params| params.genome = 10),
        with(|params| params.genome = u64::MAX),
        with(|params| params.coverage = f64::NAN),
        with(|params| params.insert = (100.0, 10.0)),
        with(|params| params.variant_distance = 0.0),
        with(|params| {
            *params = Params {
                frequencies: Vec::new(),
                ..Params::pool()
            }
        }),
    ];
    for error in refused {
        assert!(matches!(error, Error::Params { .. }), "{error}");
        assert_eq!(error.kind(), FaultKind::Invalid);
    }
}

#[test]
fn a_full_disk_leaves_nothing() {
    let request = simulation::Request {
        params: small(),
        out: uri("/dev/full/x"),
    };
    assert!(block_on(simulation::run(&Store::new(), request)).is_err());
}

#[test]
fn calls_on_another_reference_are_refused() {
    block_on(async {
        let store = Store::new();
        let files = made(
            &store,
            Params {
                coverage: 0.0,
                ..small()
            },
            "mem://a",
        )
        .await;
        made(
            &store,
            Params {
                coverage: 0.0,
                seed: 2,
                ..small()
            },
            "mem://b",
        )
        .await;
        let compare = |reference: &str, calls: &str| {
            let (truth, calls, reference) = (uri("mem://a/truth.vcf"), uri(calls), uri(reference));
            evaluation::run(
                &store,
                evaluation::Request {
                    truth,
                    calls,
                    reference,
                },
            )
        };
        let wrong = compare("mem://b/ref.fa", "mem://a/truth.vcf").await.unwrap_err();
        assert!(matches!(wrong, Error::OtherReference { .. }), "{wrong}");
        let no_vcf = compare("mem://a/ref.fa", "mem://a/ref.fa").await.unwrap_err();
        assert!(matches!(no_vcf, Error::Vcf { .. }), "{no_vcf}");
        // A caller that finds only what is on one line of the truth.
        let vcf = String::from_utf8(files[4].1.clone()).unwrap();
        let header = vcf.lines().take_while(|line| line.starts_with('#')).count();
        let few: Vec<&str> = vcf.lines().take(header + 1).collect();
        store.put(&uri("mem://a/few.vcf"), few.join("\n") + "\n").await.unwrap();
        let found = compare("mem://a/ref.fa", "mem://a/few.vcf").await.unwrap();
        let positives = found.snp.true_positives + found.indel.true_positives;
        let missed = found.snp.false_negatives + found.indel.false_negatives;
        assert_eq!(
            (positives as usize, missed as usize),
            (1, vcf.lines().count() - header - 1)
        );
        assert_eq!(found.genotypes, (1, 1));
    });
}
