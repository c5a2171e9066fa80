//! One suite of laws, run against every kind of store.
mod blocking;
mod joining;
mod listing;
mod places;
mod reading;
mod writing;

macro_rules! laws {
    ($($place:ident: $($law:ident::$name:ident),+ $(,)?;)+) => {
        $(mod $place {
            $(#[tokio::test]
            async fn $name() {
                super::$law::$name(&super::places::$place()).await;
            })+
        })+
    };
}

macro_rules! for_every_store {
    ($($law:ident::$name:ident),+ $(,)?) => {
        laws! { folder: $($law::$name),+; memory: $($law::$name),+; }
        #[cfg(feature = "aws")]
        laws! { s3: $($law::$name),+; }
    };
}

for_every_store! {
    reading::what_was_put_is_read,
    reading::an_absent_object_is_not_found,
    reading::ranges_are_exact,
    reading::ranges_beyond_the_end_are_refused,
    reading::many_ranges_come_in_the_order_asked,
    reading::a_replaced_object_is_changed,
    reading::a_removed_object_is_not_found_or_changed,
    reading::strange_names_work,
    writing::a_put_replaces,
    writing::one_of_many_racers_creates,
    writing::an_object_appears_when_finished,
    writing::a_dropped_writer_leaves_nothing,
    writing::an_aborted_writer_leaves_nothing,
    writing::a_large_object_is_written_in_pieces,
    writing::an_empty_object_is_an_object,
    listing::a_listing_is_in_order_and_complete,
    listing::an_absent_folder_is_empty,
    listing::a_folder_is_not_a_prefix,
    listing::what_is_removed_is_gone,
    listing::a_folder_is_removed_with_all_below,
    joining::parts_of_every_size_are_joined_in_order,
    joining::nothing_joined_is_an_empty_object,
    joining::a_missing_part_is_named,
    joining::a_changed_part_is_refused,
    joining::objects_are_copied_between_stores,
    blocking::a_sequential_reader_gives_the_range,
    blocking::positioned_reads_work_from_any_thread,
    blocking::a_blocking_read_sees_the_planned_version,
}

/// Tasks run on an engine's threads, so every call must be possible there. This compiles, or it does not.
#[test]
fn every_call_can_be_spawned() {
    use object_io::Store;
    use plan::{Object, Uri};

    fn spawnable<T: Send>(_: &T) {}

    async fn all(store: Store, uri: Uri, uris: Vec<Uri>, objects: Vec<Object>) -> object_io::Result<()> {
        store.find(&uri).await?;
        store.read_ranges(&objects[0], &[0..1, 2..3], 0).await?;
        store.sequential(&objects[0], 0..1).await?;
        store.put_if_absent(&uri, "x").await?;
        let mut writer = store.writer(&uri).await?;
        writer.write("x").await?;
        writer.finish().await?;
        store.list(&uri).await?;
        store.concat(&uris, &uri).await?;
        store.concat_versions(&objects, &uri).await?;
        store.copy(&uris[0], &uri).await?;
        store.delete_all(&uri).await.map(drop)
    }
    spawnable(&all(Store::new(), Uri::from_path("x"), Vec::new(), Vec::new()));
}
