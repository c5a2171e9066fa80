//! The text before a checkpoint that copies after it may refer to.
use std::io::Write;

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushDecompress, Status, write::ZlibEncoder};

use crate::GzipErrorKind;

/// How far back a DEFLATE copy reaches, in bytes.
pub const WINDOW: usize = 32 << 10;

/// The last [`WINDOW`] bytes of text before a checkpoint, or fewer near the start of a member, compressed by zlib.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window(Bytes);

impl Window {
    /// Compresses the last [`WINDOW`] bytes of `text`.
    pub fn compress(text: &[u8]) -> Self {
        let text = &text[text.len().saturating_sub(WINDOW)..];
        let mut encoder = ZlibEncoder::new_with_compress(Vec::new(), Compress::new(LEVEL, true));
        let written = encoder.write_all(text).and_then(|()| encoder.finish());
        Self(written.expect("a Vec takes all bytes").into())
    }

    /// The stored form: a zlib stream (RFC 1950).
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// From the stored form. It is checked when it is expanded.
    pub fn from_bytes(stored: Bytes) -> Self {
        Self(stored)
    }

    /// The text, at most [`WINDOW`] bytes.
    ///
    /// # Errors
    /// [`GzipErrorKind::Window`] if the stored form is corrupt or holds more.
    pub fn expand(&self) -> Result<Vec<u8>, GzipErrorKind> {
        let mut text = vec![0; WINDOW + 1];
        let mut decoder = Decompress::new(true);
        let status = decoder.decompress(&self.0, &mut text, FlushDecompress::Finish);
        match (status, decoder.total_out() as usize) {
            (Ok(Status::StreamEnd), length @ 0..=WINDOW) => {
                text.truncate(length);
                Ok(text)
            }
            _ => Err(GzipErrorKind::Window),
        }
    }
}

/// Windows are compressed on the second core, which has the time for zlib's default.
const LEVEL: Compression = Compression::new(6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_comes_back_and_keeps_only_the_last_32_kib() {
        let text: Vec<u8> = (0..70_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
        let window = Window::compress(&text);
        assert_eq!(window.expand().unwrap(), &text[text.len() - WINDOW..]);
        assert_eq!(Window::compress(b"").expand().unwrap(), b"");
    }

    #[test]
    fn a_corrupt_or_oversized_window_is_refused() {
        let mut long = ZlibEncoder::new(Vec::new(), Compression::new(1));
        long.write_all(&vec![0; WINDOW + 1]).unwrap();
        for stored in [long.finish().unwrap(), b"no zlib".to_vec(), Vec::new()] {
            assert!(matches!(
                Window::from_bytes(stored.into()).expand(),
                Err(GzipErrorKind::Window)
            ));
        }
    }
}
