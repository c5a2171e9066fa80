//! The task: patterns of a chunk of ions, kept in the store.
use std::ops::Range;

use object_io::{PutOutcome, Store};
use plan::{Object, Uri};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    BadResolution, Error,
    formula::Formula,
    pattern::{Engine, Model},
    table_file::Patterns,
};

/// Bytes of formulas that one task takes: about half a million ions of usual length.
pub const MOST_BYTES: u64 = 8 << 20;

/// Part of every key: changes whenever patterns or their file would.
const VERSION: &str = "isotopes-1";

/// Which ions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ions {
    /// These formulas, adducts included.
    List(Vec<String>),
    /// The lines in these bytes of a list with one formula a line.
    Lines {
        /// The list.
        object: Object,
        /// Whole lines, 0-based half-open.
        bytes: Range<u64>,
    },
}

/// Computes the patterns of a chunk of ions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The ions.
    pub ions: Ions,
    /// Their charge; 0 for neutral molecules.
    pub charge: i32,
    /// How peaks are broadened.
    pub model: Model,
    /// Folder of patterns that are known already; what is computed is added under a name made of formulas, charge and model.
    pub cache: Uri,
}

/// Where the patterns are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// [`Patterns`] of the ions in their order.
    pub patterns: Object,
    /// Whether they had been there.
    pub cached: bool,
}

/// Computes patterns, or finds them in the cache. Any number of tasks may compute the same ones at once.
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    request.model.resolution.check()?;
    let text = formulas(&store, request.ions).await?;
    let (charge, model) = (request.charge, request.model);
    let uri = request.cache.join(&format!("{}.iso", key(&text, charge, model)));
    if let Some(patterns) = store.find(&uri).await? {
        return Ok(Response { patterns, cached: true });
    }
    let work = tokio::task::spawn_blocking(move || Ok::<_, Error>(compute(&text, charge, model)?.encode()));
    let bytes = work.await.map_err(Error::Panic)??;
    match store.put_if_absent(&uri, bytes).await? {
        PutOutcome::Created(patterns) => Ok(Response {
            patterns,
            cached: false,
        }),
        PutOutcome::Existed => Ok(Response {
            patterns: store.head(&uri).await?,
            cached: true,
        }),
    }
}

/// Reads the patterns that a task has left.
pub async fn read_patterns(store: &Store, object: &Object) -> Result<Patterns, Error> {
    let bytes = store.read(object, 0..object.size).await?;
    Patterns::decode(&bytes).map_err(|source| Error::Patterns {
        uri: object.uri.clone(),
        source,
    })
}

/// Ranges of at most `most` whole lines of a list with one formula a line, for [`Ions::Lines`].
pub fn chunks(list: &str, most: usize) -> Vec<Range<u64>> {
    let (mut chunks, mut start, mut at, mut lines) = (Vec::new(), 0, 0, 0);
    for line in list.split_inclusive('\n') {
        let next = at + line.len() as u64;
        if lines == most.max(1) || (lines > 0 && next - start > MOST_BYTES) {
            chunks.push(start..at);
            (start, lines) = (at, 0);
        }
        (at, lines) = (next, lines + 1);
    }
    if at > start {
        chunks.push(start..at);
    }
    chunks
}

/// One formula a line.
async fn formulas(store: &Store, ions: Ions) -> Result<String, Error> {
    let too_large = |bytes| Error::TooLarge {
        bytes,
        most: MOST_BYTES,
    };
    match ions {
        Ions::List(formulas) => {
            let bytes = formulas.iter().map(|formula| formula.len() as u64 + 1).sum();
            if bytes > MOST_BYTES {
                return Err(too_large(bytes));
            }
            let mut text = String::with_capacity(bytes as usize);
            for formula in formulas {
                // A line end inside would make two ions of one.
                text += &formula.replace(['\n', '\r'], " ");
                text.push('\n');
            }
            Ok(text)
        }
        Ions::Lines { object, bytes } => {
            let length = bytes.end.saturating_sub(bytes.start);
            if length > MOST_BYTES {
                return Err(too_large(length));
            }
            let lines = || Error::Lines {
                uri: object.uri.clone(),
                start: bytes.start,
                end: bytes.end,
            };
            // The byte before tells whether the first line is whole.
            let from = bytes.start.saturating_sub(1);
            let text = store.read(&object, from..bytes.end.max(from)).await?;
            let (before, text) = text.split_at((bytes.start - from).min(text.len() as u64) as usize);
            let text = std::str::from_utf8(text).map_err(|_| lines())?;
            let whole = text.is_empty() || text.ends_with('\n') || bytes.end == object.size;
            if !whole || !matches!(before, [] | b"\n") {
                return Err(lines());
            }
            let mut text = text.to_owned();
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            Ok(text)
        }
    }
}

/// Name of the patterns of these formulas: everything that they depend on, hashed.
fn key(text: &str, charge: i32, model: Model) -> String {
    let mut hash = Sha256::new();
    // `Debug` writes the shortest text that gives the same number back.
    hash.update(format!("{VERSION}\n{charge}\n{model:?}\n"));
    hash.update(text);
    format!("{:x}", hash.finalize())
}

/// Ions that one thread takes at a time.
const GRAIN: usize = 512;

fn compute(text: &str, charge: i32, model: Model) -> Result<Patterns, Error> {
    let lines: Vec<&str> = text.lines().collect();
    let parts: Vec<Patterns> = lines
        .par_chunks(GRAIN)
        .map_init(
            || Engine::new(model),
            |engine, lines| {
                let engine = engine.as_mut().map_err(|error| *error)?;
                let mut part = Patterns::new(model, charge);
                for line in lines {
                    let pattern = line.parse::<Formula>().map_err(|error| error.to_string());
                    let pattern =
                        pattern.and_then(|ion| engine.pattern(&ion, charge).map_err(|error| error.to_string()));
                    part.push(pattern.as_deref().map_err(Clone::clone));
                }
                Ok(part)
            },
        )
        .collect::<Result<_, BadResolution>>()?;
    let mut patterns = Patterns::new(model, charge);
    for part in parts {
        patterns.append(part);
    }
    Ok(patterns)
}
