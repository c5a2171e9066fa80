//! The only unsafe code: calls into minimap2, whose functions for seeds and base alignment we use one by one.
//!
//! `mm_map` itself is not used: it weighs the hits of a read against each other, so that what it finds at one place
//! depends on what else the index holds.
#![allow(unsafe_code)]

use std::{
    ffi::{CString, c_char, c_void},
    ptr, slice,
    sync::Once,
};

use minimap2_sys as sys;

use crate::{
    Preset,
    chain::{Anchor, Chain},
};

/// Longest sequence that minimap2 can hold: positions and strand share 32 bits.
pub(crate) const LONGEST_SEQUENCE: usize = (1 << 31) - 1;

/// Memory that the aligner of one thread may keep between reads.
const KEEP: usize = 64 << 20;

/// minimap2's version, as part of an index's name.
pub(crate) fn version() -> &'static str {
    sys::MM_VERSION.to_str().unwrap_or("unknown")
}

fn silence() {
    static ONCE: Once = Once::new();
    // SAFETY: written once, before any of our calls reads it.
    ONCE.call_once(|| unsafe { sys::mm_verbose = 0 });
}

/// minimap2's options of a preset, without anything that lets one hit weigh on another.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) index: sys::mm_idxopt_t,
    pub(crate) map: sys::mm_mapopt_t,
}

// SAFETY: plain numbers; the one pointer, `split_prefix`, is null.
unsafe impl Sync for Options {}

impl Options {
    pub(crate) fn new(preset: Preset) -> Self {
        silence();
        let name = CString::new(preset.name()).expect("our names hold no NUL");
        // SAFETY: both are plain C structs for which all bits zero is a value; minimap2 then sets every field.
        let (mut index, mut map): (sys::mm_idxopt_t, sys::mm_mapopt_t) = unsafe { std::mem::zeroed() };
        // SAFETY: valid pointers to both structs; the name ends with NUL.
        unsafe {
            sys::mm_set_opt(ptr::null(), &raw mut index, &raw mut map);
            sys::mm_set_opt(name.as_ptr(), &raw mut index, &raw mut map);
        }
        // No search for inversions between two hits, no rescaling of scores by the best hit's divergence.
        map.flag |= i64::from(sys::MM_F_CIGAR) | sys::MM_F_NO_INV as i64;
        map.rank_min_len = i32::MAX;
        map.min_cnt = 1;
        Self { index, map }
    }
}

/// A minimap2 index of some sequences, in memory.
pub(crate) struct Index(*mut sys::mm_idx_t);

// SAFETY: nothing writes to an index once it is built.
unsafe impl Send for Index {}
// SAFETY: as above; every function that we call takes it as `const`.
unsafe impl Sync for Index {}

impl Drop for Index {
    fn drop(&mut self) {
        // SAFETY: ours alone, freed once.
        unsafe { sys::mm_idx_destroy(self.0) }
    }
}

impl Index {
    /// Indexes `sequences`, each with a name of its own. `None` if there is none, if a text holds a NUL byte, if names
    /// repeat or if a sequence is longer than [`LONGEST_SEQUENCE`].
    pub(crate) fn build(sequences: Vec<(String, Vec<u8>)>, options: &Options) -> Option<Self> {
        silence();
        let count = sequences.len();
        let mut names = Vec::with_capacity(count);
        let mut texts = Vec::with_capacity(count);
        let mut known = std::collections::HashSet::new();
        for (name, text) in sequences {
            if text.len() > LONGEST_SEQUENCE || !known.insert(name.clone()) {
                return None;
            }
            names.push(CString::new(name).ok()?);
            texts.push(CString::new(text).ok()?);
        }
        let mut name_pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
        let mut text_pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let (w, k) = (i32::from(options.index.w), i32::from(options.index.k));
        let bits = i32::from(options.index.bucket_bits);
        // SAFETY: `count` pointers each to texts that end with NUL and outlive the call; names differ.
        let index = unsafe {
            sys::mm_idx_str(
                w,
                k,
                0,
                bits,
                count as i32,
                text_pointers.as_mut_ptr(),
                name_pointers.as_mut_ptr(),
            )
        };
        (!index.is_null()).then_some(Self(index))
    }

