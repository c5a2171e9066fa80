use std::io;

/// Takes text, piece by piece, on a blocking thread.
pub trait TextSink: Send + 'static {
    /// The next piece.
    fn text(&mut self, text: &[u8]) -> io::Result<()>;

    /// After the last piece, if all went well.
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<F: FnMut(&[u8]) -> io::Result<()> + Send + 'static> TextSink for F {
    fn text(&mut self, text: &[u8]) -> io::Result<()> {
        self(text)
    }
}
