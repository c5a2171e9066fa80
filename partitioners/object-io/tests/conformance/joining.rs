use object_io::Error;
use plan::Uri;

use crate::places::{Place, memory, text};

const MIB: usize = 1 << 20;

pub(crate) async fn parts_of_every_size_are_joined_in_order(place: &Place) {
    let sets: [&[usize]; 6] = [
        &[3, 0, 5, 1],
        &[MIB, 2 * MIB, 4 * MIB, 3 * MIB],
        &[12 * MIB, 7, 6 * MIB, 0, 100],
        &[1, 20 * MIB, 1, 1],
        &[5 * MIB, 5 * MIB - 1, 5 * MIB + 1],
        &[9 * MIB],
    ];
    for (set, sizes) in sets.iter().enumerate() {
        let whole = text(sizes.iter().sum());
        let (mut parts, mut at) = (Vec::new(), 0);
        for (part, size) in sizes.iter().enumerate() {
            parts.push(place.put(&format!("{set}/{part}"), whole.slice(at..at + size)).await);
            at += size;
        }
        let joined = place.store.concat(&parts, &place.at("joined")).await.unwrap();
        assert_eq!(joined, place.store.head(&place.at("joined")).await.unwrap());
        let read = place.store.read(&joined, 0..joined.size).await.unwrap();
        assert!(read == whole, "set {set}");
    }
    // Many tiny ones, the same more than once, onto one of them.
    let many: Vec<Uri> = (0..300).map(|_| place.at("0/0")).collect();
    let joined = place.store.concat(&many, &many[0]).await.unwrap();
    assert_eq!(place.store.get(&joined.uri).await.unwrap(), text(3).repeat(300));
}

pub(crate) async fn nothing_joined_is_an_empty_object(place: &Place) {
    let joined = place.store.concat(&[], &place.at("joined")).await.unwrap();
    assert_eq!(joined.size, 0);
    assert_eq!(place.names().await, ["joined"]);
}

pub(crate) async fn a_missing_part_is_named(place: &Place) {
    let (there, missing) = (place.put("there", "x").await, place.at("missing"));
    let error = place
        .store
        .concat(&[there, missing.clone()], &place.at("joined"))
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::NotFound { uri } if *uri == missing),
        "{error:?}"
    );
    assert_eq!(place.names().await, ["there"]);
}

pub(crate) async fn a_changed_part_is_refused(place: &Place) {
    for size in [3, 9 * MIB] {
        let uri = place.put("part", text(size)).await;
        let planned = place.store.head(&uri).await.unwrap();
        place.put("part", vec![0; size]).await;
        let error = place
            .store
            .concat_versions(&[planned], &place.at("joined"))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, Error::Changed { uri: named, .. } if *named == uri),
            "{error:?}"
        );
        assert_eq!(place.names().await, ["part"]);
    }
}

pub(crate) async fn objects_are_copied_between_stores(place: &Place) {
    let whole = text(21 * MIB);
    let here = place.put("here", whole.clone()).await;
    let away: Uri = memory().at("away");
    place.store.copy(&here, &away).await.unwrap();
    let back = place
        .store
        .concat(&[away.clone(), here.clone()], &place.at("back"))
        .await
        .unwrap();
    let read = place.store.read(&back, 0..back.size).await.unwrap();
    assert!(read == [whole.clone(), whole].concat());
    place.store.copy(&here, &place.at("twin")).await.unwrap();
    assert_eq!(place.store.get(&place.at("twin")).await.unwrap().len(), 21 * MIB);
}
