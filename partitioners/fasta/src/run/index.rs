//! The task that writes the `.fai`.
use std::sync::Arc;

use object_io::{ReadAt, Store};
use partition_gzip::{Format, GzipError, GzipErrorKind};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Fai, FormatError, FormatErrorKind, Gzi, bgzf,
    records::{Records, RecordsError},
    scan::scan,
};

/// Which reference to index, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The FASTA, plain or bgzipped.
    pub reference: Uri,
    /// The index is this with `.fai` appended; `samtools` looks for it beside the reference, under the reference's name.
    pub out: Uri,
}

/// What was indexed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The index, byte-identical to that of `samtools faidx`.
    pub fai: Uri,
    /// Of a bgzipped reference, the index of its blocks, also as `samtools faidx` writes it.
    pub gzi: Option<Uri>,
    /// Sequences in it.
    pub contigs: u64,
    /// Bases of all of them.
    pub bases: u64,
    /// Names of records that are nothing but a header; no index lists them.
    pub empty: Vec<String>,
}

/// Indexes a FASTA in one pass on all cores.
///
/// # Errors
/// Whatever `samtools faidx` refuses, and: blanks or control characters among the bases, line ends that change inside a
/// sequence, two sequences of one name. The error names line and byte (of the inflated text).
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let object = store.head(&request.reference).await?;
    let Built { fai, gzi, empty } = build(store, &object).await?;
    // The .fai comes last: who finds it finds the .gzi too.
    let gzi = match gzi {
        None => None,
        Some(gzi) => {
            let out = request.out.with_suffix(".gzi");
            store.put(&out, gzi.to_bytes()).await?;
            Some(out)
        }
    };
    let out = request.out.with_suffix(".fai");
    store.put(&out, fai.to_text()).await?;
    Ok(Response {
        fai: out,
        gzi,
        contigs: fai.contigs().len() as u64,
        bases: fai.bases(),
        empty,
    })
}

/// An index in memory.
pub(crate) struct Built {
    pub(crate) fai: Fai,
    pub(crate) gzi: Option<Gzi>,
    empty: Vec<String>,
}

/// Indexes `object`.
pub(crate) async fn build(store: &Store, object: &Object) -> Result<Built, Error> {
    let source = store.read_at(object).await?;
    let built = tokio::task::spawn_blocking(move || read(&source)).await;
    let built = built.unwrap_or_else(|panic| Err(Cause::Read(std::io::Error::other(panic))));
    let uri = object.uri.clone();
    built.map_err(|cause| match cause {
        Cause::Format(source) => Error::Format { object: uri, source },
        Cause::Gzip(source) => Error::Gzip { object: uri, source },
        Cause::Read(source) => Error::Read { object: uri, source },
    })
}

enum Cause {
    Format(FormatError),
    Gzip(GzipError),
    Read(std::io::Error),
}

impl From<RecordsError> for Cause {
    fn from(error: RecordsError) -> Self {
        match error {
            RecordsError::Format(error) => Self::Format(error),
            RecordsError::Read(error) => Self::Read(error),
        }
    }
}

fn read(source: &Arc<dyn ReadAt>) -> Result<Built, Cause> {
    let mut prefix = vec![0; source.size().min(Format::PREFIX as u64) as usize];
    source.read_exact_at(0, &mut prefix).map_err(Cause::Read)?;
    let mut records = Records::default();
    let gzi = match Format::detect(&prefix) {
        Format::Plain => {
            scan(&**source, |item| records.push(item, &**source))?;
            None
        }
        Format::Gzip => return Err(not_bgzf()),
        Format::Bgzf => {
            let (lines, text) = bgzf::scan(source).map_err(|error| match error.kind {
                GzipErrorKind::NotBgzf => not_bgzf(),
                _ => Cause::Gzip(error),
            })?;
            lines
                .into_items()
                .into_iter()
                .try_for_each(|item| records.push(item, &text))?;
            Some(text.gzi)
        }
    };
    let Records { fai, empty, .. } = records.finish()?;
    Ok(Built { fai, gzi, empty })
}

fn not_bgzf() -> Cause {
    Cause::Format(FormatError {
        line: 1,
        offset: 0,
        kind: FormatErrorKind::Gzip,
    })
}
