//! One pass over a file: one thread inflates, the caller's checks, counts and keeps.
use std::{
    sync::{Arc, mpsc},
    thread,
};

use crc32fast::Hasher;
use object_io::{ReadAt, SequentialReader};

use crate::{
    Checkpoint, Format, GzipError, GzipErrorKind, IndexError, Sink, Start, WINDOW, Window, bgzf,
    buffer::TextBuffer,
    engine::{self, Engine},
    header::Trailer,
    sparse::{self, Tracer},
    stream::{Event, Source, Stream},
};

/// How an index pass places checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Least text between two checkpoints at deflate blocks, in bytes. Each costs a compressed window, 3 KB for FASTQ.
    ///
    /// A reader of a range fetches and decodes up to this much text too much at each end, half of it on average. Measured
    /// on 606 MB of FASTQ in 158 MB: 1 MiB gives an index of 1.0 % of the file, 2 MiB (default) 0.55 %, 4 MiB 0.27 %,
    /// against 140, 270 and 550 KB of the file fetched in vain at each end, on average.
    pub spacing: u64,
    /// Least text between two checkpoints of which the later is a member's start, in bytes. These need no window.
    pub member_spacing: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            spacing: 2 << 20,
            member_spacing: 256 << 10,
        }
    }
}

/// What a pass learnt about the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Gzip, or BGZF if every member is a BGZF block.
    pub format: Format,
    /// Length of the compressed file in bytes.
    pub compressed_size: u64,
    /// Length of the text in bytes.
    pub text_size: u64,
    /// How many members it has.
    pub members: u64,
}

/// Reads all of `source` once, verifies it, and gives text and checkpoints to `sink`, in order.
///
/// BGZF is decoded on all cores, other gzip on one while the caller's thread verifies checksums, compresses windows and runs
/// the sink. Memory is a few MiB, whatever the file.
///
/// # Errors
/// The first fault of the file in order, after the sink got all text before it; or what the sink refused.
pub fn index<S: Sink>(
    source: &Arc<dyn ReadAt>,
    options: &Options,
    sink: &mut S,
) -> Result<Summary, IndexError<S::Error>> {
    let mut prefix = vec![0; source.size().min(Format::PREFIX as u64) as usize];
    let read = source.read_exact_at(0, &mut prefix);
    read.map_err(|error| GzipError::new(0, 0, GzipErrorKind::Read(error)))?;
    match Format::detect(&prefix) {
        Format::Bgzf => bgzf::index(source, options, sink),
        Format::Plain | Format::Gzip => members::<S, engine::Default>(source, options, sink, &From::default()),
    }
}

/// Something at a place in the text of a [`Batch`].
enum Mark {
    Member,
    /// A checkpoint at the start of the member at this byte of the file.
    AtMember(u64),
    /// A checkpoint at the block at this bit of the file, with the next bytes.
    AtBlock(u64, Vec<u8>),
    Trailer(Trailer, u64),
}

/// A piece of text with what lies in it, in order.
struct Batch {
    buffer: TextBuffer,
    marks: Vec<(usize, Mark)>,
}

/// What the inflating thread says after its last batch.
type Outcome = Result<(), GzipError>;

/// Batches under way between the two threads, besides the one that each holds.
const AHEAD: usize = 3;

/// Where a pass stands, between two members.
#[derive(Default)]
pub(crate) struct From {
    /// Offset in the file.
    pub(crate) byte: u64,
    /// Offset in the text.
    pub(crate) text: u64,
    /// Members so far.
    pub(crate) members: u64,
    /// Offset in the text of the last checkpoint.
    pub(crate) checkpoint: Option<u64>,
}

/// The pass over members of any kind.
pub(crate) fn members<S: Sink, E: Engine>(
    source: &Arc<dyn ReadAt>,
    options: &Options,
    sink: &mut S,
    from: &From,
) -> Result<Summary, IndexError<S::Error>> {
    let size = source.size();
    let reader = SequentialReader::new(source.clone(), from.byte..size);
    thread::scope(|scope| {
        let (full, batches) = mpsc::sync_channel(AHEAD);
        let (spare, empty) = mpsc::channel();
        let inflating = scope.spawn(move || {
            let stream = Stream::<_, E>::at_member(Source::new(reader, from.byte), from.text);
            inflate(stream, source, from.checkpoint, options, &full, &empty)
        });
        let mut check = Check::<_, E>::new(sink, size, from);
        for batch in batches {
            let batch: Batch = batch;
            check.batch(&batch)?;
            let _ = spare.send(batch);
        }
        let outcome = inflating
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        outcome?;
        Ok(check.summary)
    })
}

