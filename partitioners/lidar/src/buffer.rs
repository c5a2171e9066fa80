//! Which tiles a point belongs to when tiles reach beyond their own points.
use crate::{Error, Tile, tiling::RawBox};

/// A buffer in raw units of X and Y.
pub type RawBuffer = [i64; 2];

/// Widest buffer that can matter: all raw coordinates.
const WIDEST: i64 = 1 << 33;

/// `distance`, in units of the coordinate system, in raw units: `floor(distance / scale + 1e-9)`, so that 5.0 at a scale
/// of 0.01 is 500.
///
/// # Errors
/// A distance that is negative or no number.
pub(crate) fn raw_buffer(distance: f64, scale: [f64; 3]) -> Result<RawBuffer, Error> {
    if distance.is_nan() || distance < 0.0 {
        return Err(Error::Buffer(distance));
    }
    Ok([0, 1].map(|axis| ((distance / scale[axis] + 1e-9).floor() as i64).min(WIDEST)))
}

/// A closed box in raw X and Y with room around all of them.
pub(crate) type WideBox = [[i64; 2]; 2];

/// The box of a tile's own points, `buffer` wider on each side.
pub(crate) fn buffered(bounds: &RawBox, buffer: RawBuffer) -> WideBox {
    [0, 1].map(|axis| {
        let [least, most] = bounds[axis].map(i64::from);
        [least - buffer[axis], most + buffer[axis]]
    })
}

fn holds(bounds: &WideBox, xy: [i32; 2]) -> bool {
    (0..2).all(|axis| (bounds[axis][0]..=bounds[axis][1]).contains(&i64::from(xy[axis])))
}

/// Whether two boxes share a point.
pub(crate) fn meets(wide: &WideBox, bounds: &RawBox) -> bool {
    (0..2).all(|axis| wide[axis][0] <= i64::from(bounds[axis][1]) && i64::from(bounds[axis][0]) <= wide[axis][1])
}

/// Finds the tiles whose buffered box holds a point, in time that grows with their number and not with that of all tiles.
pub(crate) struct TileIndex {
    boxes: Vec<(u32, WideBox)>,
    around: WideBox,
    /// Cells are 2^shift units wide.
    shift: [u32; 2],
    rows: usize,
    /// Where the tiles of each cell start in `tiles`.
    starts: Vec<u32>,
    tiles: Vec<u32>,
}

/// Entries of all cells together; larger buffers get larger cells.
const ENTRIES: usize = 1 << 22;

impl TileIndex {
    /// An index of the tiles numbered `wanted`.
    pub(crate) fn new(tiles: &[Tile], wanted: std::ops::Range<u32>, buffer: RawBuffer) -> Self {
        let wide = |number: u32| (number, buffered(&tiles[number as usize].bounds, buffer));
        let boxes: Vec<(u32, WideBox)> = wanted.map(wide).collect();
        let join = |one: WideBox, (_, other): &(u32, WideBox)| {
            [0, 1].map(|axis| [one[axis][0].min(other[axis][0]), one[axis][1].max(other[axis][1])])
        };
        let around = boxes.iter().fold([[i64::MAX, i64::MIN]; 2], join);
        let mut side = 8 * (boxes.len() as f64).sqrt().ceil() as i64;
        loop {
            let index = Self::with_cells(boxes.clone(), around, side.clamp(1, 1024));
            if index.tiles.len() <= ENTRIES || side <= 1 {
                return index;
            }
            side /= 2;
        }
    }

    fn with_cells(boxes: Vec<(u32, WideBox)>, around: WideBox, side: i64) -> Self {
        let width = |axis: usize| around[axis][1].saturating_sub(around[axis][0]).max(0);
        let shift = [0, 1].map(|axis| {
            let cell = width(axis) / side;
            64 - cell.leading_zeros()
        });
        let shape = [0, 1].map(|axis| (width(axis) >> shift[axis]) as usize + 1);
        let mut cells: Vec<Vec<u32>> = vec![Vec::new(); shape[0] * shape[1]];
        for (place, (_, bounds)) in boxes.iter().enumerate() {
            let [columns, rows] =
                [0, 1].map(|axis| bounds[axis].map(|end| ((end - around[axis][0]) >> shift[axis]) as usize));
            for column in columns[0]..=columns[1] {
                for row in rows[0]..=rows[1] {
                    cells[column * shape[1] + row].push(place as u32);
                }
            }
        }
        let mut starts = vec![0];
        let mut tiles = Vec::new();
        for cell in cells {
            tiles.extend(cell);
            starts.push(tiles.len() as u32);
        }
        Self {
            boxes,
            around,
            shift,
            rows: shape[1],
            starts,
            tiles,
        }
    }

    /// The numbers of the tiles whose buffered box holds `xy`, in order.
    pub(crate) fn at(&self, xy: [i32; 2]) -> impl Iterator<Item = u32> + '_ {
        let inside = holds(&self.around, xy);
        let places = if inside {
            let [column, row] =
                [0, 1].map(|axis| ((i64::from(xy[axis]) - self.around[axis][0]) >> self.shift[axis]) as usize);
            let cell = column * self.rows + row;
            self.starts[cell] as usize..self.starts[cell + 1] as usize
        } else {
            0..0
        };
        let hits = self.tiles[places].iter().map(|&place| &self.boxes[place as usize]);
        hits.filter(move |(_, bounds)| holds(bounds, xy))
            .map(|(number, _)| *number)
    }

    /// Whether any tile's buffered box meets `bounds`.
    pub(crate) fn meets(&self, bounds: &RawBox) -> bool {
        self.boxes.iter().any(|(_, wide)| meets(wide, bounds))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_distance_is_a_whole_number_of_units() {
        assert_eq!(raw_buffer(5.0, [0.01; 3]).unwrap(), [500, 500]);
        assert_eq!(raw_buffer(5.0, [0.001, 0.01, 1.0]).unwrap(), [5000, 500]);
        assert_eq!(raw_buffer(0.0, [0.01; 3]).unwrap(), [0, 0]);
        assert_eq!(raw_buffer(f64::INFINITY, [1.0; 3]).unwrap(), [WIDEST; 2]);
        assert!(raw_buffer(-1.0, [0.01; 3]).is_err() && raw_buffer(f64::NAN, [0.01; 3]).is_err());
    }

    fn ends() -> impl Strategy<Value = [i32; 2]> {
        let one = prop_oneof![8 => -50..50i32, 1 => Just(i32::MIN), 1 => Just(i32::MAX)];
        [one.clone(), one].prop_map(|[a, b]| [a.min(b), a.max(b)])
    }

    proptest! {
        #[test]
        fn the_index_finds_what_looking_at_every_tile_finds(
            boxes in prop::collection::vec([ends(), ends()], 1..60),
            points in prop::collection::vec([-60..60i32, -60..60i32], 1..100),
            buffer in prop_oneof![0..20i64, Just(WIDEST)],
            from in 0u32..3,
        ) {
            let tiles: Vec<Tile> = boxes.iter().map(|&bounds| Tile { points: 1, bounds }).collect();
            let wanted = from.min(tiles.len() as u32 - 1)..tiles.len() as u32;
            let index = TileIndex::new(&tiles, wanted.clone(), [buffer, buffer]);
            for xy in points.into_iter().chain([[i32::MIN; 2], [i32::MAX; 2]]) {
                let plainly = wanted.clone().filter(|&tile| holds(&buffered(&tiles[tile as usize].bounds, [buffer; 2]), xy));
                prop_assert!(index.at(xy).eq(plainly));
            }
        }
    }
}
