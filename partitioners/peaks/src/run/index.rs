//! The task that writes the index.
use object_io::Store;
use plan::Uri;
use serde::{Deserialize, Serialize};

use super::{Dataset, default_index};
use crate::{Error, index};

/// What to index, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The imzML.
    pub imzml: Uri,
    /// The index; by default the imzML with `.tessera` appended, where [`Dataset::open`] looks.
    #[serde(default)]
    pub out: Option<Uri>,
    /// Compare the checksum that the imzML states with the `.ibd`.
    #[serde(default = "yes")]
    pub verify: bool,
}

fn yes() -> bool {
    true
}

/// What was indexed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The index.
    pub index: Uri,
    /// Spectra in it.
    pub spectra: u64,
    /// Peaks, as stored.
    pub peaks: u64,
    /// Whether a checksum was stated and is right.
    pub verified: bool,
}

/// Parses the imzML once, verifies the `.ibd`, and writes what workers need.
///
/// # Errors
/// As [`Dataset::open`]; a checksum that is not right.
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let imzml = store.head(&request.imzml).await?;
    let dataset = Dataset::parse(store, imzml).await?;
    let verified = if request.verify {
        dataset.verify(store).await?
    } else {
        false
    };
    let out = request.out.unwrap_or_else(|| default_index(&request.imzml));
    let (spectra, peaks) = (dataset.spectra.len() as u64, dataset.peaks());
    let bytes = super::blocking(&out, move || {
        let Dataset {
            imzml,
            ibd,
            description,
            spectra,
            ..
        } = dataset;
        let header = index::Header::new(imzml, ibd, Some(verified), description, spectra.len() as u64);
        Ok(index::encode(&header, &spectra))
    })
    .await?;
    store.put(&out, bytes).await?;
    Ok(Response {
        index: out,
        spectra,
        peaks,
        verified,
    })
}
