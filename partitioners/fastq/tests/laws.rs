//! The law of every partitioner: parts are disjoint, in order, cover the object and, joined, give its text back.
mod common;

use std::{
    num::NonZero,
    sync::{Arc, Mutex},
};

use common::{Packing, index, pack, quiet, reads_of, run, store_with, uri};
use object_io::Store;
use partition_fastq::{
    Check, Cut, Index, IndexRequest, ReadRange, RecordKind, Row, plan_bytes, plan_reads, read_bytes, read_part,
    stream_part, stream_reads,
};
use plan::{Partition, Uri};
use proptest::prelude::*;

/// Joins the parts of a cut, and checks what a plan promises.
async fn rejoin(store: &Store, index: &Index, cut: Cut, step: u64) -> Vec<u8> {
    let header = index.header();
    let plan = plan_reads(store, index, cut, step).await.unwrap();
    let rows = index.rows(store).await.unwrap();
    let ends = rows.iter().skip(1).map(Row::byte).chain([header.index.source.size]);
    let spacing = rows
        .iter()
        .zip(ends)
        .map(|(row, end)| end - row.byte())
        .max()
        .unwrap_or(0);
    let mut text = Vec::new();
    let mut next = 0;
    for (number, partition) in plan.partitions.iter().enumerate() {
        // A worker gets nothing but the partition, as JSON.
        let json = serde_json::to_string(partition).unwrap();
        let partition: Partition<ReadRange> = serde_json::from_str(&json).unwrap();
        assert_eq!(partition.number, number as u64);
        assert_eq!(
            partition.scope.reads.start, next,
            "parts are in order without gap or overlap"
        );
        assert!(partition.scope.reads.end > next, "no part is empty");
        assert!(partition.bytes[0].end <= partition.scope.limit && partition.scope.limit <= header.index.source.size);
        next = partition.scope.reads.end;
        let part = read_part(store, &partition).await.unwrap();
        // A tenth more for parts that compress worse than the rest.
        let share = (part.len() as u64 * header.index.source.size / header.summary.text_bytes.max(1)) * 11 / 10;
        let fetched = partition.bytes[0].end - partition.bytes[0].start;
        assert!(
            fetched <= share + spacing + (64 << 10),
            "{fetched} bytes for a share of {share}"
        );
        assert_eq!(
            reads_of(&part) as u64,
            partition.scope.reads.end - partition.scope.reads.start
        );
        let streamed = Arc::new(Mutex::new(Vec::new()));
        let to = streamed.clone();
        let keep = move |piece: &[u8]| {
            to.lock().unwrap().extend_from_slice(piece);
            Ok(())
        };
        stream_part(store, &partition, keep).await.unwrap();
        assert!(*streamed.lock().unwrap() == part, "streaming gives the same text");
        text.extend_from_slice(&part);
    }
    assert_eq!(next, header.summary.reads);
    text
}

