//! Local copies of objects, for programs and libraries that know files only, and the way back.
use std::path::Path;

use object_io::Store;
use plan::{Object, Uri};
use tokio::{
    fs::{self, File},
    io::{AsyncReadExt, AsyncWriteExt},
};

use crate::Error;

/// Bytes that are in memory of a copy.
const BLOCK: u64 = 8 << 20;

/// Copies an object into a new file.
pub(super) async fn fetch(store: &Store, object: &Object, to: &Path) -> Result<(), Error> {
    let failed = |source| Error::Local {
        uri: object.uri.clone(),
        source,
    };
    let mut file = File::create_new(to).await.map_err(failed)?;
    let mut at = 0;
    while at < object.size {
        let end = object.size.min(at + BLOCK);
        file.write_all(&store.read(object, at..end).await?)
            .await
            .map_err(failed)?;
        at = end;
    }
    file.flush().await.map_err(failed)
}

/// Copies a file to an object, which appears whole or not at all.
pub(super) async fn send(store: &Store, from: &Path, to: &Uri) -> Result<Object, Error> {
    let failed = |source| Error::Local {
        uri: to.clone(),
        source,
    };
    let mut file = File::open(from).await.map_err(failed)?;
    let mut writer = store.writer(to).await?;
    loop {
        let mut block = Vec::new();
        (&mut file).take(BLOCK).read_to_end(&mut block).await.map_err(failed)?;
        if block.is_empty() {
            return Ok(writer.finish().await?);
        }
        writer.write(block).await?;
    }
}

/// Every file of a folder, relative to it, in order of name; what is no file or folder is left out.
pub(super) async fn files(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(inner) = folders.pop() {
        let mut entries = fs::read_dir(folder.join(&inner)).await?;
        while let Some(entry) = entries.next_entry().await? {
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| std::io::Error::other(format!("the file name {} is no text", name.display())))?;
            let path = if inner.is_empty() {
                name
            } else {
                format!("{inner}/{name}")
            };
            let kind = entry.file_type().await?;
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
