//! What a stretch of FASTA text says about its lines. Summaries of neighbouring stretches join into the summary of both,
//! so that stretches can be read in any order, on all cores: a monoid.
use memchr::memchr;

/// Lines that end inside a stretch, run-length encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A header. Its name is known if the whole line was in one buffer.
    Header {
        start: u64,
        width: u64,
        name: Option<Vec<u8>>,
    },
    /// Lines `\n` (`width` 1) or `\r\n` (`width` 2).
    Blank { start: u64, count: u64, width: u64 },
    /// Sequence lines of one shape.
    Lines { start: u64, count: u64, shape: Shape },
}

/// The shape of a sequence line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bytes, `\n` included; a last line without `\n` counts one for it, as in htslib.
    pub(crate) width: u64,
    /// Visible ASCII characters.
    pub(crate) bases: u64,
    /// Whether these stand together at the start of the line.
    pub(crate) clean: bool,
}

/// A part of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fragment {
    start: u64,
    first: u8,
    length: u64,
    /// Visible ASCII characters.
    graphic: u64,
    /// Other bytes after the last of these.
    trailing: u64,
}

/// The summary of a stretch of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// What stands before the first `\n`.
    head: Fragment,
    /// The rest, if there is a `\n`.
    rest: Option<Rest>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rest {
    items: Vec<Item>,
    /// What stands after the last `\n`.
    tail: Fragment,
}

impl Summary {
    /// The start of a file: joined with the summaries of its stretches in order it becomes that of the file.
    pub(crate) fn start() -> Self {
        Self {
            head: Fragment::default(),
            rest: Some(Rest::default()),
        }
    }

    /// Of `text`, which starts at byte `start` of the file, anywhere in a line.
    pub(crate) fn of(text: &[u8], start: u64) -> Self {
        let Some(end) = memchr(b'\n', text) else {
            return Self {
                head: Fragment::of(text, start),
                rest: None,
            };
        };
        let mut rest = Rest::default();
        let mut at = end + 1;
        while let Some(length) = memchr(b'\n', &text[at..]) {
            let line = &text[at..at + length];
            let mut item = Item::of(&Fragment::of(line, start + at as u64));
            at += length + 1;
            match &mut item {
                Item::Header { name, .. } => *name = Some(first_word(&line[1..]).to_vec()),
                Item::Lines { count, shape, .. } if shape.clean => {
                    let more = equal_lines(&text[at..], *shape);
                    *count += more as u64;
                    at += more * (length + 1);
                }
                _ => {}
            }
            rest.push(item);
        }
        rest.tail = Fragment::of(&text[at..], start + at as u64);
        Self {
            head: Fragment::of(&text[..end], start),
            rest: Some(rest),
        }
    }

    /// Appends the summary of the stretch that follows.
    pub(crate) fn append(&mut self, next: Self) {
        let Some(rest) = &mut self.rest else {
            self.head.append(&next.head);
            self.rest = next.rest;
            return;
        };
        rest.tail.append(&next.head);
        if let Some(after) = next.rest {
            rest.push(Item::of(&rest.tail));
            for item in after.items {
                rest.push(item);
            }
            rest.tail = after.tail;
        }
    }

    /// Takes the lines that are whole. A run of lines may go on in the next ones.
    pub(crate) fn take_items(&mut self) -> impl Iterator<Item = Item> + '_ {
        self.rest.iter_mut().flat_map(|rest| rest.items.drain(..))
    }

    /// The lines that are left at the end of the file.
    pub(crate) fn into_items(self) -> Vec<Item> {
        let mut rest = self.rest.unwrap_or_default();
        if rest.tail.length > 0 {
            rest.push(Item::of(&rest.tail));
        }
        rest.items
    }
}

