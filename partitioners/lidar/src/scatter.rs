//! Deals the records of a block to the tiles that want them.
use crate::{
    PointFormat,
    buffer::TileIndex,
    format::{FLAGS, xy},
    pass::Block,
    stats::TileStats,
};

/// Records of one block for one tile, in the order of the file.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) tile: u32,
    pub(crate) records: Vec<u8>,
    pub(crate) own: u64,
    /// Own records that were withheld before, numbered in this piece.
    pub(crate) own_withheld: Vec<u32>,
    pub(crate) stats: TileStats,
}

/// Copies each record into every tile of `index` whose buffered box holds it; where it is not the tile's own it becomes
/// withheld. `owner` says whose own it is.
pub(crate) fn scatter(
    block: &Block,
    format: PointFormat,
    length: usize,
    index: &TileIndex,
    owner: impl Fn([i32; 2], u64) -> u32,
) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    // A block meets few tiles; the one met last is the likeliest.
    let mut last = 0;
    for (number, record) in (block.first..).zip(block.records.chunks_exact(length)) {
        let xy = xy(record);
        let own = owner(xy, number);
        for tile in index.at(xy) {
            if pieces.get(last).is_none_or(|piece| piece.tile != tile) {
                last = pieces.iter().position(|piece| piece.tile == tile).unwrap_or_else(|| {
                    pieces.push(Piece {
                        tile,
                        records: Vec::new(),
                        own: 0,
                        own_withheld: Vec::new(),
                        stats: TileStats::default(),
                    });
                    pieces.len() - 1
                });
            }
            let piece = &mut pieces[last];
            if tile == own {
                if format.is_withheld(record) {
                    piece.own_withheld.push(piece.stats.points as u32);
                }
                piece.own += 1;
            }
            piece.stats.add(format, record);
            let at = piece.records.len();
            piece.records.extend_from_slice(record);
            if tile != own {
                piece.records[at + FLAGS] |= format.withheld();
            }
        }
    }
    pieces
}
