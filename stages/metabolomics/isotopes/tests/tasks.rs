//! The task: chunks, cache, racing writers, input that is no list of formulas.
use object_io::Store;
use plan::{Fault, FaultKind, Uri};
use stage_isotopes::{Error, Instrument, Ions, Model, Request, Resolution, chunks, read_patterns, run};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn model() -> Model {
    Model {
        resolution: Resolution::at_200(Instrument::Orbitrap, 140_000.0),
        peaks: 4,
    }
}

fn request(ions: Ions) -> Request {
    Request {
        ions,
        charge: 1,
        model: model(),
        cache: uri("mem://lab/isotopes"),
    }
}

fn list(ions: &[&str]) -> Ions {
    Ions::List(ions.iter().map(|&ion| ion.to_owned()).collect())
}

#[test]
fn patterns_are_found_again() {
    block_on(async {
        let store = Store::new();
        let ions = list(&["C6H13O6", "C6H12O6Na", "C6R", "Sn100"]);
        let first = run(store.clone(), request(ions.clone())).await.unwrap();
        let again = run(store.clone(), request(ions.clone())).await.unwrap();
        assert!(!first.cached && again.cached);
        assert_eq!(first.patterns, again.patterns);
        let patterns = read_patterns(&store, &first.patterns).await.unwrap();
        assert_eq!(
            (patterns.len(), patterns.header.charge, patterns.header.model),
            (4, 1, model())
        );
        assert!((patterns.get(0).0[0] - 181.0707).abs() < 1e-4 && patterns.get(0).1[0] > 99.999);
        assert_eq!(patterns.get(1).0.len(), 4);
        assert!(patterns.get(2).0.is_empty() && patterns.get(3).0.is_empty());
        let failed: Vec<u32> = patterns.header.failed.iter().map(|failed| failed.0).collect();
        assert_eq!(failed, [2, 3]);
        // Anything that patterns depend on gives another name.
        for other in [
            Request {
                charge: 2,
                ..request(ions.clone())
            },
            Request {
                model: Model { peaks: 5, ..model() },
                ..request(ions.clone())
            },
            request(list(&["C6H13O6", "C6H12O6Na", "C6R"])),
        ] {
            assert!(!run(store.clone(), other).await.unwrap().cached);
        }
        assert_eq!(store.list(&uri("mem://lab/isotopes")).await.unwrap().len(), 4);
    });
}

#[test]
fn chunks_of_a_list_give_the_patterns_of_the_list() {
    block_on(async {
        let store = Store::new();
        let ions: Vec<String> = (1..2000).map(|n| format!("C{}H{}O{}", 1 + n % 40, n, n % 7)).collect();
        let whole = run(store.clone(), request(Ions::List(ions.clone()))).await.unwrap();
        let whole = read_patterns(&store, &whole.patterns).await.unwrap();
        let text = ions.join("\n");
        let object = store.put(&uri("mem://lab/ions.txt"), text.clone()).await.unwrap();
        let ranges = chunks(&text, 300);
        assert_eq!(
            (ranges.len(), ranges[0].start, ranges[6].end),
            (7, 0, text.len() as u64)
        );
        let mut at = 0;
        for bytes in ranges {
            let object = object.clone();
            let part = run(store.clone(), request(Ions::Lines { object, bytes }))
                .await
                .unwrap();
            let part = read_patterns(&store, &part.patterns).await.unwrap();
            for ion in 0..part.len() {
                assert_eq!(part.get(ion), whole.get(at), "{}", ions[at]);
                at += 1;
            }
        }
        assert_eq!(at, ions.len());
    });
}

#[test]
fn of_racing_tasks_one_writes() {
    block_on(async {
        let store = Store::new();
        let ions: Vec<String> = (1..500).map(|n| format!("C{n}H{n}")).collect();
        let tasks: Vec<_> = (0..4)
            .map(|_| tokio::spawn(run(store.clone(), request(Ions::List(ions.clone())))))
            .collect();
        let mut objects = Vec::new();
        for task in tasks {
            objects.push(task.await.unwrap().unwrap());
        }
        assert!(objects.iter().all(|done| done.patterns == objects[0].patterns));
        assert_eq!(objects.iter().filter(|done| !done.cached).count(), 1);
    });
}

#[test]
fn what_is_no_list_is_refused() {
    block_on(async {
        let store = Store::new();
        let object = store
            .put(&uri("mem://lab/ions.txt"), "CH4\nC2H6\n\u{e9}\n")
            .await
            .unwrap();
        for bytes in [1..4, 4..7, 9..10, 9..11] {
            let lines = Ions::Lines {
                object: object.clone(),
                bytes: bytes.clone(),
            };
            let error = run(store.clone(), request(lines)).await.unwrap_err();
            assert!(
                matches!(error, Error::Lines { .. }) && error.kind() == FaultKind::Invalid,
                "{bytes:?}: {error}"
            );
        }
        let beyond = Ions::Lines {
            object: object.clone(),
            bytes: 4..100,
        };
        assert!(matches!(
            run(store.clone(), request(beyond)).await.unwrap_err(),
            Error::Store(_)
        ));
        let huge = Ions::List(vec!["C".repeat(9 << 20)]);
        assert!(matches!(
            run(store.clone(), request(huge)).await.unwrap_err(),
            Error::TooLarge { .. }
        ));
        let resolution = Resolution::at_200(Instrument::Tof, f64::NAN);
        let bad = Request {
            model: Model { resolution, peaks: 4 },
            ..request(list(&["C"]))
        };
        assert!(matches!(
            run(store.clone(), bad).await.unwrap_err(),
            Error::Resolution(_)
        ));
        let empty = run(store.clone(), request(list(&[]))).await.unwrap();
        assert!(read_patterns(&store, &empty.patterns).await.unwrap().is_empty());
    });
}

#[test]
fn damaged_patterns_are_named() {
    block_on(async {
        let store = Store::new();
        let done = run(store.clone(), request(list(&["C6H13O6", "H2"]))).await.unwrap();
        let good = store.get(&done.patterns.uri).await.unwrap();
        for cut in 0..good.len() {
            let object = store.put(&uri("mem://lab/bad.iso"), good.slice(..cut)).await.unwrap();
            let error = read_patterns(&store, &object).await.unwrap_err();
            assert!(
                error.to_string().contains("bad.iso") && error.kind() == FaultKind::Malformed,
                "{cut}"
            );
        }
        for at in 0..good.len() {
            let mut bytes = good.to_vec();
            bytes[at] ^= 0x10;
            let object = store.put(&uri("mem://lab/bad.iso"), bytes).await.unwrap();
            assert!(read_patterns(&store, &object).await.is_err(), "{at}");
        }
    });
}
