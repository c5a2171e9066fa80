//! One pass over a file: one thread inflates, the caller's checks, counts and keeps.
use std::{
    sync::{Arc, mpsc},
    thread,
};

use crc32fast::Hasher;
use object_io::{ReadAt, SequentialReader};

use crate::{
    Checkpoint, Format, GzipError, GzipErrorKind, IndexError, Sink, Start, Window, bgzf,
    buffer::TextBuffer,
    engine::{self, Engine},
    header::Trailer,
    stream::{Event, Source, Stream},
};

/// How an index pass places checkpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Least text between two checkpoints at deflate blocks, in bytes. Each costs a compressed window, about 8 KiB for FASTQ.
    ///
    /// A reader of a range fetches and decodes at most about this much too much, compressed.
    pub spacing: u64,
    /// Least text between two checkpoints of which the later is a member's start, in bytes. These need no window.
    pub member_spacing: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            spacing: 4 << 20,
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
    /// A checkpoint at this bit of the file; at a member's start if true.
    Checkpoint(u64, bool),
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
            inflate(stream, from.checkpoint, options, &full, &empty)
        });
        let mut check = Check::new(sink, size, from);
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
        let since = last.map_or(u64::MAX, |last| stream.text - last);
        let event = stream.next(&mut batch.buffer, since >= options.spacing);
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
                batch.marks.push((at, Mark::Checkpoint(bit, false)));
                last = Some(stream.text);
            }
            Ok(Event::Member(byte)) => {
                if last.is_none_or(|last| stream.text - last >= options.member_spacing) {
                    batch.marks.push((at, Mark::Checkpoint(byte * 8, true)));
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

/// Verifies batches and hands them to the sink.
struct Check<'a, S> {
    sink: &'a mut S,
    summary: Summary,
    crc: Hasher,
    /// Text of the current member.
    length: u64,
}

impl<'a, S: Sink> Check<'a, S> {
    fn new(sink: &'a mut S, compressed_size: u64, from: &From) -> Self {
        Self {
            sink,
            summary: Summary {
                format: Format::Gzip,
                compressed_size,
                text_size: from.text,
                members: from.members,
            },
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
            match *mark {
                Mark::Member => {
                    self.crc.reset();
                    self.length = 0;
                    self.summary.members += 1;
                }
                Mark::Trailer(trailer, offset) => {
                    let checked = trailer.check(self.crc.clone().finalize(), self.length);
                    checked.map_err(|kind| GzipError::new(offset, self.summary.text_size, kind))?;
                }
                Mark::Checkpoint(bit, member) => {
                    let known = (self.length as usize).min(*at);
                    let start = if member {
                        Start::Member
                    } else {
                        Start::Block(Window::compress(&buffer.bytes[*at - known..*at]))
                    };
                    let text = self.summary.text_size;
                    let kept = self.sink.checkpoint(Checkpoint { bit, text, start });
                    kept.map_err(IndexError::Sink)?;
                }
            }
        }
        self.text(&buffer.bytes[from..buffer.end])
    }

    fn text(&mut self, text: &[u8]) -> Result<(), IndexError<S::Error>> {
        if text.is_empty() {
            return Ok(());
        }
        self.crc.update(text);
        self.length += text.len() as u64;
        self.summary.text_size += text.len() as u64;
        self.sink.text(text).map_err(IndexError::Sink)
    }
}
