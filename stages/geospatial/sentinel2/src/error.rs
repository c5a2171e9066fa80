use std::{io, process::ExitStatus};

use object_io::Error as StoreError;
use plan::{Fault, FaultKind, Uri};

use crate::{CommandError, FilesError, MetadataError, MetadataErrorKind, NameError};

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An object could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder has no name of a product, and its metadata name none.
    #[error("{product}: neither the folder nor its metadata have the name of a product")]
    Name {
        /// The folder.
        product: Uri,
        /// The cause.
        source: NameError,
    },
    /// There is nothing.
    #[error("{product}: there are no files below this folder")]
    Empty {
        /// The folder.
        product: Uri,
    },
    /// An archive is no folder.
    #[error("{product}: give the .SAFE folder that unpacking this archive makes")]
    Archive {
        /// The archive.
        product: Uri,
    },
    /// The folder does not have the files that are looked for.
    #[error("{product}: its files are not as expected")]
    Files {
        /// The folder.
        product: Uri,
        /// How.
        source: Box<FilesError>,
    },
    /// The metadata cannot be read.
    #[error("{uri}: malformed metadata")]
    Metadata {
        /// The document.
        uri: Uri,
        /// The cause.
        source: MetadataError,
    },
    /// The metadata do not say what a band means.
    #[error("{uri}: incomplete metadata")]
    Offset {
        /// The document.
        uri: Uri,
        /// The cause.
        source: MetadataErrorKind,
    },
    /// A product of level 2A needs no command that makes one.
    #[error("{product}: is of level 2A already")]
    Level {
        /// The folder.
        product: Uri,
    },
    /// The command for level 2A cannot be understood.
    #[error("the command for level 2A cannot be run")]
    Command(#[from] CommandError),
    /// The program is not there or may not be run.
    #[error("{product}: cannot start {program}")]
    Start {
        /// The product that it was to work on.
        product: Uri,
        /// The program.
        program: String,
        /// The cause.
        source: io::Error,
    },
    /// The command failed.
    #[error("{product}: {program} failed ({status}){}", tail(.said))]
    Failed {
        /// The product that it worked on.
        product: Uri,
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it wrote.
        said: Vec<String>,
    },
    /// The command ended well, but made no product, or several.
    #[error("{product}: {program} ended well, but left {} folders *MSIL2A*.SAFE where one is meant{}{}", .found.len(), list(.found), tail(.said))]
    Made {
        /// The product that it worked on.
        product: Uri,
        /// The program.
        program: String,
        /// What was found.
        found: Vec<String>,
        /// The last lines that it wrote.
        said: Vec<String>,
    },
    /// A temporary file could not be read or written.
    #[error("{uri}: cannot use a temporary file for it")]
    Local {
        /// The object that it is for.
        uri: Uri,
        /// The cause.
        source: io::Error,
    },
    /// This program was built without GDAL.
    #[error(
        "{raster}: JPEG 2000 is read by GDAL, which this build of tessera leaves out. Install GDAL (Debian, Ubuntu: apt-get \
         install libgdal-dev), then in the source folder of tessera: cargo install --path . --features gdal"
    )]
    NoGdal {
        /// The raster.
        raster: Uri,
    },
    /// A block that a GeoTIFF cannot have, or that nobody can want.
    #[error("a block of {block} x {block} pixels: the side must be a multiple of 16 from 128 to 4096")]
    Block {
        /// The side asked for.
        block: u32,
    },
    /// GDAL could not read the raster.
    #[error("{raster}: GDAL cannot {doing}{}", tail(.said))]
    Gdal {
        /// The raster.
        raster: Uri,
        /// What it was doing.
        doing: &'static str,
        /// What it said.
        said: Vec<String>,
    },
    /// The raster needs more memory than any sound one.
    #[error("{raster}: {problem}")]
    Raster {
        /// The raster.
        raster: Uri,
        /// What is wrong with it.
        problem: String,
    },
    /// A nodata value that no pixel can have is a mistake.
    #[error("{raster}: nodata {nodata} is no value of its {sample} pixels")]
    Nodata {
        /// The raster.
        raster: Uri,
        /// The value.
        nodata: f64,
        /// The type of its pixels.
        sample: String,
    },
    /// The work broke down: a fault of ours.
    #[error("{uri}: the work broke down")]
    Panic {
        /// What it was for.
        uri: Uri,
        /// The cause.
        source: tokio::task::JoinError,
    },
}

/// Lines below a message.
fn tail(lines: &[String]) -> String {
    let below = lines.iter().map(|line| format!("\n  {line}"));
    if lines.is_empty() {
        String::new()
    } else {
        format!(":{}", below.collect::<String>())
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!(" ({})", names.join(", "))
    }
}

impl Fault for Error {
    fn kind(&self) -> FaultKind {
        match self {
            Self::Store(source) => source.kind(),
            Self::Empty { .. } => FaultKind::NotFound,
            Self::Name { .. }
            | Self::Archive { .. }
            | Self::Files { .. }
            | Self::Level { .. }
            | Self::Command(_)
            | Self::Start { .. }
            | Self::Failed { .. }
            | Self::Made { .. }
            | Self::NoGdal { .. }
            | Self::Block { .. }
            | Self::Nodata { .. } => FaultKind::Invalid,
            Self::Metadata { source, .. } => metadata_kind(source),
            Self::Offset { .. } | Self::Gdal { .. } | Self::Raster { .. } => FaultKind::Malformed,
            Self::Local { .. } => FaultKind::Output,
            Self::Panic { .. } => FaultKind::Internal,
        }
    }
}

/// A document whose bytes did not come is not malformed.
fn metadata_kind(error: &MetadataError) -> FaultKind {
    // The parser shares what it was told, where a search through causes does not find it.
    if let MetadataErrorKind::Xml(quick_xml::Error::Io(shared)) = &error.kind {
        return StoreError::inside(&**shared).map_or(FaultKind::NotFound, Fault::kind);
    }
    FaultKind::Malformed
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;
    use crate::{Level, Metadata};

    struct Lost;

    impl Read for Lost {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            let uri = Uri::from_path("a");
            Err(StoreError::Unavailable {
                uri,
                source: io::ErrorKind::TimedOut.into(),
            }
            .into())
        }
    }

    #[test]
    fn a_document_that_did_not_come_is_asked_for_again() {
        let document = BufReader::new((&b"<a>"[..]).chain(Lost));
        let source = Metadata::read(Level::L2A, document).unwrap_err();
        let error = Error::Metadata {
            uri: Uri::from_path("a"),
            source,
        };
        assert_eq!(error.kind(), FaultKind::Unavailable);
        let source = Metadata::read(Level::L2A, &b"<a>"[..]).unwrap_err();
        let error = Error::Metadata {
            uri: Uri::from_path("a"),
            source,
        };
        assert_eq!(error.kind(), FaultKind::Malformed);
    }
}
