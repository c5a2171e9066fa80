use std::{
    io::{self, Read},
    thread,
};

use object_io::Error;

use crate::places::{Place, text};

pub(crate) async fn a_sequential_reader_gives_the_range(place: &Place) {
    let whole = text(35 << 20);
    let uri = place.put("text", whole.clone()).await;
    let object = place.store.head(&uri).await.unwrap();
    let end = object.size;
    for range in [0..end, 5..5, 3..100, 1_000_001..end - 1, end - 1..end] {
        let mut reader = place.store.sequential(&object, range.clone()).await.unwrap();
        let mut read = Vec::new();
        // Here, on the only thread of the test's runtime: the reader must not need it.
        reader.read_to_end(&mut read).unwrap();
        assert!(
            read == whole.slice(range.start as usize..range.end as usize),
            "{range:?}"
        );
    }
    // Given up in the middle.
    let mut reader = place.store.sequential(&object, 0..end).await.unwrap();
    assert!(!reader.fill().unwrap().is_empty());
}

pub(crate) async fn positioned_reads_work_from_any_thread(place: &Place) {
    let whole = text(18 << 20);
    let uri = place.put("text", whole.clone()).await;
    let object = place.store.head(&uri).await.unwrap();
    let source = place.store.read_at(&object).await.unwrap();
    assert_eq!(source.size(), object.size);
    let check = |offset: usize, length: usize| {
        let mut buffer = vec![0; length];
        source.read_exact_at(offset as u64, &mut buffer).unwrap();
        assert!(buffer == whole[offset..offset + length], "{offset} {length}");
    };
    check(0, 0);
    check(17, 3);
    check(0, whole.len());
    thread::scope(|scope| {
        for part in 0..4 {
            scope.spawn(move || check(part * 4_500_000, 4_500_001.min(whole_left(part))));
        }
    });
    let from_blocking = source.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut buffer = [0; 4];
        from_blocking.read_exact_at(1, &mut buffer).map(|()| buffer)
    });
    assert_eq!(read.await.unwrap().unwrap(), whole[1..5]);
    for (offset, length) in [(object.size, 1), (object.size - 1, 2), (u64::MAX, 1)] {
        let error = source.read_exact_at(offset, &mut vec![0; length]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
    assert!(source.preferred_read() > 0 && source.reads_at_once() > 0);
}

fn whole_left(part: usize) -> usize {
    (18 << 20) - part * 4_500_000
}

pub(crate) async fn a_blocking_read_sees_the_planned_version(place: &Place) {
    let uri = place.put("text", "abc").await;
    let object = place.store.head(&uri).await.unwrap();
    let source = place.store.read_at(&object).await.unwrap();
    place.put("text", "xyz").await;
    let mut buffer = [0; 3];
    // A folder and memory keep the old version open; S3 says that it is gone. Never the bytes of the new one.
    match source.read_exact_at(0, &mut buffer) {
        Ok(()) => assert_eq!(&buffer, b"abc"),
        Err(error) => {
            let error = Error::from_read(&uri, error);
            assert!(matches!(error, Error::Changed { .. }), "{error:?}");
        }
    }
}