    /// The bytes of a `.mmi` file.
    pub(crate) fn dump(&self) -> Option<Vec<u8>> {
        let mut text: *mut c_char = ptr::null_mut();
        let mut length = 0usize;
        // SAFETY: both variables outlive the stream; after fclose they hold a buffer of `length` bytes that we free.
        unsafe {
            let stream = libc::open_memstream(&raw mut text, &raw mut length);
            if stream.is_null() {
                return None;
            }
            sys::mm_idx_dump(stream.cast(), self.0);
            if libc::fclose(stream) != 0 || text.is_null() {
                return None;
            }
            let bytes = slice::from_raw_parts(text.cast::<u8>(), length).to_vec();
            libc::free(text.cast());
            Some(bytes)
        }
    }

    /// Reads the bytes of a `.mmi` file. minimap2 trusts them, so the caller has checked that they are whole and ours.
    pub(crate) fn load(bytes: &[u8]) -> Option<Self> {
        silence();
        if bytes.is_empty() {
            return None;
        }
        // SAFETY: the stream only reads `bytes`, which outlive it.
        unsafe {
            let stream = libc::fmemopen(bytes.as_ptr().cast_mut().cast(), bytes.len(), c"rb".as_ptr());
            if stream.is_null() {
                return None;
            }
            let index = sys::mm_idx_load(stream.cast());
            libc::fclose(stream);
            (!index.is_null()).then_some(Self(index))
        }
    }

    /// Whether its seeds are those of `options`.
    pub(crate) fn is_for(&self, options: &Options) -> bool {
        // SAFETY: a valid index.
        let (k, w) = unsafe { ((*self.0).k, (*self.0).w) };
        (k, w) == (i32::from(options.index.k), i32::from(options.index.w))
    }

    /// Length of each sequence.
    pub(crate) fn lengths(&self) -> Vec<u32> {
        // SAFETY: `seq` holds `n_seq` entries.
        let sequences = unsafe { slice::from_raw_parts((*self.0).seq, (*self.0).n_seq as usize) };
        sequences.iter().map(|sequence| sequence.len).collect()
    }

    /// Where the minimizer lies: sequence, last base and strand in one number each.
    fn places(&self, minimizer: u64) -> &[u64] {
        let mut count = 0;
        // SAFETY: the answer points to `count` numbers inside the index, or is null with count 0.
        unsafe {
            let places = sys::mm_idx_get(self.0, minimizer, &raw mut count);
            if places.is_null() || count <= 0 {
                return &[];
            }
            slice::from_raw_parts(places, count as usize)
        }
    }

    /// Bases `start..end` of a sequence, as 0 to 4 for A, C, G, T and others.
    pub(crate) fn bases(&self, sequence: u32, start: u32, end: u32, bases: &mut Vec<u8>) {
        bases.clear();
        bases.resize(end.saturating_sub(start) as usize, 4);
        // SAFETY: minimap2 writes at most `end - start` bytes, fewer where the sequence ends.
        unsafe {
            sys::mm_idx_getseq(self.0, sequence, start, end, bases.as_mut_ptr());
        }
    }
}

/// One alignment as minimap2 gives it; read bases are those of the read as sequenced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawHit {
    pub(crate) sequence: u32,
    pub(crate) reverse: bool,
    pub(crate) reference: std::ops::Range<u32>,
    pub(crate) query: std::ops::Range<u32>,
    /// Equal bases; aligned bases and gaps, without ambiguous ones; ambiguous ones.
    pub(crate) matches: u32,
    pub(crate) block: u32,
    pub(crate) ambiguous: u32,
    /// Without clips, packed as in BAM.
    pub(crate) cigar: Vec<u32>,
}

/// Scratch memory of one thread.
pub(crate) struct Aligner {
    memory: *mut c_void,
    minimizers: sys::mm128_v,
}

// SAFETY: owned memory without ties to a thread.
unsafe impl Send for Aligner {}

impl Drop for Aligner {
    fn drop(&mut self) {
        // SAFETY: the pool frees all that it holds, the minimizers included.
        unsafe { sys::km_destroy(self.memory) }
    }
}

impl Aligner {
    pub(crate) fn new() -> Self {
        // SAFETY: km_init takes nothing.
        let memory = unsafe { sys::km_init() };
        Self {
            memory,
            minimizers: sys::mm128_v {
                n: 0,
                m: 0,
                a: ptr::null_mut(),
            },
        }
    }