/// Fills batches until the file ends, fails, or nobody takes them.
fn inflate<R: std::io::BufRead, E: Engine>(
    mut stream: Stream<R, E>,
    source: &Arc<dyn ReadAt>,
    mut last: Option<u64>,
    options: &Options,
    full: &mpsc::SyncSender<Batch>,
    empty: &mpsc::Receiver<Batch>,
) -> Outcome {
    let mut batch = Batch {
        buffer: TextBuffer::new(),
        marks: Vec::new(),
    };
    loop {
        let due = last.map_or(0, |last| last.saturating_add(options.spacing));
        let event = stream.next(&mut batch.buffer, due);
        let at = batch.buffer.end;
        match event {
            Ok(Event::Full) => {
                let mut next = empty.try_recv().unwrap_or_else(|_| Batch {
                    buffer: TextBuffer::new(),
                    marks: Vec::new(),
                });
                next.marks.clear();
                next.buffer.follow(&batch.buffer);
                if full.send(batch).is_err() {
                    return Ok(());
                }
                batch = next;
            }
            Ok(Event::Edge(bit)) => {
                match ahead(&mut stream, source, bit) {
                    Ok(ahead) => batch.marks.push((at, Mark::AtBlock(bit, ahead))),
                    Err(error) => {
                        let _ = full.send(batch);
                        return Err(GzipError::new(bit / 8, stream.text, GzipErrorKind::Read(error)));
                    }
                }
                last = Some(stream.text);
            }
            Ok(Event::Member(byte)) => {
                if last.is_none_or(|last| stream.text - last >= options.member_spacing) {
                    batch.marks.push((at, Mark::AtMember(byte)));
                    last = Some(stream.text);
                }
                batch.marks.push((at, Mark::Member));
            }
            Ok(Event::Trailer(trailer, byte)) => batch.marks.push((at, Mark::Trailer(trailer, byte))),
            Ok(Event::End) => {
                let _ = full.send(batch);
                return Ok(());
            }
            Err(error) => {
                let _ = full.send(batch);
                return Err(error);
            }
        }
    }
}

/// The bytes of the file from bit `bit` on, where `stream` is: those at hand, or, near the end of a read, read again.
fn ahead<R: std::io::BufRead, E: Engine>(
    stream: &mut Stream<R, E>,
    source: &Arc<dyn ReadAt>,
    bit: u64,
) -> std::io::Result<Vec<u8>> {
    let ahead = stream.ahead(bit, sparse::AHEAD)?;
    let wanted = (source.size() - bit / 8).min(sparse::AHEAD as u64) as usize;
    if ahead.len() == wanted {
        return Ok(ahead);
    }
    let mut again = vec![0; wanted];
    source.read_exact_at(bit / 8, &mut again)?;
    Ok(again)
}

/// Verifies batches and hands them to the sink.
struct Check<'a, S, E> {
    sink: &'a mut S,
    summary: Summary,
    tracer: Tracer<E>,
    /// A checkpoint at the present place, not given yet.
    pending: Option<Checkpoint>,
    crc: Hasher,
    /// Text of the current member.
    length: u64,
}

impl<'a, S: Sink, E: Engine> Check<'a, S, E> {
    fn new(sink: &'a mut S, compressed_size: u64, from: &From) -> Self {
        Self {
            sink,
            summary: Summary {
                format: Format::Gzip,
                compressed_size,
                text_size: from.text,
                members: from.members,
            },
            tracer: Tracer::new(),
            pending: None,
            crc: Hasher::new(),
            length: 0,
        }
    }

    fn batch(&mut self, batch: &Batch) -> Result<(), IndexError<S::Error>> {
        let buffer = &batch.buffer;
        let mut from = buffer.start;
        for (at, mark) in &batch.marks {
            self.text(&buffer.bytes[from..*at])?;
            from = *at;
            match mark {
                Mark::Member => {
                    self.crc.reset();
                    self.length = 0;
                    self.summary.members += 1;
                }
                Mark::Trailer(trailer, offset) => {
                    let checked = trailer.check(self.crc.clone().finalize(), self.length);
                    checked.map_err(|kind| GzipError::new(*offset, self.summary.text_size, kind))?;
                }
                Mark::AtMember(byte) => self.checkpoint(byte * 8, Start::Member)?,
                Mark::AtBlock(bit, ahead) => {
                    let known = self.length.min(WINDOW as u64) as usize;
                    let mut window = buffer.bytes[*at - known..*at].to_vec();
                    self.tracer.clear_unused(&mut window, (bit % 8) as u8, ahead);
                    self.checkpoint(*bit, Start::Block(Window::compress(&window)))?;
                }
            }
        }
        self.text(&buffer.bytes[from..buffer.end])
    }

    /// The first is given at once, others when text follows: at the end of the text they are of no use.
    fn checkpoint(&mut self, bit: u64, start: Start) -> Result<(), IndexError<S::Error>> {
        let text = self.summary.text_size;
        self.pending = Some(Checkpoint { bit, text, start });
        if bit == 0 { self.give_pending() } else { Ok(()) }
    }

    fn give_pending(&mut self) -> Result<(), IndexError<S::Error>> {
        let given = self.pending.take().map(|checkpoint| self.sink.checkpoint(checkpoint));
        given.unwrap_or(Ok(())).map_err(IndexError::Sink)
    }

    fn text(&mut self, text: &[u8]) -> Result<(), IndexError<S::Error>> {
        if text.is_empty() {
            return Ok(());
        }
        self.give_pending()?;
        self.crc.update(text);
        self.length += text.len() as u64;
        self.summary.text_size += text.len() as u64;
        self.sink.text(text).map_err(IndexError::Sink)
    }
}
