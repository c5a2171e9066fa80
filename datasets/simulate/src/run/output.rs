//! A compressed object written by a blocking producer: text is compressed on a thread of its own and stored as it comes.
use std::{
    io::{self, Write},
    sync::mpsc as blocking,
    thread,
};

use object_io::Store;
use plan::Uri;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{Error, gzip::Gzip};

/// Blocks under way on each side of the compressor.
const AHEAD: usize = 4;
/// Text given to the compressor at once.
const BLOCK: usize = 256 << 10;

/// What travels: bytes, and at the end the word that nothing is missing. A producer that fails never says it.
enum Part {
    Bytes(Vec<u8>),
    End,
}

/// The producer's side.
pub(super) struct Output {
    block: Vec<u8>,
    compressor: blocking::SyncSender<Part>,
}

impl Output {
    /// Starts an object. The task ends when it is visible, or when it is clear that it never will be.
    pub(super) fn start(store: &Store, uri: &Uri, bgzf: bool) -> (Self, JoinHandle<Result<(), Error>>) {
        let (compressor, text) = blocking::sync_channel(AHEAD);
        let (send, mut receive) = mpsc::channel(AHEAD);
        let compressing = thread::spawn(move || compress(&text, send, bgzf));
        let (store, uri) = (store.clone(), uri.clone());
        let task = tokio::spawn(async move {
            let mut writer = store.writer(&uri).await?;
            while let Some(part) = receive.recv().await {
                match part {
                    Part::Bytes(bytes) => writer.write(bytes).await?,
                    Part::End => {
                        writer.finish().await?;
                        return Ok(());
                    }
                }
            }
            writer.abort().await?;
            let cause = compressing
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the compressor panicked")));
            let source = cause.err().unwrap_or_else(|| io::Error::other("the producer stopped"));
            Err(Error::Write { object: uri, source })
        });
        (
            Self {
                block: Vec::with_capacity(BLOCK),
                compressor,
            },
            task,
        )
    }

    /// Appends text. False when nobody takes it any more.
    pub(super) fn write(&mut self, text: &[u8]) -> bool {
        self.block.extend_from_slice(text);
        if self.block.len() < BLOCK {
            return true;
        }
        let full = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK));
        self.compressor.send(Part::Bytes(full)).is_ok()
    }

    /// Says that all text is there.
    pub(super) fn finish(self) {
        // Whoever does not take it has an error of its own to tell.
        let _ = self.compressor.send(Part::Bytes(self.block));
        let _ = self.compressor.send(Part::End);
    }
}

fn compress(text: &blocking::Receiver<Part>, send: mpsc::Sender<Part>, bgzf: bool) -> io::Result<()> {
    let mut gzip = Gzip::new(io::BufWriter::with_capacity(BLOCK, Pipe(send)), bgzf);
    while let Ok(part) = text.recv() {
        match part {
            Part::Bytes(text) => gzip.write_all(&text)?,
            Part::End => {
                let pipe = gzip.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
                return pipe
                    .0
                    .blocking_send(Part::End)
                    .map_err(|_| io::ErrorKind::BrokenPipe.into());
            }
        }
    }
    Ok(())
}

struct Pipe(mpsc::Sender<Part>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Part::Bytes(bytes.to_vec()));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
