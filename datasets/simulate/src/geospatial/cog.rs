//! Writes a cloud-optimised GeoTIFF of one band from rows that come from north to south.
//!
//! Directories first, then overviews, the smallest first, then the image: the order that readers of COGs expect. Blocks wait in
//! temporary files until their sizes are known, so memory is a row of blocks per level.
use std::{
    fs::File,
    io::{self, BufWriter, Read, Seek, Write},
    path::Path,
};

use flate2::{Compression, write::ZlibEncoder};
use rayon::prelude::*;

/// What a raster is, besides its samples.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pixels of a block's side, a multiple of 16.
    pub(crate) block: u32,
    /// Code of the projected CRS.
    pub(crate) epsg: u16,
    /// East and north of the north-west corner, in metres.
    pub(crate) corner: (f64, f64),
    /// Metres.
    pub(crate) pixel: f64,
    /// Physical value of one step.
    pub(crate) scale: Option<f64>,
}

/// A type of samples.
pub(crate) trait Sample: Copy + PartialEq + Send + Sync {
    /// TIFF sample format: 1 unsigned, 2 signed, 3 floating point.
    const FORMAT: u16;
    /// TIFF predictor: 1 none, 2 differences of samples, 3 differences of the bytes of floats.
    const PREDICTOR: u16;
    /// Appends a row of a block, predicted.
    fn predict(row: &[Self], bytes: &mut Vec<u8>);
    /// One sample for up to four, none of which is nodata.
    fn merge(samples: &[Self]) -> Self;
}

/// Differences of neighbours, wrapping.
macro_rules! integer {
    ($type:ty, $format:literal) => {
        impl Sample for $type {
            const FORMAT: u16 = $format;
            const PREDICTOR: u16 = 2;

            fn predict(row: &[Self], bytes: &mut Vec<u8>) {
                let mut before = 0;
                for &sample in row {
                    bytes.extend(sample.wrapping_sub(before).to_le_bytes());
                    before = sample;
                }
            }

            fn merge(samples: &[Self]) -> Self {
                let sum: i32 = samples.iter().map(|&sample| i32::from(sample)).sum();
                let count = samples.len() as i32;
                (sum + count / 2).div_euclid(count) as $type
            }
        }
    };
}
integer!(u16, 1);
integer!(i16, 2);

impl Sample for u8 {
    const FORMAT: u16 = 1;
    const PREDICTOR: u16 = 1;

    fn predict(row: &[Self], bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(row);
    }

    /// Bytes are categories: one of them, not a mean.
    fn merge(samples: &[Self]) -> Self {
        samples[0]
    }
}

impl Sample for f32 {
    const FORMAT: u16 = 3;
    const PREDICTOR: u16 = 3;

    fn predict(row: &[Self], bytes: &mut Vec<u8>) {
        let start = bytes.len();
        for byte in 0..4 {
            bytes.extend(row.iter().map(|sample| sample.to_be_bytes()[byte]));
        }
        for at in (start + 1..bytes.len()).rev() {
            bytes[at] = bytes[at].wrapping_sub(bytes[at - 1]);
        }
    }

    fn merge(samples: &[Self]) -> Self {
        samples.iter().sum::<f32>() / samples.len() as f32
    }
}

/// A raster being written.
pub(crate) struct Cog<T> {
    layout: Layout,
    nodata: Option<(T, String)>,
    /// The image, then its overviews, each half as wide.
    levels: Vec<Level<T>>,
}

struct Level<T> {
    width: u32,
    height: u32,
    rows: u32,
    /// Rows that do not fill a block yet.
    pending: Vec<T>,
    blocks: BufWriter<File>,
    /// Bytes of each block, row by row.
    sizes: Vec<u32>,
}

/// A raster as it will be stored: its head, then these files.
pub(crate) struct Finished {
    pub(crate) head: Vec<u8>,
    pub(crate) blocks: Vec<File>,
}

impl<T: Sample> Cog<T> {
    /// Starts a raster; temporary files are nameless ones in `folder`.
    pub(crate) fn new(layout: Layout, nodata: Option<(T, String)>, folder: &Path) -> io::Result<Self> {
        let mut levels = Vec::new();
        let (mut width, mut height) = (layout.width, layout.height);
        loop {
            levels.push(Level {
                width,
                height,
                rows: 0,
                pending: Vec::new(),
                blocks: BufWriter::with_capacity(1 << 18, tempfile::tempfile_in(folder)?),
                sizes: Vec::new(),
            });
            if width.max(height) <= layout.block {
                break;
            }
            (width, height) = (width.div_ceil(2), height.div_ceil(2));
        }
        Ok(Self { layout, nodata, levels })
    }

