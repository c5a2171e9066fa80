//! `tessera info`: what an object is, told from its first bytes.
use std::io::Read;

use flate2::read::MultiGzDecoder;
use object_io::Store;
use plan::{Object, Uri};
use serde::Serialize;

use crate::{cog, fasta, fastq, lidar, peaks, show};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The object: a path or s3://BUCKET/KEY.
    object: Uri,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Bytes that are looked at.
const HEAD: u64 = 64 << 10;

pub(crate) async fn run(arguments: Arguments, store: &Store) -> anyhow::Result<()> {
    let Arguments { object: uri, json } = arguments;
    let object = store.head(&uri).await?;
    let head = store.read(&object, 0..object.size.min(HEAD)).await?;
    let kind = Kind::of(&head);
    match kind {
        // With an index there is more to tell; without one, a pass over a large file is not what was asked.
        Kind::Fastq if store.find(&partition_fastq::default_index(&uri)).await?.is_some() => {
            fastq::info_of(uri, json, store).await
        }
        Kind::Fasta => fasta::info(store, &uri, json).await,
        Kind::Tiff => cog::info(store, &uri, json).await,
        Kind::Lidar => lidar::info_of(store, &uri, json).await,
        Kind::Imzml => peaks::info_of(uri, json, store).await,
        kind => tell(&object, kind, json),
    }
}

fn tell(object: &Object, kind: Kind, json: bool) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Told<'a> {
        object: &'a Object,
        kind: &'static str,
    }
    if json {
        return show::json(&Told {
            object,
            kind: kind.name(),
        });
    }
    let mut text = format!("{}  {}, {}", object.uri, kind.name(), show::bytes(object.size));
    if kind == Kind::Fastq {
        text = format!(
            "{text}\nno index yet; to count and cut its reads: tessera fastq index {}",
            object.uri
        );
    }
    Ok(show::print(text)?)
}

/// What an object can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fastq,
    Fasta,
    Lidar,
    LidarIndex,
    Vcf,
    Tiff,
    FastqIndex,
    Parquet,
    Imzml,
    Text,
    Gzip,
    Empty,
    Other,
}

impl Kind {
    fn of(head: &[u8]) -> Self {
        let mut text = Vec::new();
        let zipped = head.starts_with(&[0x1f, 0x8b]);
        let text = if zipped {
            // The head may end inside a block; what could be inflated is enough.
            let _ = MultiGzDecoder::new(head).take(HEAD).read_to_end(&mut text);
            &text[..]
        } else {
            head
        };
        match text.first() {
            None if zipped => Self::Gzip,
            None => Self::Empty,
            Some(b'@') => Self::Fastq,
            Some(b'>') => Self::Fasta,
            _ if text.starts_with(b"LASF") => Self::Lidar,
            _ if partition_lidar::is_index(text) => Self::LidarIndex,
            _ if text.starts_with(b"##fileformat=VCF") => Self::Vcf,
            _ if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
                .iter()
                .any(|magic| text.starts_with(*magic)) =>
            {
                Self::Tiff
            }
            _ if text.starts_with(b"PAR1") => Self::Parquet,
            _ if contains(text, b"<mzML") && contains(text, b"IMS:10000") => Self::Imzml,
            _ if partition_fastq::is_index(text) => Self::FastqIndex,
            _ if zipped => Self::Gzip,
            _ if text.iter().all(|&byte| byte >= b' ' || byte.is_ascii_whitespace()) => Self::Text,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Fastq => "FASTQ",
            Self::Fasta => "FASTA",
            Self::Lidar => "point cloud",
            Self::LidarIndex => "index of a point cloud, by tessera",
            Self::Vcf => "VCF",
            Self::Tiff => "TIFF",
            Self::FastqIndex => "index of a FASTQ, by tessera",
            Self::Parquet => "Parquet",
            Self::Imzml => "imzML",
            Self::Text => "text of no known format",
            Self::Gzip => "gzip of no known format",
            Self::Empty => "empty",
            Self::Other => "of no known format",
        }
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn kinds_are_told_from_the_first_bytes_also_inside_gzip() {
        assert_eq!(Kind::of(b"@r\nACGT\n+\nIIII\n"), Kind::Fastq);
        assert_eq!(Kind::of(b">c x\nACGT\n"), Kind::Fasta);
        assert_eq!(Kind::of(b"LASF\0\0"), Kind::Lidar);
        assert_eq!(Kind::of(b""), Kind::Empty);
        assert_eq!(Kind::of(b"hello\n"), Kind::Text);
        assert_eq!(Kind::of(b"II*\0\x08\0\0\0"), Kind::Tiff);
        assert_eq!(
            Kind::of(b"<?xml?><mzML><cvParam accession=\"IMS:1000080\"/>"),
            Kind::Imzml
        );
        assert_eq!(
            Kind::of(b"<?xml?><mzML><cvParam accession=\"MS:1000080\"/>"),
            Kind::Text
        );
        assert_eq!(Kind::of(b"\0\x01\x02"), Kind::Other);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"##fileformat=VCFv4.3\n").unwrap();
        let gzip = gzip.finish().unwrap();
        assert_eq!(Kind::of(&gzip), Kind::Vcf);
        assert_eq!(Kind::of(&gzip[..5]), Kind::Gzip);
    }
}
