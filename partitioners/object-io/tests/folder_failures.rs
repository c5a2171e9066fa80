//! What the folder store does when the disk or the file system fails.
use std::{
    fs,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use object_io::{Error, PutOutcome, Store};
use plan::{Fault, FaultKind, Object, Uri};

fn uri(path: impl Into<PathBuf>) -> Uri {
    Uri::from_path(path)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A file system of one megabyte, if we may mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path());
        if mount.output().is_ok_and(|done| done.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("skipped: may not mount a small disk");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_leaves_the_old_object_and_nothing_else() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = Store::new();
    let target = disk.0.path().join("text");
    store.put(&uri(&target), "old").await.unwrap();
    let too_much = vec![1; 2 << 20];
    let full = |error: Error| {
        assert_eq!(error.kind(), FaultKind::Output, "{error:?}");
        assert!(error.to_string().ends_with("text: cannot write"), "{error}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("No space left"), "{cause}");
    };
    full(store.put(&uri(&target), too_much.clone()).await.unwrap_err());
    full(
        store
            .put_if_absent(&uri(disk.0.path().join("new text")), too_much.clone())
            .await
            .unwrap_err(),
    );
    let mut writer = store.writer(&uri(&target)).await.unwrap();
    full(writer.write(too_much.clone()).await.unwrap_err());
    assert_eq!(writer.finish().await.unwrap_err().kind(), FaultKind::Output);
    // Full only when the gathered rest is written.
    let mut writer = store.writer(&uri(&target)).await.unwrap();
    writer.write(vec![1; 1 << 20 | 1]).await.unwrap_err();
    drop(writer);
    let part = tempfile::NamedTempFile::new().unwrap();
    fs::write(part.path(), &too_much).unwrap();
    full(store.copy(&uri(part.path()), &uri(&target)).await.unwrap_err());
    assert_eq!(names(disk.0.path()), ["text"]);
    assert_eq!(store.get(&uri(&target)).await.unwrap(), "old");
}

#[tokio::test]
async fn a_read_only_place_is_refused() {
    let Some(disk) = SmallDisk::mount() else { return };
    let store = Store::new();
    let target = uri(disk.0.path().join("text"));
    store.put(&target, "old").await.unwrap();
    let mut remount = Command::new("mount");
    remount.args(["-o", "remount,ro"]).arg(disk.0.path());
    assert!(remount.status().unwrap().success());
    for error in [
        store.put(&target, "new").await.unwrap_err(),
        store.put_if_absent(&target.with_suffix("2"), "new").await.unwrap_err(),
        store.writer(&target).await.err().unwrap(),
        store.delete(&target).await.unwrap_err(),
        store.delete_all(&uri(disk.0.path())).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), FaultKind::Output, "{error:?}");
    }
    assert_eq!(store.get(&target).await.unwrap(), "old");
}

#[tokio::test]
async fn a_folder_where_an_object_should_be_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let error = store.head(&uri(folder.path())).await.unwrap_err();
    assert!(matches!(error, Error::Io { .. }) && !error.is_transient(), "{error:?}");
    let error = store.put(&uri(folder.path()), "x").await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Output);
    store.put(&uri(folder.path().join("file")), "x").await.unwrap();
    let error = store
        .put(&uri(folder.path().join("file/below")), "x")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), FaultKind::Output, "{error:?}");
    let long = uri(folder.path().join("n".repeat(300)));
    assert_eq!(store.put(&long, "x").await.unwrap_err().kind(), FaultKind::Output);
    assert!(!store.head(&long).await.unwrap_err().is_transient());
    assert_eq!(names(folder.path()), ["file"]);
}

#[tokio::test]
async fn pipes_and_devices_are_no_objects() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let store = Store::new();
    for path in [pipe.clone(), "/dev/null".into(), "/dev/zero".into()] {
        let error = store.head(&uri(&path)).await.unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error:?}");
        // Opening a pipe would wait for its writer for ever.
        let planned = Object {
            uri: uri(&path),
            size: 1,
            etag: "x".into(),
        };
        assert!(store.read(&planned, 0..1).await.is_err());
        assert_eq!(store.put(&uri(&path), "x").await.unwrap_err().kind(), FaultKind::Output);
    }
    assert!(store.list(&uri(folder.path())).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_may_not_be_read_is_denied() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let target = folder.path().join("secret");
    let object = store.put(&uri(&target), "x").await.unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&target).is_ok() {
        eprintln!("skipped: root may read everything");
        return;
    }
    let error = store.read(&object, 0..1).await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error:?}");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let error = store.put(&object.uri, "y").await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Output, "{error:?}");
}

#[tokio::test]
async fn a_file_changed_in_place_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let target = folder.path().join("text");
    let object = store.put(&uri(&target), vec![7; 4 << 20]).await.unwrap();
    let source = store.read_at(&object).await.unwrap();
    let mut reader = store.sequential(&object, 0..object.size).await.unwrap();
    reader.read_exact(&mut [0; 10]).unwrap();
    // Cut off under the open reader.
    fs::File::options()
        .write(true)
        .open(&target)
        .unwrap()
        .set_len(100)
        .unwrap();
    let changed = |error| {
        let error = Error::from_read(&object.uri, error);
        assert!(matches!(error, Error::Changed { .. }), "{error:?}");
    };
    changed(source.read_exact_at(1 << 20, &mut [0; 10]).unwrap_err());
    changed(source.read_exact_at(0, &mut [0; 10]).unwrap_err());
    changed(reader.read_to_end(&mut Vec::new()).unwrap_err());
    let error = store.read(&object, 0..10).await.unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error:?}");
}

#[tokio::test]
async fn a_link_is_read_and_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let (link, file) = (folder.path().join("link"), folder.path().join("file"));
    std::os::unix::fs::symlink("file", &link).unwrap();
    let outcome = store.put_if_absent(&uri(&link), "first").await.unwrap();
    assert!(matches!(outcome, PutOutcome::Created(_)));
    assert_eq!(
        store.put_if_absent(&uri(&link), "second").await.unwrap(),
        PutOutcome::Existed
    );
    store.put(&uri(&link), "third").await.unwrap();
    assert!(link.is_symlink());
    assert_eq!(fs::read(&file).unwrap(), b"third");
    store.delete(&uri(&link)).await.unwrap();
    assert_eq!(names(folder.path()), ["file"]);
}

#[tokio::test]
async fn ten_thousand_parts_need_few_open_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let part = uri(folder.path().join("part"));
    store.put(&part, "ab").await.unwrap();
    let joined = store
        .concat(&vec![part; 10_000], &uri(folder.path().join("joined")))
        .await
        .unwrap();
    assert_eq!(joined.size, 20_000);
}

#[tokio::test]
async fn a_path_goes_where_the_system_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    fs::create_dir(folder.path().join("a")).unwrap();
    store.put(&uri(folder.path().join("a/../b")), "x").await.unwrap();
    assert_eq!(names(folder.path()), ["a", "b"]);
    let as_uri: Uri = format!("file://{}/b", folder.path().display()).parse().unwrap();
    assert_eq!(store.get(&as_uri).await.unwrap(), "x");
}
