//! zlib-rs through its C interface, which alone has block stops and can start between two bits.
#![allow(unsafe_code)]

use std::ptr;

use libz_rs_sys::{
    Z_BLOCK, Z_BUF_ERROR, Z_OK, Z_STREAM_END, inflate, inflateEnd, inflateInit2_, inflatePrime, inflateReset,
    inflateSetDictionary, z_stream, zlibVersion,
};

use super::{Engine, Step, Stop};
use crate::{buffer::TextBuffer, inflate::InflateErrorKind};

pub(crate) struct Zlib {
    /// On the heap, since zlib keeps a pointer back to it.
    stream: Box<z_stream>,
    /// Bits of the next byte that are not part of the stream.
    skip: u8,
}

// SAFETY: the stream owns its state and shares it with nothing.
unsafe impl Send for Zlib {}

impl Engine for Zlib {
    fn new() -> Self {
        let mut stream: Box<z_stream> = Box::default();
        // SAFETY: `stream` is valid; version and size are those of the library we are compiled with. -15: raw DEFLATE.
        let code = unsafe { inflateInit2_(&raw mut *stream, -15, zlibVersion(), size_of::<z_stream>() as i32) };
        assert_eq!(code, Z_OK, "zlib-rs takes its own version and these parameters");
        Self { stream, skip: 0 }
    }

    fn start(&mut self, bit: u8, window: &[u8]) {
        // SAFETY: the stream was initialised by `new`; the window is read only during the call.
        unsafe {
            inflateReset(&raw mut *self.stream);
            inflateSetDictionary(&raw mut *self.stream, window.as_ptr(), window.len() as u32);
        }
        self.skip = bit;
    }

    fn inflate(
        &mut self,
        input: &[u8],
        text: &mut TextBuffer,
        edges: usize,
    ) -> Result<Step, (usize, InflateErrorKind)> {
        let mut consumed = 0;
        loop {
            let step = self
                .decode_to_edge(&input[consumed..], text)
                .map_err(|(more, kind)| (consumed + more, kind))?;
            consumed += step.consumed;
            if !matches!(step.stop, Stop::Edge(_)) || text.end >= edges {
                return Ok(Step {
                    consumed,
                    stop: step.stop,
                });
            }
        }
    }
}

impl Zlib {
    /// Decodes to the next edge.
    fn decode_to_edge(&mut self, input: &[u8], text: &mut TextBuffer) -> Result<Step, (usize, InflateErrorKind)> {
        let stream = &mut *self.stream;
        let mut primed = 0;
        if self.skip > 0
            && let Some(&first) = input.first()
        {
            let bits = 8 - i32::from(self.skip);
            // SAFETY: the stream was initialised by `new`, and nothing was decoded since the last reset.
            unsafe { inflatePrime(stream, bits, i32::from(first >> self.skip)) };
            self.skip = 0;
            primed = 1;
        }
        let available = &input[primed..input.len().min(primed + (1 << 30))];
        let free = &mut text.bytes[text.end..];
        let (length, space) = (available.len(), free.len());
        stream.next_in = available.as_ptr();
        stream.avail_in = length as u32;
        stream.next_out = free.as_mut_ptr();
        stream.avail_out = space as u32;
        // SAFETY: both pointers are valid for the lengths beside them, and cleared below.
        let code = unsafe { inflate(stream, Z_BLOCK) };
        let consumed = primed + length - stream.avail_in as usize;
        text.end += space - stream.avail_out as usize;
        stream.next_in = ptr::null();
        stream.next_out = ptr::null_mut();
        let state = stream.data_type;
        let full = stream.avail_out == 0;
        let stop = match code {
            Z_STREAM_END => Stop::End,
            Z_OK | Z_BUF_ERROR if state & 128 != 0 && state & 64 == 0 && consumed > 0 => Stop::Edge((state & 7) as u8),
            Z_OK | Z_BUF_ERROR if full => Stop::Text,
            Z_OK | Z_BUF_ERROR => Stop::Input,
            _ => return Err((consumed, InflateErrorKind::LiteralCode)),
        };
        Ok(Step { consumed, stop })
    }
}

impl Drop for Zlib {
    fn drop(&mut self) {
        // SAFETY: the stream was initialised by `new` and is not used again.
        unsafe { inflateEnd(&raw mut *self.stream) };
    }
}
