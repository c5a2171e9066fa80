//! Laws of chunks: without overlap they rejoin to the sequences, with overlap neighbours agree.
use std::num::NonZero;

use object_io::Store;
use partition_fasta::{ChunkSize, Error, Reference, cut, fetch, index};
use plan::{Fault, FaultKind, Uri};
use proptest::prelude::*;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn uri(name: &str) -> Uri {
    format!("mem://lab/{name}").parse().unwrap()
}

fn parts(count: u64) -> ChunkSize {
    ChunkSize::Parts(NonZero::new(count).unwrap())
}

#[derive(Clone, Debug)]
struct Record {
    bases: Vec<u8>,
    width: usize,
    end: &'static str,
}

fn fasta(records: &[Record], last_newline: bool) -> Vec<u8> {
    let mut text = Vec::new();
    for (number, Record { bases, width, end }) in records.iter().enumerate() {
        text.extend(format!(">c{number} of {}{end}", records.len()).bytes());
        for line in bases.chunks(*width) {
            text.extend_from_slice(line);
            text.extend(end.bytes());
        }
    }
    if !last_newline {
        let end = text.iter().rposition(u8::is_ascii_graphic).map_or(0, |at| at + 1);
        text.truncate(end);
    }
    text
}

fn record() -> impl Strategy<Value = Record> {
    let bases = prop::collection::vec(prop::sample::select(b"ACGTNacgtnRYK".to_vec()), 1..200);
    (bases, 1usize..30, prop::sample::select(vec!["\n", "\r\n"])).prop_map(|(bases, width, end)| Record {
        bases,
        width,
        end,
    })
}

proptest! {
    #[test]
    fn chunks_rejoin_to_the_sequences(
        records in prop::collection::vec(record(), 1..6), count in 1u64..9, overlap in 0u64..20, last_newline in any::<bool>(),
    ) {
        block_on(async {
            let store = Store::new();
            store.put(&uri("r.fa"), fasta(&records, last_newline)).await.unwrap();
            let reference = Reference::open(&store, &uri("r.fa")).await.unwrap();
            let mut joined = vec![Vec::new(); records.len()];
            for partition in &reference.plan(parts(count), overlap).partitions {
                for sequence in fetch(&store, partition).await.unwrap() {
                    let piece = &sequence.piece;
                    let whole = &records[piece.contig as usize].bases;
                    prop_assert_eq!(&sequence.bases, &whole[piece.text.start as usize..piece.text.end as usize]);
                    let owned = piece.owned.clone().map(|position| sequence.at(position).unwrap());
                    joined[piece.contig as usize].extend(owned);
                }
            }
            for (joined, record) in joined.iter().zip(&records) {
                prop_assert_eq!(joined, &record.bases);
            }
            Ok(())
        })?;
    }
}

#[test]
fn cut_writes_chunks_and_their_names() {
    block_on(async {
        let store = Store::new();
        store
            .put(&uri("r.fa"), ">one first\nACGTAC\nGTACGT\nAC\n>two\nTTTT\n")
            .await
            .unwrap();
        let request = cut::Request {
            reference: uri("r.fa"),
            size: parts(2),
            overlap: 4,
            out: uri("cut"),
        };
        let done = cut::run(&store, request).await.unwrap();
        let text = async |uri: &Uri| String::from_utf8(store.get(uri).await.unwrap().to_vec()).unwrap();
        assert_eq!(done.chunks, [uri("cut/chunk-00000.fa"), uri("cut/chunk-00001.fa")]);
        assert_eq!(text(&done.chunks[0]).await, ">1_1\nACGTAC\nGTACG\n");
        assert_eq!(text(&done.chunks[1]).await, ">1_2\nTACGTA\nC\n>2_1\nTTTT\n");
        let names = text(&done.names).await;
        let rows: Vec<&str> = names.lines().filter(|line| !line.starts_with('#')).collect();
        let header = "short_id\tcontig\ttext_start\ttext_end\towned_start\towned_end";
        assert_eq!(
            rows,
            [
                header,
                "1_1\tone\t1\t11\t1\t9",
                "1_2\tone\t8\t14\t10\t14",
                "2_1\ttwo\t1\t4\t1\t4"
            ]
        );
    });
}

#[test]
fn an_index_of_another_text_is_refused() {
    block_on(async {
        let store = Store::new();
        let reference = uri("r.fa");
        store.put(&reference, ">one\nACGT\nAC\n>two\nTTTT\n").await.unwrap();
        let request = index::Request {
            reference: reference.clone(),
            out: reference.clone(),
        };
        index::run(&store, request).await.unwrap();
        Reference::open(&store, &reference).await.unwrap();
        for other in [
            ">one\nACGT\nAC\n",
            ">one\nACGT\nAC\n>too\nTTTT\n",
            ">first\nACGT\nAC\n>two\nTTTT\n",
        ] {
            store.put(&reference, other).await.unwrap();
            let refused = Reference::open(&store, &reference).await.map(|_| ());
            assert!(
                matches!(refused, Err(Error::OtherText { .. })),
                "{other:?}: {refused:?}"
            );
        }
        // Same headers and length, other lines: every line end is checked when bases are fetched.
        store.put(&reference, ">one\nACGT\nAC\n>two\nTTTT\n").await.unwrap();
        let opened = Reference::open(&store, &reference).await.unwrap();
        store.put(&reference, ">one\nACG\nTAC\n>two\nTTTT\n").await.unwrap();
        let changed = fetch(&store, &opened.plan(parts(1), 0).partitions[0])
            .await
            .unwrap_err();
        assert_eq!(changed.kind(), FaultKind::Changed, "{changed}");
        let reopened = Reference::open(&store, &reference).await.unwrap();
        let other = fetch(&store, &reopened.plan(parts(1), 0).partitions[0])
            .await
            .unwrap_err();
        assert!(matches!(other, Error::OtherText { .. }), "{other}");
    });
}

#[test]
fn a_partition_that_nobody_planned_is_refused() {
    block_on(async {
        let store = Store::new();
        store.put(&uri("r.fa"), ">a\nACGT\n>b\nTT\n").await.unwrap();
        let reference = Reference::open(&store, &uri("r.fa")).await.unwrap();
        let mut partition = reference.plan(parts(1), 0).partitions.remove(0);
        partition.bytes.pop();
        let refused = fetch(&store, &partition).await.unwrap_err();
        assert_eq!(refused.kind(), FaultKind::Invalid, "{refused}");
    });
}

#[test]
fn a_gzip_that_is_not_bgzf_is_refused_by_name() {
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xb3\x4b\xe4\x72\xe4\x02\0\x1b\x8e\xbd\x63\x05\0\0\0";
    block_on(async {
        let store = Store::new();
        store.put(&uri("r.fa.gz"), &gzip[..]).await.unwrap();
        let refused = Reference::open(&store, &uri("r.fa.gz")).await.unwrap_err();
        let source = std::error::Error::source(&refused).unwrap().to_string();
        assert!(source.contains("not BGZF"), "{source}");
    });
}
