//! The oracle: zlib-rs through its C interface, with every knob that shapes a stream.
#![allow(unsafe_code)] // a C interface
use std::{ffi::c_int, mem::zeroed, ptr::from_ref};

use libz_rs_sys::{
    Z_BUF_ERROR, Z_DATA_ERROR, Z_FINISH, Z_NO_FLUSH, Z_OK, Z_STREAM_END, deflate, deflateEnd, deflateInit2_, inflate,
    inflateEnd, inflateInit2_, z_stream, zlibVersion,
};

/// How to compress.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knobs {
    pub(crate) level: i32,
    /// `Z_DEFAULT_STRATEGY` to `Z_FIXED`: 0 to 4.
    pub(crate) strategy: i32,
    /// 9 to 15.
    pub(crate) window: i32,
    /// 1 to 9: small ones make small blocks.
    pub(crate) memory: i32,
    /// Flush after so many bytes, in this way: `Z_PARTIAL_FLUSH` (1) to `Z_FULL_FLUSH` (3) or `Z_BLOCK` (5).
    pub(crate) flush: Option<(usize, i32)>,
}

pub(crate) const PLAIN: Knobs = Knobs {
    level: 6,
    strategy: 0,
    window: 15,
    memory: 8,
    flush: None,
};

/// What zlib made of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ended after so many bytes of input.
    End(usize),
    Truncated,
    Refused,
}

pub(crate) fn compress(data: &[u8], knobs: Knobs) -> Vec<u8> {
    let flushes = knobs.flush.map_or(0, |(span, _)| data.len() / span);
    let mut out = vec![0; data.len() * 2 + flushes * 32 + 1024];
    // SAFETY: the stream is zeroed as zlib asks, and its pointers stay within `data` and `out` by their lengths.
    unsafe {
        let mut z: z_stream = zeroed();
        let size = size_of::<z_stream>() as c_int;
        let Knobs {
            level,
            strategy,
            window,
            memory,
            flush,
        } = knobs;
        assert_eq!(
            deflateInit2_(&raw mut z, level, 8, -window, memory, strategy, zlibVersion(), size),
            Z_OK
        );
        (z.next_out, z.avail_out) = (out.as_mut_ptr(), out.len() as u32);
        let (span, how) = flush.unwrap_or((data.len().max(1), Z_NO_FLUSH));
        for piece in data.chunks(span) {
            (z.next_in, z.avail_in) = (from_ref(&piece[0]).cast_mut(), piece.len() as u32);
            let code = deflate(&raw mut z, how);
            assert!(code == Z_OK && z.avail_in == 0 && z.avail_out > 0, "{code}");
        }
        assert_eq!(deflate(&raw mut z, Z_FINISH), Z_STREAM_END);
        out.truncate(z.total_out as usize);
        deflateEnd(&raw mut z);
    }
    out
}

/// Inflates a raw stream, at most `limit` bytes of it.
pub(crate) fn decompress(stream: &[u8], limit: usize) -> (Vec<u8>, Outcome) {
    let mut out = vec![0; limit + 1];
    // SAFETY: as above; zlib does not write through `next_in`.
    let outcome = unsafe {
        let mut z: z_stream = zeroed();
        assert_eq!(
            inflateInit2_(&raw mut z, -15, zlibVersion(), size_of::<z_stream>() as c_int),
            Z_OK
        );
        (z.next_in, z.avail_in) = (stream.as_ptr().cast_mut(), stream.len() as u32);
        (z.next_out, z.avail_out) = (out.as_mut_ptr(), out.len() as u32);
        let outcome = match inflate(&raw mut z, Z_NO_FLUSH) {
            Z_STREAM_END => Outcome::End(z.total_in as usize),
            Z_OK | Z_BUF_ERROR => Outcome::Truncated,
            Z_DATA_ERROR => Outcome::Refused,
            code => panic!("zlib: {code}"),
        };
        out.truncate(z.total_out as usize);
        inflateEnd(&raw mut z);
        outcome
    };
    (out, outcome)
}
