//! The task that compares calls with the truth.
use std::io::{BufReader, Read};

use flate2::read::MultiGzDecoder;
use object_io::Store;
use partition_fasta::{Reference, Region, read_region};
use plan::Uri;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    evaluate::{Evaluation, Variants, add, compare},
    vcf::{Allele, alleles},
};

/// What to compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// VCF of the true variants, plain or gzipped.
    pub truth: Uri,
    /// VCF of the calls, plain or gzipped.
    pub calls: Uri,
    /// The reference of both: it decides how far indels shift.
    pub reference: Uri,
}

/// Compares calls with the truth, after left-normalisation and splitting of multi-allelic records.
///
/// # Errors
/// A malformed VCF, or a record whose reference allele is not in the reference.
pub async fn run(store: &Store, request: Request) -> Result<Evaluation, Error> {
    let reference = Reference::open(store, &request.reference).await?;
    let mut truth = read(store, &request.truth).await?;
    let mut calls = read(store, &request.calls).await?;
    let by_contig = |alleles: &mut Vec<Allele>| alleles.sort_by(|a, b| a.contig.cmp(&b.contig));
    by_contig(&mut truth);
    by_contig(&mut calls);
    let truth = normalised(store, &reference, &request.truth, &truth).await?;
    let calls = normalised(store, &reference, &request.calls, &calls).await?;
    Ok(compare(&truth, &calls))
}

/// [`run`] by the names that the summary of a pipeline has at hand.
///
/// # Errors
/// As [`run`].
pub async fn evaluate(store: &Store, truth: &Uri, calls: &Uri, reference: &Uri) -> Result<Evaluation, Error> {
    run(
        store,
        Request {
            truth: truth.clone(),
            calls: calls.clone(),
            reference: reference.clone(),
        },
    )
    .await
}

async fn read(store: &Store, uri: &Uri) -> Result<Vec<Allele>, Error> {
    let object = store.head(uri).await?;
    let bytes = store.sequential(&object, 0..object.size).await?;
    let own = uri.clone();
    let parsed = tokio::task::spawn_blocking(move || {
        let mut reader = BufReader::new(bytes);
        let gzip = std::io::BufRead::fill_buf(&mut reader)
            .map_err(|source| Error::Read {
                object: own.clone(),
                source,
            })?
            .starts_with(&[0x1f, 0x8b]);
        let reader: Box<dyn Read> = if gzip {
            Box::new(MultiGzDecoder::new(reader))
        } else {
            Box::new(reader)
        };
        alleles(BufReader::new(reader)).map_err(|source| Error::Vcf { object: own, source })
    });
    parsed
        .await
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Alleles, sorted by contig, in normal form. One contig is in memory at a time.
async fn normalised(store: &Store, reference: &Reference, vcf: &Uri, alleles: &[Allele]) -> Result<Variants, Error> {
    let mut variants = Variants::new();
    for group in alleles.chunk_by(|a, b| a.contig == b.contig) {
        let name = &group[0].contig;
        let bases = match reference.fai.find(name) {
            None => Vec::new(),
            Some((contig, found)) => read_region(
                store,
                reference,
                &Region {
                    contig,
                    range: 0..found.bases,
                },
            )
            .await?
            .to_uppercase(),
        };
        for allele in group {
            let range = allele.position as usize..(allele.position as usize).saturating_add(allele.reference.len());
            let found = bases.get(range).unwrap_or_default();
            if found != allele.reference {
                let text = |bases: &[u8]| String::from_utf8_lossy(&bases[..bases.len().min(50)]).into_owned();
                return Err(Error::OtherReference {
                    object: vcf.clone(),
                    contig: name.clone(),
                    position: allele.position + 1,
                    allele: text(&allele.reference),
                    found: if found.is_empty() {
                        "no such place".to_owned()
                    } else {
                        text(found)
                    },
                });
            }
            add(&mut variants, allele, &bases);
        }
    }
    Ok(variants)
}
