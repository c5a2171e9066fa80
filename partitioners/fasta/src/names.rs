//! Finds contigs by name. There may be millions of them, so names are not stored a second time.
use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
};

use crate::Contig;

/// Places of contigs by the hash of their names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    hash: RandomState,
    places: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// Places of contigs whose hash an earlier one has, too.
    colliding: Vec<u32>,
}

/// Passes on what is a hash already.
#[derive(Clone, Copy, Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0 << 8 | u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Names {
    /// The place in `contigs` of the one named `name`.
    pub(crate) fn find(&self, name: &str, contigs: &[Contig]) -> Option<usize> {
        let first = self.places.get(&self.hash.hash_one(name))?;
        let mut candidates = std::iter::once(first)
            .chain(&self.colliding)
            .map(|&place| place as usize);
        candidates.find(|&place| contigs[place].name == name)
    }

    /// Notes that a contig named `name` comes after `contigs`; or the place of the one that has the name already.
    pub(crate) fn insert(&mut self, name: &str, contigs: &[Contig]) -> Option<usize> {
        let place = contigs.len() as u32;
        match self.places.entry(self.hash.hash_one(name)) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(place);
                None
            }
            std::collections::hash_map::Entry::Occupied(_) => {
                let found = self.find(name, contigs);
                if found.is_none() {
                    self.colliding.push(place);
                }
                found
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contig(name: &str) -> Contig {
        Contig {
            name: name.into(),
            bases: 1,
            offset: 3,
            line_bases: 1,
            line_width: 2,
        }
    }

    #[test]
    fn names_of_one_hash_are_told_apart() {
        let contigs = [contig("a"), contig("b"), contig("c")];
        let mut names = Names::default();
        assert_eq!(names.insert("a", &contigs[..0]), None);
        // As if "b" had the hash of "a".
        names.places.insert(names.hash.hash_one("b"), 0);
        assert_eq!(names.insert("b", &contigs[..1]), None);
        assert_eq!(names.insert("c", &contigs[..2]), None);
        assert_eq!(
            ["a", "b", "c"].map(|name| names.find(name, &contigs)),
            [Some(0), Some(1), Some(2)]
        );
        assert_eq!(
            (names.find("d", &contigs), names.insert("b", &contigs)),
            (None, Some(1))
        );
    }
}
