//! Local files. A write goes to a temporary name beside the final one, then fsync and rename.
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    ops::Range,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use plan::{Object, Uri};

use crate::{
    Error, PutOutcome, ReadAt, Result,
    backend::{Backend, Upload},
};

pub(crate) struct Folder;

/// Names of files being written start so; listings leave them out.
const TEMPORARY: &str = ".tessera-part-";

fn path_of(uri: &Uri) -> PathBuf {
    uri.path().unwrap_or_else(|| PathBuf::from(uri.as_str()))
}

fn etag(metadata: &fs::Metadata) -> String {
    format!(
        "{:x}-{:x}.{:x}",
        metadata.size(),
        metadata.mtime(),
        metadata.mtime_nsec()
    )
}

fn object_of(uri: &Uri, metadata: &fs::Metadata) -> io::Result<Object> {
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Object {
        uri: uri.clone(),
        size: metadata.size(),
        etag: etag(metadata),
    })
}

async fn blocking<T: Send + 'static>(
    uri: &Uri,
    writing: bool,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|panic| Err(io::Error::other(panic)));
    done.map_err(|source| Error::from_io(uri, source, writing))
}

/// Opens a file and checks that it is still the planned version.
fn open(object: &Object) -> Result<File> {
    let path = path_of(&object.uri);
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata)));
    let (file, metadata) = opened.map_err(|source| Error::from_io(&object.uri, source, false))?;
    let found = etag(&metadata);
    if found == object.etag {
        return Ok(file);
    }
    Err(Error::Changed {
        uri: object.uri.clone(),
        expected: object.etag.clone(),
        found,
    })
}

impl ReadAt for (File, u64) {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        FileExt::read_exact_at(&self.0, buffer, offset)
    }
}

/// A file under a temporary name, removed on drop unless it was renamed.
struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    fn create(target: &Path) -> io::Result<(Self, File)> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let folder = target
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{TEMPORARY}{}-{number}", std::process::id()));
        let file = File::options().write(true).create_new(true).open(&path)?;
        Ok((Self { path, kept: false }, file))
    }

    fn publish(mut self, file: &File, target: &Path) -> io::Result<fs::Metadata> {
        file.sync_all()?;
        fs::rename(&self.path, target)?;
        self.kept = true;
        file.metadata()
    }

    /// Publishes unless `target` is there; a hard link fails atomically if it is.
    fn publish_if_absent(self, file: &File, target: &Path) -> io::Result<Option<fs::Metadata>> {
        file.sync_all()?;
        match fs::hard_link(&self.path, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
            linked => linked.and_then(|()| file.metadata().map(Some)),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[async_trait]
impl Backend for Folder {
    async fn head(&self, uri: &Uri) -> Result<Object> {
        let own = uri.clone();
        blocking(uri, false, move || object_of(&own, &fs::metadata(path_of(&own))?)).await
    }

    async fn read(&self, object: &Object, range: Range<u64>) -> Result<Bytes> {
        let file = open(object)?;
        let length = (range.end - range.start) as usize;
        blocking(&object.uri, false, move || {
            let mut buffer = BytesMut::zeroed(length);
            FileExt::read_exact_at(&file, &mut buffer, range.start)?;
            Ok(buffer.freeze())
        })
        .await
    }

    fn read_at(self: Arc<Self>, object: &Object) -> Result<Arc<dyn ReadAt>> {
        Ok(Arc::new((open(object)?, object.size)))
    }

    async fn put(&self, uri: &Uri, bytes: Bytes) -> Result<Object> {
        let own = uri.clone();
        blocking(uri, true, move || {
            let target = path_of(&own);
            let (temporary, mut file) = Temporary::create(&target)?;
            file.write_all(&bytes)?;
            object_of(&own, &temporary.publish(&file, &target)?)
        })
        .await
    }

    async fn put_if_absent(&self, uri: &Uri, bytes: Bytes) -> Result<PutOutcome> {
        let own = uri.clone();
        blocking(uri, true, move || {
            let target = path_of(&own);
            let (temporary, mut file) = Temporary::create(&target)?;
            file.write_all(&bytes)?;
            Ok(match temporary.publish_if_absent(&file, &target)? {
                Some(metadata) => PutOutcome::Created(object_of(&own, &metadata)?),
                None => PutOutcome::Existed,
            })
        })
        .await
    }

    async fn upload(&self, uri: &Uri) -> Result<Box<dyn Upload>> {
        let own = uri.clone();
        let (temporary, file) = blocking(uri, true, move || Temporary::create(&path_of(&own))).await?;
        Ok(Box::new(FolderUpload {
            uri: uri.clone(),
            temporary,
            file: Arc::new(file),
        }))
    }

    async fn list(&self, prefix: &Uri) -> Result<Vec<Object>> {
        let own = prefix.clone();
        blocking(prefix, false, move || {
            let mut found = Vec::new();
            walk(&path_of(&own), &own, &mut found)?;
            found.sort_by(|a, b| a.uri.cmp(&b.uri));
            Ok(found)
        })
        .await
    }

    async fn delete(&self, uri: &Uri) -> Result<()> {
        let path = path_of(uri);
        blocking(uri, true, move || match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        })
        .await
    }

    async fn concat(&self, parts: &[Object], to: &Uri) -> Result<Object> {
        let sources: Vec<File> = parts.iter().map(open).collect::<Result<_>>()?;
        let own = to.clone();
        blocking(to, true, move || {
            let target = path_of(&own);
            let (temporary, mut file) = Temporary::create(&target)?;
            for source in &sources {
                io::copy(&mut source.take(u64::MAX), &mut file)?;
            }
            object_of(&own, &temporary.publish(&file, &target)?)
        })
        .await
    }
}

fn walk(folder: &Path, uri: &Uri, found: &mut Vec<Object>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let below = uri.join(&name);
        let metadata = match fs::metadata(entry.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        if metadata.is_dir() {
            walk(&entry.path(), &below, found)?;
        } else if !name.starts_with(TEMPORARY) {
            found.push(object_of(&below, &metadata)?);
        }
    }
    Ok(())
}

struct FolderUpload {
    uri: Uri,
    temporary: Temporary,
    file: Arc<File>,
}

#[async_trait]
impl Upload for FolderUpload {
    async fn write(&mut self, bytes: Bytes) -> Result<()> {
        let file = self.file.clone();
        blocking(&self.uri, true, move || (&*file).write_all(&bytes)).await
    }

    async fn finish(self: Box<Self>) -> Result<Object> {
        let Self { uri, temporary, file } = *self;
        let own = uri.clone();
        blocking(&uri, true, move || {
            object_of(&own, &temporary.publish(&file, &path_of(&own))?)
        })
        .await
    }

    async fn abort(self: Box<Self>) -> Result<()> {
        Ok(())
    }
}
