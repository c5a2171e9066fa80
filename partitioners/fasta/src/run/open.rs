//! A reference with its index.
use object_io::Store;
use partition_gzip::Format;
use plan::{Object, Plan, Uri};

use super::{fetch, index::build};
use crate::{Chunk, ChunkSize, Contig, Error, Fai, Gzi, plan_chunks, summary::first_word};

/// A FASTA and where its sequences lie.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The FASTA, in the version that the index fits.
    pub object: Object,
    /// Its index.
    pub fai: Fai,
    /// Where its BGZF blocks are, if it is bgzipped.
    pub gzi: Option<Gzi>,
}

impl Reference {
    /// Opens the FASTA at `uri` by the `.fai` (and `.gzi`) beside it, or indexes it when there is none (the index is not
    /// kept).
    ///
    /// # Errors
    /// A `.fai` of another text is refused as far as it shows: here by the size of the file and by the headers of its
    /// first and last sequence, in [`crate::fetch`] by every line end.
    pub async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let object = store.head(uri).await?;
        let index = uri.with_suffix(".fai");
        let Some(found) = store.find(&index).await? else {
            return Self::built(store, object).await;
        };
        let text = store.read(&found, 0..found.size).await?;
        let fai = Fai::parse(&text).map_err(|source| Error::Fai {
            object: index.clone(),
            source,
        })?;
        let prefix = store.read(&object, 0..object.size.min(Format::PREFIX as u64)).await?;
        let gzi = if Format::detect(&prefix) == Format::Plain {
            None
        } else {
            let blocks = uri.with_suffix(".gzi");
            let Some(found) = store.find(&blocks).await? else {
                return Self::built(store, object).await;
            };
            let bytes = store.read(&found, 0..found.size).await?;
            Some(Gzi::parse(&bytes).map_err(|source| Error::Gzi { object: blocks, source })?)
        };
        let reference = Self { object, fai, gzi };
        let size = reference.object.size;
        let outside = |contig: &&Contig| reference.gzi.is_none() && contig.bytes(&(0..contig.bases)).end > size;
        if let Some(contig) = reference.fai.contigs().iter().find(outside) {
            let name = contig.name.clone();
            return Err(Error::OtherText {
                object: uri.clone(),
                name,
                index: index.to_string(),
            });
        }
        for contig in [reference.fai.contigs().first(), reference.fai.contigs().last()]
            .into_iter()
            .flatten()
        {
            if !reference.has_header(store, contig).await? {
                let name = contig.name.clone();
                return Err(Error::OtherText {
                    object: uri.clone(),
                    name,
                    index: index.to_string(),
                });
            }
        }
        Ok(reference)
    }

    async fn built(store: &Store, object: Object) -> Result<Self, Error> {
        let built = build(store, &object).await?;
        Ok(Self {
            object,
            fai: built.fai,
            gzi: built.gzi,
        })
    }

    /// Cuts the reference into chunks; see [`plan_chunks`].
    pub fn plan(&self, size: ChunkSize, overlap: u64) -> Plan<Chunk> {
        let mut plan = plan_chunks(&self.object, &self.fai, size, overlap);
        let Some(gzi) = &self.gzi else { return plan };
        for partition in &mut plan.partitions {
            partition.scope.bgzf = true;
            for (bytes, piece) in partition.bytes.iter_mut().zip(&mut partition.scope.pieces) {
                (*bytes, piece.skip) = gzi.locate(bytes, self.object.size);
            }
        }
        plan
    }

    /// Whether a header with the name of `contig` ends just before its bases, and its bases are inside the file.
    async fn has_header(&self, store: &Store, contig: &Contig) -> Result<bool, Error> {
        /// A header longer than this is believed.
        const LONGEST: u64 = 4 << 10;
        let last = contig.bytes(&(contig.bases.saturating_sub(1)..contig.bases));
        let from = contig.offset.saturating_sub(LONGEST);
        if fetch::text(store, self, last).await?.is_none() {
            return Ok(false);
        }
        let Some(before) = fetch::text(store, self, from..contig.offset).await? else {
            return Ok(false);
        };
        let Some(header) = before.strip_suffix(b"\n") else {
            return Ok(false);
        };
        let start = match memchr::memrchr(b'\n', header) {
            None if from > 0 => return Ok(true),
            None => 0,
            Some(newline) => newline + 1,
        };
        let name = header[start..].strip_prefix(b">").map(first_word);
        Ok(name == Some(contig.name.as_bytes()))
    }
}
