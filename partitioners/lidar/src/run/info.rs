use std::collections::BTreeMap;

use object_io::Store;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use super::{
    Layout, Meter, Progress, blocking,
    index::key_room,
    open::open_version,
    survey::{Room, Survey, survey},
};
use crate::{
    Cloud, Crs, DEFAULT_MEMORY, Density, Error, Method, TileRecord,
    canvas::Canvas,
    codec::Wanted,
    density::cells_for,
    figure::{Figure, grouped},
    format::xy,
    pass::{self, Block},
    stats::TileStats,
};

/// What a cloud is and holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// The object.
    pub object: Object,
    /// `LAS`, `LAZ` or `COPC`.
    pub kind: String,
    /// Version of LAS.
    pub version: String,
    /// Point format, 0 to 10.
    pub point_format: u8,
    /// Bytes of a record, and how many of them are extra bytes.
    pub record_length: u16,
    /// Bytes beyond the fields of the format.
    pub extra_bytes: u16,
    /// Points.
    pub points: u64,
    /// Chunks of LAZ, or blocks of plain records.
    pub chunks: u64,
    /// Size of a raw unit of X, Y, Z.
    pub scale: [f64; 3],
    /// Coordinates of raw 0.
    pub offset: [f64; 3],
    /// Least and most x, y, z that the header says.
    pub header_bounds: [[f64; 2]; 3],
    /// Least and most x, y, z of the points; none without points.
    pub bounds: Option<[[f64; 2]; 3]>,
    /// The coordinate system.
    pub crs: Crs,
    /// System identifier and generating software.
    pub software: [String; 2],
    /// Year and day of year on which the file was made.
    pub created: (u16, u16),
    /// User, record number and bytes of each variable length record, extended ones last.
    pub records: Vec<(String, u16, u64)>,
    /// Variable length records that the header counts but the file does not hold.
    pub missing_records: u64,
    /// Points by return number.
    pub returns: BTreeMap<usize, u64>,
    /// Points by class.
    pub classes: BTreeMap<u8, u64>,
    /// Points that are withheld.
    pub withheld: u64,
    /// Where they lie; none without points.
    pub density: Option<Density>,
    /// If it is a tile of ours, of what.
    pub tile: Option<TileRecord>,
}

/// Points that a cell of a density map would have if all were evenly spread.
const PER_CELL: f64 = 64.0;

/// Reads a cloud whole and says what it is: counts, bounds, coordinate system, returns, classes, densities.
///
/// # Errors
/// What is malformed; points that cannot be decoded.
pub async fn info(store: &Store, uri: &Uri, progress: Progress) -> Result<Info, Error> {
    let object = store.head(uri).await?;
    let (cloud, source) = open_version(store, &object).await?;
    let meter = Meter {
        progress,
        size: object.size,
    };
    blocking(uri, move || {
        let Survey { bounds, .. } = survey(&cloud, &source, &[], Room::Keys, &meter, 0.4)?;
        let (format, record) = (cloud.header.format, usize::from(cloud.header.record_length));
        let scale = [cloud.header.scale[0], cloud.header.scale[1]];
        let points = cloud.header.points;
        let mut density = (points > 0).then(|| Density::new(bounds, scale, cells_for(points, PER_CELL, 1..=512)));
        let cells = density.clone();
        let make = |block: Block| {
            let mut stats = TileStats::default();
            let (mut classes, mut withheld) = (vec![0u64; 256], 0);
            let mut places = Vec::new();
            for record in block.records.chunks_exact(record) {
                stats.add(format, record);
                classes[usize::from(format.class(record))] += 1;
                withheld += u64::from(format.is_withheld(record));
                places.extend(cells.as_ref().and_then(|cells| cells.cell_of(xy(record))));
            }
            (stats, classes, withheld, places)
        };
        let mut stats = TileStats::default();
        let (mut classes, mut withheld) = (vec![0u64; 256], 0);
        let take = |(some, of, held, places): (TileStats, Vec<u64>, u64, Vec<u32>)| {
            stats.merge(&some);
            classes.iter_mut().zip(of).for_each(|(sum, count)| *sum += count);
            withheld += held;
            if let Some(density) = &mut density {
                for cell in places {
                    density.add(cell);
                }
            }
        };
        let chunks = 0..cloud.chunks.len();
        pass::for_each(&cloud, &source, Wanted::Info, chunks, make, take, &meter.pass(0.6))?;
        Ok(tell(cloud, &stats, &classes, withheld, density))
    })
    .await
}

