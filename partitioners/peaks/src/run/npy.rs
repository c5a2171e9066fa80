//! Columns of peaks in `.npy` files.
use std::{ops::Range, sync::Arc};

use object_io::{ReadAt, Store};
use plan::{Object, Uri};

use crate::{
    ArrayType, Error, MzType, NpyError,
    npy::{HEAD, Header, Number},
    sort::{
        arrays::runs,
        run::{Column, Room, Run},
    },
};

/// Three columns of one length.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) mz: File,
    pub(crate) intensity: File,
    pub(crate) pixel: File,
}

#[derive(Clone)]
pub(crate) struct File {
    pub(crate) object: Object,
    header: Header,
    pub(crate) source: Arc<dyn ReadAt>,
}

impl File {
    async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let object = store.head(uri).await?;
        let head = store.read(&object, 0..object.size.min(HEAD)).await?;
        let header = Header::parse(&head, object.size).map_err(|source| Error::Npy {
            object: uri.clone(),
            source,
        })?;
        let source = store.read_at(&object).await?;
        Ok(Self { object, header, source })
    }

    fn refuse(&self, source: NpyError) -> Error {
        Error::Npy {
            object: self.object.uri.clone(),
            source,
        }
    }

    fn real(&self) -> Result<ArrayType, Error> {
        match self.header.kind {
            Number::Signed(kind) => Ok(kind),
            Number::U32 => Err(self.refuse(NpyError::Type("<u4".into()))),
            Number::U64 => Err(self.refuse(NpyError::Type("<u8".into()))),
        }
    }

    fn read(&self, rows: &Range<u64>, to: &mut Vec<u8>) -> Result<(), Error> {
        let width = self.header.kind.width();
        to.resize(((rows.end - rows.start) * width) as usize, 0);
        let read = self.source.read_exact_at(self.header.offset + rows.start * width, to);
        Ok(read.map_err(|source| object_io::Error::from_read(&self.object.uri, source))?)
    }
}

/// Memory for rows.
#[derive(Default)]
pub(crate) struct Rows {
    mz: Vec<u8>,
    intensity: Vec<u8>,
    raw: Vec<u8>,
    pixels: Vec<u32>,
    order: Vec<f64>,
}

impl Table {
    pub(crate) async fn open(store: &Store, [mz, intensity, pixel]: [&Uri; 3]) -> Result<Self, Error> {
        let table = Self {
            mz: File::open(store, mz).await?,
            intensity: File::open(store, intensity).await?,
            pixel: File::open(store, pixel).await?,
        };
        let expected = table.rows();
        for file in [&table.intensity, &table.pixel] {
            if file.header.rows != expected {
                return Err(file.refuse(NpyError::Rows {
                    expected,
                    found: file.header.rows,
                }));
            }
        }
        table.mz.real()?;
        table.intensity.real()?;
        if matches!(table.pixel.header.kind, Number::Signed(ArrayType::F32 | ArrayType::F64)) {
            return Err(table.pixel.refuse(NpyError::Type("<f8 or <f4, for pixels".into())));
        }
        Ok(table)
    }

    pub(crate) fn rows(&self) -> u64 {
        self.mz.header.rows
    }

    pub(crate) fn mz_type(&self) -> MzType {
        match self.mz.header.kind {
            Number::Signed(kind) => MzType::of(kind),
            Number::U32 | Number::U64 => MzType::F64,
        }
    }

    /// Gives the peaks of `rows` to `each`, run by run.
    pub(crate) fn read(
        &self,
        rows: &Range<u64>,
        memory: &mut Rows,
        room: &mut Room,
        each: &mut dyn FnMut(u32, Run<'_>),
    ) -> Result<(), Error> {
        let (mz_kind, intensity_kind) = (self.mz.real()?, self.intensity.real()?);
        self.mz.read(rows, &mut memory.mz)?;
        self.intensity.read(rows, &mut memory.intensity)?;
        self.pixel.read(rows, &mut memory.raw)?;
        memory.pixels.clear();
        self.pixels(rows, memory)?;
        memory.order.clear();
        mz_kind.for_each(&memory.mz, |mz| memory.order.push(mz));
        let (wide, narrow) = (mz_kind.width() as usize, intensity_kind.width() as usize);
        for run in runs(&memory.order, &memory.pixels) {
            let mz = Column {
                kind: mz_kind,
                bytes: &memory.mz[run.start * wide..run.end * wide],
            };
            let intensity = Column {
                kind: intensity_kind,
                bytes: &memory.intensity[run.start * narrow..run.end * narrow],
            };
            each(memory.pixels[run.start], room.run(self.mz_type(), mz, intensity));
        }
        Ok(())
    }

    fn pixels(&self, rows: &Range<u64>, memory: &mut Rows) -> Result<(), Error> {
        let Rows { raw, pixels, .. } = memory;
        let narrow = |numbers: &mut dyn Iterator<Item = i128>, pixels: &mut Vec<u32>| {
            for (row, number) in (rows.start..).zip(numbers) {
                let pixel = u32::try_from(number);
                let pixel = pixel.map_err(|_| {
                    self.pixel.refuse(NpyError::Pixel {
                        row,
                        value: number.to_string(),
                    })
                })?;
                pixels.push(pixel);
            }
            Ok(())
        };
        match self.pixel.header.kind {
            Number::U32 => {
                pixels.extend(raw.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)));
                Ok(())
            }
            Number::U64 => narrow(
                &mut raw.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes).into()),
                pixels,
            ),
            Number::Signed(ArrayType::I64) => narrow(
                &mut raw.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes).into()),
                pixels,
            ),
            Number::Signed(_) => narrow(
                &mut raw.as_chunks().0.iter().map(|bytes| i32::from_le_bytes(*bytes).into()),
                pixels,
            ),
        }
    }
}