    /// Appends whole rows.
    pub(crate) fn rows(&mut self, rows: &[T]) -> io::Result<()> {
        self.append(0, rows)
    }

    fn append(&mut self, at: usize, rows: &[T]) -> io::Result<()> {
        let overviews = self.levels.len() - 1 - at;
        let level = &mut self.levels[at];
        let width = level.width as usize;
        let full = self.layout.block as usize * width;
        let mut rows = rows;
        while !rows.is_empty() {
            let whole = if level.pending.is_empty() && rows.len() >= full {
                let (whole, rest) = rows.split_at(full);
                rows = rest;
                Some(whole.to_vec())
            } else {
                let (taken, rest) = rows.split_at((full - level.pending.len()).min(rows.len()));
                level.pending.extend_from_slice(taken);
                rows = rest;
                let last = level.rows as usize + level.pending.len() / width == level.height as usize;
                (level.pending.len() == full || last).then(|| std::mem::take(&mut level.pending))
            };
            let Some(whole) = whole else { break };
            level.rows += (whole.len() / width) as u32;
            level.write(self.layout.block as usize, &whole)?;
            if overviews > 0 {
                let half = halve(&whole, width, self.nodata.as_ref().map(|(nodata, _)| *nodata));
                self.append(at + 1, &half)?;
                return self.append(at, rows);
            }
        }
        Ok(())
    }

    /// The head of the file and the blocks, in the order of the file.
    pub(crate) fn finish(self) -> io::Result<Finished> {
        let complete = self.levels.iter().all(|level| level.rows == level.height);
        if !complete {
            return Err(io::Error::other("a raster has fewer rows than it should"));
        }
        let head = self.head()?;
        let mut blocks = Vec::new();
        for level in self.levels.into_iter().rev() {
            let mut file = level.blocks.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            blocks.push(file);
        }
        Ok(Finished { head, blocks })
    }

    /// The TIFF's header and directories.
    fn head(&self) -> io::Result<Vec<u8>> {
        // The length of the head does not depend on the offsets in it.
        let length = self.directories(&vec![0; self.levels.len()])?.len() as u64;
        let mut starts = vec![0; self.levels.len()];
        let mut at = length;
        for (start, level) in starts.iter_mut().zip(&self.levels).rev() {
            *start = at;
            at += level.sizes.iter().map(|&size| u64::from(size)).sum::<u64>();
        }
        if u32::try_from(at).is_err() {
            return Err(io::Error::other(
                "a raster of more than 4 GiB, compressed, is not written",
            ));
        }
        self.directories(&starts)
    }

    fn directories(&self, starts: &[u64]) -> io::Result<Vec<u8>> {
        let mut head = b"II*\0\x08\0\0\0".to_vec();
        for (at, (level, &start)) in self.levels.iter().zip(starts).enumerate() {
            let mut next = start;
            let offsets = level.sizes.iter().map(|&size| {
                let offset = next;
                next += u64::from(size);
                offset as u32
            });
            let mut tags = vec![
                (254, Value::Long(vec![u32::from(at > 0)])),
                (256, Value::Long(vec![level.width])),
                (257, Value::Long(vec![level.height])),
                (258, Value::Short(vec![8 * size_of::<T>() as u16])),
                // Zlib.
                (259, Value::Short(vec![8])),
                (262, Value::Short(vec![1])),
                (277, Value::Short(vec![1])),
                (284, Value::Short(vec![1])),
                (317, Value::Short(vec![T::PREDICTOR])),
                (322, Value::Long(vec![self.layout.block])),
                (323, Value::Long(vec![self.layout.block])),
                (324, Value::Long(offsets.collect())),
                (325, Value::Long(level.sizes.clone())),
                (339, Value::Short(vec![T::FORMAT])),
            ];
            if at == 0 {
                tags.extend(self.georeference());
            }
            if let Some((_, nodata)) = &self.nodata {
                tags.push((42113, Value::Text(nodata.clone())));
            }
            tags.sort_by_key(|(tag, _)| *tag);
            let last = at + 1 == self.levels.len();
            write_directory(&mut head, &tags, last)?;
        }
        Ok(head)
    }

