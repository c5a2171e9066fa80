//! What `tessera lidar` prints.
use std::time::Duration;

use partition_lidar::{CutReport, DensityClass, Index, Info, TileScope};
use plan::{Plan, Uri};

use crate::show;

/// Least and most of a coordinate.
fn range([least, most]: [f64; 2]) -> String {
    format!("{least:.2} to {most:.2}")
}

pub(super) fn index(index: &Index, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(index);
    }
    let cuts: Vec<String> = index.cuts.iter().map(|cut| cut.tiles.len().to_string()).collect();
    let cuts = if cuts.is_empty() {
        "none; --parts N lays one out".into()
    } else {
        cuts.join(", ")
    };
    let source = &index.header.source;
    let rows = [
        ["object".into(), format!("{}, {}", source.uri, show::bytes(source.size))],
        ["points".into(), show::count(index.points)],
        ["chunks".into(), show::count(index.chunks.len() as u64)],
        ["cuts into tiles".into(), cuts],
    ];
    Ok(show::print(show::table(["", ""], rows))?)
}

pub(super) fn plan(plan: &Plan<TileScope>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(plan);
    }
    let rows = plan.partitions.iter().map(|partition| {
        let scope = &partition.scope;
        let bytes = partition.bytes.iter().map(|range| range.end - range.start).sum();
        [
            partition.number.to_string(),
            show::count(scope.tile.points),
            range(scope.bounds[0]),
            range(scope.bounds[1]),
            show::count(scope.to_decode),
            show::bytes(bytes),
        ]
    });
    let columns = ["tile", "own points", "x", "y", "to decode", "to fetch"];
    show::print(show::table(columns, rows))?;
    let points = plan
        .partitions
        .iter()
        .map(|partition| partition.scope.tile.points)
        .sum();
    let tiles = plan.partitions.len();
    Ok(show::print(format!("{} points in {tiles} tiles", show::count(points)))?)
}

pub(super) fn cut(report: &CutReport, out: &Uri, time: Duration, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(report);
    }
    let tiles = report.clouds.iter().flat_map(|cloud| &cloud.tiles);
    let rows = tiles.clone().map(|tile| {
        [
            tile.file.uri.name().to_owned(),
            show::count(tile.own_points),
            show::count(tile.buffer_points),
            range(tile.bounds[0]),
            range(tile.bounds[1]),
            show::bytes(tile.file.size),
        ]
    });
    show::print(show::table(["file", "own points", "buffer", "x", "y", "size"], rows))?;
    let count = tiles.count() as u64;
    Ok(show::print(format!(
        "{} tiles in {out}, {}",
        show::count(count),
        show::duration(time)
    ))?)
}

/// Names of the classes of LAS 1.4 R15, table 17.
fn class(number: u8) -> &'static str {
    const NAMES: [&str; 19] = [
        "never classified",
        "unclassified",
        "ground",
        "low vegetation",
        "medium vegetation",
        "high vegetation",
        "building",
        "low point (noise)",
        "model key point (reserved since 1.4)",
        "water",
        "rail",
        "road surface",
        "overlap (reserved since 1.4)",
        "wire, guard",
        "wire, conductor",
        "transmission tower",
        "wire connector",
        "bridge deck",
        "high noise",
    ];
    let name = NAMES.get(usize::from(number));
    name.copied()
        .unwrap_or(if number < 64 { "reserved" } else { "user defined" })
}

pub(super) fn info(info: &Info, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return show::json(info);
    }
    let share = |count: u64| format!("{:.2} %", count as f64 * 100.0 / info.points.max(1) as f64);
    let mut rows = vec![
        [
            "object".into(),
            format!("{}, {}", info.object.uri, show::bytes(info.object.size)),
        ],
        [
            "format".into(),
            format!("{} {}, point format {}", info.kind, info.version, info.point_format),
        ],
        [
            "record".into(),
            format!("{} bytes, {} of them extra", info.record_length, info.extra_bytes),
        ],
        [
            "points".into(),
            format!("{} in {} chunks", show::count(info.points), show::count(info.chunks)),
        ],
        ["scale".into(), info.scale.map(|scale| scale.to_string()).join("  ")],
        ["offset".into(), info.offset.map(|offset| offset.to_string()).join("  ")],
    ];
    for (axis, bounds) in ["x", "y", "z"].into_iter().zip(info.bounds.into_iter().flatten()) {
        rows.push([axis.into(), range(bounds)]);
    }
    let crs = info.crs.name().unwrap_or_else(|| "not said".into());
    rows.push(["coordinate system".into(), crs]);
    rows.push([
        "made".into(),
        format!(
            "{} / {}, day {} of {}",
            info.software[0], info.software[1], info.created.1, info.created.0
        ),
    ]);
    let records: Vec<String> = info
        .records
        .iter()
        .map(|(user, record, bytes)| format!("{user}/{record} ({bytes} B)"))
        .collect();
    let shown = records.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = records.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    rows.push([
        "records".into(),
        if records.is_empty() {
            "none".into()
        } else {
            shown + &more
        },
    ]);
    if info.missing_records > 0 {
        rows.push([
            String::new(),
            format!("the header counts {} more, which are not there", info.missing_records),
        ]);
    }
    if let Some(tile) = &info.tile {
        let buffer = info.points - tile.own_points.min(info.points);
        let (number, tiles) = (tile.tile, tile.tiles);
        rows.push([
            "tile".into(),
            format!(
                "{number} of {tiles} of {}, {} points of buffer",
                tile.source,
                show::count(buffer)
            ),
        ]);
    }
    rows.push([
        "withheld".into(),
        format!("{} ({})", show::count(info.withheld), share(info.withheld)),
    ]);
    let mut text = show::table(["", ""], rows);
    if info.points == 0 {
        return Ok(show::print(text)?);
    }
    text += "\n\n";
    let returns = info
        .returns
        .iter()
        .map(|(number, &count)| [number.to_string(), show::count(count), share(count)]);
    text += &show::table(["return", "points", "share"], returns);
    text += "\n\n";
    let classes = info.classes.iter().map(|(&number, &count)| {
        [
            number.to_string(),
            class(number).to_owned(),
            show::count(count),
            share(count),
        ]
    });
    text += &show::table(["class", "", "points", "share"], classes);
    if let Some(density) = &info.density {
        text += &format!(
            "\n\nDensity, in {} x {} cells of {:.3} units:\n",
            density.columns, density.rows, density.cell
        );
        text += &densities(&density.histogram());
    }
    Ok(show::print(text)?)
}

/// Records that `info` lists.
const SHOWN: usize = 12;

/// A bar for each class of density.
fn densities(classes: &[DensityClass]) -> String {
    let most = classes.iter().map(|class| class.cells).max().unwrap_or(1).max(1);
    let rows = classes.iter().enumerate().map(|(at, class)| {
        let below = classes
            .get(at + 1)
            .map_or_else(|| "more".into(), |next| format!("{:.2}", next.least));
        let name = if at == 0 {
            "empty".into()
        } else {
            format!("{:.2} to {below}", class.least)
        };
        let bar = "█".repeat((class.cells * 40).div_ceil(most) as usize);
        [name, show::count(class.cells), show::count(class.points), bar]
    });
    show::table(["points per square unit", "cells", "points", ""], rows)
}
