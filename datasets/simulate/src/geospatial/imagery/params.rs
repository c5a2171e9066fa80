use serde::{Deserialize, Serialize};

/// Red and near infrared of a place at two dates. Equal parameters give equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Imagery {
    /// Another seed gives another landscape.
    pub seed: u64,
    /// Pixels of a tile's side; a pixel has 10 m.
    pub size: u32,
    /// Tiles, side by side in rows of about as many as there are rows.
    pub tiles: u32,
    /// Pixels of a block's side, in the files.
    pub block: u32,
    /// What is added to the numbers of each date: reflectance is `(number - offset) / 10000`. Sentinel-2 products of baseline 04.00
    /// (2022-01-25) and later have 1000.
    pub offsets: [u16; 2],
    /// Share of each date that clouds hide.
    pub clouds: f64,
}

impl Imagery {
    /// Tiles in a row.
    pub(crate) fn columns(&self) -> u32 {
        (1..=self.tiles)
            .find(|columns| columns * columns >= self.tiles)
            .unwrap_or(1)
    }

    /// Why these parameters cannot be meant, if they cannot.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let rules = [
            (
                (64..=30_000).contains(&self.size),
                "tiles have 64 to 30000 pixels a side",
            ),
            ((1..=10_000).contains(&self.tiles), "there are 1 to 10000 tiles"),
            (
                self.block.is_multiple_of(16) && (16..=8192).contains(&self.block),
                "blocks have 16 to 8192 pixels a side, in steps of 16",
            ),
            (
                (0.0..=0.9).contains(&self.clouds),
                "the share of clouds lies between 0 and 0.9",
            ),
            (
                self.offsets.iter().all(|&offset| offset <= 10_000),
                "offsets lie between 0 and 10000",
            ),
        ];
        rules.into_iter().find(|&(holds, _)| !holds).map(|(_, fault)| fault)
    }
}

impl Default for Imagery {
    /// Two tiles of 2048 pixels without clouds.
    fn default() -> Self {
        Self {
            seed: 1,
            size: 2048,
            tiles: 2,
            block: 512,
            offsets: [0, 0],
            clouds: 0.0,
        }
    }
}
