use plan::{Fault, FaultKind, Uri};

/// Why a data set could not be made, or results could not be compared with one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Parameters that contradict each other.
    #[error("cannot simulate: {reason}")]
    Params {
        /// The rule that they break.
        reason: &'static str,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] object_io::Error),
    /// The reference cannot be read.
    #[error(transparent)]
    Reference(#[from] partition_fasta::Error),
    /// Compressing, or a thread, failed.
    #[error("{object}: cannot write")]
    Write {
        /// What was being written.
        object: Uri,
        /// The cause.
        source: std::io::Error,
    },
    /// A VCF is malformed.
    #[error("{object}: malformed VCF")]
    Vcf {
        /// The VCF.
        object: Uri,
        /// Where and why.
        source: crate::VcfError,
    },
    /// A VCF cannot be decompressed.
    #[error("{object}: cannot read")]
    Read {
        /// The VCF.
        object: Uri,
        /// The cause.
        source: std::io::Error,
    },
    /// A variant that the reference contradicts.
    #[error("{object}: {contig}:{position} has the reference allele {allele}, but the reference has {found}")]
    OtherReference {
        /// The VCF.
        object: Uri,
        /// Contig of the record.
        contig: String,
        /// 1-based.
        position: u64,
        /// In the VCF.
        allele: String,
        /// In the reference.
        found: String,
    },
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Params { .. } => FaultKind::Invalid,
            Self::Store(source) => source.kind(),
            Self::Reference(source) => source.kind(),
            Self::Write { .. } => FaultKind::Output,
            Self::Vcf { .. } | Self::Read { .. } | Self::OtherReference { .. } => FaultKind::Malformed,
        }
    }
}
