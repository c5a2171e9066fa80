//! Segments on their way to the store, while the next ones are sorted.
use bytes::Bytes;
use object_io::{Store, Writer};
use plan::Uri;
use tokio::{runtime::Handle, sync::mpsc, task::JoinHandle};

use crate::{Error, MzType, PAGE, npy};

/// Bytes of pages that travel together.
pub(crate) const PIECE: usize = 1 << 20;

/// Pieces of one segment under way.
const PIECES: usize = 4;

enum Step {
    Pages(Vec<u8>),
    End(Vec<u8>),
}

/// One segment being written.
pub(crate) struct Upload {
    steps: mpsc::Sender<Step>,
    task: JoinHandle<Result<(), Error>>,
}

/// What is left to wait for.
pub(crate) struct Finishing(JoinHandle<Result<(), Error>>);

impl Upload {
    /// Starts `<out>.peaks`, and with `columns` `<out>.mz.npy`, `<out>.intensity.npy`, `<out>.pixel.npy`.
    pub(crate) fn start(store: &Store, handle: &Handle, out: &Uri, mz: MzType, peaks: u64, columns: bool) -> Self {
        let (steps, arriving) = mpsc::channel(PIECES);
        let task = handle.spawn(write(
            store.clone(),
            out.clone(),
            mz,
            columns.then_some(peaks),
            arriving,
        ));
        Self { steps, task }
    }

    /// Appends whole pages. A writer that failed says so when it is waited for.
    pub(crate) fn pages(&self, pages: Vec<u8>) {
        let _ = self.steps.blocking_send(Step::Pages(pages));
    }

    /// Appends the index; after that the segment becomes visible. Without this call it never does.
    pub(crate) fn end(self, index: Vec<u8>) -> Finishing {
        let _ = self.steps.blocking_send(Step::End(index));
        Finishing(self.task)
    }
}

impl Finishing {
    pub(crate) fn wait(self, handle: &Handle, out: &Uri) -> Result<(), Error> {
        handle
            .block_on(self.0)
            .unwrap_or_else(|_| Err(Error::Panic { object: out.clone() }))
    }
}

/// Three columns beside a segment.
struct ColumnWriters {
    mz: Writer,
    intensity: Writer,
    pixel: Writer,
}

impl ColumnWriters {
    async fn start(store: &Store, out: &Uri, mz: MzType, peaks: u64) -> Result<Self, Error> {
        let start = async |column: &str, descr: &str| {
            let mut writer = store.writer(&out.with_suffix(&format!(".{column}.npy"))).await?;
            writer.write(npy::header(descr, peaks)).await?;
            Ok::<_, Error>(writer)
        };
        let floats = match mz {
            MzType::F32 => "<f4",
            MzType::F64 => "<f8",
        };
        Ok(Self {
            mz: start("mz", floats).await?,
            intensity: start("intensity", "<f4").await?,
            pixel: start("pixel", "<u4").await?,
        })
    }

    async fn write(&mut self, mz: MzType, pages: &Bytes) -> Result<(), Error> {
        let page = PAGE * mz.peak();
        let mut start = 0;
        while start < pages.len() {
            let end = pages.len().min(start + page);
            let count = (end - start) / mz.peak();
            let (a, b) = (start + count * mz.width(), start + count * (mz.width() + 4));
            self.mz.write(pages.slice(start..a)).await?;
            self.intensity.write(pages.slice(a..b)).await?;
            self.pixel.write(pages.slice(b..end)).await?;
            start = end;
        }
        Ok(())
    }
}

async fn write(
    store: Store,
    out: Uri,
    mz: MzType,
    columns: Option<u64>,
    mut arriving: mpsc::Receiver<Step>,
) -> Result<(), Error> {
    let mut writer = store.writer(&out.with_suffix(".peaks")).await?;
    let mut columns = match columns {
        Some(peaks) => Some(ColumnWriters::start(&store, &out, mz, peaks).await?),
        None => None,
    };
    while let Some(step) = arriving.recv().await {
        match step {
            Step::Pages(pages) => {
                let pages = Bytes::from(pages);
                if let Some(columns) = &mut columns {
                    columns.write(mz, &pages).await?;
                }
                writer.write(pages).await?;
            }
            Step::End(index) => {
                if let Some(ColumnWriters { mz, intensity, pixel }) = columns {
                    for column in [mz, intensity, pixel] {
                        column.finish().await?;
                    }
                }
                writer.write(index).await?;
                writer.finish().await?;
                return Ok(());
            }
        }
    }
    Ok(())
}
