//! LAZ, one chunk at a time, on raw records. The `laz` crate does the arithmetic; here it is kept from believing headers.
use std::{
    io::{self, Cursor, Read, Seek},
    panic::{AssertUnwindSafe, catch_unwind},
};

use bytes::Bytes;
use laz::{
    DecompressionSelection, LazItem, LazItemRecordBuilder, LazItemType, LazVlr, LazVlrBuilder,
    laszip::CompressorType,
    record::{
        LayeredPointRecordCompressor, LayeredPointRecordDecompressor, RecordCompressor, RecordDecompressor,
        SequentialPointRecordCompressor, SequentialPointRecordDecompressor,
    },
};

use crate::{FormatErrorKind, PointFormat};

/// Points of a chunk that we write, and of a block that is decoded at a time: what LASzip writes.
pub(crate) const CHUNK: u64 = 50_000;

/// How the points of a file are compressed.
#[derive(Clone, Debug)]
pub(crate) struct Codec {
    pub(crate) vlr: LazVlr,
    compressor: CompressorType,
    record: usize,
    /// Layers of formats 6 to 10 whose sizes stand at the head of each chunk; `None` for the others.
    layers: Option<usize>,
}

/// What is decoded of records; the rest of their bytes is undefined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Everything,
    /// X, Y and return numbers. Formats 0 to 5 are always decoded whole.
    Xy,
    /// As `Xy`, with Z, class and flags.
    Info,
}

impl Codec {
    /// What the `laszip encoded` record of a file says.
    pub(crate) fn parse(payload: &[u8], record: u16) -> Result<Self, FormatErrorKind> {
        let unsupported = |what: String| FormatErrorKind::Laz(what);
        let vlr = LazVlr::from_buffer(payload).map_err(|error| unsupported(error.to_string()))?;
        let compressor = match u16::from_le_bytes([payload[0], payload[1]]) {
            1 => CompressorType::PointWise,
            2 => CompressorType::PointWiseChunked,
            3 => CompressorType::LayeredChunked,
            other => return Err(unsupported(format!("compressor {other} is none of LASzip's"))),
        };
        let items = vlr.items();
        let layered = compressor == CompressorType::LayeredChunked;
        let first = items.first().map(LazItem::item_type);
        let expected = if layered {
            LazItemType::Point14
        } else {
            LazItemType::Point10
        };
        if first != Some(expected) {
            return Err(unsupported(format!(
                "points start with {first:?} instead of {expected:?}"
            )));
        }
        let mut layers = 0;
        for (number, item) in items.iter().enumerate() {
            let (size, item_layers) = match item.item_type() {
                LazItemType::Point10 => (20, 0),
                LazItemType::GpsTime => (8, 0),
                LazItemType::RGB12 => (6, 0),
                LazItemType::WavePacket13 => (29, 0),
                LazItemType::Byte(count) => (count, 0),
                LazItemType::Point14 => (30, 9),
                LazItemType::RGB14 => (6, 1),
                LazItemType::RGBNIR14 => (8, 2),
                LazItemType::WavePacket14 => (29, 1),
                LazItemType::Byte14(count) => (count, usize::from(count)),
            };
            if item.size() != size {
                let kind = item.item_type();
                return Err(unsupported(format!(
                    "item {number} ({kind:?}) has {} bytes, not {size}",
                    item.size()
                )));
            }
            layers += item_layers;
        }
        let total: u64 = items.iter().map(|item| u64::from(item.size())).sum();
        if total != u64::from(record) {
            return Err(unsupported(format!(
                "its items have {total} bytes, a point record has {record}"
            )));
        }
        let codec = Self {
            compressor,
            record: usize::from(record),
            layers: layered.then_some(layers),
            vlr,
        };
        // Asks for every item in its version.
        codec.decoder(Cursor::new(Bytes::new()), Wanted::Everything)?;
        Ok(codec)
    }

    /// What we write.
    pub(crate) fn new(format: PointFormat, record: u16) -> Result<Self, FormatErrorKind> {
        let items = LazItemRecordBuilder::default_for_point_format_id(format.number(), record - format.size());
        let items = items.map_err(|error| FormatErrorKind::Laz(error.to_string()))?;
        let vlr = LazVlrBuilder::new(items).with_fixed_chunk_size(CHUNK as u32).build();
        let layered = format.is_extended();
        let compressor = if layered {
            CompressorType::LayeredChunked
        } else {
            CompressorType::PointWiseChunked
        };
        Ok(Self {
            vlr,
            compressor,
            record: usize::from(record),
            layers: layered.then_some(0),
        })
    }

