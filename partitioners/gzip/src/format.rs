use crate::header;

/// How a file is compressed, as far as its first bytes tell. How many members a gzip file has, only a pass over it tells
/// ([`crate::Summary::members`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Not gzip.
    Plain,
    /// One or several gzip members (RFC 1952).
    Gzip,
    /// Blocked gzip: members of at most 64 KiB of text, each of which says its length (SAM specification, section 4.1).
    Bgzf,
}

impl Format {
    /// How many of a file's first bytes [`Format::detect`] needs, for any header that a BGZF writer makes.
    pub const PREFIX: usize = 512;

    /// Tells by the first bytes of a file: [`Format::PREFIX`] of them, or all that there are.
    ///
    /// ```
    /// use partition_gzip::Format;
    /// assert_eq!(Format::detect(b"@read1\nACGT\n"), Format::Plain);
    /// assert_eq!(Format::detect(b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0"), Format::Gzip);
    /// assert_eq!(Format::detect(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0"), Format::Bgzf);
    /// ```
    pub fn detect(prefix: &[u8]) -> Self {
        if !prefix.starts_with(&header::MAGIC) {
            return Self::Plain;
        }
        match header::bgzf_block_size(prefix) {
            Some(_) => Self::Bgzf,
            None => Self::Gzip,
        }
    }
}
