//! Listing and removing what is below a folder.
use std::{
    fs::{self, DirEntry},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
};

use plan::{Object, Uri};

use super::{object_of, path_of, temporary};
use crate::{Error, Result, error::Access};

/// Every file below a folder, in order of URI. Symbolic links are followed, except into a folder that contains them.
pub(super) fn list(prefix: &Uri) -> Result<Vec<Object>> {
    let mut found = Vec::new();
    walk(&path_of(prefix), prefix, &mut Vec::new(), &mut found)?;
    found.sort_by(|a: &Object, b: &Object| a.uri.cmp(&b.uri));
    Ok(found)
}

/// Nothing is there, or a file where a folder should be.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn walk(folder: &Path, uri: &Uri, above: &mut Vec<(u64, u64)>, found: &mut Vec<Object>) -> Result<()> {
    let failed = |source| Error::from_io(uri, source, Access::Read);
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absent(&error) => return Ok(()),
        other => other.map_err(failed)?,
    };
    let identity = fs::metadata(folder).map_err(failed)?;
    let identity = (identity.dev(), identity.ino());
    if above.contains(&identity) {
        return Ok(());
    }
    above.push(identity);
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let name = name_of(&entry).map_err(failed)?;
        if name.starts_with(temporary::PREFIX) {
            continue;
        }
        let below = uri.join(&name);
        let metadata = match fs::metadata(entry.path()) {
            // Removed since it was listed, or a link that leads nowhere.
            Err(error) if is_absent(&error) || is_looping(&error) => continue,
            other => other.map_err(|source| Error::from_io(&below, source, Access::Read))?,
        };
        if metadata.is_dir() {
            walk(&entry.path(), &below, above, found)?;
        } else if metadata.is_file() {
            found.push(object_of(&below, &metadata).map_err(failed)?);
        }
    }
    above.pop();
    Ok(())
}

/// ELOOP: a symbolic link that leads to itself.
fn is_looping(error: &io::Error) -> bool {
    error.raw_os_error() == Some(40)
}

/// A URI is text; a name that is none would be listed as an object that cannot be opened.
fn name_of(entry: &DirEntry) -> io::Result<String> {
    entry.file_name().into_string().map_err(|name| {
        let message = format!("the file name {} is not UTF-8", name.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

/// Removes everything below a folder, and the folder; says how many files. Links are removed, not followed.
pub(super) fn remove(prefix: &Uri) -> Result<u64> {
    let folder = path_of(prefix);
    let removed = empty(&folder, prefix)?;
    // It may be a link, or somebody has written into it by now.
    let _ = fs::remove_dir(folder);
    Ok(removed)
}

fn empty(folder: &Path, uri: &Uri) -> Result<u64> {
    let failed = |uri: &Uri, source| Error::from_io(uri, source, Access::Write);
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absent(&error) => return Ok(0),
        other => other.map_err(|source| failed(uri, source))?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(|source| failed(uri, source))?;
        let below = uri.join(&entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(|source| failed(&below, source))?;
        let done = if kind.is_dir() {
            removed += empty(&entry.path(), &below)?;
            fs::remove_dir(entry.path())
        } else {
            removed += 1;
            fs::remove_file(entry.path())
        };
        match done {
            Err(error) if !is_absent(&error) => return Err(failed(&below, error)),
            _ => {}
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, os::unix::fs::symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let listed = list(&Uri::from_path(folder)).unwrap();
        let strip = |object: &Object| object.uri.as_str()[folder.to_str().unwrap().len() + 1..].to_owned();
        listed.iter().map(strip).collect()
    }

    #[test]
    fn links_are_followed_but_not_in_circles() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "x").unwrap();
        symlink(root, root.join("a/circle")).unwrap();
        symlink("nowhere", root.join("a/dangling")).unwrap();
        symlink("self", root.join("self")).unwrap();
        symlink("a/b", root.join("again")).unwrap();
        assert_eq!(names(root), ["a/b/file", "again/file"]);
    }

    #[test]
    fn removing_does_not_follow_links() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("kept"), "x").unwrap();
        let root = folder.path().join("run");
        fs::create_dir_all(root.join("deep/er")).unwrap();
        fs::write(root.join("deep/er/file"), "x").unwrap();
        symlink(other.path(), root.join("link")).unwrap();
        assert_eq!(remove(&Uri::from_path(&root)).unwrap(), 2);
        assert!(!root.exists());
        assert!(other.path().join("kept").exists());
        assert_eq!(remove(&Uri::from_path(&root)).unwrap(), 0);
    }

    #[test]
    fn a_name_that_is_not_text_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(OsStr::from_bytes(b"\xff")), "x").unwrap();
        let error = list(&Uri::from_path(folder.path())).unwrap_err();
        assert!(matches!(error, Error::Io { .. }), "{error:?}");
    }
}
