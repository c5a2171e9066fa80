//! The task: tables cut anyhow, ties, and what is no table of scores.
use object_io::Store;
use plan::{Fault, FaultKind, Uri};
use stage_fdr::{Error, Request, Row, Version, run, write_rows};

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

fn row(formula: &str, modifier: &str, decoy: Option<u32>, msm: f64) -> Row {
    Row {
        formula: formula.to_owned(),
        modifier: modifier.to_owned(),
        decoy,
        msm,
    }
}

fn rows() -> Vec<Row> {
    let mut rows = vec![
        row("C6H12O6", "+H", None, 0.9),
        row("C2H6O", "+H", None, 0.5),
        row("CH4", "+H", None, 0.5),
        row("H2O", "+H", None, 0.0),
        row("C6H12O6", "", None, 0.25),
        row("C6H12O6", "", Some(1), 0.3),
    ];
    rows.extend((0..2).map(|draw| row("C2H6O", "+H", Some(draw), 0.6)));
    rows.push(row("CH4", "+H", Some(0), 0.0));
    rows
}

async fn text(store: &Store, version: Version, tables: &[&[Row]]) -> String {
    let mut uris = Vec::new();
    for (number, rows) in tables.iter().enumerate() {
        uris.push(uri(&format!("mem://lab/{number}.csv")));
        store.put(&uris[number], write_rows(*rows).unwrap()).await.unwrap();
    }
    let request = Request {
        version,
        tables: uris,
        decoys: 2,
        out: uri("mem://lab/out"),
    };
    let done = run(store.clone(), request).await.unwrap();
    assert_eq!((done.targets, done.zero), (4, 1));
    String::from_utf8(store.get(&done.table.uri).await.unwrap().to_vec()).unwrap()
}

#[test]
fn the_result_by_hand() {
    block_on(async {
        let store = Store::new();
        let rows = rows();
        // v3: (0+1)/2/(1+1), then two decoys above three targets; the other modifier has one above one.
        assert_eq!(
            text(&store, Version::V3, &[&rows]).await,
            "formula,modifier,msm,fdr,q_value,level,fdr_version\n\
             C6H12O6,,0.25,0.5,0.5,0.5,v3\n\
             C6H12O6,+H,0.9,0.25,0.25,0.5,v3\n\
             C2H6O,+H,0.5,0.375,0.375,0.5,v3\n\
             CH4,+H,0.5,0.375,0.375,0.5,v3\n"
        );
        // v1: each draw has one decoy above 0.5; without modifier only the second has one.
        assert_eq!(
            text(&store, Version::V1, &[&rows]).await,
            "formula,modifier,msm,fdr,q_value,level,fdr_version\n\
             C6H12O6,,0.25,0.5,0.5,1,v1\n\
             C6H12O6,+H,0.9,0,0,0.05,v1\n\
             C2H6O,+H,0.5,0.3333333333333333,0.3333333333333333,0.5,v1\n\
             CH4,+H,0.5,0.3333333333333333,0.3333333333333333,0.5,v1\n"
        );
    });
}

#[test]
fn cuts_and_order_of_tables_do_not_matter() {
    block_on(async {
        let store = Store::new();
        let mut rows = rows();
        let whole = text(&store, Version::V3, &[&rows]).await;
        for cut in 0..rows.len() {
            let (a, b) = rows.split_at(cut);
            assert_eq!(text(&store, Version::V3, &[b, a]).await, whole);
        }
        rows.reverse();
        assert_eq!(text(&store, Version::V3, &[&rows]).await, whole);
    });
}

#[test]
fn what_is_no_table_is_named_with_its_line() {
    block_on(async {
        let store = Store::new();
        let table = uri("mem://lab/bad.csv");
        for (text, message) in [
            ("", "line 1: the columns are none"),
            ("formula,msm\n", "line 1: the columns are formula,msm, not"),
            ("formula,modifier,decoy,msm\nC,+H,,1.5\n", "line 2: \"1.5\" is no score"),
            ("formula,modifier,decoy,msm\nC,+H,,NaN\n", "line 2: \"NaN\" is no score"),
            ("formula,modifier,decoy,msm\nC,+H,,0.5\nC,+H,,-1\n", "line 3: \"-1\""),
            (
                "formula,modifier,decoy,msm\nC,+H,2,0.5\n",
                "line 2: \"2\" is no number of a decoy below 2",
            ),
            (
                "formula,modifier,decoy,msm\nC,+H,,0.5\nC,+H,,0.6\n",
                "line 3: C +H: a second score",
            ),
            (
                "formula,modifier,decoy,msm\nC,+H,,0.5\nC,+H\n",
                "line 2: it cannot be read",
            ),
        ] {
            store.put(&table, text).await.unwrap();
            let request = Request {
                version: Version::V3,
                tables: vec![table.clone()],
                decoys: 2,
                out: uri("mem://lab/none"),
            };
            let error = run(store.clone(), request).await.unwrap_err();
            assert_eq!(error.kind(), FaultKind::Malformed, "{text}");
            let Error::Row { source, .. } = &error else {
                panic!("{error}")
            };
            let found = source.to_string();
            assert!(
                found.starts_with(message) || text.ends_with("C,+H\n"),
                "{found}\n{message}"
            );
            assert!(error.to_string().contains("bad.csv"));
        }
        assert!(store.find(&uri("mem://lab/none.fdr.csv")).await.unwrap().is_none());
    });
}
