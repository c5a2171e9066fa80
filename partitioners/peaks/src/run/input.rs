//! Where peaks come from: an imzML, or columns of numbers.
use std::{
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use object_io::{ReadAt, Store};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use super::{
    Dataset,
    npy::{Rows, Table},
    reader::Reader,
};
use crate::{
    Bounds, Error, MzType,
    sort::{
        arrays::SAMPLE,
        run::{Room, Run},
    },
};

/// What to sort.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Input {
    /// An imzML, opened by the index beside it if there is one.
    Imzml(Uri),
    /// An imzML by this index; the XML is not looked at.
    Index(Uri),
    /// Three one-dimensional `.npy` columns of one length.
    Npy {
        /// m/z: floats.
        mz: Uri,
        /// Intensities: floats or integers.
        intensity: Uri,
        /// Pixels: integers of 32 bits.
        pixel: Uri,
    },
}

/// Peaks in units that are read in order: spectra, or rows.
#[derive(Clone)]
pub(crate) enum Source {
    Imzml(Dataset, Arc<dyn ReadAt>),
    Npy(Table),
}

/// Places of the axis of units that the sample looks at.
const PLACES: u64 = 256;

impl Source {
    pub(crate) async fn open(store: &Store, input: &Input) -> Result<Self, Error> {
        let dataset = match input {
            Input::Imzml(uri) => Dataset::open(store, uri).await?,
            Input::Index(uri) => Dataset::from_index(store, uri).await?,
            Input::Npy { mz, intensity, pixel } => {
                return Ok(Self::Npy(Table::open(store, [mz, intensity, pixel]).await?));
            }
        };
        Self::of(store, dataset).await
    }

    pub(crate) async fn of(store: &Store, dataset: Dataset) -> Result<Self, Error> {
        let ibd = store.read_at(&dataset.ibd).await?;
        Ok(Self::Imzml(dataset, ibd))
    }

    /// The object whose bytes are the peaks.
    pub(crate) fn object(&self) -> &Object {
        match self {
            Self::Imzml(dataset, _) => &dataset.ibd,
            Self::Npy(table) => &table.mz.object,
        }
    }

    pub(crate) fn mz_type(&self) -> MzType {
        match self {
            Self::Imzml(dataset, _) => dataset.mz_type(),
            Self::Npy(table) => table.mz_type(),
        }
    }

    pub(crate) fn units(&self) -> u64 {
        match self {
            Self::Imzml(dataset, _) => dataset.spectra.len() as u64,
            Self::Npy(table) => table.rows(),
        }
    }

    /// Peaks, as stored.
    pub(crate) fn peaks(&self) -> u64 {
        match self {
            Self::Imzml(dataset, _) => dataset.peaks(),
            Self::Npy(table) => table.rows(),
        }
    }

    /// Memory that it holds itself.
    pub(crate) fn memory(&self) -> u64 {
        match self {
            Self::Imzml(dataset, _) => size_of_val(&*dataset.spectra) as u64,
            Self::Npy(_) => 0,
        }
    }

    /// Threads that should read at once.
    pub(crate) fn reads_at_once(&self) -> usize {
        match self {
            Self::Imzml(_, ibd) => ibd.reads_at_once(),
            Self::Npy(table) => table.mz.source.reads_at_once(),
        }
    }

    /// Peaks of one read.
    fn chunk(&self) -> u64 {
        let bytes = match self {
            Self::Imzml(_, ibd) => ibd.preferred_read(),
            Self::Npy(table) => table.mz.source.preferred_read(),
        };
        (bytes as u64 / 16).max(1 << 15)
    }

    /// The end of the longest run of units from `start` with at most `peaks` peaks; at least one unit.
    pub(crate) fn end(&self, start: u64, peaks: u64) -> u64 {
        match self {
            Self::Npy(table) => table.rows().min(start + peaks.max(1)),
            Self::Imzml(dataset, _) => {
                let (mut end, mut sum) = (start as usize, 0);
                while let Some(spectrum) = dataset.spectra.get(end) {
                    sum += u64::from(spectrum.mz.length);
                    if sum > peaks && end as u64 > start {
                        break;
                    }
                    end += 1;
                }
                end as u64
            }
        }
    }