    /// One chunk holds all points, and there is no table of chunks.
    pub(crate) fn is_single_chunk(&self) -> bool {
        self.compressor == CompressorType::PointWise
    }

    pub(crate) fn is_layered(&self) -> bool {
        self.layers.is_some()
    }

    fn decoder<R: Read + Seek + Send + 'static>(
        &self,
        source: R,
        wanted: Wanted,
    ) -> Result<Box<dyn RecordDecompressor<R> + Send>, FormatErrorKind> {
        let mut decoder: Box<dyn RecordDecompressor<R> + Send> = if self.is_layered() {
            Box::new(LayeredPointRecordDecompressor::new(source))
        } else {
            Box::new(SequentialPointRecordDecompressor::new(source))
        };
        let fields = decoder.set_fields_from(self.vlr.items());
        fields.map_err(|error| FormatErrorKind::Laz(error.to_string()))?;
        decoder.set_selection(match wanted {
            Wanted::Everything => DecompressionSelection::all(),
            Wanted::Xy => DecompressionSelection::xy_returns_channel(),
            Wanted::Info => DecompressionSelection::xy_returns_channel()
                .decompress_z()
                .decompress_classification()
                .decompress_flags(),
        });
        Ok(decoder)
    }

    /// Bytes of the layered chunk at the start of `bytes` and the points it says it has, or why it cannot be one.
    ///
    /// The decoder would reserve what the sizes of layers say.
    pub(crate) fn layered_chunk(&self, bytes: &[u8]) -> Result<(u64, u64), ChunkFault> {
        let layers = self.layers.unwrap_or(0);
        let head = self.record + 4 + 4 * layers;
        let numbers = bytes.get(self.record..head).ok_or(ChunkFault::Cut)?;
        let (numbers, _) = numbers.as_chunks::<4>();
        let mut numbers = numbers.iter().map(|number| u64::from(u32::from_le_bytes(*number)));
        let points = numbers.next().unwrap_or(0);
        Ok((head as u64 + numbers.sum::<u64>(), points))
    }

    /// Starts decoding a chunk of `points` points that lies in memory.
    pub(crate) fn open_chunk(
        &self,
        bytes: Bytes,
        points: u64,
        wanted: Wanted,
    ) -> Result<Records<Cursor<Bytes>>, ChunkFault> {
        if self.is_layered() {
            let (length, counted) = self.layered_chunk(&bytes)?;
            if length > bytes.len() as u64 {
                return Err(ChunkFault::Cut);
            }
            if counted < points {
                return Err(ChunkFault::Points { counted, points });
            }
        }
        let decoder = self.decoder(Cursor::new(bytes), wanted);
        let decoder = decoder.map_err(|kind| ChunkFault::Codec(kind.to_string()))?;
        Ok(Records {
            decoder,
            record: self.record,
        })
    }

    /// Starts decoding points of formats 0 to 5 whose chunks have no known ends.
    pub(crate) fn open_stream<R: Read + Seek + Send + 'static>(&self, source: R) -> Result<Records<R>, ChunkFault> {
        let decoder = self.decoder(source, Wanted::Everything);
        let decoder = decoder.map_err(|kind| ChunkFault::Codec(kind.to_string()))?;
        Ok(Records {
            decoder,
            record: self.record,
        })
    }

    /// Compresses whole records into a chunk.
    pub(crate) fn encode(&self, records: &[u8]) -> io::Result<Vec<u8>> {
        // Most clouds take a quarter of their records or less.
        let to = Cursor::new(Vec::with_capacity(records.len() / 4 + 64));
        let mut encoder: Box<dyn RecordCompressor<Cursor<Vec<u8>>>> = if self.is_layered() {
            Box::new(LayeredPointRecordCompressor::new(to))
        } else {
            Box::new(SequentialPointRecordCompressor::new(to))
        };
        encoder.set_fields_from(self.vlr.items()).map_err(io::Error::other)?;
        encoder.compress_many(records)?;
        encoder.done()?;
        let mut chunk = encoder.box_into_inner().into_inner();
        chunk.shrink_to_fit();
        Ok(chunk)
    }
}

/// Records that are being decoded.
pub(crate) struct Records<R> {
    decoder: Box<dyn RecordDecompressor<R> + Send>,
    record: usize,
}

