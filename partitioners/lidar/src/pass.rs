//! Passes over the points of a cloud: chunks are read in order and decoded side by side.
use std::{
    collections::VecDeque,
    io::{BufReader, Cursor, Read},
    ops::Range,
    sync::Arc,
};

use bytes::Bytes;
use object_io::{ReadAt, SequentialReader};
use rayon::prelude::*;

use crate::{
    Cloud, Error,
    chunk::{self, NoSeek, Storage},
    codec::{CHUNK, ChunkFault, Codec, Records, Wanted},
};

/// Records that follow each other in the file.
#[derive(Debug)]
pub(crate) struct Block {
    /// Which chunk they are of.
    pub(crate) chunk: usize,
    /// Number of the first record in the file.
    pub(crate) first: u64,
    pub(crate) records: Vec<u8>,
}

/// A block, or the bytes of a chunk that becomes one.
pub(crate) enum Load {
    Stored { chunk: usize, bytes: Bytes },
    Block(Block),
}

/// Chunks with more points are decoded block after block instead of whole, so that memory stays bounded.
const LARGE: u64 = 4 * CHUNK;

/// What is read, but not yet decoded, at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    pub(crate) loads: usize,
    pub(crate) bytes: u64,
}

/// Reads chunks in order.
pub(crate) struct Loader<'a> {
    cloud: &'a Cloud,
    source: Arc<dyn ReadAt>,
    wanted: Wanted,
    chunks: VecDeque<usize>,
    reader: Option<(SequentialReader, u64)>,
    runs: VecDeque<Range<u64>>,
    large: Option<Large>,
}

type Stream = NoSeek<BufReader<SequentialReader>>;

/// A chunk that is decoded block after block.
struct Large {
    chunk: usize,
    next: u64,
    left: u64,
    from: LargeFrom,
}

enum LargeFrom {
    Memory(Records<Cursor<Bytes>>),
    Stream(Records<Stream>),
    /// With the size of chunks and what is left of this one.
    Chunks(Records<Stream>, u64, u64),
}

impl<'a> Loader<'a> {
    /// Will read `chunks`, which are numbers in order.
    pub(crate) fn new(
        cloud: &'a Cloud,
        source: &Arc<dyn ReadAt>,
        wanted: Wanted,
        chunks: impl IntoIterator<Item = usize>,
    ) -> Self {
        let chunks: VecDeque<usize> = chunks.into_iter().collect();
        let runs = chunk::runs(chunks.iter().map(|&number| &cloud.chunks[number])).into();
        Self {
            cloud,
            source: source.clone(),
            wanted,
            chunks,
            reader: None,
            runs,
            large: None,
        }
    }

    /// The next loads, in order; none at the end.
    pub(crate) fn next(&mut self, batch: Batch) -> Result<Vec<Load>, Error> {
        let mut loads = Vec::new();
        let mut bytes = 0;
        while loads.len() < batch.loads && bytes < batch.bytes {
            let record = u64::from(self.cloud.header.record_length);
            if let Some(large) = &mut self.large {
                let block = large.block(self.cloud)?;
                bytes += block.records.len() as u64;
                loads.push(Load::Block(block));
                if large.left == 0 {
                    self.large = None;
                }
                continue;
            }
            let Some(number) = self.chunks.pop_front() else { break };
            let chunk = &self.cloud.chunks[number];
            // Without a table a chunk's end shows only when it is reached.
            if chunk.points > LARGE || matches!(self.cloud.storage, Storage::Tableless(..)) {
                self.large = Some(self.open_large(number)?);
                continue;
            }
            let stored = self.fetch(&chunk.bytes)?;
            bytes += chunk.points * record;
            loads.push(Load::Stored {
                chunk: number,
                bytes: stored,
            });
        }
        Ok(loads)
    }

    fn read_failed(&self, source: std::io::Error) -> Error {
        Error::Read {
            object: self.cloud.object.uri.clone(),
            source,
        }
    }

    fn fetch(&mut self, bytes: &Range<u64>) -> Result<Bytes, Error> {
        let mut stored = vec![0; (bytes.end - bytes.start) as usize];
        if self.reader.as_ref().is_none_or(|(_, at)| *at != bytes.start) {
            while self.runs.front().is_some_and(|run| run.end <= bytes.start) {
                self.runs.pop_front();
            }
            let end = self.runs.front().map_or(bytes.end, |run| run.end);
            self.reader = Some((
                SequentialReader::new(self.source.clone(), bytes.start..end),
                bytes.start,
            ));
        }
        if let Some((reader, at)) = &mut self.reader {
            let read = reader.read_exact(&mut stored);
            *at = bytes.end;
            read.map_err(|source| self.read_failed(source))?;
        }
        Ok(stored.into())
    }

