//! The task that fetches a data set.
use std::{path::Path, time::Duration};

use object_io::Store;
use plan::Uri;
use serde::{Deserialize, Serialize};
use tokio::{fs, io::AsyncReadExt};

use crate::{
    Error, File, Manifest,
    digest::{Differs, Digest},
    ena,
    http::{self, Http, Rest},
    partial::{Origin, Partial},
    source::{self, Source},
};

/// What to fetch, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The data set.
    pub manifest: Manifest,
    /// A local folder.
    pub out: Uri,
}

/// What is there now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The files, in the order of the manifest.
    pub files: Vec<Fetched>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// Where it is.
    pub file: Uri,
    /// Its length.
    pub bytes: u64,
    /// `SHA-256`, `MD5`, `length`, or `nothing`: what vouches for it.
    pub verified_by: String,
    /// Whether it had been there before.
    pub present: bool,
}

/// How far a file is: its name, bytes so far, bytes in all if known.
pub type Progress<'a> = &'a (dyn Fn(&str, u64, Option<u64>) + Sync);

/// Attempts at one file that may bring no byte before we give up.
const ATTEMPTS: u32 = 4;

/// Fetches all files of a data set that are not there yet. A broken connection is resumed from the last byte, now and by the
/// next call; a file has its final name only when its length and checksum hold.
///
/// # Errors
/// [`Error::Offline`] when a server cannot be reached, [`Error::Broken`] when it goes away, [`Error::Mismatch`] when the bytes
/// are not those that the publisher vouches for.
pub async fn run(store: &Store, request: Request, progress: Progress<'_>) -> Result<Response, Error> {
    let folder = request.out.path().ok_or_else(|| Error::NotLocal {
        out: request.out.clone(),
    })?;
    fs::create_dir_all(&folder).await.map_err(|source| Error::Disk {
        path: folder.clone(),
        source,
    })?;
    let fetcher = Fetcher {
        http: new_http(&request.manifest)?,
        store,
        progress,
    };
    let mut files = Vec::new();
    for file in fetcher.files(&request.manifest).await? {
        let target = folder.join(file.name());
        let (bytes, present) = match fetcher.present(&target, &file).await? {
            Some(bytes) => (bytes, true),
            None => (fetcher.fetch(&target, &file).await?, false),
        };
        let verified_by = match (&file.sha256, &file.md5, file.bytes) {
            (Some(_), _, _) => "SHA-256",
            (None, Some(_), _) => "MD5",
            (None, None, Some(_)) => "length",
            (None, None, None) => "nothing",
        };
        files.push(Fetched {
            file: request.out.join(file.name()),
            bytes,
            verified_by: verified_by.to_owned(),
            present,
        });
    }
    Ok(Response { files })
}

fn new_http(manifest: &Manifest) -> Result<Http, Error> {
    Http::new().map_err(|source| Error::Offline {
        url: manifest.name.clone(),
        source: source.into(),
    })
}

struct Fetcher<'a> {
    http: Http,
    store: &'a Store,
    progress: Progress<'a>,
}

