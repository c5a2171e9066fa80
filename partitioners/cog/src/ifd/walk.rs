//! Follows the chain of directories through an object of which it sees only the bytes that it asks for.
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    ops::Range,
};

use bytes::Bytes;

use super::{ByteOrder, Kind, Tag, Value, field::Field, known::Known};
use crate::FormatError;

/// More images than this in one object are no raster; a chain that goes on is an error.
const MOST_IFDS: usize = 4096;
/// A directory has at most as many entries as there are tags.
const MOST_ENTRIES: u64 = u16::MAX as u64;
/// No tag but the tables of tiles is longer than this in any sane file.
const LONGEST_VALUE: u64 = 16 << 20;

/// What a directory holds, of the tags that we know.
#[derive(Clone, Debug)]
pub(crate) struct RawIfd {
    /// Byte at which it starts.
    pub(crate) offset: u64,
    pub(crate) order: ByteOrder,
    pub(crate) fields: BTreeMap<Tag, Field>,
}

/// What [`Walk::step`] came to.
pub(crate) enum Step {
    /// These bytes, all of which are in the object, must be fetched first.
    Need(Vec<Range<u64>>),
    Done,
}

/// Reads directories one by one. Every range it asks for lies inside the object, and it never reads a directory twice.
pub(crate) struct Walk {
    size: u64,
    order: ByteOrder,
    big: bool,
    known: Known,
    /// Directories to read, and whether they are of the main chain.
    waiting: VecDeque<(u64, bool)>,
    seen: HashSet<u64>,
    ifds: Vec<RawIfd>,
}

impl Walk {
    /// Begins with the first bytes of an object of `size` bytes.
    pub(crate) fn new(size: u64, head: &Bytes) -> Result<Self, FormatError> {
        let not_tiff = || FormatError::NotTiff {
            found: head.slice(..head.len().min(4)).to_vec(),
        };
        let order = match head.get(..2) {
            Some(b"II") => ByteOrder::Little,
            Some(b"MM") => ByteOrder::Big,
            _ => return Err(not_tiff()),
        };
        let number = |range: Range<usize>| head.get(range).map(|bytes| order.unsigned(bytes)).ok_or_else(not_tiff);
        let (big, first) = match number(2..4)? {
            42 => (false, number(4..8)?),
            43 if number(4..6)? == 8 && number(6..8)? == 0 => (true, number(8..16)?),
            _ => return Err(not_tiff()),
        };
        if first < 8 {
            return Err(FormatError::NoImage);
        }
        let mut known = Known::default();
        known.add(0, head.clone());
        Ok(Self {
            size,
            order,
            big,
            known,
            waiting: VecDeque::from([(first, true)]),
            seen: HashSet::new(),
            ifds: Vec::new(),
        })
    }

    pub(crate) fn is_big(&self) -> bool {
        self.big
    }

    pub(crate) fn order(&self) -> ByteOrder {
        self.order
    }

    /// Gives it bytes that it asked for.
    pub(crate) fn add(&mut self, start: u64, bytes: Bytes) {
        self.known.add(start, bytes);
    }

    /// The directories: the chain, and those that SubIFDs tags name, each behind all that were named before it.
    pub(crate) fn into_ifds(self) -> Vec<RawIfd> {
        self.ifds
    }

    /// Reads on until bytes are missing or the last directory is read.
    pub(crate) fn step(&mut self) -> Result<Step, FormatError> {
        while let Some(&(offset, main)) = self.waiting.front() {
            if self.seen.contains(&offset) {
                if main {
                    return Err(FormatError::Loop { offset });
                }
                // Some writers name a directory as sub-IFD and chain it too.
                self.waiting.pop_front();
                continue;
            }
            let (ifd, next) = match self.read(offset)? {
                Ok(read) => read,
                Err(missing) => return Ok(Step::Need(missing)),
            };
            self.waiting.pop_front();
            self.seen.insert(offset);
            let sub = ifd
                .fields
                .get(&Tag::SUB_IFDS)
                .and_then(|field| field.unsigned(self.order));
            let sub = sub.unwrap_or_default().into_iter().filter(|&offset| offset != 0);
            self.waiting.extend(sub.map(|offset| (offset, false)));
            if next != 0 {
                self.waiting.push_front((next, main));
            }
            self.ifds.push(ifd);
            if self.ifds.len() + self.waiting.len() > MOST_IFDS {
                return Err(FormatError::TooManyIfds { most: MOST_IFDS });
            }
        }
        Ok(Step::Done)
    }

    /// `length` bytes from `start`, refused when they are not in the object.
    fn inside(&self, what: impl FnOnce() -> String, start: u64, length: u64) -> Result<Range<u64>, FormatError> {
        let end = start.checked_add(length).filter(|&end| end <= self.size);
        end.map(|end| start..end).ok_or_else(|| FormatError::Outside {
            what: what(),
            start,
            length,
            size: self.size,
        })
    }