impl Rest {
    fn push(&mut self, item: Item) {
        match (self.items.last_mut(), &item) {
            (
                Some(Item::Lines { count, shape, .. }),
                Item::Lines {
                    count: more,
                    shape: same,
                    ..
                },
            ) if shape == same => {
                *count += more;
            }
            (
                Some(Item::Blank { count, width, .. }),
                Item::Blank {
                    count: more,
                    width: same,
                    ..
                },
            ) if width == same => {
                *count += more;
            }
            _ => self.items.push(item),
        }
    }
}

impl Item {
    /// Of a whole line.
    fn of(line: &Fragment) -> Self {
        let &Fragment {
            start,
            first,
            length,
            graphic,
            trailing,
        } = line;
        let width = length + 1;
        if length > 0 && first == b'>' {
            return Self::Header {
                start,
                width,
                name: None,
            };
        }
        if length == 0 || (length == 1 && first == b'\r') {
            return Self::Blank { start, count: 1, width };
        }
        let clean = graphic > 0 && graphic + trailing == length;
        Self::Lines {
            start,
            count: 1,
            shape: Shape {
                width,
                bases: graphic,
                clean,
            },
        }
    }
}

impl Fragment {
    fn of(text: &[u8], start: u64) -> Self {
        let trailing = text.iter().rev().take_while(|byte| !byte.is_ascii_graphic()).count();
        Self {
            start,
            first: text.first().copied().unwrap_or_default(),
            length: text.len() as u64,
            graphic: (text.len() - blanks(text)) as u64,
            trailing: trailing as u64,
        }
    }

    fn append(&mut self, next: &Self) {
        if self.length == 0 {
            *self = *next;
            return;
        }
        self.length += next.length;
        self.graphic += next.graphic;
        self.trailing = if next.graphic == 0 {
            self.trailing + next.length
        } else {
            next.trailing
        };
    }
}

/// What `isspace` of C ends a name at.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The name in a header: its first word, blanks before it left out.
pub(crate) fn first_word(header: &[u8]) -> &[u8] {
    let from = header.iter().position(|&byte| !is_space(byte)).unwrap_or(header.len());
    let length = header[from..]
        .iter()
        .position(|&byte| is_space(byte))
        .unwrap_or(header.len() - from);
    &header[from..from + length]
}

/// How many bytes are no visible ASCII character. The compiler makes vector code of this.
fn blanks(text: &[u8]) -> usize {
    let count = |block: &[u8]| block.iter().map(|byte| u8::from(!byte.is_ascii_graphic())).sum::<u8>();
    text.chunks(128).map(|block| usize::from(count(block))).sum()
}

/// Bytes checked at once by [`equal_lines`].
const BLOCK: usize = 8 << 10;

