//! A reference with its index.
use object_io::Store;
use plan::{Object, Plan, Uri};

use crate::{Chunk, ChunkSize, Contig, Error, Fai, plan_chunks};

/// A FASTA and where its sequences lie.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The FASTA, in the version that the index fits.
    pub object: Object,
    /// Its index.
    pub fai: Fai,
}

impl Reference {
    /// Opens the FASTA at `uri` by the `.fai` beside it, or indexes it when there is none (the index is not kept).
    ///
    /// # Errors
    /// A `.fai` of another text is refused as far as it shows: here by the size of the file and by the headers of its
    /// first and last sequence, in [`crate::fetch`] by every line end.
    pub async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let object = store.head(uri).await?;
        let index = uri.with_suffix(".fai");
        if store.find(&index).await?.is_none() {
            let (fai, _) = super::index::build(store, &object).await?;
            return Ok(Self { object, fai });
        }
        Self::open_with(store, uri, &index).await
    }

    /// Opens the FASTA at `uri` by the `.fai` at `index`.
    pub async fn open_with(store: &Store, uri: &Uri, index: &Uri) -> Result<Self, Error> {
        let object = store.head(uri).await?;
        let text = store.get(index).await?;
        let fai = Fai::parse(&text).map_err(|source| Error::Fai {
            object: index.clone(),
            source,
        })?;
        let reference = Self { object, fai };
        for contig in [reference.fai.contigs().first(), reference.fai.contigs().last()]
            .into_iter()
            .flatten()
        {
            if !reference.has_header(store, contig).await? {
                return Err(Error::OtherText {
                    object: uri.clone(),
                    name: contig.name.clone(),
                    index: index.to_string(),
                });
            }
        }
        Ok(reference)
    }

    /// Cuts the reference into chunks; see [`plan_chunks`].
    pub fn plan(&self, size: ChunkSize, overlap: u64) -> Plan<Chunk> {
        plan_chunks(&self.object, &self.fai, size, overlap)
    }

    /// Whether a header with the name of `contig` ends just before its bases, and its bases are inside the file.
    async fn has_header(&self, store: &Store, contig: &Contig) -> Result<bool, Error> {
        /// A header longer than this is believed.
        const LONGEST: u64 = 64 << 10;
        let end = contig.bytes(&(0..contig.bases)).end;
        if end > self.object.size || contig.offset < 2 {
            return Ok(false);
        }
        let from = contig.offset.saturating_sub(LONGEST);
        let before = store.read(&self.object, from..contig.offset).await?;
        let Some(header) = before.strip_suffix(b"\n") else {
            return Ok(false);
        };
        let start = memchr::memrchr(b'\n', header).map(|newline| newline + 1);
        let start = match start {
            None if from > 0 => return Ok(true),
            None => 0,
            Some(start) => start,
        };
        let name = header[start..].strip_prefix(b">").map(crate::summary::first_word);
        Ok(name == Some(contig.name.as_bytes()))
    }
}
