use std::{io, sync::Arc};

use bytes::Bytes;
use crc32fast::Hasher;
use partition_gzip::{Checkpoint, Sink, Start};
use plan::{IndexHeader, Object};

use crate::{
    Check, RecordError, Scanner, Summary,
    index::{
        FORMAT, Footer, Header, MAGIC, PAGE_ROWS, Row, RowStart, Storage, VERSION,
        row::{ROW_BYTES, encode_pages},
    },
};

/// Told how many stored bytes have been passed.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// Makes an index while text and checkpoints go by; gives its bytes, in order, to `out`.
pub struct Builder<O> {
    scanner: Scanner,
    crc: Hasher,
    rows: Vec<Row>,
    /// Rows whose first read is known.
    answered: usize,
    out: O,
    written: u64,
    progress: Option<Progress>,
}

/// Why a pass was stopped by its sink.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The text is no FASTQ.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The index cannot be written.
    #[error("cannot write the index")]
    Write(#[source] io::Error),
}

impl<O: FnMut(Bytes) -> io::Result<()>> Builder<O> {
    /// Starts an index.
    pub fn new(check: Check, out: O) -> Self {
        Self {
            scanner: Scanner::new(check),
            crc: Hasher::new(),
            rows: Vec::new(),
            answered: 0,
            out,
            written: 0,
            progress: None,
        }
    }

    /// Tells the place of each checkpoint, in stored bytes.
    pub fn report(&mut self, progress: Progress) {
        self.progress = Some(progress);
    }

    fn write(&mut self, bytes: Bytes) -> Result<(), Refused> {
        self.written += bytes.len() as u64;
        (self.out)(bytes).map_err(Refused::Write)
    }

    /// More text.
    pub fn text(&mut self, text: &[u8]) -> Result<(), Refused> {
        self.crc.update(text);
        self.scanner.push(text)?;
        self.answer();
        Ok(())
    }

    /// A place to start from, here in the text.
    pub fn place(&mut self, bit: u64, window: Option<Bytes>) -> Result<(), Refused> {
        if let Some(progress) = &self.progress {
            progress(bit / 8);
        }
        if self.rows.is_empty() {
            self.write(Bytes::from_static(&MAGIC))?;
        }
        let start = match window {
            None => RowStart::Clean,
            Some(window) => {
                let at = self.written;
                self.write(window)?;
                RowStart::Window(at..self.written)
            }
        };
        let line = self.scanner.line_number();
        self.scanner.watch();
        self.rows.push(Row {
            bit,
            text: self.scanner.seen(),
            first: self.scanner.complete(),
            lines: (line % 4) as u8,
            start,
        });
        self.answer();
        Ok(())
    }

    fn answer(&mut self) {
        for first in self.scanner.take_starts() {
            let row = &mut self.rows[self.answered];
            // Until now `first` and `lines` say where in which read the row lies.
            let lines = (first.read * 4).saturating_sub(row.first.read * 4 + u64::from(row.lines));
            row.lines = lines as u8;
            row.first = first;
            self.answered += 1;
        }
    }

    /// Ends the text and writes directory, header and footer.
    ///
    /// # Errors
    /// If the text ends inside a read.
    pub fn finish(mut self, source: Object, storage: Storage, members: Option<u64>) -> Result<Header, Refused> {
        let summary: Summary = self.scanner.finish()?;
        self.answer();
        if self.rows.is_empty() {
            self.write(Bytes::from_static(&MAGIC))?;
        }
        let header = Header {
            index: IndexHeader {
                format: FORMAT.into(),
                version: VERSION,
                source,
            },
            storage,
            check: self.scanner.check(),
            summary,
            text_crc32: self.crc.clone().finalize(),
            members,
            fences: self.rows.iter().step_by(PAGE_ROWS).map(|row| row.first.read).collect(),
        };
        let json = serde_json::to_vec(&header).map_err(|error| Refused::Write(error.into()))?;
        let rows_at = self.written;
        let rows = std::mem::take(&mut self.rows);
        let pages = encode_pages(&rows);
        debug_assert_eq!(pages.len(), rows.len() * ROW_BYTES + rows.len().div_ceil(PAGE_ROWS) * 4);
        self.write(pages.into())?;
        let footer = Footer {
            rows_at,
            rows: rows.len() as u64,
            header_at: self.written,
            header_length: json.len() as u32,
            header_crc: crc32fast::hash(&json),
        };
        self.write(json.into())?;
        self.write(Bytes::copy_from_slice(&footer.encode()))?;
        Ok(header)
    }
}

impl<O: FnMut(Bytes) -> io::Result<()>> Sink for Builder<O> {
    type Error = Refused;

    fn text(&mut self, text: &[u8]) -> Result<(), Refused> {
        Self::text(self, text)
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) -> Result<(), Refused> {
        let window = match checkpoint.start {
            Start::Member => None,
            Start::Block(window) => Some(window.as_bytes().clone()),
        };
        self.place(checkpoint.bit, window)
    }
}
