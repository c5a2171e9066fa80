use std::{error::Error, fmt, io};

use plan::{Fault, FaultKind};

use crate::inflate::InflateErrorKind;

/// What is wrong with a gzip file, and where.
#[derive(Debug)]
pub struct GzipError {
    /// Offset in the compressed file.
    pub offset: u64,
    /// Offset in the text: what was decoded before.
    pub text: u64,
    /// What is wrong.
    pub kind: GzipErrorKind,
}

/// What is wrong with a gzip file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GzipErrorKind {
    /// No bytes at all.
    #[error("the file is empty, not a gzip file")]
    Empty,
    /// The first bytes are not a gzip header.
    #[error("not a gzip file: it starts with bytes {:02x} {:02x}, not 1f 8b", found[0], found[1])]
    NotGzip {
        /// The first two bytes.
        found: [u8; 2],
    },
    /// A compression method other than DEFLATE.
    #[error("compression method {0} is unknown; gzip has only 8 (DEFLATE)")]
    Method(u8),
    /// Header flags that RFC 1952 reserves.
    #[error("reserved header flags are set ({0:#010b})")]
    Flags(u8),
    /// The header's own checksum (FHCRC) differs.
    #[error("header checksum is {stored:#06x} but the header gives {computed:#06x}")]
    HeaderCrc {
        /// In the file.
        stored: u16,
        /// Of the bytes read.
        computed: u16,
    },
    /// The file ends inside a member header.
    #[error("the file is truncated inside a member header")]
    TruncatedHeader,
    /// The file ends inside compressed data.
    #[error("the file is truncated inside compressed data")]
    TruncatedBlock,
    /// The file ends inside the checksum and length after a member.
    #[error("the file is truncated inside a member trailer")]
    TruncatedTrailer,
    /// The compressed data is no DEFLATE stream.
    #[error("compressed data is corrupt")]
    Deflate(#[source] InflateErrorKind),
    /// The text's checksum differs.
    #[error("checksum (CRC-32) is {stored:#010x} but the text gives {computed:#010x}")]
    Crc {
        /// In the file.
        stored: u32,
        /// Of the decoded text.
        computed: u32,
    },
    /// The text's length differs.
    #[error("length (mod 2^32) is {stored} but the text has {computed} bytes")]
    Length {
        /// In the file.
        stored: u32,
        /// Of the decoded text, mod 2^32.
        computed: u32,
    },
    /// Bytes after the last member that are neither a member nor zero padding.
    #[error("trailing garbage after the last gzip member")]
    TrailingGarbage,
    /// A member without the BGZF field in a BGZF file.
    #[error("member has no BGZF block size, unlike those before it")]
    NotBgzf,
    /// A BGZF block size that the block contradicts.
    #[error("BGZF block size {0} is wrong")]
    BlockSize(u32),
    /// A checkpoint whose stored window does not decompress.
    #[error("the window of a checkpoint is corrupt")]
    Window,
    /// The bytes could not be read.
    #[error("cannot read")]
    Read(#[source] io::Error),
}

impl GzipError {
    pub(crate) fn new(offset: u64, text: u64, kind: GzipErrorKind) -> Self {
        Self { offset, text, kind }
    }
}

impl fmt::Display for GzipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, text, kind } = self;
        write!(f, "at compressed byte {offset}, after {text} bytes of text: {kind}")
    }
}

/// The kind is part of the message, so its cause is the cause of the whole.
impl Error for GzipError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.kind.source()
    }
}

impl Fault for GzipError {
    fn kind(&self) -> FaultKind {
        match self.kind {
            GzipErrorKind::Read(_) => FaultKind::Unavailable,
            _ => FaultKind::Malformed,
        }
    }
}

/// For `Read`: the cause stays reachable by `source` or downcast.
impl From<GzipError> for io::Error {
    fn from(error: GzipError) -> Self {
        let kind = match &error.kind {
            GzipErrorKind::Read(cause) => cause.kind(),
            GzipErrorKind::TruncatedHeader | GzipErrorKind::TruncatedBlock | GzipErrorKind::TruncatedTrailer => {
                io::ErrorKind::UnexpectedEof
            }
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

/// Why an index pass stopped: the file is bad, or the sink refused its text.
#[derive(Debug, thiserror::Error)]
pub enum IndexError<E> {
    /// The file.
    #[error(transparent)]
    Gzip(#[from] GzipError),
    /// The sink.
    #[error("the text is refused")]
    Sink(#[source] E),
}
