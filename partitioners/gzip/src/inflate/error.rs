use thiserror::Error;

/// Why a raw DEFLATE stream cannot be decoded, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("bit {bit}: {kind}")]
pub struct InflateError {
    /// Bits from the first byte given to the inflater: where the offending symbol, header or length begins.
    pub bit: u64,
    /// What is wrong.
    pub kind: InflateErrorKind,
}

/// What is wrong with a raw DEFLATE stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InflateErrorKind {
    /// The input ended inside the stream.
    #[error("the compressed data end too early")]
    Truncated,
    /// Block type 3 does not exist.
    #[error("invalid block type 3")]
    BlockType,
    /// The length of a stored block and its complement disagree.
    #[error("stored block: length {length} does not match its complement {complement}")]
    StoredLength {
        /// LEN.
        length: u16,
        /// NLEN, which should be `!length`.
        complement: u16,
    },
    /// More codes announced than DEFLATE has symbols.
    #[error("{literals} literal/length and {distances} distance codes: at most 286 and 30 exist")]
    TooManyCodes {
        /// Number of literal/length codes.
        literals: u16,
        /// Number of distance codes.
        distances: u16,
    },
    /// Code lengths that leave codes over, or need more than there are.
    #[error("{alphabet} code is {defect}")]
    Code {
        /// Whose code.
        alphabet: Alphabet,
        /// How it is wrong.
        defect: CodeDefect,
    },
    /// A code length is repeated before there is one, or past the last.
    #[error("code lengths are repeated beyond their number")]
    Repeat,
    /// A block that could never end.
    #[error("the literal/length code has no end-of-block")]
    NoEndOfBlock,
    /// Bits that stand for no literal or length.
    #[error("invalid literal/length code")]
    LiteralCode,
    /// Bits that stand for no distance.
    #[error("invalid distance code")]
    DistanceCode,
    /// A match reaches before the history.
    #[error("distance {distance} reaches before the {history} known bytes")]
    TooFarBack {
        /// How far the match reaches back.
        distance: u16,
        /// How many bytes are there.
        history: u16,
    },
}

/// The three Huffman codes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// The code that spells the lengths of the other two.
    CodeLengths,
    /// Literals, lengths and the end of the block.
    Literals,
    /// Distances.
    Distances,
}

/// How a set of code lengths fails to be a prefix code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeDefect {
    /// More codes than the lengths allow.
    Oversubscribed,
    /// Some bit strings stand for nothing.
    Incomplete,
}

impl std::fmt::Display for Alphabet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::CodeLengths => "code-length",
            Self::Literals => "literal/length",
            Self::Distances => "distance",
        })
    }
}

impl std::fmt::Display for CodeDefect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Oversubscribed => "over-subscribed",
            Self::Incomplete => "incomplete",
        })
    }
}