impl<R: Read> Records<R> {
    /// Decodes the next `count` records.
    pub(crate) fn next(&mut self, count: usize) -> Result<Vec<u8>, ChunkFault> {
        let mut records = vec![0; count * self.record];
        let mut done = 0;
        // Bytes that no encoder makes lead the decoder out of its tables; that is their fault, not ours.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            for record in records.chunks_exact_mut(self.record) {
                self.decoder.decompress_next(record)?;
                done += 1;
            }
            io::Result::Ok(())
        }));
        match decoded {
            Ok(Ok(())) => Ok(records),
            Ok(Err(source)) => Err(ChunkFault::Record { at: done, source }),
            Err(_) => Err(ChunkFault::Record {
                at: done,
                source: io::Error::new(io::ErrorKind::InvalidData, "no LAZ encoder writes these bytes"),
            }),
        }
    }

    /// Starts the next chunk of a stream.
    pub(crate) fn next_chunk(&mut self, codec: &Codec) -> Result<(), ChunkFault> {
        self.decoder.reset();
        let fields = self.decoder.set_fields_from(codec.vlr.items());
        fields.map_err(|error| ChunkFault::Codec(error.to_string()))
    }
}

/// Why a chunk cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum ChunkFault {
    /// It is shorter than it says.
    #[error("the chunk is cut short")]
    Cut,
    /// It has fewer points than the header or the chunk table says.
    #[error("the chunk says {counted} points where there should be {points}")]
    Points {
        /// What the chunk says.
        counted: u64,
        /// What the header or the table says.
        points: u64,
    },
    /// The codec refuses its kind.
    #[error("{0}")]
    Codec(String),
    /// Decoding a record failed.
    #[error("record {at} of the chunk cannot be decoded")]
    Record {
        /// 0-based record in what was decoded.
        at: u64,
        /// The cause.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(format: PointFormat, extra: u16, count: u32) -> Vec<u8> {
        let length = usize::from(format.size() + extra);
        let mut records = vec![0; length * count as usize];
        for (number, record) in records.chunks_exact_mut(length).enumerate() {
            for (at, byte) in record.iter_mut().enumerate() {
                *byte = ((number * 31 + at * 7) ^ (number >> 3)) as u8;
            }
        }
        records
    }

    fn parsed(format: PointFormat, extra: u16) -> Codec {
        let mut payload = Vec::new();
        let record = format.size() + extra;
        Codec::new(format, record).unwrap().vlr.write_to(&mut payload).unwrap();
        Codec::parse(&payload, record).unwrap()
    }

    #[test]
    fn chunks_of_every_format_come_back_with_their_extra_bytes() {
        for number in (0..=10).filter(|number| !PointFormat::new(*number).unwrap().has_waveform()) {
            let format = PointFormat::new(number).unwrap();
            let codec = parsed(format, 3);
            for count in [1, 2, 777] {
                let records = records(format, 3, count);
                let chunk = Bytes::from(codec.encode(&records).unwrap());
                let mut open = codec
                    .open_chunk(chunk.clone(), u64::from(count), Wanted::Everything)
                    .unwrap();
                assert!(
                    open.next(count as usize).unwrap() == records,
                    "format {number}, {count} points"
                );
                let mut open = codec.open_chunk(chunk.clone(), u64::from(count), Wanted::Xy).unwrap();
                let xy = open.next(count as usize).unwrap();
                let length = usize::from(format.size() + 3);
                let equal = |(a, b): (&[u8], &[u8])| a[..8] == b[..8];
                assert!(xy.chunks(length).zip(records.chunks(length)).all(equal));
                if codec.is_layered() {
                    assert_eq!(
                        codec.layered_chunk(&chunk).unwrap(),
                        (chunk.len() as u64, u64::from(count))
                    );
                }
            }
        }
    }

    #[test]
    fn layers_larger_than_the_chunk_are_not_reserved() {
        let format = PointFormat::new(6).unwrap();
        let codec = parsed(format, 0);
        let mut chunk = codec.encode(&records(format, 0, 10)).unwrap();
        chunk[34..38].fill(0xff);
        let open = codec.open_chunk(chunk.into(), 10, Wanted::Everything);
        assert!(matches!(open, Err(ChunkFault::Cut)));
    }

    #[test]
    fn an_item_of_a_size_it_cannot_have_is_refused() {
        let format = PointFormat::new(0).unwrap();
        let mut payload = Vec::new();
        Codec::new(format, 20).unwrap().vlr.write_to(&mut payload).unwrap();
        payload[36] = 21;
        assert!(matches!(Codec::parse(&payload, 20), Err(FormatErrorKind::Laz(_))));
        assert!(Codec::parse(&payload[..20], 20).is_err());
    }
}