    /// All seeds that `read` shares with the index, sorted. Returns whether a seed was left out because it lies at more
    /// than `most_places` places.
    pub(crate) fn anchors(
        &mut self,
        index: &Index,
        options: &Options,
        read: &[u8],
        most_places: usize,
        anchors: &mut Vec<Anchor>,
    ) -> bool {
        anchors.clear();
        self.trim();
        let (w, k) = (i32::from(options.index.w), i32::from(options.index.k));
        if read.len() < k as usize || read.len() > LONGEST_SEQUENCE {
            return false;
        }
        self.minimizers.n = 0;
        // SAFETY: `read` holds `len` > 0 bytes; the vector grows inside our pool.
        let minimizers = unsafe {
            sys::mm_sketch(
                self.memory,
                read.as_ptr().cast(),
                read.len() as i32,
                w,
                k,
                0,
                0,
                &raw mut self.minimizers,
            );
            if self.minimizers.n == 0 {
                return false;
            }
            slice::from_raw_parts(self.minimizers.a, self.minimizers.n)
        };
        let mut left_out = false;
        for (i, minimizer) in minimizers.iter().enumerate() {
            let same = |other: Option<&sys::mm128_t>| other.is_some_and(|other| other.x >> 8 == minimizer.x >> 8);
            let places = index.places(minimizer.x >> 8);
            if places.len() > most_places {
                left_out = true;
                continue;
            }
            let tandem = same(i.checked_sub(1).map(|i| &minimizers[i])) || same(minimizers.get(i + 1));
            let span = (minimizer.x & 0xff) as u32;
            let (last, strand) = ((minimizer.y as u32) >> 1, minimizer.y & 1);
            for &place in places {
                let reverse = place & 1 != strand;
                let read_last = if reverse {
                    read.len() as u32 - (last + 1 - span) - 1
                } else {
                    last
                };
                let mut anchor = Anchor::new(reverse, (place >> 32) as u32, (place as u32) >> 1, span, read_last);
                if tandem {
                    anchor.y |= crate::chain::TANDEM;
                }
                anchors.push(anchor);
            }
        }
        anchors.sort_unstable();
        left_out
    }

    /// Aligns `read` along one chain, base by base. Mostly one hit, two where the alignment breaks, none if too weak.
    pub(crate) fn align(
        &mut self,
        index: &Index,
        options: &Options,
        read: &[u8],
        chain: &mut Chain,
        hits: &mut Vec<RawHit>,
    ) {
        let length = read.len() as i32;
        let mut one = [(chain.score as u64) << 32 | chain.anchors.len() as u64];
        let anchors = chain.anchors.as_mut_ptr().cast::<sys::mm128_t>();
        let mut count = 1;
        // SAFETY: `Anchor` has the layout of `mm128_t`; the chain holds as many as `one` says; `regs` is malloc'ed by
        // minimap2, reallocated by it, and holds `count` entries whose `p` we free or is null.
        unsafe {
            let mut regs = sys::mm_gen_regs(self.memory, 0, length, 1, one.as_mut_ptr(), anchors, 0);
            regs = sys::mm_align_skeleton(
                self.memory,
                &raw const options.map,
                index.0,
                length,
                read.as_ptr().cast(),
                &raw mut count,
                regs,
                anchors,
            );
            for reg in slice::from_raw_parts(regs, count.max(0) as usize) {
                if let Some(extra) = reg.p.as_ref() {
                    let cigar = slice::from_raw_parts((*reg.p).cigar.as_ptr(), extra.n_cigar as usize).to_vec();
                    hits.push(RawHit {
                        sequence: reg.rid as u32,
                        reverse: reg.rev() != 0,
                        reference: reg.rs as u32..reg.re as u32,
                        query: reg.qs as u32..reg.qe as u32,
                        matches: reg.mlen as u32,
                        block: reg.blen as u32,
                        ambiguous: extra.n_ambi(),
                        cigar,
                    });
                }
                libc::free(reg.p.cast());
            }
            libc::free(regs.cast());
        }
    }

    /// Gives back the memory that an unusually long read took.
    fn trim(&mut self) {
        let mut state = sys::km_stat_t {
            capacity: 0,
            available: 0,
            n_blocks: 0,
            n_cores: 0,
            largest: 0,
        };
        // SAFETY: the pool is ours; the minimizers inside it are forgotten with it.
        unsafe {
            sys::km_stat(self.memory, &raw mut state);
            if state.capacity > KEEP {
                sys::km_destroy(self.memory);
                self.memory = sys::km_init();
                self.minimizers = sys::mm128_v {
                    n: 0,
                    m: 0,
                    a: ptr::null_mut(),
                };
            }
        }
    }
}
