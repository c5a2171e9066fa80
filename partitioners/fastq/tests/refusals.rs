//! What a user sees of bad input: the whole chain of causes.
mod common;

use std::{error::Error as _, num::NonZero};

use common::{Packing, pack, quiet, run, store_with, uri};
use object_io::Store;
use partition_fastq::{Cut, CutRequest, Error, Index, IndexRequest, RecordKind};
use plan::{Fault, FaultKind, Uri};
use proptest::prelude::*;

const READS: &[u8] = b"@r0 1:N:0:A\nACGT\n+\nIIII\n@r1 1:N:0:A\nAC\n+\nII\n@r2 1:N:0:A\nA\n+\nI\n";
const MATES: &[u8] = b"@r0 2:N:0:A\nACGT\n+\nIIII\n@r1 2:N:0:A\nAC\n+\nII\n@r2 2:N:0:A\nA\n+\nI\n";

fn chain(error: &Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        said += ": ";
        said += &next.to_string();
        cause = next.source();
    }
    said
}

async fn fails(store: &Store, object: &Uri) -> String {
    let indexed = partition_fastq::index(store, &IndexRequest::new(object.clone()), quiet()).await;
    let left = store.find(&partition_fastq::default_index(object)).await.unwrap();
    assert!(left.is_none(), "a failed pass leaves no index");
    chain(&indexed.expect_err("bad input is refused"))
}