    fn georeference(&self) -> Vec<(u16, Value)> {
        let Layout {
            corner, pixel, epsg, ..
        } = self.layout;
        let mut tags = vec![
            (33550, Value::Double(vec![pixel, pixel, 0.0])),
            (33922, Value::Double(vec![0.0, 0.0, 0.0, corner.0, corner.1, 0.0])),
            // Version 1.1.0 and three keys: projected, a pixel is an area, the code.
            (
                34735,
                Value::Short(vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, epsg]),
            ),
        ];
        if let Some(scale) = self.layout.scale {
            let items = format!("<Item name=\"SCALE\" sample=\"0\" role=\"scale\">{scale}</Item>");
            tags.push((42112, Value::Text(format!("<GDALMetadata>{items}</GDALMetadata>"))));
        }
        tags
    }
}

impl<T: Sample> Level<T> {
    /// Cuts a row of blocks, at most `block` rows, into blocks; what lies outside the image repeats its edge.
    fn write(&mut self, block: usize, rows: &[T]) -> io::Result<()> {
        let width = self.width as usize;
        let height = rows.len() / width;
        let packed: Vec<Vec<u8>> = (0..width.div_ceil(block))
            .into_par_iter()
            .map(|column| {
                let mut bytes = Vec::with_capacity(block * block * size_of::<T>());
                let mut line = Vec::with_capacity(block);
                for row in 0..block {
                    let row = &rows[row.min(height - 1) * width..][..width];
                    let inside = &row[column * block..width.min((column + 1) * block)];
                    line.clear();
                    line.extend_from_slice(inside);
                    line.resize(block, inside[inside.len() - 1]);
                    T::predict(&line, &mut bytes);
                }
                let mut zlib = ZlibEncoder::new(Vec::new(), Compression::new(6));
                zlib.write_all(&bytes)?;
                zlib.finish()
            })
            .collect::<io::Result<_>>()?;
        for bytes in packed {
            self.sizes.push(u32::try_from(bytes.len()).map_err(io::Error::other)?);
            self.blocks.write_all(&bytes)?;
        }
        Ok(())
    }
}

/// Half as wide and high: each pixel stands for four, nodata left out.
fn halve<T: Sample>(rows: &[T], width: usize, nodata: Option<T>) -> Vec<T> {
    let pairs: Vec<&[T]> = rows.chunks(2 * width).collect();
    let half = |pair: &&[T]| {
        let pair: &[T] = pair;
        let mut line = Vec::with_capacity(width.div_ceil(2));
        for column in (0..width).step_by(2) {
            let mut four = [pair[column]; 4];
            let mut count = 0;
            for row in pair.chunks(width) {
                for &sample in &row[column..width.min(column + 2)] {
                    if nodata != Some(sample) {
                        four[count] = sample;
                        count += 1;
                    }
                }
            }
            // Without valid samples the first one is nodata already.
            line.push(if count == 0 { four[0] } else { T::merge(&four[..count]) });
        }
        line
    };
    pairs.par_iter().flat_map_iter(half).collect()
}

/// Values of a tag.
enum Value {
    Short(Vec<u16>),
    Long(Vec<u32>),
    Double(Vec<f64>),
    Text(String),
}

