//! Which bytes of a window are ever referred to. The others need not be stored; rapidgzip does so too.
//!
//! Copies reach back 32 KiB, so the next 32 KiB of text tell. They are decoded three times, each time with a window that
//! holds no text but part of each byte's own number: what comes out and differs between two runs came from the window, and
//! says from where. That costs 3 x 32 KiB of decoding per checkpoint and needs no second decoder.
use crate::{
    WINDOW,
    buffer::TextBuffer,
    engine::{Engine, NO_EDGES, Stop},
};

/// Compressed bytes after a checkpoint that tell which bytes are used: a window of text, even if incompressible.
pub(crate) const AHEAD: usize = 40 << 10;

/// Finds used bytes. Keeps its memory from one checkpoint to the next.
pub(crate) struct Tracer<E> {
    engine: E,
    buffer: TextBuffer,
}

impl<E: Engine> Tracer<E> {
    pub(crate) fn new() -> Self {
        Self {
            engine: E::new(),
            buffer: TextBuffer::with_room(WINDOW),
        }
    }

    /// Zeroes the bytes of `window` that the block at bit `bit` of `ahead`, and what follows it, do not use.
    ///
    /// `ahead` holds the next [`AHEAD`] bytes of the file, or all that are left. If they do not suffice, all bytes stay.
    pub(crate) fn clear_unused(&mut self, window: &mut [u8], bit: u8, ahead: &[u8]) {
        let number = |byte: usize| byte as u16;
        let Some(low) = self.decode(window.len(), bit, ahead, |byte| number(byte) as u8) else {
            return;
        };
        let Some(other) = self.decode(window.len(), bit, ahead, |byte| !number(byte) as u8) else {
            return;
        };
        let Some(high) = self.decode(window.len(), bit, ahead, |byte| (number(byte) >> 8) as u8) else {
            return;
        };
        let mut used = vec![false; window.len()];
        for ((low, other), high) in low.into_iter().zip(other).zip(high) {
            if low != other {
                used[usize::from(u16::from_le_bytes([low, high]))] = true;
            }
        }
        for (byte, used) in window.iter_mut().zip(used) {
            *byte *= u8::from(used);
        }
    }

    /// The next text after a window of `length` bytes that are `mark` of their number.
    fn decode(&mut self, length: usize, bit: u8, mut ahead: &[u8], mark: impl Fn(usize) -> u8) -> Option<Vec<u8>> {
        let window: Vec<u8> = (0..length).map(mark).collect();
        self.buffer.restart(&window);
        self.engine.start(bit, &window);
        loop {
            let step = self.engine.inflate(ahead, &mut self.buffer, NO_EDGES).ok()?;
            match step.stop {
                Stop::Text | Stop::End => return Some(self.buffer.bytes[length..self.buffer.end].to_vec()),
                Stop::Input if step.consumed == 0 => return None,
                Stop::Input | Stop::Edge(_) => ahead = &ahead[step.consumed..],
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compress, Compression, FlushCompress};

    use super::*;
    use crate::engine;

    #[test]
    fn only_bytes_that_are_copied_stay() {
        let mut deflate = Compress::new(Compression::new(9), false);
        let before = b"0123456789 the quick brown fox 9876543210";
        let mut data = vec![0; 1000];
        deflate.compress(before, &mut data, FlushCompress::Sync).unwrap();
        let edge = deflate.total_out() as usize;
        deflate
            .compress(b"A the quick fox Z", &mut data[edge..], FlushCompress::Finish)
            .unwrap();
        let mut window = before.to_vec();
        Tracer::<engine::Default>::new().clear_unused(&mut window, 0, &data[edge..deflate.total_out() as usize]);
        let shown: String = window
            .iter()
            .map(|&byte| if byte == 0 { '.' } else { char::from(byte) })
            .collect();
        assert_eq!(shown, ".......... the quick ......fox ..........");
    }

    #[test]
    fn without_enough_data_all_bytes_stay() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::new(6));
        encoder
            .write_all(&(0..100_000u32).map(|i| (i % 251) as u8).collect::<Vec<_>>())
            .unwrap();
        let data = encoder.finish().unwrap();
        let mut window = vec![7; 100];
        Tracer::<engine::Default>::new().clear_unused(&mut window, 0, &data[..20]);
        assert_eq!(window, [7; 100]);
    }
}
