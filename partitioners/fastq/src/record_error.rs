use std::fmt;

/// The first thing wrong in a FASTQ text, and where. Knows no file names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read {read} (line {line}, byte {offset} of the text): {fault}")]
pub struct RecordError {
    /// 0-based number of the read.
    pub read: u64,
    /// 1-based number of the line.
    pub line: u64,
    /// 0-based offset in the (decompressed) text.
    pub offset: u64,
    /// What is wrong.
    pub fault: RecordFault,
}

/// What can be wrong with a read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// A name line that does not start with `@`.
    #[error("a read starts with '@', not with {}", Show(*.found))]
    NoAt {
        /// What stands there.
        found: u8,
    },
    /// A third line that does not start with `+`.
    #[error("the third line of a read starts with '+', not with {}", .found.map_or_else(|| "a line end".to_owned(), |byte| Show(byte).to_string()))]
    NoPlus {
        /// What stands there; nothing on an empty line.
        found: Option<u8>,
    },
    /// Sequence or quality over several lines.
    #[error(
        "{line} goes over several lines; a read must have four lines. Unwrap the file first, for example with `seqkit seq -w 0`"
    )]
    Wrapped {
        /// Which of the four.
        line: Line,
    },
    /// Sequence and quality of unequal length.
    #[error("the sequence has {bases} bases but the quality has {qualities} values")]
    UnequalLengths {
        /// Length of the sequence line.
        bases: u64,
        /// Length of the quality line.
        qualities: u64,
    },
    /// The text ends inside the read.
    #[error("the text ends before {line} is complete; the file is cut short")]
    Truncated {
        /// The first line that is not complete.
        line: Line,
    },
    /// A blank line with reads after it.
    #[error("a blank line between reads")]
    BlankLine,
    /// A byte that is no Phred+33 quality.
    #[error("the quality value at position {position} is {}; FASTQ allows '!' (33) to '~' (126)", Show(*.found))]
    Quality {
        /// 0-based position in the read.
        position: u64,
        /// What stands there.
        found: u8,
    },
    /// A name repeated after `+`, but not the same.
    #[error("the name after '+' is not that after '@': {second:?} for {name:?}")]
    SecondName {
        /// After `@`.
        name: String,
        /// After `+`.
        second: String,
    },
    /// A name line so long that this is no FASTQ.
    #[error("the name line is longer than {limit} bytes; this is no FASTQ")]
    LongName {
        /// What we accept.
        limit: usize,
    },
    /// Legal by many tools, refused with `--strict`.
    #[error("{0}, which --strict refuses")]
    Irregular(Irregularity),
}

/// What [`crate::Check::Strict`] refuses and every other level passes through as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Irregularity {
    /// Lines that end with CR LF.
    #[error("the line ends with CR LF")]
    CarriageReturn,
    /// Blank lines after the last read.
    #[error("a blank line after the last read")]
    BlankEnd,
    /// A last line without line end.
    #[error("the last line has no line end")]
    NoFinalNewline,
    /// `@` alone.
    #[error("the read has no name")]
    NoName,
    /// A sequence byte that is neither an IUPAC letter nor a gap.
    #[error("the base at position {position} is {}", Show(*.found))]
    Base {
        /// 0-based position in the read.
        position: u64,
        /// What stands there.
        found: u8,
    },
}

/// The four lines of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// `@name`
    Name,
    /// Bases.
    Sequence,
    /// `+`
    Separator,
    /// Phred+33.
    Quality,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "its name line",
            Self::Sequence => "its sequence",
            Self::Separator => "its '+' line",
            Self::Quality => "its quality",
        })
    }
}

/// A byte as a person can read it.
struct Show(u8);

impl fmt::Display for Show {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\t' => f.write_str("a tab"),
            b' ' => f.write_str("a blank"),
            byte if byte.is_ascii_graphic() => write!(f, "'{}'", byte as char),
            byte => write!(f, "byte 0x{byte:02x}"),
        }
    }
}