impl Value {
    /// TIFF type, count, bytes.
    fn encode(&self) -> (u16, usize, Vec<u8>) {
        match self {
            Self::Short(values) => (3, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Self::Long(values) => (4, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Self::Double(values) => (12, values.len(), values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            Self::Text(text) => (2, text.len() + 1, [text.as_bytes(), b"\0"].concat()),
        }
    }
}

/// Appends a directory and what does not fit into it; the next one, if any, follows.
fn write_directory(head: &mut Vec<u8>, tags: &[(u16, Value)], last: bool) -> io::Result<()> {
    let mut entries = (tags.len() as u16).to_le_bytes().to_vec();
    let far = head.len() + 2 + 12 * tags.len() + 4;
    let mut values = Vec::new();
    for (tag, value) in tags {
        let (kind, count, mut bytes) = value.encode();
        entries.extend(tag.to_le_bytes());
        entries.extend(kind.to_le_bytes());
        entries.extend(u32::try_from(count).map_err(io::Error::other)?.to_le_bytes());
        if bytes.len() <= 4 {
            bytes.resize(4, 0);
            entries.extend(bytes);
        } else {
            let offset = u32::try_from(far + values.len()).map_err(io::Error::other)?;
            entries.extend(offset.to_le_bytes());
            values.extend(bytes);
            // Values start at even offsets.
            values.resize(values.len().next_multiple_of(2), 0);
        }
    }
    let next = if last { 0 } else { far + values.len() };
    entries.extend(u32::try_from(next).map_err(io::Error::other)?.to_le_bytes());
    head.extend(entries);
    head.extend(values);
    Ok(())
}

impl Finished {
    /// All bytes, one piece after another; none is larger than 4 MiB but the head.
    pub(crate) fn pieces(self) -> impl Iterator<Item = io::Result<Vec<u8>>> {
        let bodies = self.blocks.into_iter().flat_map(pieces);
        std::iter::once(Ok(self.head)).chain(bodies)
    }
}

/// The bytes of a file from where it stands, in pieces of at most 4 MiB.
pub(crate) fn pieces(mut file: File) -> impl Iterator<Item = io::Result<Vec<u8>>> {
    std::iter::from_fn(move || {
        let mut piece = Vec::new();
        match Read::by_ref(&mut file).take(4 << 20).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece)),
            Err(error) => Some(Err(error)),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZero;

    use object_io::Store;
    use partition_cog::{Cut, Pixels, Samples};

    use super::*;

    /// A level as another crate reads it.
    fn read(bytes: Vec<u8>, level: usize) -> Pixels {
        let reading = async {
            let (store, uri) = (Store::new(), "mem://lab/raster.tif".parse().unwrap());
            store.put(&uri, bytes).await.unwrap();
            let cog = partition_cog::Cog::open(&store, &uri).await.unwrap();
            let whole = Cut {
                level,
                ..Cut::grid(NonZero::<u64>::MIN, NonZero::<u64>::MIN)
            };
            let plan = cog.plan(&store, &whole).await.unwrap();
            partition_cog::read(&store, &plan.partitions[0]).await.unwrap()
        };
        tokio::runtime::Runtime::new().unwrap().block_on(reading)
    }

    fn layout(width: u32, height: u32) -> Layout {
        Layout {
            width,
            height,
            block: 16,
            epsg: 32630,
            corner: (0.0, 1000.0),
            pixel: 10.0,
            scale: None,
        }
    }

    fn written<T: Sample>(layout: &Layout, nodata: Option<(T, String)>, samples: &[T], at_once: usize) -> Vec<u8> {
        let mut cog = Cog::new(layout.clone(), nodata, &std::env::temp_dir()).unwrap();
        for rows in samples.chunks(at_once * layout.width as usize) {
            cog.rows(rows).unwrap();
        }
        let finished = cog.finish().unwrap();
        finished.pieces().flat_map(|piece| piece.unwrap()).collect()
    }

    #[test]
    fn samples_come_back_however_many_rows_come_at_once() {
        let layout = layout(37, 53);
        let samples: Vec<u16> = (0..37 * 53u32).map(|at| (at * 7919 % 60_000) as u16).collect();
        let all = written(&layout, Some((0, "0".into())), &samples, 53);
        for at_once in [1, 5, 16, 17] {
            assert!(all == written(&layout, Some((0, "0".into())), &samples, at_once));
        }
        let overview = read(all.clone(), 1);
        assert_eq!((overview.width, overview.height), (19, 27));
        let whole = read(all, 0);
        assert_eq!((whole.width, whole.height), (37, 53));
        assert_eq!(whole.samples, Samples::U16(samples));
    }

    #[test]
    fn floats_and_signed_samples_come_back() {
        let layout = layout(20, 18);
        let floats: Vec<f32> = (0..360).map(|at| (at as f32).sqrt() - 3.0).collect();
        assert_eq!(
            read(written(&layout, None, &floats, 4), 0).samples,
            Samples::F32(floats)
        );
        let signed: Vec<i16> = (0..360).map(|at| (at * 181 - 30_000) as i16).collect();
        assert_eq!(
            read(written(&layout, None, &signed, 18), 0).samples,
            Samples::I16(signed)
        );
    }

    #[test]
    fn overviews_leave_nodata_out() {
        let rows = [0u16, 4, 9, 0, 6, 0, 0, 0, 1];
        assert_eq!(halve(&rows[..], 3, Some(0)), [5, 9, 0, 1]);
        assert_eq!(halve(&rows[..], 3, None), [3, 5, 0, 1]);
    }
}
