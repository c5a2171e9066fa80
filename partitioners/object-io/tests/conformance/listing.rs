use futures::{StreamExt, TryStreamExt, stream};

use crate::places::Place;

pub(crate) async fn a_listing_is_in_order_and_complete(place: &Place) {
    // More than one page of S3.
    let puts = (0..1234)
        .rev()
        .map(|i| place.put_owned(format!("part-{:04}/{}", i / 3, i % 3)));
    let _: Vec<_> = stream::iter(puts).buffer_unordered(16).collect().await;
    let listed = place.store.list(&place.root).await.unwrap();
    assert_eq!(listed.len(), 1234);
    assert!(listed.is_sorted_by(|a, b| a.uri < b.uri));
    for object in listed.iter().step_by(300) {
        assert_eq!(place.store.head(&object.uri).await.unwrap(), *object);
        let read: Vec<_> = stream::iter([object])
            .then(|o| place.store.read(o, 0..o.size))
            .try_collect()
            .await
            .unwrap();
        assert_eq!(read[0].len() as u64, object.size);
    }
}

pub(crate) async fn an_absent_folder_is_empty(place: &Place) {
    assert!(place.store.list(&place.at("nothing")).await.unwrap().is_empty());
    assert_eq!(place.store.delete_all(&place.at("nothing")).await.unwrap(), 0);
    let file = place.put("file", "x").await;
    assert!(place.store.list(&file).await.unwrap().is_empty());
    assert_eq!(place.store.delete_all(&file).await.unwrap(), 0);
    assert_eq!(place.names().await, ["file"]);
}

pub(crate) async fn a_folder_is_not_a_prefix(place: &Place) {
    for name in ["run/a", "run/b/c", "run-2/a", "runs", "other"] {
        place.put(name, "x").await;
    }
    let below = place.store.list(&place.at("run")).await.unwrap();
    let uris: Vec<_> = below.iter().map(|object| object.uri.clone()).collect();
    assert_eq!(uris, [place.at("run/a"), place.at("run/b/c")]);
    assert_eq!(place.store.list(&place.at("run/")).await.unwrap(), below);
}

pub(crate) async fn what_is_removed_is_gone(place: &Place) {
    let uri = place.put("a/text", "x").await;
    place.store.delete(&uri).await.unwrap();
    assert_eq!(place.store.find(&uri).await.unwrap(), None);
    place.store.delete(&uri).await.unwrap();
    place.store.delete(&place.at("never/was")).await.unwrap();
    assert!(place.names().await.is_empty());
}

pub(crate) async fn a_folder_is_removed_with_all_below(place: &Place) {
    let puts = (0..1100).map(|i| place.put_owned(format!("run/{i}")));
    let _: Vec<_> = stream::iter(puts).buffer_unordered(16).collect().await;
    place.put("run-2/kept", "x").await;
    place.put("run/deep/er", "x").await;
    assert_eq!(place.store.delete_all(&place.at("run")).await.unwrap(), 1101);
    assert_eq!(place.names().await, ["run-2/kept"]);
    assert_eq!(place.store.delete_all(&place.at("run")).await.unwrap(), 0);
}
