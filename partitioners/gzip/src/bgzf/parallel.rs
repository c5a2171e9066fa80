//! The index pass over BGZF: one thread cuts the file into runs of blocks, all cores inflate them, the caller's thread takes
//! them in order.
use std::{
    io::BufRead,
    sync::{Arc, Mutex, mpsc},
    thread,
};

use object_io::{ReadAt, SequentialReader};

use super::block;
use crate::{
    Checkpoint, Format, GzipError, GzipErrorKind as Kind, IndexError, Options, Sink, Start, Summary,
    buffer::{TEXT, TextBuffer},
    engine::{self, Engine, NO_EDGES, Stop},
    header::Trailer,
    pass::{self, From},
    stream::Source,
};

/// A run of blocks, with room for their text.
struct Run {
    compressed: Vec<u8>,
    blocks: Vec<Place>,
    text: TextBuffer,
}

/// A block of a run.
struct Place {
    /// Offset in the file.
    offset: u64,
    size: u32,
    /// Where its compressed data starts in the run.
    data: usize,
    trailer: Trailer,
}

/// A decoded run, or as much as could be decoded and what is wrong with the next block (offset, what).
type Decoded = (Run, Option<(u64, Kind)>);

/// Where the blocks end: at the end of the file, or at something that is no whole BGZF block.
struct Rest(u64);

/// More would only wait for the sink, which is one thread: FASTQ is checked at 4 to 5 GB/s, a worker inflates 1 to 1.6 GB/s.
/// It also bounds memory, to about 20 MiB.
const MOST_WORKERS: usize = 8;

/// Runs under way per worker, besides the one that it holds.
const AHEAD: usize = 2;

pub(crate) fn index<S: Sink>(
    source: &Arc<dyn ReadAt>,
    options: &Options,
    sink: &mut S,
) -> Result<Summary, IndexError<S::Error>> {
    let size = source.size();
    let workers = thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS);
    let mut place = From::default();
    let rest = thread::scope(|scope| {
        let (give, take) = mpsc::channel::<(Run, mpsc::SyncSender<Decoded>)>();
        let take = Arc::new(Mutex::new(take));
        let (queue, ordered) = mpsc::sync_channel::<mpsc::Receiver<Decoded>>(AHEAD * workers);
        let (spare, empty) = mpsc::channel();
        for _ in 0..workers {
            let take = take.clone();
            scope.spawn(move || {
                let mut engine = engine::Default::new();
                loop {
                    let job = take.lock().map(|take| take.recv());
                    let Ok(Ok((mut run, reply))) = job else { return };
                    let fault = inflate(&mut engine, &mut run);
                    let _ = reply.send((run, fault));
                }
            });
        }
        let reader = Source::new(SequentialReader::new(source.clone(), 0..size), 0);
        let cutting = scope.spawn(move || cut(reader, &give, &queue, &empty));
        for decoded in ordered {
            let Ok((run, fault)) = decoded.recv() else { break };
            take_run(&run, options, &mut place, sink)?;
            if let Some((offset, kind)) = fault {
                return Err(IndexError::Gzip(GzipError::new(offset, place.text, kind)));
            }
            let _ = spare.send(run);
        }
        Ok(cutting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    place.byte = rest.0;
    if rest.0 < size {
        // Something else than a block: another kind of gzip member, padding, or a fault, which the general way will name.
        return pass::members::<S, engine::Default>(source, options, sink, &place);
    }
    Ok(Summary {
        format: Format::Bgzf,
        compressed_size: size,
        text_size: place.text,
        members: place.members,
    })
}

/// Cuts the file into runs and gives them to the workers, until it ends or nobody takes them.
fn cut<R: BufRead>(
    mut source: Source<R>,
    give: &mpsc::Sender<(Run, mpsc::SyncSender<Decoded>)>,
    queue: &mpsc::SyncSender<mpsc::Receiver<Decoded>>,
    empty: &mpsc::Receiver<Run>,
) -> Rest {
    let mut header = Vec::new();
    let mut run = Run::new();
    let mut text = 0;
    loop {
        let offset = source.offset;
        let data = run.compressed.len();
        let found = block::next(&mut source, &mut header, |source, bytes| {
            source.append(bytes, &mut run.compressed)
        });
        let more = matches!(found, Ok(Some(_)));
        if let Ok(Some((size, trailer))) = found {
            text += trailer.length as usize;
            run.blocks.push(Place {
                offset,
                size,
                data,
                trailer,
            });
        } else {
            run.compressed.truncate(data);
        }
        if !more || text + block::LARGEST_TEXT as usize > TEXT {
            let next = empty.try_recv().unwrap_or_else(|_| Run::new());
            let full = std::mem::replace(&mut run, next);
            run.clear();
            text = 0;
            let (reply, decoded) = mpsc::sync_channel(1);
            let given = queue.send(decoded).is_ok() && give.send((full, reply)).is_ok();
            if !more || !given {
                return Rest(offset);
            }
        }
    }
}

/// Inflates and verifies the blocks of a run up to the first fault.
fn inflate<E: Engine>(engine: &mut E, run: &mut Run) -> Option<(u64, Kind)> {
    for at in 0..run.blocks.len() {
        if let Err(kind) = inflate_block(engine, run, at) {
            let offset = run.blocks[at].offset;
            run.blocks.truncate(at);
            return Some((offset, kind));
        }
    }
    None
}

fn inflate_block<E: Engine>(engine: &mut E, run: &mut Run, at: usize) -> Result<(), Kind> {
    let place = &run.blocks[at];
    let end = run.blocks.get(at + 1).map_or(run.compressed.len(), |next| next.data);
    let data = &run.compressed[place.data..end];
    let text = &mut run.text;
    let start = text.end;
    text.floor = start;
    engine.start(0, &[]);
    let step = engine.inflate(data, text, NO_EDGES);
    let step = step.map_err(|(_, fault)| Kind::Deflate(fault))?;
    let text = &run.text.bytes[start..run.text.end];
    match step.stop {
        Stop::End if step.consumed == data.len() => place.trailer.check(crc32fast::hash(text), text.len() as u64),
        Stop::Text => place.trailer.check(place.trailer.crc, u64::MAX),
        _ => Err(Kind::BlockSize(place.size)),
    }
}

/// Hands a run to the sink.
fn take_run<S: Sink>(run: &Run, options: &Options, place: &mut From, sink: &mut S) -> Result<(), IndexError<S::Error>> {
    let mut from = 0;
    let mut to = 0;
    for block in &run.blocks {
        let length = block.trailer.length as usize;
        let due = place
            .checkpoint
            .is_none_or(|last| length > 0 && place.text - last >= options.member_spacing);
        if due {
            give(&run.text.bytes[from..to], sink)?;
            from = to;
            let checkpoint = Checkpoint {
                bit: block.offset * 8,
                text: place.text,
                start: Start::Member,
            };
            sink.checkpoint(checkpoint).map_err(IndexError::Sink)?;
            place.checkpoint = Some(place.text);
        }
        to += length;
        place.text += length as u64;
        place.members += 1;
    }
    give(&run.text.bytes[from..to], sink)
}

fn give<S: Sink>(text: &[u8], sink: &mut S) -> Result<(), IndexError<S::Error>> {
    match text {
        [] => Ok(()),
        text => sink.text(text).map_err(IndexError::Sink),
    }
}

impl Run {
    fn new() -> Self {
        Self {
            compressed: Vec::new(),
            blocks: Vec::new(),
            text: TextBuffer::new(),
        }
    }

    fn clear(&mut self) {
        self.compressed.clear();
        self.blocks.clear();
        self.text.restart(&[]);
    }
}
