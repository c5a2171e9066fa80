//! Files under a temporary name.
use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata},
    hash::{BuildHasher, RandomState},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::sync_folder;

/// Names of files being written start so; listings leave them out.
pub(super) const PREFIX: &str = ".tessera-part-";

/// A leftover is removed only after this time, for file systems whose locks do not reach other machines.
const LEFT_OVER: Duration = Duration::from_hours(1);

/// As many links as Linux follows.
const LINKS: usize = 40;

/// A file under a temporary name beside its final one; removed on drop unless published. It is locked while its writer
/// lives, so that another process can tell a leftover of a crash from work under way.
pub(super) struct Temporary {
    path: PathBuf,
    target: PathBuf,
    file: File,
    published: bool,
}

impl Temporary {
    pub(super) fn create(target: &Path) -> io::Result<Self> {
        let target = destination(target)?;
        let folder = folder_of(&target);
        create_folders(folder)?;
        sweep_once(folder);
        let number = RandomState::new().hash_one(std::process::id());
        let path = folder.join(format!("{PREFIX}{number:016x}"));
        let file = File::options().write(true).create_new(true).open(&path)?;
        // A file system without locks keeps its leftovers.
        let _ = file.try_lock();
        Ok(Self {
            path,
            target,
            file,
            published: false,
        })
    }

    pub(super) fn file(&mut self) -> &File {
        &self.file
    }

    pub(super) fn publish(mut self) -> io::Result<Metadata> {
        self.tell_apart()?;
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        self.published = true;
        sync_folder(folder_of(&self.target))?;
        self.file.metadata()
    }

    /// Publishes unless something is there; a hard link fails atomically if it is.
    pub(super) fn publish_if_absent(self) -> io::Result<Option<Metadata>> {
        self.file.sync_all()?;
        match fs::hard_link(&self.path, &self.target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            linked => linked?,
        }
        sync_folder(folder_of(&self.target))?;
        self.file.metadata().map(Some)
    }

    /// The clock of a file system ticks every few milliseconds. A file of equal size that replaces another within one
    /// tick would have its ETag, so it is dated one nanosecond after it.
    fn tell_apart(&self) -> io::Result<()> {
        let (Ok(old), new) = (fs::metadata(&self.target), self.file.metadata()?) else {
            return Ok(());
        };
        if old.size() == new.size() && new.modified()? <= old.modified()? {
            self.file.set_modified(old.modified()? + Duration::from_nanos(1))?;
        }
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn folder_of(target: &Path) -> &Path {
    let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// Where a write to `path` belongs: symbolic links lead to their end, so that a link to a larger disk stays one. What is
/// there and is no file is refused; a rename would replace `/dev/null`.
fn destination(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path),
            Err(error) => return Err(error),
            Ok(found) if found.is_symlink() => path = folder_of(&path).join(fs::read_link(&path)?),
            Ok(found) if found.is_file() => return Ok(path),
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => {
                let what = "a pipe or device; objects replace files only";
                return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
            }
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Creates a folder and those above it, durably.
fn create_folders(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|above| !above.as_os_str().is_empty() && !above.exists())
        .collect();
    fs::create_dir_all(folder)?;
    missing.iter().try_for_each(|created| sync_folder(folder_of(created)))
}

/// Removes what crashed writers left in this folder, once in the life of this process.
fn sweep_once(folder: &Path) {
    static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let first = fs::canonicalize(folder).is_ok_and(|folder| swept.insert(folder));
    drop(swept);
    if first {
        sweep(folder, LEFT_OVER);
    }
}

fn sweep(folder: &Path, age: Duration) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let old = entry.metadata().and_then(|found| found.modified());
        let old = old.is_ok_and(|date| date.elapsed().is_ok_and(|elapsed| elapsed >= age));
        if old && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_crashed_writer_s_leftover_is_swept_and_a_living_one_s_stays() {
        let folder = tempfile::tempdir().unwrap();
        let crashed = folder.path().join(format!("{PREFIX}0"));
        fs::write(&crashed, "half").unwrap();
        let living = Temporary::create(&folder.path().join("result")).unwrap();
        sweep(folder.path(), LEFT_OVER);
        assert!(crashed.exists(), "too young");
        sweep(folder.path(), Duration::ZERO);
        assert!(!crashed.exists());
        assert!(living.path.exists());
        living.publish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_is_written_through_and_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("disk/file"));
        symlink("disk/file", &link).unwrap();
        Temporary::create(&link).unwrap().publish().unwrap();
        assert!(link.is_symlink() && file.is_file());
    }

    #[test]
    fn a_device_is_not_replaced() {
        let error = Temporary::create(Path::new("/dev/null")).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let folder = tempfile::tempdir().unwrap();
        let error = Temporary::create(folder.path()).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn a_link_to_itself_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        symlink("a", folder.path().join("a")).unwrap();
        assert!(Temporary::create(&folder.path().join("a")).is_err());
    }
}
