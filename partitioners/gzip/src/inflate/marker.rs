//! Decoding before the history is known.
//!
//! Who begins in the middle of a stream does not know the 32 KiB before it, and can decode all the same, into 16-bit
//! symbols: bytes, and markers that say which byte of the unknown window belongs here. A match copies symbols, whichever
//! they are; so the window needs no special treatment, it is a history full of markers. When the text before has arrived at
//! the same place, [`resolve`] puts the bytes in. As soon as the last 32 KiB hold no marker the same
//! [`Inflater`](super::Inflater) can go on with bytes.
//!
//! Method: pugz (Kerbiriou and Chikhi, 2019, <https://arxiv.org/abs/1905.07224>) and rapidgzip (Knespel and Brunst, 2023,
//! <https://arxiv.org/abs/2308.08955>).
use super::{Output, stream::WINDOW};

/// What is decoded into: bytes, or 16-bit symbols that may stand for bytes not known yet.
pub trait Symbol: Copy + From<u8> + sealed::Sealed {}

impl Symbol for u8 {}
impl Symbol for u16 {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for u8 {}
    impl Sealed for u16 {}
}

/// Set in symbols that are markers; the other bits are the place in the window, oldest byte first.
const MARKER: u16 = 1 << 15;

impl<'a> Output<'a, u16> {
    /// Decodes into `buffer` after 32 KiB of unknown history, which take the first 32,768 symbols of it.
    ///
    /// ```
    /// use partition_gzip::inflate::{Inflater, Input, Output, Stop, resolve};
    ///
    /// // Fixed codes: a literal `!`, then a match of 3 from 32,768 back.
    /// let stream = [0x53, 0x04, 0xde, 0xff, 0x0f, 0x00];
    /// let mut buffer = vec![0; 64 * 1024];
    /// let mut output = Output::unknown(&mut buffer);
    /// let from = output.filled();
    /// Inflater::new(0).decode(&mut Input::new(&stream), &mut output, Stop::Never)?;
    /// let symbols = &output.history()[from..];
    ///
    /// let mut window = vec![b'.'; 32 * 1024];
    /// window[1..4].copy_from_slice(b"abc");
    /// let mut text = Vec::new();
    /// resolve(symbols, &window, &mut text)?;
    /// assert_eq!(text, b"!abc");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unknown(buffer: &'a mut [u16]) -> Self {
        for (marker, symbol) in (MARKER..=u16::MAX).zip(buffer.iter_mut()) {
            *symbol = marker;
        }
        Output::new(buffer, 0..WINDOW)
    }

    /// The last 32 KiB as bytes, if none of them depends on the unknown window.
    pub fn window(&self) -> Option<Vec<u8>> {
        let last = &self.history()[self.history().len().saturating_sub(WINDOW)..];
        last.iter().map(|&symbol| u8::try_from(symbol).ok()).collect()
    }
}

/// A marker that stands for a byte before the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("symbol {at} stands for a byte before the {window} known ones")]
pub struct Unresolved {
    /// Which symbol, from 0.
    pub at: usize,
    /// Length of the window.
    pub window: usize,
}

/// Appends the bytes that `symbols` stand for to `text`. `window` is what precedes the unknown history's end: 32 KiB, or
/// less after the start of a member.
///
/// # Errors
/// The first symbol that stands for a byte before the window. Nothing is appended then.
pub fn resolve(symbols: &[u16], window: &[u8], text: &mut Vec<u8>) -> Result<(), Unresolved> {
    let known = &window[window.len().saturating_sub(WINDOW)..];
    let missing = WINDOW - known.len();
    let first = MARKER + missing as u16 % MARKER;
    let before = |&symbol: &u16| symbol >= MARKER && (symbol < first || known.is_empty());
    if missing > 0
        && let Some(at) = symbols.iter().position(before)
    {
        return Err(Unresolved {
            at,
            window: known.len(),
        });
    }
    let padded;
    let bytes: &[u8; WINDOW] = if let Ok(bytes) = known.try_into() {
        bytes
    } else {
        padded = [&vec![0; missing], known].concat();
        padded.first_chunk().expect("a window with what it lacks is a window")
    };
    let byte = |symbol: u16| {
        let known = bytes[usize::from(symbol & !MARKER)];
        if symbol & MARKER == 0 { symbol as u8 } else { known }
    };
    // Most runs of 16 hold no marker, and then are narrowed at once.
    let (runs, rest) = symbols.as_chunks::<16>();
    text.reserve(symbols.len());
    for run in runs {
        let any = run.iter().fold(0, |all, symbol| all | symbol);
        text.extend(if any & MARKER == 0 {
            run.map(|symbol| symbol as u8)
        } else {
            run.map(byte)
        });
    }
    text.extend(rest.iter().map(|&symbol| byte(symbol)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_count_from_the_oldest_byte() {
        let window: Vec<u8> = (0..WINDOW).map(|i| (i % 251) as u8).collect();
        let mut text = Vec::new();
        resolve(&[b'A'.into(), MARKER, MARKER | 7, u16::MAX], &window, &mut text).unwrap();
        assert_eq!(text, [b'A', window[0], window[7], window[WINDOW - 1]]);
    }

    #[test]
    fn a_short_window_is_the_end_of_the_unknown_one() {
        let mut text = Vec::new();
        resolve(&[u16::MAX - 1, u16::MAX], b"xy", &mut text).unwrap();
        assert_eq!(text, b"xy");
        let error = resolve(&[0, u16::MAX - 2], b"xy", &mut text).unwrap_err();
        assert_eq!(error, Unresolved { at: 1, window: 2 });
        assert_eq!(
            resolve(&[u16::MAX], b"", &mut text).unwrap_err(),
            Unresolved { at: 0, window: 0 }
        );
        assert_eq!(text, b"xy");
    }
}