    /// All units, in runs of at most `peaks` peaks.
    pub(crate) fn cut(&self, peaks: u64) -> Vec<Range<u64>> {
        let mut start = 0;
        let next = || {
            let end = self.end(start, peaks);
            (end > start).then(|| std::mem::replace(&mut start, end)..end)
        };
        std::iter::from_fn(next).collect()
    }

    /// A reader with memory of its own, for one thread.
    pub(crate) fn reader(&self) -> SourceReader<'_> {
        let kind = match self {
            Self::Imzml(dataset, ibd) => Kind::Imzml(Box::new(Reader::new(dataset.clone(), ibd.clone())), dataset),
            Self::Npy(table) => Kind::Npy(table, Rows::default()),
        };
        SourceReader {
            source: self,
            kind,
            mz: self.mz_type(),
            room: Room::default(),
        }
    }

    /// Cuts for so many segments, by the m/z of a sample of the peaks.
    pub(crate) fn bounds(&self, segments: u64, threads: usize) -> Result<Bounds, Error> {
        let (units, peaks) = (self.units(), self.peaks());
        let each = match self {
            Self::Imzml(..) => 1,
            Self::Npy(_) => SAMPLE as u64 / PLACES,
        };
        let all = peaks <= SAMPLE as u64 || units <= PLACES * each;
        let places: Vec<Range<u64>> = if all {
            self.cut(self.chunk())
        } else {
            (0..PLACES)
                .map(|place| place * (units - each) / (PLACES - 1))
                .map(|start| start..start + each)
                .collect()
        };
        let in_places: u64 = if all {
            peaks
        } else {
            places.len() as u64 * (peaks / units.max(1) + 1) * each
        };
        let step = in_places.div_ceil(SAMPLE as u64).max(1) as usize;
        let (sample, failure, next) = (Mutex::new(Vec::new()), Mutex::new(None), AtomicU64::new(0));
        let mz = self.mz_type();
        let work = || {
            let mut reader = self.reader();
            let mut keys = Vec::new();
            while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                let taken = reader.read(place.clone(), &mut |_, run: Run<'_>| match mz {
                    MzType::F32 => keys.extend(
                        run.mz
                            .as_chunks()
                            .0
                            .iter()
                            .step_by(step)
                            .map(|b| u64::from(u32::from_le_bytes(*b))),
                    ),
                    MzType::F64 => keys.extend(
                        run.mz
                            .as_chunks()
                            .0
                            .iter()
                            .step_by(step)
                            .map(|b| u64::from_le_bytes(*b)),
                    ),
                });
                if let Err(error) = taken {
                    lock(&failure).get_or_insert(error);
                    return;
                }
            }
            lock(&sample).append(&mut keys);
        };
        thread::scope(|scope| {
            for _ in 0..threads.max(self.reads_at_once()) {
                scope.spawn(work);
            }
        });
        match lock(&failure).take() {
            Some(error) => Err(error),
            None => Ok(Bounds::choose(mz, std::mem::take(&mut *lock(&sample)), peaks, segments)),
        }
    }
}

/// What a thread that panicked held is still there: its panic comes up by itself.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

enum Kind<'a> {
    Imzml(Box<Reader>, &'a Dataset),
    Npy(&'a Table, Rows),
}

/// Reads units of a source.
pub(crate) struct SourceReader<'a> {
    source: &'a Source,
    kind: Kind<'a>,
    mz: MzType,
    pub(crate) room: Room,
}

impl SourceReader<'_> {
    /// Gives the peaks of `units`, run by run, in order; reads them chunk by chunk.
    pub(crate) fn read(&mut self, units: Range<u64>, each: &mut dyn FnMut(u32, Run<'_>)) -> Result<(), Error> {
        let mut start = units.start;
        while start < units.end {
            let end = self.source.end(start, self.source.chunk()).min(units.end);
            match &mut self.kind {
                Kind::Npy(table, rows) => table.read(&(start..end), rows, &mut self.room, each)?,
                Kind::Imzml(reader, dataset) => {
                    let (grid, to, room) = (dataset.grid, self.mz, &mut self.room);
                    reader.read(start..end, |_, spectrum, mz, intensity| {
                        each(grid.pixel(spectrum), room.run(to, mz, intensity));
                        Ok(())
                    })?;
                }
            }
            start = end;
        }
        Ok(())
    }
}