    fn open_large(&mut self, number: usize) -> Result<Large, Error> {
        self.reader = None;
        let chunk = self.cloud.chunks[number].clone();
        let stream = || {
            NoSeek(BufReader::new(SequentialReader::new(
                self.source.clone(),
                chunk.bytes.clone(),
            )))
        };
        let from = match &self.cloud.storage {
            Storage::Tableless(codec, size) => codec
                .open_stream(stream())
                .map(|records| LargeFrom::Chunks(records, *size, *size)),
            Storage::Laz(codec) if codec.is_layered() => {
                let bytes = chunk::fetch(&self.source, &chunk.bytes).map_err(|source| self.read_failed(source))?;
                codec
                    .open_chunk(bytes, chunk.points, self.wanted)
                    .map(LargeFrom::Memory)
            }
            Storage::Laz(codec) => codec.open_stream(stream()).map(LargeFrom::Stream),
            Storage::Plain => unreachable!("plain records are listed in small chunks"),
        };
        Ok(Large {
            chunk: number,
            next: chunk.first,
            left: chunk.points,
            from: from.map_err(|source| fault(self.cloud, number, chunk.first, source))?,
        })
    }
}

fn fault(cloud: &Cloud, chunk: usize, point: u64, source: ChunkFault) -> Error {
    Error::Points {
        object: cloud.object.uri.clone(),
        point,
        offset: cloud.chunks[chunk].bytes.start,
        source,
    }
}

impl Large {
    fn block(&mut self, cloud: &Cloud) -> Result<Block, Error> {
        let mut count = self.left.min(CHUNK);
        let records = match &mut self.from {
            LargeFrom::Memory(records) => records.next(count as usize),
            LargeFrom::Stream(records) => records.next(count as usize),
            LargeFrom::Chunks(records, size, left) => {
                count = count.min(*left);
                let block = records.next(count as usize);
                *left -= count;
                match &cloud.storage {
                    Storage::Tableless(codec, _) if *left == 0 => {
                        *left = *size;
                        block.and_then(|block| records.next_chunk(codec).map(|()| block))
                    }
                    _ => block,
                }
            }
        };
        let first = self.next;
        (self.next, self.left) = (self.next + count, self.left - count);
        Ok(Block {
            chunk: self.chunk,
            first,
            records: records.map_err(|source| fault(cloud, self.chunk, first, source))?,
        })
    }
}

impl Load {
    /// The records.
    pub(crate) fn decode(self, cloud: &Cloud, wanted: Wanted) -> Result<Block, Error> {
        let (number, bytes) = match self {
            Self::Block(block) => return Ok(block),
            Self::Stored { chunk, bytes } => (chunk, bytes),
        };
        let chunk = &cloud.chunks[number];
        let decode = |codec: &Codec| -> Result<Vec<u8>, ChunkFault> {
            codec
                .open_chunk(bytes.clone(), chunk.points, wanted)?
                .next(chunk.points as usize)
        };
        let records = match &cloud.storage {
            Storage::Plain => Ok(bytes.to_vec()),
            Storage::Laz(codec) => decode(codec),
            Storage::Tableless(..) => unreachable!("chunks without a table are decoded as they are read"),
        };
        Ok(Block {
            chunk: number,
            first: chunk.first,
            records: records.map_err(|source| fault(cloud, number, chunk.first, source))?,
        })
    }
}

/// Blocks that are in memory at a time when they are used as soon as decoded.
pub(crate) fn batch() -> Batch {
    let loads = 4 * rayon::current_num_threads();
    Batch {
        loads,
        bytes: loads as u64 * (2 << 20),
    }
}

/// Decodes `chunks`, makes something of each block side by side, and takes what was made in order.
pub(crate) fn for_each<T: Send>(
    cloud: &Cloud,
    source: &Arc<dyn ReadAt>,
    wanted: Wanted,
    chunks: impl IntoIterator<Item = usize>,
    make: impl Fn(Block) -> T + Sync,
    mut take: impl FnMut(T),
    progress: &dyn Fn(u64),
) -> Result<(), Error> {
    let mut loader = Loader::new(cloud, source, wanted, chunks);
    loop {
        let loads = loader.next(batch())?;
        if loads.is_empty() {
            return Ok(());
        }
        let decode = |load: Load| load.decode(cloud, wanted).map(|block| (block.chunk, make(block)));
        let made: Result<Vec<(usize, T)>, Error> = loads.into_par_iter().with_max_len(1).map(decode).collect();
        for (chunk, made) in made? {
            take(made);
            progress(cloud.chunks[chunk].bytes.end);
        }
    }
}
