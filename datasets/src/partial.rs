//! A file under way: its bytes so far, under a temporary name, and beside them what tells whether the source is the same.
use std::{
    fs::TryLockError,
    path::{Path, PathBuf},
};

use tokio::{
    fs,
    io::{AsyncReadExt, AsyncWriteExt},
};

use crate::{Error, digest::Digest};

/// What the bytes belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) uri: String,
    /// A strong entity tag or a date of the source.
    pub(crate) validator: Option<String>,
}

/// A download under way.
pub(crate) struct Partial {
    target: PathBuf,
    bytes: PathBuf,
    origin: PathBuf,
    file: fs::File,
    /// Bytes that are there.
    pub(crate) length: u64,
    pub(crate) digest: Digest,
}

impl Partial {
    /// Opens what is there of `target`, so that nobody else does, reading it to take up the checksum where it was; and its origin, if it has one.
    pub(crate) async fn open(target: &Path, mut digest: Digest) -> Result<(Self, Option<Origin>), Error> {
        let bytes = with_suffix(target, ".part");
        let origin = with_suffix(target, ".part.origin");
        let disk = |source| Error::Disk {
            path: bytes.clone(),
            source,
        };
        let options = std::fs::File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&bytes);
        let locked = options.map_err(disk)?;
        match locked.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Busy {
                    path: target.to_owned(),
                });
            }
            // A file system without locks: then the checksum is all there is.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let mut file = fs::File::from_std(locked);
        let mut buffer = vec![0; 1 << 20];
        let mut length = 0;
        loop {
            let read = file.read(&mut buffer).await.map_err(disk)?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
            length += read as u64;
        }
        let known = fs::read(&origin).await.ok().and_then(|text| parse(&text));
        Ok((
            Self {
                target: target.to_owned(),
                bytes,
                origin,
                file,
                length,
                digest,
            },
            known,
        ))
    }

    /// Drops all bytes and notes whose bytes come now.
    pub(crate) async fn restart(&mut self, origin: &Origin, digest: Digest) -> Result<(), Error> {
        self.file.set_len(0).await.map_err(|source| self.disk(source))?;
        // The file was opened for reading and writing; seek back before the first byte.
        tokio::io::AsyncSeekExt::rewind(&mut self.file)
            .await
            .map_err(|source| self.disk(source))?;
        self.length = 0;
        self.digest = digest;
        fs::write(&self.origin, format(origin))
            .await
            .map_err(|source| self.disk(source))
    }

    /// Appends.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).await.map_err(|source| self.disk(source))?;
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Makes sure that what is there stays there, for another attempt.
    pub(crate) async fn flush(&mut self) -> Result<(), Error> {
        self.file.flush().await.map_err(|source| self.disk(source))
    }

    /// Gives the file its final name.
    pub(crate) async fn publish(mut self) -> Result<(), Error> {
        self.flush().await?;
        self.file.sync_all().await.map_err(|source| self.disk(source))?;
        fs::rename(&self.bytes, &self.target)
            .await
            .map_err(|source| self.disk(source))?;
        let _ = fs::remove_file(&self.origin).await;
        Ok(())
    }

    /// Forgets everything.
    pub(crate) async fn discard(self) {
        let _ = fs::remove_file(&self.bytes).await;
        let _ = fs::remove_file(&self.origin).await;
    }

    fn disk(&self, source: std::io::Error) -> Error {
        Error::Disk {
            path: self.bytes.clone(),
            source,
        }
    }
}

/// Two lines: the address and, if there is one, the validator. Neither can hold a line break.
fn format(origin: &Origin) -> String {
    format!("{}\n{}\n", origin.uri, origin.validator.as_deref().unwrap_or_default())
}

fn parse(text: &[u8]) -> Option<Origin> {
    let mut lines = std::str::from_utf8(text).ok()?.lines();
    let uri = lines.next()?.to_owned();
    let validator = lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
    Some(Origin { uri, validator })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