impl Fetcher<'_> {
    /// The files of a data set with what their publishers say of them.
    async fn files(&self, manifest: &Manifest) -> Result<Vec<File>, Error> {
        let mut files = manifest.files.clone();
        if let Some(run) = &manifest.ena_run {
            let question = ena::question(run);
            let answer = self.http.text(&question).await?;
            let listed = ena::files(&answer, run);
            files.extend(listed.ok_or(Error::Protocol {
                url: question,
                reason: "ENA lists no FASTQ of this run",
            })?);
        }
        for file in &mut files {
            if let (true, Some(list)) = (file.is_unverified(), file.checksums.clone()) {
                file.take_checksum(&self.http.text(&list).await?);
            }
        }
        Ok(files)
    }

    /// The length of the file if it is there and is what it should be.
    async fn present(&self, target: &Path, file: &File) -> Result<Option<u64>, Error> {
        let Ok(metadata) = fs::metadata(target).await else {
            return Ok(None);
        };
        let occupied = |differs: Differs| {
            let Differs { what, expected, found } = differs;
            Error::Occupied {
                path: target.to_owned(),
                what,
                expected,
                found,
            }
        };
        check_length(file, metadata.len()).map_err(occupied)?;
        let disk = |source| Error::Disk {
            path: target.to_owned(),
            source,
        };
        let mut digest = Digest::of(file);
        let mut opened = fs::File::open(target).await.map_err(disk)?;
        let mut buffer = vec![0; 1 << 20];
        loop {
            let read = opened.read(&mut buffer).await.map_err(disk)?;
            if read == 0 {
                break;
            }
            digest.update(&buffer[..read]);
        }
        digest.check(file).map_err(occupied)?;
        Ok(Some(metadata.len()))
    }

    /// Fetches one file, trying again while attempts bring bytes.
    async fn fetch(&self, target: &Path, file: &File) -> Result<u64, Error> {
        let (mut partial, mut origin) = Partial::open(target, Digest::of(file)).await?;
        let start = partial.length;
        let mut idle = 0;
        loop {
            let before = partial.length;
            let attempt = self.attempt(&mut partial, &mut origin, file).await;
            partial.flush().await?;
            match attempt {
                Ok(()) => break,
                Err(error) if !plan::Fault::is_transient(&error) => return Err(error),
                Err(error) => {
                    idle = if partial.length > before { 0 } else { idle + 1 };
                    // A server that was never there is not waited for.
                    let absent = matches!(error, Error::Offline { .. }) && partial.length == start;
                    if idle == ATTEMPTS || absent {
                        return Err(error);
                    }
                    tokio::time::sleep(Duration::from_millis(250 << idle)).await;
                }
            }
        }
        let length = partial.length;
        let digest = std::mem::replace(&mut partial.digest, Digest::Nothing);
        let held = check_length(file, length).and_then(|()| digest.check(file));
        if let Err(Differs { what, expected, found }) = held {
            partial.discard().await;
            return Err(Error::Mismatch {
                url: file.uri.clone(),
                what,
                expected,
                found,
            });
        }
        partial.publish().await?;
        Ok(length)
    }

    /// Asks for what is missing and takes what comes.
    async fn attempt(&self, partial: &mut Partial, origin: &mut Option<Origin>, file: &File) -> Result<(), Error> {
        // Bytes of another address, or of a source that cannot be told from a changed one, are worth nothing, unless a
        // checksum will tell.
        let known = origin
            .as_ref()
            .filter(|origin| origin.uri == file.uri && partial.length > 0);
        let rest = known.filter(|origin| origin.validator.is_some() || !file.is_unverified());
        let rest = rest.map(|origin| Rest {
            from: partial.length,
            validator: origin.validator.clone(),
        });
        let mut opened = match source::open(&self.http, self.store, &file.uri, rest.as_ref()).await? {
            Source::Complete => return Ok(()),
            Source::Bytes(opened) => opened,
        };
        if rest.is_none_or(|rest| rest.from != opened.from) {
            let new = Origin {
                uri: file.uri.clone(),
                validator: opened.validator.clone(),
            };
            partial.restart(&new, Digest::of(file)).await?;
            *origin = Some(new);
        }
        loop {
            (self.progress)(file.name(), partial.length, opened.total.or(file.bytes));
            let broken = |source| http::broken(&file.uri, partial.length, source);
            match opened.next().await.map_err(broken)? {
                Some(bytes) => partial.write(&bytes).await?,
                None if opened.total.is_some_and(|total| partial.length < total) => {
                    return Err(broken("the answer ended early".into()));
                }
                None => return Ok(()),
            }
        }
    }
}

fn check_length(file: &File, found: u64) -> Result<(), Differs> {
    match file.bytes {
        Some(expected) if expected != found => Err(Differs {
            what: "the length",
            expected: format!("{expected} bytes"),
            found: format!("{found} bytes"),
        }),
        _ => Ok(()),
    }
}