    /// The directory at `offset` and the offset of the next; or the bytes that it needs.
    #[expect(
        clippy::type_complexity,
        reason = "two ways not to have a value, told apart by the caller at once"
    )]
    fn read(&self, offset: u64) -> Result<Result<(RawIfd, u64), Vec<Range<u64>>>, FormatError> {
        let (count_size, entry_size, word) = if self.big { (8, 20, 8) } else { (2, 12, 4) };
        let what = || format!("the directory at byte {offset}");
        let only = |range: Range<u64>| std::iter::once(range).collect();
        let count_range = self.inside(what, offset, count_size)?;
        let Some(count) = self.known.get(&count_range) else {
            return Ok(Err(only(count_range)));
        };
        let count = self.order.unsigned(&count);
        if count > MOST_ENTRIES {
            return Err(FormatError::Entries { ifd: offset, count });
        }
        let entries_size = count * entry_size;
        let entries_range = self.inside(what, count_range.end, entries_size + word)?;
        let Some(entries) = self.known.get(&entries_range) else {
            return Ok(Err(only(count_range.start..entries_range.end)));
        };
        let next = self.order.unsigned(&entries[entries_size as usize..]);
        let mut fields = BTreeMap::new();
        let mut missing = Vec::new();
        for entry in entries[..entries_size as usize].chunks_exact(entry_size as usize) {
            let entry = entries.slice_ref(entry);
            let number = |range: Range<usize>| self.order.unsigned(&entry[range]);
            let tag = Tag(number(0..2) as u16);
            let kind = Kind(number(2..4) as u16);
            let count = number(4..4 + word as usize);
            let value = entry.slice(4 + word as usize..);
            // A tag that we do not know is none of our business; the first of two of one number counts, as in libtiff.
            let (Some(_), Some(size), false) = (tag.name(), kind.size(), fields.contains_key(&tag)) else {
                continue;
            };
            let wrong = |problem: String| FormatError::Tag {
                ifd: offset,
                tag,
                problem,
            };
            let length = count.checked_mul(size).filter(|&length| length <= self.size.max(word));
            let length = length
                .ok_or_else(|| wrong(format!("{count} values do not fit in an object of {} bytes", self.size)))?;
            let value = if length <= word {
                Value::Bytes(value.slice(..length as usize))
            } else {
                let start = self.order.unsigned(&value);
                let range = self.inside(|| format!("{tag} of the directory at byte {offset}"), start, length)?;
                if tag.is_table() {
                    Value::At(start)
                } else if length > LONGEST_VALUE {
                    return Err(wrong(format!("{length} bytes; at most {LONGEST_VALUE} are read")));
                } else if let Some(bytes) = self.known.get(&range) {
                    Value::Bytes(bytes)
                } else {
                    missing.push(range);
                    continue;
                }
            };
            fields.insert(tag, Field { kind, count, value });
        }
        if !missing.is_empty() {
            return Ok(Err(missing));
        }
        let ifd = RawIfd {
            offset,
            order: self.order,
            fields,
        };
        Ok(Ok((ifd, next)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ifd::write::{Directory, Format, Values};

    fn directory() -> Directory {
        let mut directory = Directory::default();
        directory.set(Tag::IMAGE_WIDTH, Values::Long(vec![7]));
        directory.set(Tag::GEO_DOUBLE_PARAMS, Values::Double(vec![1.0, 2.0]));
        directory
    }

    /// Rounds of reading that a walk through `file` takes when it begins with `head` bytes, and the directories it finds.
    fn rounds(file: &[u8], head: usize) -> (usize, usize) {
        let file = Bytes::copy_from_slice(file);
        let mut walk = Walk::new(file.len() as u64, &file.slice(..head)).unwrap();
        let mut rounds = 0;
        while let Step::Need(ranges) = walk.step().unwrap() {
            rounds += 1;
            for range in ranges {
                walk.add(range.start, file.slice(range.start as usize..range.end as usize));
            }
        }
        (rounds, walk.into_ifds().len())
    }

    #[test]
    fn what_the_first_read_holds_is_not_asked_for() {
        let len = directory().encoded_len(Format::Classic);
        let mut file = Format::Classic.header(8);
        file.extend(directory().encode(Format::Classic, 8, 8 + len));
        file.extend(directory().encode(Format::Classic, 8 + len, 0));
        assert_eq!(rounds(&file, file.len()), (0, 2));
        // Number of entries, entries, values: each known only by the one before.
        assert_eq!(rounds(&file, 8 + len as usize), (3, 2));
        assert_eq!(rounds(&file, 8), (6, 2));
    }

    #[test]
    fn a_sub_directory_that_is_chained_too_is_read_once() {
        let mut main = directory();
        main.set(Tag::SUB_IFDS, Values::Long(vec![0]));
        let second = 8 + main.encoded_len(Format::Classic);
        main.set(Tag::SUB_IFDS, Values::Long(vec![second as u32]));
        let mut file = Format::Classic.header(8);
        file.extend(main.encode(Format::Classic, 8, second));
        file.extend(directory().encode(Format::Classic, second, 0));
        assert_eq!(rounds(&file, file.len()), (0, 2));
    }
}
