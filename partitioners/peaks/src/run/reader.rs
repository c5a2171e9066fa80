//! Spectra from the `.ibd`, by few large reads.
use std::{ops::Range, sync::Arc};

use object_io::ReadAt;

use crate::{Array, Error, Spectrum, Which, run::Dataset, sort::run::Column};

/// Arrays closer than this travel in one read.
const GAP: u64 = 64 << 10;

/// Reads spectra one chunk at a time into memory of its own.
pub(crate) struct Reader {
    dataset: Dataset,
    source: Arc<dyn ReadAt>,
    bytes: Vec<u8>,
    /// What was read: where it lies in the file, and where in `bytes`.
    held: Vec<(Range<u64>, usize)>,
    rooms: [Vec<u8>; 2],
}

impl Reader {
    pub(crate) fn new(dataset: Dataset, source: Arc<dyn ReadAt>) -> Self {
        Self {
            dataset,
            source,
            bytes: Vec::new(),
            held: Vec::new(),
            rooms: Default::default(),
        }
    }

    /// Reads the spectra `numbers` and gives each to `each`: its number, its m/z, its intensities.
    pub(crate) fn read(
        &mut self,
        numbers: Range<u64>,
        mut each: impl FnMut(u64, &Spectrum, Column<'_>, Column<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let spectra = self.dataset.spectra.clone();
        let wanted = &spectra[numbers.start as usize..numbers.end as usize];
        self.fetch(wanted)?;
        let Self {
            dataset,
            bytes,
            held,
            rooms: [mz_room, intensity_room],
            ..
        } = self;
        for (number, spectrum) in numbers.zip(wanted) {
            let decode = |array: &Array, which, room| {
                let decoded = array.decode(stored(bytes, held, array), room);
                let ibd = || dataset.ibd.uri.clone();
                decoded.map_err(|source| Error::Array {
                    ibd: ibd(),
                    spectrum: number,
                    array: which,
                    offset: array.offset,
                    source,
                })
            };
            let mz = decode(&spectrum.mz, Which::Mz, &mut *mz_room)?;
            let intensity = decode(&spectrum.intensity, Which::Intensity, &mut *intensity_room)?;
            let mz = Column {
                kind: spectrum.mz.kind,
                bytes: mz,
            };
            each(
                number,
                spectrum,
                mz,
                Column {
                    kind: spectrum.intensity.kind,
                    bytes: intensity,
                },
            )?;
        }
        Ok(())
    }

    fn fetch(&mut self, spectra: &[Spectrum]) -> Result<(), Error> {
        let wanted: Vec<_> = spectra
            .iter()
            .flat_map(|spectrum| [spectrum.mz.bytes(), spectrum.intensity.bytes()])
            .collect();
        self.held.clear();
        let mut length = 0;
        for range in object_io::coalesce(&wanted, GAP) {
            let start = length;
            length += (range.end - range.start) as usize;
            self.held.push((range, start));
        }
        if self.bytes.len() < length {
            self.bytes.resize(length, 0);
        }
        for (range, start) in &self.held {
            let room = &mut self.bytes[*start..*start + (range.end - range.start) as usize];
            let read = self.source.read_exact_at(range.start, room);
            read.map_err(|source| object_io::Error::from_read(&self.dataset.ibd.uri, source))?;
        }
        Ok(())
    }
}

/// The bytes of `array`, which were read.
fn stored<'a>(bytes: &'a [u8], held: &[(Range<u64>, usize)], array: &Array) -> &'a [u8] {
    if array.stored == 0 {
        return &[];
    }
    let at = held.partition_point(|(range, _)| range.start <= array.offset) - 1;
    let (range, start) = &held[at];
    let from = start + (array.offset - range.start) as usize;
    &bytes[from..from + array.stored as usize]
}
