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
    /// A point cloud cannot be read.
    #[error("{object}: cannot read points")]
    Points {
        /// The LAS or LAZ file.
        object: Uri,
        /// The cause.
        source: las::Error,
    },
    /// A tile whose records cannot be compared with those of the whole cloud.
    #[error("{object}: {reason}")]
    OtherRecords {
        /// The tile.
        object: Uri,
        /// How it differs from the whole cloud.
        reason: &'static str,
    },
    /// A raster cannot be read.
    #[error(transparent)]
    Raster(#[from] partition_cog::Error),
    /// A raster that cannot be compared with the others.
    #[error("{object}: {reason}")]
    OtherRaster {
        /// The GeoTIFF.
        object: Uri,
        /// What is wrong with it.
        reason: String,
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
            Self::Params { .. } | Self::OtherRecords { .. } | Self::OtherRaster { .. } => FaultKind::Invalid,
            Self::Store(source) => source.kind(),
            Self::Reference(source) => source.kind(),
            Self::Write { .. } => FaultKind::Output,
            // A store that failed while a decoder was reading.
            Self::Points { source, .. } => inner(source),
            Self::Raster(source) => source.kind(),
            Self::Vcf { .. } | Self::Read { .. } | Self::OtherReference { .. } => FaultKind::Malformed,
        }
    }
}

fn inner(error: &(dyn std::error::Error + 'static)) -> FaultKind {
    object_io::Error::inside(error).map_or(FaultKind::Malformed, Fault::kind)
}
