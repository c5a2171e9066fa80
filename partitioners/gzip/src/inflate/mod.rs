//! Raw DEFLATE (RFC 1951), decoded as a stream, with every block edge known.
//!
//! An [`Inflater`] takes compressed bytes in slices of any size and writes into a buffer of the caller, in which the last
//! 32 KiB before the write position are its history. It allocates nothing after it is made. It can begin at any bit with
//! any history: that is how a checkpoint is entered again. What is accepted and what is refused is zlib's choice.
//!
//! ```
//! use partition_gzip::inflate::{Inflater, Input, Output, Status, Stop};
//!
//! let stream = [0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x00]; // "hello hello hello"
//! let mut buffer = vec![0; 64 * 1024];
//! let mut output = Output::new(&mut buffer, 0..0); // no history: the start of a member
//! let mut inflater = Inflater::new(0);
//! let status = inflater.decode(&mut Input::new(&stream), &mut output, Stop::Never)?;
//! assert_eq!(status, Status::End);
//! assert_eq!(output.history(), b"hello hello hello");
//! # Ok::<(), partition_gzip::inflate::InflateError>(())
//! ```
//!
//! The tables and the loop follow what libdeflate (Eric Biggers) and ISA-L's igzip (Intel) have shown to be fast: a 64-bit
//! bit buffer filled without branches, several literals from one look-up, word copies with room to spare at the end of the
//! output, bounds checked once per round.
mod bits;
mod error;
mod fast;
mod header;
mod huffman;
mod inflater;
mod marker;
mod packed;
mod stream;
mod symbols;

pub use error::{Alphabet, CodeDefect, InflateError, InflateErrorKind};
pub use inflater::{Edge, Inflater, Status, Stop};
pub use marker::{Symbol, Unresolved, resolve};
pub use stream::{Input, Output};