fn tell(cloud: Cloud, stats: &TileStats, classes: &[u64], withheld: u64, density: Option<Density>) -> Info {
    let header = &cloud.header;
    let (major, minor) = header.version();
    let kind = match (header.compressed, cloud.is_copc()) {
        (_, true) => "COPC",
        (true, false) => "LAZ",
        (false, false) => "LAS",
    };
    let ends = |axis: usize| stats.raw_bounds[axis].map(|raw| header.coordinate(axis, raw));
    let records = cloud.vlrs.iter().chain(&cloud.evlrs);
    Info {
        kind: kind.into(),
        version: format!("{major}.{minor}"),
        point_format: header.format.number(),
        record_length: header.record_length,
        extra_bytes: header.record_length - header.format.size(),
        points: header.points,
        chunks: cloud.chunks.len() as u64,
        scale: header.scale,
        offset: header.offset,
        header_bounds: header.bounds().map(|range| [range.start, range.end]),
        bounds: (stats.points > 0).then(|| [0, 1, 2].map(ends)),
        crs: Crs::of(&cloud),
        software: header.software(),
        created: header.created(),
        records: records
            .map(|vlr| (vlr.user(), vlr.record(), vlr.payload().len() as u64))
            .collect(),
        missing_records: u64::from(header.vlr_count()) - cloud.vlrs.len() as u64,
        returns: (0..16)
            .map(|number| (number, stats.returns[number]))
            .filter(|(_, count)| *count > 0)
            .collect(),
        classes: (0..=255)
            .zip(classes.iter().copied())
            .filter(|(_, count)| *count > 0)
            .collect(),
        withheld,
        density,
        tile: TileRecord::of(&cloud.vlrs).map(|(tile, _)| tile),
        object: cloud.object,
    }
}

/// Points per cell of a map, and cells along its longer side.
const MAP_PER_CELL: f64 = 16.0;
const MAP_CELLS: std::ops::RangeInclusive<usize> = 32..=320;

/// Draws the tiles of a cut over a density map, with the sizes of tiles cut by density and by area: a PNG.
///
/// Reads the coordinates of the cloud twice.
///
/// # Errors
/// As for [`crate::plan`].
pub async fn figure(store: &Store, uri: &Uri, layout: Layout, progress: Progress) -> Result<Vec<u8>, Error> {
    let object = store.head(uri).await?;
    let (cloud, source) = open_version(store, &object).await?;
    let meter = Meter {
        progress,
        size: object.size,
    };
    let name = uri.clone();
    let canvas = blocking(uri, move || {
        let points = cloud.header.points;
        let parts = layout.by.parts(points, cloud.header.record_length);
        let cuts = [(Method::Density, parts), (Method::Grid, parts)];
        let found = survey(&cloud, &source, &cuts, key_room(points, DEFAULT_MEMORY), &meter, 0.5)?;
        let header = &cloud.header;
        let scale = [header.scale[0], header.scale[1]];
        let bounds = if points > 0 { found.bounds } else { [[0, 0]; 2] };
        let mut density = Density::new(bounds, scale, cells_for(points, MAP_PER_CELL, MAP_CELLS));
        let cells = density.clone();
        let record = usize::from(header.record_length);
        let make = |block: Block| -> Vec<u32> {
            let places = block
                .records
                .chunks_exact(record)
                .filter_map(|record| cells.cell_of(xy(record)));
            places.collect()
        };
        let take = |places: Vec<u32>| places.into_iter().for_each(|cell| density.add(cell));
        let chunks = 0..cloud.chunks.len();
        pass::for_each(&cloud, &source, Wanted::Xy, chunks, make, take, &meter.pass(0.5))?;
        let [by_density, by_area] = &found.cuts[..] else {
            unreachable!("as many cuts as were asked for");
        };
        let shown = if layout.method == Method::Density {
            by_density
        } else {
            by_area
        };
        let figure = Figure {
            title: format!(
                "{}: {} points, {} tiles",
                cloud.object.uri.name(),
                grouped(points),
                shown.tiles.len()
            ),
            density: &density,
            origin: [0, 1].map(|axis| header.coordinate(axis, bounds[axis][0])),
            raw_origin: [bounds[0][0], bounds[1][0]],
            scale,
            shown,
            cuts: [("by density", by_density), ("by area", by_area)],
        };
        Ok(figure.draw())
    });
    let canvas: Canvas = canvas.await?;
    canvas
        .to_png()
        .map_err(|source| Error::Picture { object: name, source })
}
