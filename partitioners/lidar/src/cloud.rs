//! A point cloud as its file says it is: header, records before and after the points, chunks.
use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use object_io::ReadAt;
use plan::Object;

use crate::{
    Chunk, Error, FormatError, FormatErrorKind, Header, Vlr,
    chunk::{self, LayoutError, Storage},
    codec::Codec,
    header::{LONGEST, header_size},
    vlr::{split_extended, split_plain},
};

/// A LAS, LAZ or COPC file, without its points.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// The object.
    pub object: Object,
    /// The header.
    pub header: Header,
    /// Variable length records, in order.
    pub vlrs: Vec<Vlr>,
    /// Bytes between them and the points.
    pub(crate) gap: Bytes,
    /// Extended variable length records, in order.
    pub evlrs: Vec<Vlr>,
    pub(crate) storage: Storage,
    /// Where the points are, in order.
    pub chunks: Vec<Chunk>,
}

fn read(source: &Arc<dyn ReadAt>, bytes: Range<u64>) -> Result<Bytes, LayoutError> {
    Ok(chunk::fetch(source, &bytes)?)
}

impl Cloud {
    /// Reads everything but the points: a few ranges at the start of the file, and its end. Blocking.
    ///
    /// # Errors
    /// What is malformed, with its byte.
    pub(crate) fn open(object: &Object, source: &Arc<dyn ReadAt>) -> Result<Self, Error> {
        Self::parse(object, source).map_err(|error| match error {
            LayoutError::Read(source) => Error::Read {
                object: object.uri.clone(),
                source,
            },
            LayoutError::Format(source) => Error::Format {
                object: object.uri.clone(),
                source,
            },
        })
    }

    fn parse(object: &Object, source: &Arc<dyn ReadAt>) -> Result<Self, LayoutError> {
        let size = source.size();
        let start = read(source, 0..size.min(LONGEST))?;
        let header_size = u64::from(header_size(&start)?);
        let header = Header::parse(read(source, 0..size.min(header_size))?.to_vec())?;
        let points_start = header.points_start();
        if points_start < header_size || points_start > size {
            let kind = FormatErrorKind::PointsStart {
                start: points_start,
                least: header_size,
                most: size,
            };
            return Err(FormatError { offset: 96, kind }.into());
        }
        let between = read(source, header_size..points_start)?;
        let (vlrs, gap) = split_plain(&between, header.vlr_count(), header_size)?;
        let (evlr_start, evlr_count) = header.evlrs();
        let (points_end, evlrs) = if evlr_count == 0 {
            (size, Vec::new())
        } else if evlr_start < points_start || evlr_start > size {
            let kind = FormatErrorKind::Evlrs {
                start: evlr_start,
                count: evlr_count,
                least: points_start,
                most: size,
            };
            return Err(FormatError { offset: 235, kind }.into());
        } else {
            let bytes = read(source, evlr_start..size)?;
            (evlr_start, split_extended(&bytes, evlr_count, evlr_start)?)
        };
        let bytes = points_start..points_end;
        let (storage, chunks) = if header.compressed {
            let payload = vlrs
                .iter()
                .find(|vlr| vlr.is("laszip encoded", 22204))
                .map(Vlr::payload);
            let at = |kind| FormatError {
                offset: header_size,
                kind,
            };
            let payload = payload.ok_or_else(|| at(FormatErrorKind::NoLazVlr))?;
            let codec = Codec::parse(payload, header.record_length).map_err(at)?;
            chunk::laz(source, codec, header.points, &bytes)?
        } else {
            let chunks = chunk::plain(header.points, header.record_length, &bytes)?;
            (Storage::Plain, chunks)
        };
        Ok(Self {
            object: object.clone(),
            header,
            vlrs,
            gap,
            evlrs,
            storage,
            chunks,
        })
    }

    /// Refuses a cloud whose records point at wave packets.
    pub(crate) fn check_cuttable(&self) -> Result<(), Error> {
        if !self.header.format.has_waveform() {
            return Ok(());
        }
        Err(Error::Waveform {
            object: self.object.uri.clone(),
            format: self.header.format.number(),
        })
    }

    /// Whether this is a COPC file: its first record says where its octree is.
    pub fn is_copc(&self) -> bool {
        self.vlrs.first().is_some_and(|vlr| vlr.is("copc", 1))
    }

    /// Points before which a chunk stands.
    pub(crate) fn records_before(&self) -> impl Iterator<Item = &Vlr> {
        self.vlrs.iter().filter(|vlr| !vlr.is_stale())
    }

    pub(crate) fn records_after(&self) -> impl Iterator<Item = &Vlr> {
        self.evlrs.iter().filter(|vlr| !vlr.is_stale())
    }
}