/// How many lines at the start of `text` have `shape` and are no headers, without looking for their ends: a `\n` at every
/// place where one should be and no more blanks than that prove it.
fn equal_lines(text: &[u8], shape: Shape) -> usize {
    let width = shape.width as usize;
    let bases = shape.bases as usize;
    let block = (BLOCK / width).max(1);
    let mut lines = 0;
    loop {
        let rest = &text[lines * width..];
        let ends_right = |line: &&[u8]| {
            line[0] != b'>'
                && line[width - 1] == b'\n'
                && !line[bases..width - 1]
                    .iter()
                    .any(|byte| byte.is_ascii_graphic() || *byte == b'\n')
        };
        let equal = rest.chunks_exact(width).take(block).take_while(ends_right).count();
        if equal == 0 || blanks(&rest[..equal * width]) != equal * (width - bases) {
            return lines;
        }
        lines += equal;
        if equal < block {
            return lines;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(text: &[u8]) -> Vec<Item> {
        let mut whole = Summary::start();
        whole.append(Summary::of(text, 0));
        whole.into_items()
    }

    fn lines(start: u64, count: u64, width: u64, bases: u64) -> Item {
        Item::Lines {
            start,
            count,
            shape: Shape {
                width,
                bases,
                clean: true,
            },
        }
    }

    #[test]
    fn lines_are_counted_by_shape() {
        let header = Item::Header {
            start: 0,
            width: 5,
            name: None,
        };
        let expected = [
            header,
            lines(5, 2, 4, 3),
            lines(13, 1, 3, 2),
            Item::Blank {
                start: 16,
                count: 1,
                width: 1,
            },
        ];
        assert_eq!(items(b">a b\nACG\nTTT\nAC\n\n"), expected);
    }

    #[test]
    fn names_end_at_the_first_blank() {
        assert_eq!(first_word(b" \tab\tcd"), b"ab");
        assert_eq!(first_word(b"a>b\r"), b"a>b");
        assert_eq!(first_word(b"\r"), b"");
    }

    #[test]
    fn a_blank_among_bases_is_not_clean() {
        let shape = Shape {
            width: 5,
            bases: 3,
            clean: false,
        };
        assert_eq!(
            items(b"A CG\n"),
            [Item::Lines {
                start: 0,
                count: 1,
                shape
            }]
        );
        assert_eq!(items(b"ACG\r\n"), [lines(0, 1, 5, 3)]);
        let dirty = Item::Lines {
            start: 4,
            count: 1,
            shape: Shape {
                width: 4,
                bases: 2,
                clean: false,
            },
        };
        assert_eq!(
            items(b"ACG\nA\0C\nACG\n"),
            [lines(0, 1, 4, 3), dirty, lines(8, 1, 4, 3)]
        );
    }

    #[test]
    fn a_short_line_and_a_blank_one_are_not_a_whole_one() {
        let expected = [
            lines(0, 1, 4, 2),
            lines(4, 1, 3, 2),
            Item::Blank {
                start: 7,
                count: 1,
                width: 1,
            },
        ];
        assert_eq!(items(b"AC\r\nAC\n\n"), expected);
    }

    /// The plain slow way: split into lines, look at each.
    fn slowly(text: &[u8]) -> Vec<Item> {
        let mut rest = Rest::default();
        let mut start = 0;
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            rest.push(Item::of(&Fragment::of(content, start)));
            start += line.len() as u64;
        }
        rest.items
    }

    fn nameless(mut items: Vec<Item>) -> Vec<Item> {
        for item in &mut items {
            if let Item::Header { name, .. } = item {
                *name = None;
            }
        }
        items
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let lines = (1usize..12, 0usize..40, any::<bool>()).prop_map(|(width, count, crlf)| {
            let line = [vec![b'A'; width], if crlf { b"\r\n".to_vec() } else { b"\n".to_vec() }].concat();
            line.repeat(count)
        });
        let odd = prop::sample::select(vec![
            ">n x\n",
            ">",
            "\r\n",
            "\n",
            "AC",
            "A C\n",
            "\0",
            ">ACGTACGT\n",
            "é",
        ]);
        let odd = odd.prop_map(|text| text.as_bytes().to_vec());
        prop::collection::vec(prop_oneof![3 => lines, 2 => odd], 0..12).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_lines(text in text(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5)) {
            let mut borders: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            borders.extend([0, text.len()]);
            borders.sort_unstable();
            let mut whole = Summary::start();
            for pair in borders.windows(2) {
                whole.append(Summary::of(&text[pair[0]..pair[1]], pair[0] as u64));
            }
            prop_assert_eq!(nameless(whole.into_items()), slowly(&text));
        }

        #[test]
        fn joining_is_associative(text in text(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>()) {
            let (a, b) = (a.index(text.len() + 1), b.index(text.len() + 1));
            let (a, b) = (a.min(b), a.max(b));
            let part = |from: usize, to: usize| Summary::of(&text[from..to], from as u64);
            let (mut left, mut right) = (part(0, a), part(a, b));
            left.append(part(a, b));
            left.append(part(b, text.len()));
            right.append(part(b, text.len()));
            let mut first = part(0, a);
            first.append(right);
            prop_assert_eq!(left, first);
        }
    }
}
