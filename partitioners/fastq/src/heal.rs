//! Cuts text between records where there is no index: even byte ranges whose borders each worker moves to a record start.
//!
//! After D2.5 of the CloudButton project, section 7.5: the two workers at a border look at the same bytes after it and come
//! to the same record start, so nothing is lost or read twice. Where the deliverable searches a regular expression in a
//! window of fixed size, this looks at whole lines and asks for more text until it is sure.
use memchr::memchr;
use serde::{Deserialize, Serialize};

/// Texts whose records can be found from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// Four lines per read.
    Fastq,
    /// GEM `.map`: one line per read.
    Map,
}

/// What is known of the first record start at or after a border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healed {
    /// It is this many bytes after the border.
    At(usize),
    /// No record starts before the end of the text.
    End,
    /// The text seen does not tell; look further ahead.
    More,
}

impl RecordKind {
    /// The first record that starts at or after a border.
    ///
    /// `text` starts one byte before the border (so that a border at a line start is seen to be one); `ended` says that the
    /// object ends where `text` does. The border at byte 0 needs no healing.
    ///
    /// FASTQ: the start is the first line with `@` whose next line but one starts with `+`. In a well-framed file no other
    /// line can be that: one line further on `@` would have to start a sequence, two lines on a separator, and for a quality
    /// line with `@` the next line but one is a sequence, which no `+` starts.
    pub fn first_record(self, text: &[u8], ended: bool) -> Healed {
        let end = if ended { Healed::End } else { Healed::More };
        let mut line = match memchr(b'\n', text) {
            Some(newline) => newline + 1,
            None => return end,
        };
        loop {
            match text.get(line) {
                None => return end,
                Some(_) if self == Self::Map => return Healed::At(line - 1),
                Some(_) => {}
            }
            let Some(next) = next_line(text, line) else { return end };
            if text[line] == b'@' {
                match next_line(text, next).map(|third| text.get(third)) {
                    Some(Some(b'+')) => return Healed::At(line - 1),
                    Some(Some(_)) => {}
                    Some(None) | None => return end,
                }
            }
            line = next;
        }
    }
}

fn next_line(text: &[u8], line: usize) -> Option<usize> {
    memchr(b'\n', &text[line..]).map(|newline| line + newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fastq(text: &[u8]) -> Healed {
        RecordKind::Fastq.first_record(text, false)
    }

    #[test]
    fn a_border_at_a_record_start_stays() {
        assert_eq!(fastq(b"\n@a\nAC\n+\nII\n"), Healed::At(0));
    }

    #[test]
    fn a_quality_line_with_at_is_no_start() {
        assert_eq!(fastq(b"\n@I\n@b\nAC\n+\nII\n"), Healed::At(3));
        assert_eq!(fastq(b"\n@I\n@b\nAC\n"), Healed::More);
        assert_eq!(fastq(b"\n+\n+I\n@b\nAC\n+"), Healed::At(5));
    }

    #[test]
    fn the_end_is_told_from_too_little_text() {
        assert_eq!(fastq(b"AC"), Healed::More);
        assert_eq!(RecordKind::Fastq.first_record(b"\n+\n@I", true), Healed::End);
        assert_eq!(RecordKind::Map.first_record(b"x\ny\t", false), Healed::At(1));
        assert_eq!(RecordKind::Map.first_record(b"x\n", true), Healed::End);
    }
}