#[test]
fn damaged_gzip_is_named() {
    let whole = pack(&READS.repeat(2000), &Packing::Members(vec![]));
    let changed = |at: usize, to: u8| {
        let mut bytes = whole.clone();
        bytes[at] = to;
        bytes
    };
    let end = whole.len();
    let cases = [
        ("empty file", Vec::new()),
        ("cut in header", whole[..6].to_vec()),
        ("cut in block", whole[..end / 2].to_vec()),
        ("cut in trailer", whole[..end - 3].to_vec()),
        ("wrong checksum", changed(end - 8, whole[end - 8] ^ 255)),
        ("garbage at the end", [&whole[..], b"garbage"].concat()),
        ("text named .gz", b"hello\n".to_vec()),
        ("gzip of no FASTQ", pack(b">a\nACGT\n", &Packing::Members(vec![]))),
    ];
    let mut said = Vec::new();
    for (name, bytes) in cases {
        run(async {
            let store = Store::new();
            let object = uri("mem://lab/reads.fastq.gz");
            store.put(&object, bytes).await.unwrap();
            said.push(format!("{name}: {}", fails(&store, &object).await));
        });
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn indexes_that_do_not_fit_are_named() {
    let mut said = Vec::new();
    run(async {
        let (store, object) = store_with(&pack(&READS.repeat(5000), &Packing::Members(vec![]))).await;
        let at = partition_fastq::default_index(&object);
        common::index(&store, &object, 1000).await;
        let good = store.get(&at).await.unwrap();
        let mut tries: Vec<(&str, Vec<u8>)> = vec![
            ("empty", Vec::new()),
            (
                "foreign",
                b"PK\x03\x04 and so on, for long enough to hold a footer of an index".to_vec(),
            ),
            ("cut short", good[..good.len() - 1].to_vec()),
            ("cut in the middle", good[..good.len() / 2].to_vec()),
        ];
        let header_at = good.windows(10).rposition(|window| window == b"{\"format\":").unwrap();
        for (name, place) in [("header damaged", header_at + 20), ("footer damaged", good.len() - 30)] {
            let mut bytes = good.to_vec();
            bytes[place] ^= 1;
            tries.push((name, bytes));
        }
        for (name, bytes) in tries {
            store.put(&at, bytes).await.unwrap();
            let error = Index::open(&store, &at).await.unwrap_err();
            assert_eq!(error.kind(), FaultKind::Malformed);
            said.push(format!("{name}: {}", chain(&error)));
        }
        let mut rows_damaged = good.to_vec();
        rows_damaged[header_at - 30] ^= 1;
        store.put(&at, rows_damaged).await.unwrap();
        let error = Index::open(&store, &at).await.unwrap().rows(&store).await.unwrap_err();
        said.push(format!("rows damaged: {}", chain(&error)));

        store.put(&at, good).await.unwrap();
        store
            .put(&object, pack(READS, &Packing::Members(vec![])))
            .await
            .unwrap();
        let now = store.head(&object).await.unwrap();
        let error = Index::of(&store, &now, &at).await.unwrap_err();
        assert_eq!(error.kind(), FaultKind::Changed);
        assert!(chain(&error).contains("the index was built for"), "{error}");
    });
    insta::assert_snapshot!(said.join("\n"));
}

proptest! {
    #[test]
    fn a_changed_index_gives_the_reads_or_an_error(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        run(async {
            let (store, object) = store_with(&pack(&READS.repeat(2000), &Packing::Members(vec![]))).await;
            let index = common::index(&store, &object, 5000).await;
            let place = partition_fastq::default_index(&object);
            let mut bytes = store.get(&place).await.unwrap().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(if cut { at } else { bytes.len() });
            let text = whole(&store, &index).await.unwrap();
            store.put(&place, bytes).await.unwrap();
            if let Ok(index) = Index::open(&store, &place).await
                && let Ok(found) = whole(&store, &index).await
            {
                assert!(found == text);
            }
        });
    }

    #[test]
    fn a_partition_made_up_gives_an_error_or_reads(
        numbers in any::<[u16; 8]>(), storage in prop::sample::select(vec!["plain", "gzip"]), last in any::<bool>()
    ) {
        run(async {
            let (store, object) = store_with(READS).await;
            let object = store.head(&object).await.unwrap();
            let [start, end, bit, text, first, first_text, limit, bytes] = numbers.map(|number| u64::from(number % 90));
            let json = serde_json::json!({
                "object": object, "number": 0, "bytes": [{"start": bit / 8, "end": bytes}],
                "scope": {
                    "reads": {"start": start, "end": end}, "storage": storage, "last": last, "limit": limit,
                    "checkpoint": {"bit": bit, "text": text, "window": "none"},
                    "first": {"read": first, "text": first_text},
                },
            });
            let partition = serde_json::from_value(json).unwrap();
            let _ = partition_fastq::read_part(&store, &partition).await;
        });
    }
}

async fn whole(store: &Store, index: &Index) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    for partition in &partition_fastq::plan_reads(store, index, Cut::Parts(NonZero::new(3).unwrap()), 1)
        .await?
        .partitions
    {
        text.extend_from_slice(&partition_fastq::read_part(store, partition).await?);
    }
    Ok(text)
}

#[test]
fn mates_that_do_not_belong_together_are_named() {
    let swapped = String::from_utf8(MATES.to_vec()).unwrap().replace("@r1 ", "@r9 ");
    let odd = &MATES[..MATES.len() - 18];
    let interleaved = b"@a/1\nA\n+\nI\n@a/2\nC\n+\nI\n@b/1\nA\n+\nI\n@c/2\nC\n+\nI\n";
    let mut said = Vec::new();
    run(async {
        let store = Store::new();
        let put = async |name: &str, text: &[u8]| {
            let at = uri(&format!("mem://lab/{name}"));
            store.put(&at, text.to_vec()).await.unwrap();
            at
        };
        let request = |first: &Uri, second: Option<&Uri>| CutRequest {
            first: first.clone(),
            second: second.cloned(),
            cut: Cut::Parts(NonZero::new(2).unwrap()),
            out: uri("mem://lab/parts"),
            gzip: false,
            interleaved: second.is_none(),
            keep_index: false,
            check: partition_fastq::Check::Records,
        };
        let r1 = put("r1.fq", READS).await;
        let good = put("r2.fq", MATES).await;
        let report = partition_fastq::cut(&store, &request(&r1, Some(&good)), quiet())
            .await
            .unwrap();
        let files = report.parts.iter().flat_map(|part| &part.files);
        let names: Vec<&str> = files.map(|file| file.uri.name()).collect();
        assert_eq!(
            names,
            [
                "r1.part-00000.fastq",
                "r2.part-00000.fastq",
                "r1.part-00001.fastq",
                "r2.part-00001.fastq"
            ]
        );
        for (name, text) in [("other.fq", swapped.as_bytes()), ("short.fq", odd)] {
            let r2 = put(name, text).await;
            let error = partition_fastq::cut(&store, &request(&r1, Some(&r2)), quiet())
                .await
                .unwrap_err();
            said.push(chain(&error));
        }
        said.push(chain(
            &partition_fastq::cut(&store, &request(&good, Some(&r1)), quiet())
                .await
                .unwrap_err(),
        ));
        let mixed = put("mixed.fq", interleaved).await;
        said.push(chain(
            &partition_fastq::cut(&store, &request(&mixed, None), quiet())
                .await
                .unwrap_err(),
        ));
        let unpaired = put("odd.fq", &interleaved[..33]).await;
        said.push(chain(
            &partition_fastq::cut(&store, &request(&unpaired, None), quiet())
                .await
                .unwrap_err(),
        ));
    });
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn cutting_by_bytes_refuses_what_it_cannot() {
    run(async {
        let (store, object) = store_with(&pack(READS, &Packing::Members(vec![]))).await;
        let parts = NonZero::new(2).unwrap();
        let error = partition_fastq::plan_bytes(&store, &object, RecordKind::Fastq, parts)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), FaultKind::Invalid);
    });
}

