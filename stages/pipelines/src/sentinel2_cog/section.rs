//! The pipeline's own part of the report.
use stage_sentinel2::{FindResponse, FoundBand};

use super::{Made, summary::summary};
use crate::{Block, Context, Failure, Section};

/// What was found and made.
pub(super) async fn sections(context: Context) -> Result<Vec<Section>, Failure> {
    let summary = summary(&context)?;
    let mut sections = Vec::new();
    if !summary.products.is_empty() {
        let header = [
            "product",
            "level",
            "baseline",
            "orbit",
            "tiles",
            "offset",
            "quantification",
            "nodata",
        ];
        sections.push(Section::new("Products").with(Block::Table {
            header: header.map(str::to_owned).to_vec(),
            rows: summary.products.iter().map(product).collect(),
        }));
    }
    let header = [
        "raster",
        "made of",
        "pixels",
        "type",
        "coordinate system",
        "nodata",
        "MiB before",
        "MiB after",
    ];
    let mut rasters = Section::new("Rasters").with(Block::Table {
        header: header.map(str::to_owned).to_vec(),
        rows: summary.made.iter().map(raster).collect(),
    });
    for note in summary.notes {
        rasters = rasters.with(Block::Text(note));
    }
    sections.push(rasters);
    if let Some(scenes) = summary.scenes {
        let header = [
            "scene",
            "red",
            "near infrared",
            "later red",
            "later near infrared",
            "offset",
            "later offset",
        ];
        let rows = scenes.rows.into_iter().map(|row| {
            let second = row.second;
            let later =
                |of: fn(&stage_sentinel2::DatedTile) -> String| second.as_ref().map_or_else(|| "-".to_owned(), of);
            let (red, nir, offset) = (
                later(|date| date.red.clone()),
                later(|date| date.nir.clone()),
                later(|date| date.offset.to_string()),
            );
            vec![
                row.name,
                row.first.red,
                row.first.nir,
                red,
                nir,
                row.first.offset.to_string(),
                offset,
            ]
        });
        sections.push(Section::new("Scenes").with(Block::Table {
            header: header.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }));
    }
    Ok(sections)
}

fn product(found: &FindResponse) -> Vec<String> {
    let bands = found.tiles.iter().flat_map(|tile| &tile.bands);
    let mut offsets: Vec<String> = bands
        .filter_map(|band: &FoundBand| band.offset)
        .map(|offset| offset.to_string())
        .collect();
    offsets.dedup();
    let tiles: Vec<String> = found.tiles.iter().map(|tile| tile.tile.to_string()).collect();
    vec![
        found.name.clone(),
        found.level.to_string(),
        found.baseline.to_string(),
        found.relative_orbit.to_string(),
        tiles.join(", "),
        offsets.join(", "),
        found.quantification.to_string(),
        found.nodata.to_string(),
    ]
}

fn raster(made: &Made) -> Vec<String> {
    let raster = &made.raster;
    let mib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 20));
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    vec![
        made.file.clone(),
        made.source.name().to_owned(),
        format!("{} × {}", raster.width, raster.height),
        raster.sample.clone(),
        or_none(raster.crs.clone()),
        or_none(raster.nodata.map(|nodata| nodata.to_string())),
        mib(raster.bytes_in),
        mib(raster.bytes_out),
    ]
}
