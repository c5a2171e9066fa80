//! Whether tiles of a point cloud hold its points, all of them and each once.
use serde::{Deserialize, Serialize};

/// A cut point cloud beside the whole one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CutEvaluation {
    /// Points of the whole cloud.
    pub points: u64,
    /// Points of the whole cloud that were withheld before it was cut: left out of the comparison on both sides.
    pub withheld: u64,
    /// Points of the tiles that are not withheld: their own ones.
    pub own: u64,
    /// Withheld points of the tiles: copies of their neighbours' points.
    pub buffer: u64,
    /// Own points of each tile, in the order of the tiles.
    pub tiles: Vec<u64>,
    /// Whether the own points of all tiles are the points of the cloud, record for record, each as often as there.
    pub equal: bool,
}

impl CutEvaluation {
    /// Own points of the smallest and of the largest tile.
    pub fn sizes(&self) -> Option<(u64, u64)> {
        Some((*self.tiles.iter().min()?, *self.tiles.iter().max()?))
    }
}

/// Records that are not withheld, as a sum that does not depend on their order, and how many others there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Records {
    sum: u128,
    pub(crate) own: u64,
    pub(crate) withheld: u64,
}

impl Records {
    /// Adds records of a point format, `length` bytes each.
    pub(crate) fn add(&mut self, records: &[u8], length: usize, format: u8) {
        let flag = if format < 6 { 0x80 } else { 0x04 };
        for record in records.chunks_exact(length) {
            if record[15] & flag == 0 {
                self.own += 1;
                self.sum = self.sum.wrapping_add(fingerprint(record));
            } else {
                self.withheld += 1;
            }
        }
    }

    /// Adds what others found.
    pub(crate) fn join(&mut self, other: Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.own += other.own;
        self.withheld += other.withheld;
    }

    /// Compares a cloud with its tiles.
    pub(crate) fn compare(whole: Self, tiles: &[Self]) -> CutEvaluation {
        let mut all = Self::default();
        for tile in tiles {
            all.join(*tile);
        }
        CutEvaluation {
            points: whole.own + whole.withheld,
            withheld: whole.withheld,
            own: all.own,
            buffer: all.withheld,
            tiles: tiles.iter().map(|tile| tile.own).collect(),
            equal: (all.sum, all.own) == (whole.sum, whole.own),
        }
    }
}

/// 128 bits that stand for a record.
fn fingerprint(record: &[u8]) -> u128 {
    let mut halves = [0x9e37_79b9_7f4a_7c15_u64, 0xd1b5_4a32_d192_ed03];
    for piece in record.chunks(8) {
        let mut word = [0; 8];
        word[..piece.len()].copy_from_slice(piece);
        for (half, factor) in halves
            .iter_mut()
            .zip([0xbf58_476d_1ce4_e5b9_u64, 0x94d0_49bb_1331_11eb])
        {
            let mixed = (*half ^ u64::from_le_bytes(word)).wrapping_mul(factor);
            *half = mixed ^ (mixed >> 29);
        }
    }
    let [low, high] = halves.map(|half| half.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    u128::from(high ^ (high >> 32)) << 64 | u128::from(low ^ (low >> 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(bytes: &[u8]) -> Records {
        let mut records = Records::default();
        records.add(bytes, 20, 0);
        records
    }

    fn cloud(points: u8) -> Vec<u8> {
        (0..points)
            .flat_map(|point| std::array::from_fn::<u8, 20, _>(|at| if at == 0 { point / 2 } else { 1 }))
            .collect()
    }

    #[test]
    fn order_does_not_matter_but_each_copy_does() {
        let all = cloud(10);
        let whole = records(&all);
        let (front, back) = all.split_at(60);
        let found = Records::compare(whole, &[records(back), records(front)]);
        assert!(found.equal);
        assert_eq!(
            (found.own, found.tiles.as_slice(), found.sizes()),
            (10, &[7, 3][..], Some((3, 7)))
        );
        // A point twice and its twin's twin not at all: the number is right, the points are not.
        let wrong = [&all[..20], &all[..20], &all[20..20 * 9]].concat();
        assert!(!Records::compare(whole, &[records(&wrong)]).equal);
        assert!(!Records::compare(whole, &[records(front)]).equal);
    }

    #[test]
    fn withheld_points_are_the_buffer() {
        let all = cloud(4);
        let mut tile = all.clone();
        let mut copy = all[..20].to_vec();
        copy[15] |= 0x80;
        tile.extend(copy);
        let found = Records::compare(records(&all), &[records(&tile)]);
        assert!(found.equal);
        assert_eq!((found.own, found.buffer, found.withheld), (4, 1, 0));
    }
}