fn cuts() -> impl Strategy<Value = Cut> {
    let number = |range: std::ops::Range<u64>| range.prop_map(|number| NonZero::new(number).unwrap());
    prop_oneof![
        number(1..60).prop_map(Cut::Parts),
        number(1..200).prop_map(Cut::ReadsPerPart),
        number(1..5000).prop_map(Cut::TextBytes),
        number(1..5000).prop_map(Cut::StoredBytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn parts_rejoin_for_any_packing_cut_and_spacing(
        text in common::texts(), packing in common::packings(), cut in cuts(), spacing in 1u64..40_000, paired in any::<bool>()
    ) {
        prop_assume!(!text.is_empty() || !matches!(packing, Packing::Plain));
        run(async {
            let (store, object) = store_with(&pack(&text, &packing)).await;
            let index = index(&store, &object, spacing).await;
            let step = if paired && index.header().summary.reads.is_multiple_of(2) { 2 } else { 1 };
            let joined = rejoin(&store, &index, cut, step).await;
            if index.header().summary.reads > 0 {
                assert!(joined == text, "the parts of {packing:?} do not rejoin");
            }
        });
    }

    #[test]
    fn any_range_of_reads_is_that_of_the_text(
        text in common::texts(), packing in common::packings(), spacing in 1u64..40_000, ends in any::<[prop::sample::Index; 2]>()
    ) {
        prop_assume!(!text.is_empty() || !matches!(packing, Packing::Plain));
        run(async {
            let (store, object) = store_with(&pack(&text, &packing)).await;
            let request = IndexRequest { spacing, ..IndexRequest::new(object) };
            let index = partition_fastq::index_in_memory(&store, &request, quiet()).await.unwrap();
            let total = index.header().summary.reads;
            let mut ends = ends.map(|end| end.index(total as usize + 1));
            ends.sort_unstable();
            let streamed = Arc::new(Mutex::new(Vec::new()));
            let to = streamed.clone();
            let keep = move |piece: &[u8]| { to.lock().unwrap().extend_from_slice(piece); Ok(()) };
            stream_reads(&store, &index, ends[0] as u64..ends[1] as u64, keep).await.unwrap();
            let starts: Vec<usize> = common::record_starts(&text);
            let expected = if ends[0] == ends[1] { &[][..] } else { &text[starts[ends[0]]..starts.get(ends[1]).copied().unwrap_or(text.len())] };
            assert!(*streamed.lock().unwrap() == expected);
        });
    }

    #[test]
    fn healed_byte_ranges_rejoin_and_split_no_record(text in common::texts(), parts in 1u64..300) {
        run(async {
            let (store, object) = store_with(&text).await;
            let parts = NonZero::new(parts).unwrap();
            let plan = plan_bytes(&store, &object, RecordKind::Fastq, parts).await.unwrap();
            let starts = common::record_starts(&text);
            let mut next = 0;
            for partition in &plan.partitions {
                let streamed = Arc::new(Mutex::new(Vec::new()));
                let to = streamed.clone();
                let keep = move |piece: &[u8]| { to.lock().unwrap().extend_from_slice(piece); Ok(()) };
                let healed = read_bytes(&store, partition, keep).await.unwrap();
                assert_eq!(healed.start, next);
                next = healed.end;
                assert!(healed.is_empty() || starts.contains(&(healed.start as usize)));
                assert!(*streamed.lock().unwrap() == text[healed.start as usize..healed.end as usize]);
            }
            assert_eq!(next as usize, text.len());
        });
    }

    #[test]
    fn healed_map_lines_rejoin(lines in proptest::collection::vec("[+@a-z\t:]{0,20}", 0..60), parts in 1u64..80) {
        run(async {
            let text = lines.join("\n").into_bytes();
            let (store, object) = store_with(&text).await;
            let plan = plan_bytes(&store, &object, RecordKind::Map, NonZero::new(parts).unwrap()).await.unwrap();
            let mut next = 0;
            for partition in &plan.partitions {
                let healed = read_bytes(&store, partition, |_: &[u8]| Ok(())).await.unwrap();
                assert_eq!(healed.start, next);
                next = healed.end;
                assert!(next == 0 || next as usize == text.len() || text[next as usize - 1] == b'\n');
            }
            assert_eq!(next as usize, text.len());
        });
    }
}

#[test]
fn every_real_file_rejoins_and_its_worker_fetches_little() {
    let files = common::test_data(&["genomics/fastq", "genomics/lambda", "genomics/sars-cov-2"], |name| {
        name.contains(".fastq") && !name.contains(".gzi") && !name.starts_with("wrapping")
    });
    for file in files {
        let text = common::gunzip(&file);
        run(async {
            let store = Store::new();
            let object = Uri::from_path(&file);
            for spacing in [64 << 10, 4 << 20] {
                let request = IndexRequest {
                    spacing,
                    out: Some(uri("mem://index")),
                    ..IndexRequest::new(object.clone())
                };
                let index = partition_fastq::index(&store, &request, quiet()).await.unwrap();
                assert_eq!(index.header().text_crc32, crc32fast::hash(&text), "{file:?}");
                for parts in [1, 2, 3, 7, 10, 100] {
                    let cut = Cut::Parts(NonZero::new(parts).unwrap());
                    let joined = rejoin(&store, &index, cut, 1).await;
                    assert!(joined == text, "{file:?} does not rejoin from {parts} parts");
                }
            }
        });
    }
}

#[test]
fn mates_are_cut_in_step() {
    let files = common::test_data(&["genomics/lambda"], |name| {
        name.starts_with("sample") && name.rsplit_once('.').is_some_and(|(_, end)| end == "gz")
    });
    for pair in files.chunks_exact(2) {
        run(async {
            let store = Store::new();
            let index = async |file: &std::path::Path| {
                let request = IndexRequest::new(Uri::from_path(file));
                partition_fastq::index_in_memory(&store, &request, quiet())
                    .await
                    .unwrap()
            };
            let (one, two) = (index(&pair[0]).await, index(&pair[1]).await);
            let cut = Cut::Parts(NonZero::new(10).unwrap());
            let plans = partition_fastq::plan_pairs(&store, [&one, &two], cut).await.unwrap();
            for (one, two) in plans[0].partitions.iter().zip(&plans[1].partitions) {
                let (one, two) = (
                    read_part(&store, one).await.unwrap(),
                    read_part(&store, two).await.unwrap(),
                );
                let names = |text: &[u8]| -> Vec<Vec<u8>> {
                    let name = |record: partition_fastq::Record<'_>| partition_fastq::pair_name(record.name).to_vec();
                    partition_fastq::records(text).map(name).collect()
                };
                assert_eq!(names(&one), names(&two));
            }
        });
    }
}

#[test]
fn a_part_that_ends_past_its_estimate_is_fetched_further() {
    // A few long reads that hardly compress before many short ones that do: by reads alone the estimate falls short.
    let mut text = Vec::new();
    let mut state = 7u64;
    for read in 0..4 {
        let mut noise = |alphabet: &[u8]| -> Vec<u8> {
            let next = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                alphabet[(state >> 33) as usize % alphabet.len()]
            };
            std::iter::repeat_with(next).take(400_000).collect()
        };
        let quality: Vec<u8> = (b'!'..=b'~').collect();
        let (bases, quality) = (noise(b"ACGT"), noise(&quality));
        text.extend_from_slice(format!("@long{read}\n").as_bytes());
        text.extend_from_slice(&[&bases[..], b"\n+\n", &quality[..], b"\n"].concat());
    }
    for read in 0..3000 {
        text.extend_from_slice(format!("@short{read}\nA\n+\nI\n").as_bytes());
    }
    run(async {
        let (store, object) = store_with(&pack(&text, &Packing::Members(vec![]))).await;
        let index = index(&store, &object, 64 << 20).await;
        let plan = plan_reads(&store, &index, Cut::ReadsPerPart(NonZero::new(2).unwrap()), 1)
            .await
            .unwrap();
        let first = &plan.partitions[0];
        assert!(first.bytes[0].end < first.scope.limit);
        let starts = common::record_starts(&text);
        assert!(read_part(&store, first).await.unwrap() == text[..starts[2]]);
        assert!(read_part(&store, &plan.partitions[1]).await.unwrap() == text[starts[2]..starts[4]]);
    });
}

#[test]
fn reads_longer_than_the_look_ahead_are_healed() {
    let long = |letter: &str, length: usize| format!("@{letter}\n{}\n+\n{}\n", "A".repeat(length), "@".repeat(length));
    let text = [long("a", 300_000), long("b", 3), long("c", 700_000), long("d", 0)]
        .concat()
        .into_bytes();
    run(async {
        let (store, object) = store_with(&text).await;
        let plan = plan_bytes(&store, &object, RecordKind::Fastq, NonZero::new(13).unwrap())
            .await
            .unwrap();
        let mut healed = Vec::new();
        for partition in &plan.partitions {
            let range = read_bytes(&store, partition, |_: &[u8]| Ok(())).await.unwrap();
            if !range.is_empty() {
                healed.push(range.start as usize..range.end as usize);
            }
        }
        let starts = common::record_starts(&text);
        assert!(healed.iter().all(|range| starts.contains(&range.start)));
        assert!(healed.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!((healed[0].start, healed[healed.len() - 1].end), (0, text.len()));
        assert!(healed.len() > 1);
    });
}

#[test]
fn no_reads_are_an_empty_text_also_before_the_first() {
    run(async {
        let (store, object) = store_with(b"@a\nT\n+\nI\n").await;
        let request = IndexRequest::new(object);
        let index = partition_fastq::index_in_memory(&store, &request, quiet()).await;
        let index = index.unwrap();
        for none in [0..0, 1..1] {
            let nothing = |_: &[u8]| Err(std::io::Error::other("there is no text"));
            assert_eq!(stream_reads(&store, &index, none, nothing).await.unwrap().reads, 0);
        }
    });
}

#[test]
fn the_level_of_checking_changes_no_byte() {
    let text = b"@a\r\nAC\r\n+\r\nI!\r\n@b\nA-\n+x\nI\x01\n\n\n";
    run(async {
        let (store, object) = store_with(text).await;
        let request = IndexRequest {
            check: Check::Framing,
            ..IndexRequest::new(object)
        };
        let index = partition_fastq::index(&store, &request, quiet()).await.unwrap();
        let joined = rejoin(&store, &index, Cut::Parts(NonZero::new(2).unwrap()), 1).await;
        assert_eq!(joined, text);
    });
}
