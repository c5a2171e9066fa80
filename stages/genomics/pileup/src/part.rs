//! The reads of one part, by number.
use bytes::Bytes;
use genomics_tables::Mate;
use partition_fastq::records;

/// The reads of one part of a FASTQ file, or of two in step.
pub(crate) struct Part {
    first: u64,
    files: Vec<File>,
}

struct File {
    text: Bytes,
    reads: Vec<Place>,
}

/// Where a read lies in the text.
struct Place {
    bases: usize,
    qualities: usize,
    length: u32,
}

impl Part {
    /// The reads `first..` of `texts`.
    pub(crate) fn new(first: u64, texts: Vec<Bytes>) -> Self {
        Self {
            first,
            files: texts.into_iter().map(File::new).collect(),
        }
    }

    /// Bases and qualities of a read as sequenced, if the part holds it.
    pub(crate) fn read(&self, number: u64, mate: Mate) -> Option<(&[u8], &[u8])> {
        let file = self.files.get(usize::from(mate == Mate::Second))?;
        let place = file.reads.get(usize::try_from(number.checked_sub(self.first)?).ok()?)?;
        let length = place.length as usize;
        Some((
            &file.text[place.bases..place.bases + length],
            &file.text[place.qualities..place.qualities + length],
        ))
    }
}

impl File {
    fn new(text: Bytes) -> Self {
        let start = text.as_ptr() as usize;
        let place = |record: partition_fastq::Record| Place {
            bases: record.sequence.as_ptr() as usize - start,
            qualities: record.quality.as_ptr() as usize - start,
            length: record.sequence.len().min(record.quality.len()) as u32,
        };
        let reads = records(&text).map(place).collect();
        Self { text, reads }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_found_by_number_and_mate() {
        let first = Bytes::from_static(b"@a/1\nAC\n+\nIJ\n@b/1\nGGT\n+\nKLM\n");
        let second = Bytes::from_static(b"@a/2\r\nTT\r\n+\r\nAB\r\n@b/2\r\n\r\n+\r\n\r\n");
        let part = Part::new(7, vec![first, second]);
        assert_eq!(part.read(8, Mate::First), Some((&b"GGT"[..], &b"KLM"[..])));
        assert_eq!(part.read(7, Mate::Second), Some((&b"TT"[..], &b"AB"[..])));
        assert_eq!(part.read(8, Mate::Second), Some((&b""[..], &b""[..])));
        assert_eq!(part.read(7, Mate::Single), part.read(7, Mate::First));
        assert_eq!(part.read(9, Mate::First), None);
        assert_eq!(part.read(6, Mate::First), None);
    }
}
