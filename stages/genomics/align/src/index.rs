//! An index as an object: minimap2's `.mmi` bytes and a trailer that shows they are whole.
use std::fmt::Write as _;

use partition_fasta::Sequence;
use sha2::{Digest, Sha256};

use crate::{
    Preset,
    minimap::{Index, LONGEST_SEQUENCE, Options, version},
};

/// Ends an index object, after the CRC-32 of what stands before. minimap2 itself stops reading before it.
const MAGIC: &[u8; 12] = b"tessera-mmi1";
/// Length of the trailer: CRC and magic.
const TRAILER: usize = 4 + MAGIC.len();

/// The name of the index of `sequences`: equal content, equal name, whatever file it comes from.
pub(crate) fn content_name(sequences: &[Sequence], preset: Preset) -> String {
    let mut hash = Sha256::new();
    hash.update(MAGIC);
    hash.update(version());
    let options = Options::new(preset).index;
    hash.update([options.k as u8, options.w as u8]);
    for sequence in sequences {
        hash.update(sequence.piece.short_id.as_bytes());
        hash.update(b"\n");
        hash.update((sequence.bases.len() as u64).to_le_bytes());
        hash.update(sequence.to_uppercase());
    }
    let mut name = String::new();
    for byte in hash.finalize().iter().take(16) {
        // Writing to a String does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Builds the index object of `sequences`.
///
/// # Errors
/// What is wrong with them.
pub(crate) fn build(sequences: Vec<Sequence>, preset: Preset) -> Result<Vec<u8>, &'static str> {
    if sequences.is_empty() {
        return Err("it has no sequence");
    }
    if sequences.iter().any(|sequence| sequence.bases.len() > LONGEST_SEQUENCE) {
        return Err("a piece has 2^31 bases or more; cut the reference into more chunks");
    }
    let named = sequences
        .into_iter()
        .map(|sequence| (sequence.piece.short_id, sequence.bases))
        .collect();
    let index = Index::build(named, &Options::new(preset)).ok_or("a sequence holds a NUL byte, or an id repeats")?;
    let mut bytes = index.dump().ok_or("there is no memory for its index")?;
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes.extend_from_slice(MAGIC);
    Ok(bytes)
}

/// Reads an index object. minimap2 trusts its bytes, so none reach it that are not exactly as it wrote them.
///
/// # Errors
/// What is wrong.
pub(crate) fn load(bytes: &[u8]) -> Result<Index, &'static str> {
    let (index, trailer) = bytes
        .len()
        .checked_sub(TRAILER)
        .map(|at| bytes.split_at(at))
        .filter(|(_, trailer)| trailer[4..] == *MAGIC)
        .ok_or("not an index made by this version, or truncated")?;
    if trailer[..4] != crc32fast::hash(index).to_le_bytes() {
        return Err("the index is damaged: its checksum does not fit");
    }
    Index::load(index).ok_or("not an index that minimap2 can read")
}

#[cfg(test)]
mod tests {
    use partition_fasta::{Contig, Piece};

    use super::*;

    fn sequences(bases: &[u8]) -> Vec<Sequence> {
        let length = bases.len() as u64;
        let contig = Contig {
            name: "c".into(),
            bases: length,
            offset: 3,
            line_bases: length,
            line_width: length + 1,
        };
        vec![Sequence {
            piece: Piece::whole(0, &contig),
            bases: bases.to_vec(),
        }]
    }

    #[test]
    fn an_index_comes_back_and_damage_is_seen() {
        let bytes = build(sequences(&b"ACGTTGCAAC".repeat(30)), Preset::ShortReads).unwrap();
        assert_eq!(load(&bytes).unwrap().lengths(), [300]);
        for at in (0..bytes.len()).step_by(bytes.len() / 50) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 4;
            assert!(load(&damaged).is_err());
            assert!(load(&bytes[..at]).is_err());
        }
    }

    #[test]
    fn equal_content_has_equal_bytes_and_name() {
        let text = b"ACGTTGCAACGGGATTACA".repeat(30);
        assert_eq!(
            build(sequences(&text), Preset::ShortReads),
            build(sequences(&text), Preset::ShortReads)
        );
        let name = |text: &[u8], preset| content_name(&sequences(text), preset);
        assert_eq!(
            name(&text, Preset::ShortReads),
            name(&text.to_ascii_lowercase(), Preset::ShortReads)
        );
        assert_ne!(name(&text, Preset::ShortReads), name(&text, Preset::Nanopore));
        assert_ne!(name(&text, Preset::ShortReads), name(&text[1..], Preset::ShortReads));
    }

    #[test]
    fn what_cannot_be_indexed_is_refused() {
        assert!(build(Vec::new(), Preset::ShortReads).is_err());
        assert!(build(sequences(b"ACGT\0ACGT"), Preset::ShortReads).is_err());
        assert_eq!(
            load(&build(sequences(b"ACG"), Preset::ShortReads).unwrap())
                .unwrap()
                .lengths(),
            [3]
        );
    }
}
