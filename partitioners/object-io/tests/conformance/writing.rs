use std::time::Duration;

use futures::future::join_all;
use object_io::PutOutcome;

use crate::places::{Place, text};

pub(crate) async fn a_put_replaces(place: &Place) {
    let uri = place.put("text", "first").await;
    let before = place.store.head(&uri).await.unwrap();
    let after = place.store.put(&uri, "second").await.unwrap();
    assert_ne!(before.etag, after.etag);
    assert_eq!(place.store.get(&uri).await.unwrap(), "second");
    assert_eq!(place.names().await, ["text"]);
}

pub(crate) async fn one_of_many_racers_creates(place: &Place) {
    for round in 0..5 {
        let uri = place.at(&format!("claims/{round}"));
        let race = (0..16).map(|racer: u8| {
            let (store, uri) = (place.store.clone(), uri.clone());
            tokio::spawn(async move { (racer, store.put_if_absent(&uri, vec![racer; 3]).await.unwrap()) })
        });
        let results: Vec<_> = join_all(race).await.into_iter().map(Result::unwrap).collect();
        let created = |(racer, outcome): &(u8, PutOutcome)| match outcome {
            PutOutcome::Created(object) => Some((*racer, object.clone())),
            PutOutcome::Existed => None,
        };
        let winners: Vec<_> = results.iter().filter_map(created).collect();
        let [(winner, object)] = winners.as_slice() else {
            panic!("{} of 16 were told that they created the object", winners.len());
        };
        assert_eq!(place.store.read(object, 0..3).await.unwrap(), vec![*winner; 3]);
        assert_eq!(
            place.store.put_if_absent(&uri, "late").await.unwrap(),
            PutOutcome::Existed
        );
    }
}

pub(crate) async fn an_object_appears_when_finished(place: &Place) {
    let uri = place.at("deep/er/text");
    let mut writer = place.store.writer(&uri).await.unwrap();
    writer.write("abc").await.unwrap();
    assert_eq!(place.store.find(&uri).await.unwrap(), None);
    assert!(place.names().await.is_empty());
    writer.write("").await.unwrap();
    writer.write("def").await.unwrap();
    let finished = writer.finish().await.unwrap();
    assert_eq!(place.store.head(&uri).await.unwrap(), finished);
    assert_eq!(place.store.get(&uri).await.unwrap(), "abcdef");
}

pub(crate) async fn a_dropped_writer_leaves_nothing(place: &Place) {
    let uri = place.put("text", "old").await;
    let mut writer = place.store.writer(&uri).await.unwrap();
    writer.write(text(20 << 20)).await.unwrap();
    drop(writer);
    // Freeing what the store holds may go on for a moment.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(place.store.get(&uri).await.unwrap(), "old");
    assert_eq!(place.names().await, ["text"]);
}

pub(crate) async fn an_aborted_writer_leaves_nothing(place: &Place) {
    let uri = place.at("text");
    let mut writer = place.store.writer(&uri).await.unwrap();
    writer.write(text(20 << 20)).await.unwrap();
    writer.abort().await.unwrap();
    assert_eq!(place.store.find(&uri).await.unwrap(), None);
    assert!(place.names().await.is_empty());
}

pub(crate) async fn a_large_object_is_written_in_pieces(place: &Place) {
    let whole = text(37 << 20);
    // Pieces that are smaller than, larger than and as large as what a store sends at once.
    for (name, size) in [("small", 70_001), ("large", 19 << 20), ("equal", 8 << 20)] {
        let mut writer = place.store.writer(&place.at(name)).await.unwrap();
        for start in (0..whole.len()).step_by(size) {
            writer
                .write(whole.slice(start..whole.len().min(start + size)))
                .await
                .unwrap();
        }
        let object = writer.finish().await.unwrap();
        assert_eq!(object.size, whole.len() as u64);
        assert!(
            place.store.read(&object, 0..object.size).await.unwrap() == whole,
            "{name}"
        );
    }
}

pub(crate) async fn an_empty_object_is_an_object(place: &Place) {
    let uri = place.at("empty");
    let object = place.store.writer(&uri).await.unwrap().finish().await.unwrap();
    assert_eq!(object.size, 0);
    assert_eq!(place.store.get(&uri).await.unwrap(), "");
    assert!(matches!(
        place.store.put_if_absent(&uri, "x").await.unwrap(),
        PutOutcome::Existed
    ));
    place.put("empty", "").await;
    assert_eq!(
        place
            .store
            .read_ranges(&place.store.head(&uri).await.unwrap(), &[0..0, 0..0], 0)
            .await
            .unwrap(),
        ["", ""]
    );
}
