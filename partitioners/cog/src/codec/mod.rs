//! Decompresses one block.
mod deflate;
mod jpeg;
mod lzw;
mod packbits;
mod webp;

use partition_gzip::inflate::Inflater;

use crate::{BlockErrorKind, Compression, Layout};

/// What a thread keeps from block to block, so that no block pays for memory that the last one had.
pub(crate) struct Decompressor {
    inflater: Inflater,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    out: Vec<u8>,
    reversed: Vec<u8>,
}

/// Decoders that copy words may write this far past the end of a block.
const ROOM: usize = 512;

impl Default for Decompressor {
    fn default() -> Self {
        Self {
            inflater: Inflater::new(0),
            zstd: None,
            out: Vec::new(),
            reversed: Vec::new(),
        }
    }
}

impl Decompressor {
    /// The bytes of a block of `rows` rows, before the predictor is undone: exactly `rows` times the layout's row bytes.
    ///
    /// `layout` is one that is supported. Nothing is allocated but for `rows` × row bytes, and those only if `stored` can
    /// hold them.
    pub(crate) fn block<'a>(
        &'a mut self,
        layout: &Layout,
        rows: u64,
        stored: &'a [u8],
    ) -> Result<&'a [u8], BlockErrorKind> {
        let expected = layout.row_bytes().saturating_mul(rows);
        if expected > layout.compression.most(stored.len() as u64) {
            return Err(BlockErrorKind::Impossible { expected });
        }
        let expected = expected as usize;
        let Self {
            inflater,
            zstd,
            out,
            reversed,
        } = self;
        let stored = if layout.reversed_bits && layout.compression != Compression::JPEG {
            reversed.clear();
            reversed.extend(stored.iter().map(|byte| byte.reverse_bits()));
            reversed.as_slice()
        } else {
            stored
        };
        if layout.compression == Compression::NONE {
            return whole(stored, expected);
        }
        if out.len() < expected + ROOM {
            out.resize(expected + ROOM, 0);
        }
        let found = match layout.compression {
            Compression::DEFLATE | Compression::OLD_DEFLATE => deflate::decode(inflater, stored, out, expected)?,
            Compression::LZW => lzw::decode(stored, &mut out[..expected])?,
            Compression::PACKBITS => packbits::decode(stored, &mut out[..expected])?,
            Compression::ZSTD => decode_zstd(zstd, stored, &mut out[..expected])?,
            Compression::JPEG => jpeg::decode(layout, rows, stored, &mut out[..expected])?,
            Compression::WEBP => webp::decode(layout, rows, stored, &mut out[..expected])?,
            other => return Err(codec("this", format!("{other} is not supported"))),
        };
        whole(&out[..found.min(expected)], expected)
    }
}

/// The first `expected` bytes.
fn whole(bytes: &[u8], expected: usize) -> Result<&[u8], BlockErrorKind> {
    let found = bytes.len();
    bytes.get(..expected).ok_or(BlockErrorKind::Short { found, expected })
}

fn codec(codec: &'static str, reason: impl Into<String>) -> BlockErrorKind {
    let reason = reason.into();
    BlockErrorKind::Codec { codec, reason }
}

fn decode_zstd(
    decompressor: &mut Option<zstd::bulk::Decompressor<'static>>,
    stored: &[u8],
    out: &mut [u8],
) -> Result<usize, BlockErrorKind> {
    let broken = |error: std::io::Error| codec("zstd", error.to_string());
    let decompressor = match decompressor {
        Some(ready) => ready,
        None => decompressor.insert(zstd::bulk::Decompressor::new().map_err(broken)?),
    };
    decompressor.decompress_to_buffer(stored, out).map_err(broken)
}
