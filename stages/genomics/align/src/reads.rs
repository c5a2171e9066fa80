//! The reads of FASTQ parts as they are decoded, a bounded number of blocks ahead.
use std::{
    io,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use partition_fastq::{TextSink, records};

/// Text that is passed on at once.
const BLOCK: usize = 1 << 20;
/// Blocks under way between decoder and mapper.
const AHEAD: usize = 2;

/// A channel for the text of one part.
pub(crate) fn channel() -> (Sender, Reads) {
    let (sender, blocks) = sync_channel(AHEAD);
    let sender = Sender {
        blocks: sender,
        text: Vec::new(),
        lines: 0,
        whole: 0,
    };
    (
        sender,
        Reads {
            blocks,
            block: Vec::new(),
            at: 0,
        },
    )
}

/// Takes text in any pieces and passes on blocks of whole reads.
pub(crate) struct Sender {
    blocks: SyncSender<Vec<u8>>,
    text: Vec<u8>,
    /// Line ends in `text`.
    lines: usize,
    /// Length of the whole reads at the start of `text`.
    whole: usize,
}

impl Sender {
    fn send(&mut self, length: usize) -> io::Result<()> {
        let rest = self.text.split_off(length);
        let block = std::mem::replace(&mut self.text, rest);
        self.lines %= 4;
        self.whole = 0;
        self.blocks.send(block).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl TextSink for Sender {
    fn text(&mut self, text: &[u8]) -> io::Result<()> {
        let before = self.text.len();
        self.text.extend_from_slice(text);
        for end in text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at)
        {
            self.lines += 1;
            if self.lines.is_multiple_of(4) {
                self.whole = before + end + 1;
            }
        }
        if self.whole >= BLOCK {
            self.send(self.whole)
        } else {
            Ok(())
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.send(self.text.len())
    }
}

/// The reads of one part, in order.
pub(crate) struct Reads {
    blocks: Receiver<Vec<u8>>,
    block: Vec<u8>,
    at: usize,
}

/// Bases and qualities of some reads, one after the other.
#[derive(Default)]
pub(crate) struct Batch {
    bases: Vec<u8>,
    qualities: Vec<u8>,
    ends: Vec<usize>,
}

impl Batch {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bases and qualities of the `at`-th read.
    pub(crate) fn read(&self, at: usize) -> (&[u8], &[u8]) {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        (&self.bases[start..self.ends[at]], &self.qualities[start..self.ends[at]])
    }
}

impl Reads {
    /// The next `reads` reads, fewer at the end of the part.
    pub(crate) fn batch(&mut self, reads: usize) -> Batch {
        let mut batch = Batch::default();
        while batch.len() < reads {
            if self.at >= self.block.len() {
                match self.blocks.recv() {
                    Ok(block) => (self.block, self.at) = (block, 0),
                    Err(_) => break,
                }
            }
            let text = &self.block[self.at..];
            let mut end = text.len();
            let mut rest = records(text);
            while batch.len() < reads {
                let Some(record) = rest.next() else { break };
                batch.bases.extend_from_slice(record.sequence);
                batch.qualities.extend_from_slice(record.quality);
                batch.ends.push(batch.bases.len());
            }
            if let Some(next) = rest.next() {
                // The name starts behind its `@`.
                end = next.name.as_ptr().addr() - text.as_ptr().addr() - 1;
            }
            self.at += end;
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_arrive_whole_however_text_and_batches_are_cut() {
        let text: Vec<u8> = (0..1000usize)
            .flat_map(|i| {
                let length = i % 7;
                format!("@r{i}\n{}\n+\n{}\n", "A".repeat(length), "@".repeat(length)).into_bytes()
            })
            .collect();
        let text = text[..text.len() - 1].to_vec();
        let (mut sender, mut reads) = channel();
        let feeder = std::thread::spawn(move || {
            for piece in text.chunks(13) {
                sender.text(piece).unwrap();
            }
            sender.end().unwrap();
        });
        let mut lengths = Vec::new();
        loop {
            let batch = reads.batch(64);
            lengths.extend((0..batch.len()).map(|at| (batch.read(at).0.len(), batch.read(at).1.len())));
            if batch.len() < 64 {
                break;
            }
        }
        feeder.join().unwrap();
        assert!(lengths.into_iter().eq((0..1000).map(|i| (i % 7, i % 7))));
    }
}
