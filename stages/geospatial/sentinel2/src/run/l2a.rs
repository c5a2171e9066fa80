//! Task `l2a`.
use std::{collections::VecDeque, io, path::Path, process::Stdio};

use object_io::Store;
use plan::Uri;
use tokio::{
    fs,
    io::{AsyncBufReadExt, AsyncRead, BufReader},
};

use super::{
    find::Folder,
    local::{fetch, files, send},
};
use crate::{Command, Error, L2aRequest, L2aResponse, Level};

/// Lines of a failed command that are shown.
const LINES: usize = 20;
/// Bytes of such a line.
const LINE: usize = 400;

/// Makes a product of level 2A by an external command.
///
/// The command works on a copy in a temporary folder, whose name it is given as `{safe}`: Sen2Cor writes into the folder that
/// it reads, and beside it. The new product is looked for there and in `{out}`.
pub async fn l2a(store: Store, request: L2aRequest) -> Result<L2aResponse, Error> {
    let command = Command::parse(&request.command)?;
    let folder = Folder::open(&store, &request.product).await?;
    let (name, text) = folder.name(&store).await?;
    if name.level == Level::L2A {
        return Err(Error::Level { product: folder.at });
    }
    let failed = |source| Error::Local {
        uri: request.product.clone(),
        source,
    };
    let temporary = tempfile::tempdir().map_err(failed)?;
    let (beside, out) = (temporary.path().join("in"), temporary.path().join("out"));
    // A name from metadata is one word: it has been read as the name of a product.
    let stem = text.strip_suffix(".SAFE").unwrap_or(&text);
    let safe = beside.join(format!("{stem}.SAFE"));
    fs::create_dir(&out).await.map_err(failed)?;
    let mut bytes_in = 0;
    for (object, path) in folder.objects.iter().zip(&folder.paths) {
        let to = safe.join(path);
        if path.split('/').any(|part| [".", ".."].contains(&part)) || path.starts_with('/') {
            return Err(failed(io::Error::other(format!(
                "the file name {path:?} leads out of the folder"
            ))));
        }
        fs::create_dir_all(to.parent().unwrap_or(&safe)).await.map_err(failed)?;
        fetch(&store, object, &to).await?;
        bytes_in += object.size;
    }
    let said = execute(&command, &request.product, &safe, &out).await?;
    let mut found = products(&beside).await.map_err(failed)?;
    found.extend(products(&out).await.map_err(failed)?);
    let [made] = &found[..] else {
        return Err(Error::Made {
            product: request.product.clone(),
            program: command.program().to_owned(),
            found: found.iter().map(|path| name_of(path)).collect(),
            said,
        });
    };
    let (to, mut bytes_out) = (request.out.join(&name_of(made)), 0);
    for path in files(made).await.map_err(failed)? {
        bytes_out += send(&store, &made.join(&path), &to.join(&path)).await?.size;
    }
    Ok(L2aResponse {
        product: request.product,
        made: to,
        bytes_in,
        bytes_out,
    })
}

/// Runs the command to its end; gives the last lines that it wrote.
async fn execute(command: &Command, product: &Uri, safe: &Path, out: &Path) -> Result<Vec<String>, Error> {
    let program = || command.program().to_owned();
    let mut child = tokio::process::Command::new(command.program())
        .args(command.arguments(safe, out))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A run that is stopped leaves nothing behind.
        .kill_on_drop(true)
        .spawn()
        .map_err(|source| Error::Start {
            product: product.clone(),
            program: program(),
            source,
        })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (printed, complained, status) = tokio::join!(last_lines(stdout), last_lines(stderr), child.wait());
    let status = status.map_err(|source| Error::Start {
        product: product.clone(),
        program: program(),
        source,
    })?;
    // Programs that say what is wrong on standard output are heard too.
    let said = if complained.is_empty() { printed } else { complained };
    if !status.success() {
        return Err(Error::Failed {
            product: product.clone(),
            program: program(),
            status,
            said,
        });
    }
    Ok(said)
}

/// The last lines of a stream, read to its end so that its writer never waits.
async fn last_lines(stream: Option<impl AsyncRead + Unpin>) -> Vec<String> {
    let mut lines = VecDeque::new();
    let Some(stream) = stream else { return Vec::new() };
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    while let Ok(ready) = stream.fill_buf().await {
        if ready.is_empty() {
            break;
        }
        let end = ready.iter().position(|byte| b"\r\n".contains(byte));
        let taken = end.unwrap_or(ready.len());
        let room = LINE.saturating_sub(line.len());
        line.extend_from_slice(&ready[..taken.min(room)]);
        stream.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            keep(&mut lines, &line);
            line.clear();
        }
    }
    keep(&mut lines, &line);
    lines.into()
}

fn keep(lines: &mut VecDeque<String>, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    // Colours and progress bars of a terminal mean nothing in a report.
    let text: String = text.chars().filter(|c| !c.is_control() || *c == '\t').collect();
    if !text.trim().is_empty() {
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(text.trim_end().to_owned());
    }
}

/// The folders `*MSIL2A*.SAFE` in a folder.
async fn products(folder: &Path) -> io::Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    let mut entries = fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let name = name_of(&path);
        if name.contains("MSIL2A") && name.strip_suffix(".SAFE").is_some() && entry.file_type().await?.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
