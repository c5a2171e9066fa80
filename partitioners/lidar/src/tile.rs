//! A tile being put together, and its file.
use bytes::Bytes;
use laz::laszip::{ChunkTable, ChunkTableEntry};
use plan::Uri;
use serde::{Deserialize, Serialize};

use crate::{
    Cloud, Error, TileRecord, Vlr,
    codec::{CHUNK, Codec},
    header::Patch,
    scatter::Piece,
    stats::TileStats,
};

/// What tiles are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutFormat {
    /// LAZ, in chunks of 50 000 points.
    #[default]
    Laz,
    /// LAS.
    Las,
}

impl OutFormat {
    /// What follows the last dot of a file name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Laz => "laz",
            Self::Las => "las",
        }
    }
}

/// A tile whose points are still arriving.
#[derive(Default)]
pub(crate) struct TileBuilder {
    /// Records that do not fill a chunk yet.
    pending: Vec<u8>,
    /// Chunks that are finished, in order.
    chunks: Vec<Vec<u8>>,
    pub(crate) stats: TileStats,
    pub(crate) own: u64,
    own_withheld: Vec<u64>,
}

impl TileBuilder {
    /// Takes records; gives those that fill chunks, which are to come back by [`TileBuilder::finished`] in this order.
    pub(crate) fn take(&mut self, piece: Piece, record: usize) -> Vec<Vec<u8>> {
        let before = self.stats.points;
        self.own_withheld
            .extend(piece.own_withheld.iter().map(|&at| before + u64::from(at)));
        self.own += piece.own;
        self.stats.merge(&piece.stats);
        if self.pending.is_empty() {
            self.pending = piece.records;
        } else {
            self.pending.extend_from_slice(&piece.records);
        }
        let chunk = CHUNK as usize * record;
        let mut full = Vec::new();
        while self.pending.len() >= chunk {
            let rest = self.pending[chunk..].to_vec();
            self.pending.truncate(chunk);
            full.push(std::mem::replace(&mut self.pending, rest));
        }
        full
    }

    /// The last records, when no more arrive.
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        let rest = std::mem::take(&mut self.pending);
        (!rest.is_empty()).then_some(rest)
    }

    pub(crate) fn finished(&mut self, chunk: Vec<u8>) {
        self.chunks.push(chunk);
    }

    /// The file, in pieces. `about` says what the tile is; what this tile counted is filled in.
    pub(crate) fn into_file(
        self,
        cloud: &Cloud,
        codec: Option<&Codec>,
        uri: &Uri,
        mut about: TileRecord,
    ) -> Result<Vec<Bytes>, Error> {
        let points = self.stats.points;
        let (_, minor) = cloud.header.version();
        if minor < 4 && points > u64::from(u32::MAX) {
            return Err(Error::TooManyPoints {
                object: uri.clone(),
                points,
                minor,
            });
        }
        about.own_points = self.own;
        about.own_withheld = self.own_withheld.len() as u64;
        let mut vlrs: Vec<Vlr> = cloud.records_before().cloned().collect();
        vlrs.extend(about.to_vlrs(&self.own_withheld));
        if let Some(codec) = codec {
            let mut payload = Vec::new();
            codec.vlr.write_to(&mut payload).expect("a Vec takes any bytes");
            vlrs.push(Vlr::new("laszip encoded", 22204, "https://laszip.org", &payload));
        }
        let before = vlrs.iter().map(|vlr| vlr.bytes().len() as u64).sum::<u64>() + cloud.gap.len() as u64;
        let start = u64::from(cloud.header.size()) + before;
        let points_start = u32::try_from(start).map_err(|_| Error::TooManyRecords {
            object: uri.clone(),
            bytes: start,
        })?;
        let mut table = Vec::new();
        let stored: u64 = self.chunks.iter().map(|chunk| chunk.len() as u64).sum();
        if let Some(codec) = codec {
            let mut entries = ChunkTable::with_capacity(self.chunks.len());
            for chunk in &self.chunks {
                entries.push(ChunkTableEntry {
                    point_count: CHUNK,
                    byte_count: chunk.len() as u64,
                });
            }
            entries.write_to(&mut table, &codec.vlr).expect("a Vec takes any bytes");
        }
        let offset = codec.map(|_| start + 8 + stored);
        let end = start + offset.map_or(0, |_| 8) + stored + table.len() as u64;
        let after: Vec<&Vlr> = cloud.records_after().collect();
        let header = cloud.header.patched(&Patch {
            stats: &self.stats,
            compressed: codec.is_some(),
            points_start,
            vlr_count: vlrs.len() as u32,
            evlrs: if after.is_empty() {
                (0, 0)
            } else {
                (end, after.len() as u32)
            },
        });
        let mut head = header;
        for vlr in &vlrs {
            head.extend_from_slice(vlr.bytes());
        }
        head.extend_from_slice(&cloud.gap);
        if let Some(offset) = offset {
            head.extend_from_slice(&offset.to_le_bytes());
        }
        let mut tail = table;
        for vlr in after {
            tail.extend_from_slice(vlr.bytes());
        }
        let mut file = vec![Bytes::from(head)];
        file.extend(self.chunks.into_iter().map(Bytes::from));
        file.push(tail.into());
        Ok(file)
    }
}

/// `cloud.copc.laz`, tile 3: `cloud-0003.laz`.
pub(crate) fn tile_name(cloud: &Uri, number: u64, format: OutFormat) -> String {
    format!("{}-{number:04}.{}", stem(cloud), format.extension())
}

/// The name of a cloud without its endings.
pub(crate) fn stem(cloud: &Uri) -> &str {
    let name = cloud.name();
    let without = |name: &'static str| move |text: &&str| text.to_ascii_lowercase().ends_with(name);
    let mut stem = name;
    for ending in [".laz", ".las", ".copc"] {
        if without(ending)(&stem) && stem.len() > ending.len() {
            stem = &stem[..stem.len() - ending.len()];
        }
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_named_after_their_cloud() {
        let name = |text: &str, format| tile_name(&text.parse().unwrap(), 3, format);
        assert_eq!(name("a/b.LAZ", OutFormat::Las), "b-0003.las");
        assert_eq!(
            name("s3://lab/lone-star.copc.laz", OutFormat::Laz),
            "lone-star-0003.laz"
        );
        assert_eq!(name("a/.laz", OutFormat::Laz), ".laz-0003.laz");
    }
}