#[test]
fn every_real_broken_file_is_refused() {
    let files = common::test_data(&["genomics/broken/fastq", "genomics/broken/gzip"], |name| {
        name.contains(".fastq")
    });
    for file in &files {
        run(async {
            let object = Uri::from_path(file);
            let store = Store::new();
            let request = IndexRequest {
                out: Some(uri("mem://index/of-broken")),
                ..IndexRequest::new(object)
            };
            let error = partition_fastq::index(&store, &request, quiet()).await.err();
            let error = error.unwrap_or_else(|| panic!("{file:?} passes"));
            assert_eq!(error.kind(), FaultKind::Malformed, "{}", chain(&error));
            eprintln!("{}", chain(&error));
        });
    }
    let wrapped = common::test_data(&["genomics/fastq/awkward"], |name| name.starts_with("wrapping"));
    for file in wrapped {
        let index = run(partition_fastq::index_in_memory(
            &Store::new(),
            &IndexRequest::new(Uri::from_path(file)),
            quiet(),
        ));
        assert!(chain(&index.unwrap_err()).contains("goes over several lines"));
    }
}

/// Tasks run on any thread of a runtime.
#[test]
fn tasks_are_send() {
    fn send<T: Send>(_: T) {}
    let store = Store::new();
    let object = uri("mem://lab/reads.fastq");
    let request = IndexRequest::new(object.clone());
    let parts = NonZero::new(2).unwrap();
    send(partition_fastq::index(&store, &request, quiet()));
    send(partition_fastq::index_in_memory(&store, &request, quiet()));
    send(partition_fastq::index_from(&store, &request, &object, quiet()));
    send(partition_fastq::plan_bytes(&store, &object, RecordKind::Map, parts));
    let cut = CutRequest {
        first: object.clone(),
        second: None,
        cut: Cut::Parts(parts),
        out: object,
        gzip: true,
        interleaved: true,
        keep_index: true,
        check: partition_fastq::Check::Strict,
    };
    send(partition_fastq::cut(&store, &cut, quiet()));
    send(async {
        let index = partition_fastq::index(&store, &request, quiet()).await?;
        partition_fastq::check_interleaved(&store, &index).await?;
        partition_fastq::plan_pairs(&store, [&index, &index], Cut::Parts(parts)).await?;
        let plan = partition_fastq::plan_reads(&store, &index, Cut::Parts(parts), 1).await?;
        partition_fastq::read_part(&store, &plan.partitions[0]).await?;
        partition_fastq::stream_reads(&store, &index, 0..1, |_: &[u8]| Ok(())).await
    });
}
