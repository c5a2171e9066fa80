//! The bases of a piece, taken out of the lines of the file.
use crate::Piece;

/// A piece with its bases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// Which stretch of which contig.
    pub piece: Piece,
    /// Its text as in the file, soft-masking and IUPAC codes included, without line ends.
    pub bases: Vec<u8>,
}

impl Sequence {
    /// The bases in upper case, as aligners and callers want them.
    pub fn to_uppercase(&self) -> Vec<u8> {
        self.bases.to_ascii_uppercase()
    }

    /// Whether no read can align here.
    pub fn is_all_n(&self) -> bool {
        self.bases.iter().all(|base| base.eq_ignore_ascii_case(&b'N'))
    }

    /// The base at 0-based `position` of the whole contig, if the piece has it.
    pub fn at(&self, position: u64) -> Option<u8> {
        let at = position.checked_sub(self.piece.text.start)?;
        self.bases.get(usize::try_from(at).ok()?).copied()
    }
}

/// Takes the bases of `piece` out of `text`, which starts at its first base and holds at least its last.
///
/// `None` when line ends are not where `piece` says, or the text is too short: then the index is of another text.
pub fn unwrap_lines(piece: &Piece, text: &[u8]) -> Option<Vec<u8>> {
    let count = usize::try_from(piece.text.end.checked_sub(piece.text.start)?).ok()?;
    let text = text.get(..usize::try_from(piece.text_bytes()).ok()?)?;
    let line = usize::try_from(piece.line_bases).ok()?.max(1);
    let end = usize::try_from(piece.line_width.checked_sub(piece.line_bases)?).ok()?;
    let mut bases = Vec::with_capacity(count);
    let mut rest = text;
    let mut room = line - piece.text.start as usize % line;
    while !rest.is_empty() {
        let (on_line, after) = rest.split_at(room.min(rest.len()));
        bases.extend_from_slice(on_line);
        if after.is_empty() {
            break;
        }
        let (line_end, after) = after.split_at_checked(end)?;
        if line_end.last() != Some(&b'\n') {
            return None;
        }
        rest = after;
        room = line;
    }
    (bases.len() == count && bases.iter().all(u8::is_ascii_graphic)).then_some(bases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Contig;

    fn piece(text: std::ops::Range<u64>) -> Piece {
        let contig = Contig {
            name: "c".into(),
            bases: 10,
            offset: 3,
            line_bases: 4,
            line_width: 6,
        };
        Piece::new(0, 1, &contig, text.clone(), text)
    }

    #[test]
    fn line_ends_go() {
        let file = b">c\nACGT\r\nacgn\r\nRY\r\n";
        assert_eq!(unwrap_lines(&piece(0..10), &file[3..]).unwrap(), b"ACGTacgnRY");
        assert_eq!(unwrap_lines(&piece(3..9), &file[6..]).unwrap(), b"TacgnR");
        assert_eq!(unwrap_lines(&piece(2..4), &file[5..]).unwrap(), b"GT");
        assert_eq!(unwrap_lines(&piece(4..4), &file[9..]).unwrap(), b"");
    }

    #[test]
    fn a_text_with_other_lines_is_refused() {
        assert_eq!(unwrap_lines(&piece(0..10), b"ACGTA\nCGTAC"), None);
        assert_eq!(unwrap_lines(&piece(0..10), b"ACGT\r\nACG"), None);
        assert_eq!(unwrap_lines(&piece(0..4), b"AC\nT"), None);
    }

    #[test]
    fn a_request_that_makes_no_sense_is_refused() {
        let with = |change: fn(&mut Piece)| {
            let mut piece = piece(0..10);
            change(&mut piece);
            unwrap_lines(&piece, b"ACGT\r\nacgn\r\nRY\r\n")
        };
        let backwards = |piece: &mut Piece| (piece.text.start, piece.text.end) = (9, 3);
        assert_eq!(with(backwards), None);
        assert_eq!(with(|piece| piece.text.end = u64::MAX), None);
        assert_eq!(with(|piece| piece.line_width = 2), None);
        assert_eq!(with(|piece| (piece.line_bases, piece.line_width) = (1, u64::MAX)), None);
        assert_eq!(with(|piece| piece.line_bases = 0), None);
    }

    #[test]
    fn a_sequence_knows_its_coordinates() {
        let sequence = Sequence {
            piece: piece(3..9),
            bases: b"TacgnR".to_vec(),
        };
        assert_eq!(
            (sequence.at(3), sequence.at(8), sequence.at(2), sequence.at(9)),
            (Some(b'T'), Some(b'R'), None, None)
        );
        assert_eq!(sequence.to_uppercase(), b"TACGNR");
        assert!(!sequence.is_all_n());
    }
}
