//! Sorted (key, count) lists as bytes: small on disk, quick to add.

/// Appends one entry; keys must grow. `last` holds the previous key, 0 at the beginning.
///
/// An entry is a variable-length number (seven bits a byte, lowest first) holding the difference to the previous key and,
/// in its lowest bit, whether the count is above one; then a second number, count - 2, follows.
#[inline]
pub fn push_entry(bytes: &mut Vec<u8>, last: &mut u32, key: u32, count: u32) {
    let step = u64::from(key - *last);
    *last = key;
    push_varint(bytes, step << 1 | u64::from(count > 1));
    if count > 1 {
        push_varint(bytes, u64::from(count - 2));
    }
}

/// Appends a number, seven bits a byte, lowest first.
#[inline]
pub(crate) fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the front; `None` at the end or if the bytes are broken.
#[inline]
pub(crate) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0_u64, 0);
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        if shift > 63 {
            return None;
        }
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
        shift += 7;
    }
}

/// The entries of a list, in order of key.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    last: u32,
}

impl<'a> Entries<'a> {
    /// Reads a list. Broken bytes end it early; [`Entries::is_whole`] finds them.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, last: 0 }
    }

    /// Whether the bytes are a well-formed list: complete numbers, keys that grow, counts that fit.
    pub fn is_whole(bytes: &'a [u8]) -> bool {
        let mut entries = Self::new(bytes);
        let mut before = None;
        for (key, _) in entries.by_ref() {
            if before.is_some_and(|before| before >= key) {
                return false;
            }
            before = Some(key);
        }
        entries.bytes.is_empty()
    }
}

impl Iterator for Entries<'_> {
    type Item = (u32, u32);

    #[inline]
    fn next(&mut self) -> Option<(u32, u32)> {
        let mut rest = self.bytes;
        let head = take_varint(&mut rest)?;
        let key = u32::try_from(u64::from(self.last) + (head >> 1)).ok()?;
        let count = if head & 1 == 1 {
            u32::try_from(take_varint(&mut rest)?.checked_add(2)?).ok()?
        } else {
            1
        };
        self.bytes = rest;
        self.last = key;
        Some((key, count))
    }
}

/// Appends the sum of several lists: entries of equal key become one, counts add (up to `u32::MAX`).
pub(crate) fn add_lists(lists: &[&[u8]], sum: &mut Vec<u8>) {
    if let [only] = lists {
        sum.extend_from_slice(only);
        return;
    }
    let mut heads: Vec<(Entries, Option<(u32, u32)>)> = lists
        .iter()
        .map(|list| {
            let mut entries = Entries::new(list);
            let head = entries.next();
            (entries, head)
        })
        .collect();
    let mut last = 0;
    while let Some(key) = heads.iter().filter_map(|(_, head)| head.map(|(key, _)| key)).min() {
        let mut total = 0_u32;
        for (entries, head) in &mut heads {
            if let Some((found, count)) = *head
                && found == key
            {
                total = total.saturating_add(count);
                *head = entries.next();
            }
        }
        push_entry(sum, &mut last, key, total);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(u32, u32)]) -> Vec<u8> {
        let (mut bytes, mut last) = (Vec::new(), 0);
        for &(key, count) in entries {
            push_entry(&mut bytes, &mut last, key, count);
        }
        bytes
    }

    #[test]
    fn entries_come_back() {
        let entries = [(0, 1), (1, 2), (63, 1), (64, 300), (u32::MAX, u32::MAX)];
        assert_eq!(Entries::new(&list(&entries)).collect::<Vec<_>>(), entries);
        assert_eq!(list(&[(5, 1)]), [10]);
        assert_eq!(list(&[(5, 2)]), [11, 0]);
    }

    #[test]
    fn lists_add_up() {
        let (a, b) = (list(&[(1, 1), (7, 2)]), list(&[(0, 1), (7, 1)]));
        let mut sum = Vec::new();
        add_lists(&[&a, &b, &[]], &mut sum);
        assert_eq!(Entries::new(&sum).collect::<Vec<_>>(), [(0, 1), (1, 1), (7, 3)]);
    }

    #[test]
    fn broken_lists_are_found() {
        assert!(Entries::is_whole(&[]));
        assert!(Entries::is_whole(&list(&[(3, 9), (4, 1)])));
        assert!(!Entries::is_whole(&[0x80]));
        assert!(!Entries::is_whole(&[11]));
        assert!(!Entries::is_whole(&[10, 0]));
        assert!(!Entries::is_whole(&[0xff; 12]));
    }
}
