use object_io::Error;
use plan::{Fault, FaultKind};

use crate::places::{Place, text};

pub(crate) async fn what_was_put_is_read(place: &Place) {
    let uri = place.at("a/b/c.txt");
    let put = place.store.put(&uri, "abc").await.unwrap();
    let head = place.store.head(&uri).await.unwrap();
    assert_eq!(put, head);
    assert_eq!((head.size, &head.uri), (3, &uri));
    assert!(!head.etag.is_empty());
    assert_eq!(place.store.get(&uri).await.unwrap(), "abc");
    assert_eq!(place.store.find(&uri).await.unwrap(), Some(head));
}

pub(crate) async fn an_absent_object_is_not_found(place: &Place) {
    let uri = place.at("nothing");
    let error = place.store.head(&uri).await.unwrap_err();
    assert!(
        matches!(&error, Error::NotFound { uri: named } if *named == uri),
        "{error:?}"
    );
    assert_eq!(error.kind(), FaultKind::NotFound);
    assert_eq!(place.store.find(&uri).await.unwrap(), None);
    let inside = place.put("file", "x").await.join("below");
    assert_eq!(place.store.find(&inside).await.unwrap(), None);
}

pub(crate) async fn ranges_are_exact(place: &Place) {
    let whole = text(20 << 20);
    let uri = place.put("text", whole.clone()).await;
    let object = place.store.head(&uri).await.unwrap();
    let end = whole.len() as u64;
    for range in [
        0..0,
        5..5,
        end..end,
        0..1,
        end - 1..end,
        0..end,
        7..70_000,
        1..end - 1,
        8 << 20..16 << 20,
    ] {
        let read = place.store.read(&object, range.clone()).await.unwrap();
        assert_eq!(read, whole.slice(range.start as usize..range.end as usize), "{range:?}");
    }
}

pub(crate) async fn ranges_beyond_the_end_are_refused(place: &Place) {
    let uri = place.put("text", "abc").await;
    let object = place.store.head(&uri).await.unwrap();
    #[expect(clippy::reversed_empty_ranges, reason = "that is what is tried")]
    for range in [0..4, 3..4, 4..4, 2..1, 0..u64::MAX] {
        let error = place.store.read(&object, range.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Range { size: 3, .. }), "{range:?} {error:?}");
        assert!(place.store.sequential(&object, range).await.is_err());
    }
}

pub(crate) async fn many_ranges_come_in_the_order_asked(place: &Place) {
    let whole = text(3 << 20);
    let uri = place.put("text", whole.clone()).await;
    let object = place.store.head(&uri).await.unwrap();
    let wanted = [2 << 20..3 << 20, 0..10, 20..30, 5..5, 8..25, 1_000_000..1_000_001];
    for gap in [0, 10, 1 << 20] {
        let read = place.store.read_ranges(&object, &wanted, gap).await.unwrap();
        for (range, bytes) in wanted.iter().zip(&read) {
            assert_eq!(
                *bytes,
                whole.slice(range.start as usize..range.end as usize),
                "{range:?}"
            );
        }
    }
    assert!(place.store.read_ranges(&object, &[], 0).await.unwrap().is_empty());
    assert!(place.store.read_ranges(&object, &[0..1, 0..u64::MAX], 0).await.is_err());
}

pub(crate) async fn a_replaced_object_is_changed(place: &Place) {
    let uri = place.put("text", "abc").await;
    let planned = place.store.head(&uri).await.unwrap();
    // The same size, and as soon after as can be.
    place.put("text", "xyz").await;
    let error = place.store.read(&planned, 0..3).await.unwrap_err();
    assert!(
        matches!(&error, Error::Changed { expected, .. } if *expected == planned.etag),
        "{error:?}"
    );
    assert_eq!(error.kind(), FaultKind::Changed);
    place.put("text", "longer than before").await;
    let error = place.store.read(&planned, 0..3).await.unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error:?}");
}

pub(crate) async fn a_removed_object_is_not_found_or_changed(place: &Place) {
    let uri = place.put("text", "abc").await;
    let planned = place.store.head(&uri).await.unwrap();
    place.store.delete(&uri).await.unwrap();
    let error = place.store.read(&planned, 0..3).await.unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error:?}");
}

pub(crate) async fn strange_names_work(place: &Place) {
    let names = [
        "two words",
        "a+b",
        "50%",
        "%41",
        "ä/ö ü",
        "日本語.gz",
        "q?x=1&y#z",
        "a=b;c,d",
        "~",
        "x:y",
        "[1]",
        "'q'\"q\"",
    ];
    for name in names {
        let uri = place.put(name, name.to_owned()).await;
        assert_eq!(place.store.get(&uri).await.unwrap(), name);
    }
    let mut expected = names.map(ToOwned::to_owned);
    expected.sort();
    assert_eq!(place.names().await, expected);
    let joined = place.at("joined ü");
    place
        .store
        .concat(&names.map(|name| place.at(name)), &joined)
        .await
        .unwrap();
    assert_eq!(place.store.get(&joined).await.unwrap(), names.concat());
    for name in names {
        place.store.delete(&place.at(name)).await.unwrap();
    }
    assert_eq!(place.names().await, ["joined ü"]);
}
