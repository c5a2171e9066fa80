//! The task that writes the `.fai`.
use std::sync::Arc;

use object_io::{ReadAt, Store};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Fai, FormatError, FormatErrorKind,
    records::{Records, RecordsError, records},
    scan::scan,
};

/// Which reference to index, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The FASTA.
    pub reference: Uri,
    /// The index is this with `.fai` appended; `samtools` looks for it beside the reference, under the reference's name.
    pub out: Uri,
}

/// What was indexed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The index, byte-identical to that of `samtools faidx`.
    pub fai: Uri,
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
/// sequence, two sequences of one name. The error names line and byte.
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let object = store.head(&request.reference).await?;
    let (fai, empty) = build(store, &object).await?;
    let out = request.out.with_suffix(".fai");
    store.put(&out, fai.to_text()).await?;
    Ok(Response {
        fai: out,
        contigs: fai.contigs().len() as u64,
        bases: fai.bases(),
        empty,
    })
}

/// The index of `object`, and the names of its empty records.
pub(crate) async fn build(store: &Store, object: &Object) -> Result<(Fai, Vec<String>), Error> {
    let source = store.read_at(object).await?;
    let found = tokio::task::spawn_blocking(move || read(&source)).await;
    let found = found.unwrap_or_else(|panic| Err(RecordsError::Read(std::io::Error::other(panic))));
    let Records { contigs, empty } = found.map_err(|error| match error {
        RecordsError::Format(source) => Error::Format {
            object: object.uri.clone(),
            source,
        },
        RecordsError::Read(source) => Error::Read {
            object: object.uri.clone(),
            source,
        },
    })?;
    Ok((Fai::new(contigs).expect("records() refused duplicates"), empty))
}

fn read(source: &Arc<dyn ReadAt>) -> Result<Records, RecordsError> {
    let mut magic = [0; 2];
    if source.size() >= 2 {
        source.read_exact_at(0, &mut magic)?;
    }
    if magic == [0x1f, 0x8b] {
        return Err(FormatError {
            line: 1,
            offset: 0,
            kind: FormatErrorKind::Gzip,
        }
        .into());
    }
    records(scan(&**source)?.into_items(), &**source)
}
