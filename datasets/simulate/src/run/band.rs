//! The rows of a raster of one band, from north to south.
use std::io::{BufReader, Read, Seek};

use object_io::Store;
use plan::Uri;
use tiff::{
    TiffResult,
    decoder::{Decoder, DecodingResult},
    tags::Tag,
};

use super::positions::{Positions, open};
use crate::Error;

/// Most samples of a row of blocks.
const LIMIT: u64 = 1 << 28;

/// A raster being read.
pub(super) struct Band<R: Read + Seek = BufReader<Positions>> {
    uri: Uri,
    decoder: Decoder<R>,
    pub(super) width: u32,
    pub(super) height: u32,
    block: (u32, u32),
    nodata: Option<f64>,
    is_float: bool,
    /// Rows of blocks read so far, and the samples of the last one.
    read: u32,
    rows: Vec<f64>,
}

impl Band {
    /// Reads the directory of a TIFF.
    pub(super) async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let source = open(store, uri).await?;
        let uri = uri.clone();
        super::blocking(move || Self::new(uri, source)).await
    }
}

impl<R: Read + Seek> Band<R> {
    fn new(uri: Uri, source: R) -> Result<Self, Error> {
        let other = |reason: &str| Error::OtherRaster {
            object: uri.clone(),
            reason: reason.to_owned(),
        };
        let broken = |source| Error::Pixels {
            object: uri.clone(),
            source,
        };
        let mut decoder = Decoder::new(source).map_err(broken)?;
        let (width, height) = decoder.dimensions().map_err(broken)?;
        let samples: u16 = (decoder.find_tag_unsigned(Tag::SamplesPerPixel))
            .map_err(broken)?
            .unwrap_or(1);
        if samples != 1 {
            return Err(other("has several bands; one is compared"));
        }
        let block = decoder.chunk_dimensions();
        if u64::from(width) * u64::from(block.1) > LIMIT || block.0 == 0 || block.1 == 0 {
            return Err(other("its blocks are too large"));
        }
        let nodata = decoder.find_tag(Tag::GdalNodata).map_err(broken)?;
        let nodata = nodata.and_then(|value| value.into_string().ok());
        let format = (decoder.find_tag_unsigned::<u16>(Tag::SampleFormat)).map_err(broken)?;
        Ok(Self {
            nodata: nodata.and_then(|text| text.trim_matches(['\0', ' ']).parse().ok()),
            is_float: format == Some(3),
            uri,
            decoder,
            width,
            height,
            block,
            read: 0,
            rows: Vec::new(),
        })
    }

    /// Whether samples are floating-point numbers.
    pub(super) fn is_float(&self) -> bool {
        self.is_float
    }

    /// Whether a sample says that there is none.
    pub(super) fn is_nodata(&self, sample: f64) -> bool {
        sample.is_nan() || self.nodata == Some(sample)
    }

    /// A row; rows are asked for in order.
    pub(super) fn row(&mut self, row: u32) -> Result<&[f64], Error> {
        let wanted = row / self.block.1;
        while self.read <= wanted {
            self.read_blocks(self.read).map_err(|source| Error::Pixels {
                object: self.uri.clone(),
                source,
            })?;
            self.read += 1;
        }
        let start = (row % self.block.1) as usize * self.width as usize;
        Ok(&self.rows[start..start + self.width as usize])
    }

    fn read_blocks(&mut self, row: u32) -> TiffResult<()> {
        let width = self.width as usize;
        let across = self.width.div_ceil(self.block.0);
        self.rows.clear();
        self.rows.resize(width * self.block.1 as usize, f64::NAN);
        for column in 0..across {
            let chunk = row * across + column;
            let (wide, high) = self.decoder.chunk_data_dimensions(chunk);
            let samples = numbers(self.decoder.read_chunk(chunk)?);
            let first = (column * self.block.0) as usize;
            for (line, samples) in samples.chunks_exact(wide as usize).take(high as usize).enumerate() {
                self.rows[line * width + first..][..wide as usize].copy_from_slice(samples);
            }
        }
        Ok(())
    }

    /// An error about this raster.
    pub(super) fn other(&self, reason: String) -> Error {
        Error::OtherRaster {
            object: self.uri.clone(),
            reason,
        }
    }
}

fn numbers(samples: DecodingResult) -> Vec<f64> {
    fn all<T: Into<f64>>(samples: Vec<T>) -> Vec<f64> {
        samples.into_iter().map(Into::into).collect()
    }
    match samples {
        DecodingResult::U8(samples) => all(samples),
        DecodingResult::U16(samples) => all(samples),
        DecodingResult::U32(samples) => all(samples),
        DecodingResult::I8(samples) => all(samples),
        DecodingResult::I16(samples) => all(samples),
        DecodingResult::I32(samples) => all(samples),
        DecodingResult::F32(samples) => all(samples),
        DecodingResult::F64(samples) => samples,
        DecodingResult::F16(samples) => samples.into_iter().map(f64::from).collect(),
        DecodingResult::U64(samples) => samples.into_iter().map(|sample| sample as f64).collect(),
        DecodingResult::I64(samples) => samples.into_iter().map(|sample| sample as f64).collect(),
    }
}
