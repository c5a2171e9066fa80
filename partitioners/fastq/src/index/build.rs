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

/// Rows that are kept. Where an object would have more, every second one is dropped and the distance doubled, so that memory
/// is bounded: 12 MB here, for places 4 MiB apart in 512 GiB of text.
const MOST_ROWS: usize = 1 << 17;

/// Told how many stored bytes have been passed.
pub type Progress = Arc<dyn Fn(u64) + Send + Sync>;

/// Makes an index while text and checkpoints go by; gives its bytes, in order, to `out`.
pub struct Builder<O> {
    scanner: Scanner,
    crc: Hasher,
    rows: Vec<Row>,
    /// Rows whose first read is known.
    answered: usize,
    most_rows: usize,
    /// Least text between two rows; grows with the object.
    distance: u64,
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
            most_rows: MOST_ROWS,
            distance: 0,
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
        let seen = self.scanner.seen();
        match self.rows.last() {
            None => self.write(Bytes::from_static(&MAGIC))?,
            Some(last) if seen < last.text + self.distance => return Ok(()),
            Some(_) if self.rows.len() >= self.most_rows => self.thin_out(),
            Some(_) => {}
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

    /// Drops every second row whose first read is known. A window that no row names any more stays in the index, unused.
    fn thin_out(&mut self) {
        let answered = self.answered;
        let mut number = 0;
        self.rows.retain(|_| {
            number += 1;
            number % 2 == 1 || number > answered
        });
        self.answered = answered.div_ceil(2);
        self.distance = 2 * self.scanner.seen() / self.most_rows as u64;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReadStart;

    #[test]
    fn rows_are_thinned_out_evenly_and_stay_right() {
        let mut builder = Builder::new(Check::Records, |_| Ok(()));
        builder.most_rows = 16;
        for number in 0..1000 {
            builder.place(builder.scanner.seen() * 8, None).unwrap();
            // 14 bytes each, cut inside the record.
            let record = format!("@{number:04}\nAC\n+\nII\n");
            builder.text(&record.as_bytes()[..9]).unwrap();
            builder.place(builder.scanner.seen() * 8, None).unwrap();
            builder.text(&record.as_bytes()[9..]).unwrap();
        }
        let rows = &builder.rows;
        assert!(rows.len() <= 16 && rows.len() >= 7, "{}", rows.len());
        assert_eq!((rows[0].bit, rows[0].first.read), (0, 0));
        for row in rows {
            let read = row.text.div_ceil(14);
            assert_eq!(row.first, ReadStart { read, text: read * 14 });
            assert_eq!(row.bit, row.text * 8);
        }
        let gaps = rows.windows(2).map(|pair| pair[1].text - pair[0].text);
        let (least, most) = gaps.fold((u64::MAX, 0), |(least, most), gap| (least.min(gap), most.max(gap)));
        assert!(most <= 4 * least, "{least} to {most}");
    }
}
