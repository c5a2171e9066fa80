//! `tessera run sentinel2-cog`.
use std::{str::FromStr, time::Duration};

use anyhow::Context;
use object_io::Store;
use pipelines::{
    Options, absolute,
    sentinel2_cog::{self, Band, ConvertRequest, HAS_GDAL, Nodata, Spec, Summary},
};
use plan::Uri;
use serde::Serialize;

use super::{Folders, How, Launched, launch};
use crate::show;

pub(super) const EXAMPLES: &str = "\
Examples:
  tessera run sentinel2-cog --safe S2A_MSIL2A_20220612T105621_N0400_R094_T30TYN_20220612T165455.SAFE --out cogs
  tessera run sentinel2-cog --safe june.SAFE --safe september.SAFE --out cogs && tessera run ndvi --scenes cogs/scenes.csv --out change
  tessera run sentinel2-cog --safe s3://lab/S2A_MSIL1C_….SAFE --l2a-command 'L2A_Process --resolution 10 {safe}' --out s3://lab/cogs
  tessera run sentinel2-cog --jp2 B04.jp2 B08.jp2 --block 1024 --out cogs

Writes OUT/TILE_TIME_LEVEL_BAND.tif for each band of each product, OUT/NAME.tif for each other file, OUT/report.html, and
OUT/scenes.csv for `tessera run ndvi`: the oldest and the newest date of each tile are paired, with the offsets that the
metadata tell. The same command after a stop or a crash goes on where the run was.";

/// What is asked of the conversion; also what `tessera plan sentinel2-cog` takes.
#[derive(clap::Args)]
pub(crate) struct Asked {
    /// A product: a .SAFE folder of level 1C or 2A. Repeat --safe for several.
    #[arg(long, value_name = "DIR", required_unless_present = "jp2")]
    safe: Vec<Uri>,
    /// Other rasters: JPEG 2000, or any format that GDAL reads.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    jp2: Vec<Uri>,
    /// The bands of products that are wanted, each in its finest resolution, or in the one named: B04_20m.
    #[arg(long, value_delimiter = ',', value_name = "BAND", default_value = "B04,B08")]
    bands: Vec<Band>,
    /// Side of a block in pixels: a multiple of 16 from 128 to 4096.
    #[arg(long, default_value_t = ConvertRequest::BLOCK)]
    block: u32,
    /// The number that says "nothing known here" in --jp2 files that declare none, or `none` [default: 0 if their numbers are
    /// unsigned]. Products say it themselves.
    #[arg(long, value_name = "NUMBER|none", allow_hyphen_values = true)]
    nodata: Option<NodataValue>,
    /// Make level 2A of products of level 1C by this command; {safe} stands for the folder of the product, {out} for one that
    /// it may write to. No shell reads it. Without it level 1C is converted as it is, and the report says so.
    #[arg(long, value_name = "COMMAND")]
    l2a_command: Option<String>,
}

/// A number, or `none`.
#[derive(Clone, Copy)]
struct NodataValue(Nodata);

impl FromStr for NodataValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(Nodata::None));
        }
        let number = text.parse().ok().filter(|number: &f64| number.is_finite());
        number
            .map(|number| Self(Nodata::Value(number)))
            .ok_or_else(|| "write a number, or none".to_owned())
    }
}

#[derive(clap::Args)]
pub(crate) struct Sentinel2Cog {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    how: How,
}

impl Asked {
    /// The spec.
    pub(crate) fn spec(self) -> anyhow::Result<Spec> {
        let spec = Spec {
            // `june.SAFE/` and `june.SAFE` are one folder.
            products: self.safe.iter().map(|safe| absolute(&without_slash(safe))).collect(),
            files: self.jp2.iter().map(absolute).collect(),
            bands: self.bands,
            block: self.block,
            nodata: self.nodata.map_or_else(Nodata::default, |NodataValue(nodata)| nodata),
            l2a_command: self.l2a_command,
        };
        spec.check().map_err(|error| show::Usage(error.to_string()))?;
        Ok(spec)
    }
}

fn without_slash(folder: &Uri) -> Uri {
    let shorter = folder.as_str().trim_end_matches('/');
    shorter.parse().unwrap_or_else(|_| folder.clone())
}

/// Runs what the command line asks.
pub(super) async fn run(Sentinel2Cog { asked, how }: Sentinel2Cog, store: &Store) -> anyhow::Result<()> {
    let spec = asked.spec()?;
    let options = how.machine.options(store).await?;
    let done = convert(store, &spec, &how.folders(), options, how.new).await?;
    how.show(&done, Done::text)
}

/// What a finished run gave.
#[derive(Serialize)]
pub(crate) struct Done {
    run: String,
    folder: Uri,
    pub(crate) out: Uri,
    /// The table for NDVI.
    pub(crate) table: Option<Uri>,
    pub(crate) report: Uri,
    pub(crate) seconds: f64,
    /// US dollars that its items would have cost on AWS, with the Lambda memory of the best cost-performance.
    cost: Option<f64>,
    #[serde(flatten)]
    pub(crate) summary: Summary,
}

impl Done {
    /// A table of what was made.
    pub(crate) fn text(&self) -> String {
        let row = |made: &sentinel2_cog::Made| {
            let raster = &made.raster;
            [
                made.file.clone(),
                format!("{} × {}", raster.width, raster.height),
                raster.sample.clone(),
                raster.crs.clone().unwrap_or_else(|| "-".into()),
                show::bytes(raster.bytes_in),
                show::bytes(raster.bytes_out),
            ]
        };
        let header = ["raster", "pixels", "type", "CRS", "before", "after"];
        let made = show::table(header, self.summary.made.iter().map(row));
        let took = show::duration(Duration::from_secs_f64(self.seconds));
        let mut places = vec![[
            "rasters".into(),
            self.out.to_string(),
            format!("{} GeoTIFFs", self.summary.made.len()),
        ]];
        if let (Some(table), Some(scenes)) = (&self.table, &self.summary.scenes) {
            let scenes = format!("{} scenes, for tessera run ndvi --scenes", scenes.rows.len());
            places.push(["table".into(), table.to_string(), scenes]);
        }
        places.push(["report".into(), self.report.to_string(), "open it in a browser".into()]);
        places.push(["run".into(), self.folder.to_string(), took]);
        let notes: String = self
            .summary
            .notes
            .iter()
            .map(|note| format!("note: {note}\n"))
            .collect::<Vec<_>>()
            .concat();
        format!("{made}\n\n{notes}{}", show::table(["", "", ""], places))
    }
}

/// Makes the run, or goes on with an equal one that is unfinished.
pub(crate) async fn convert(
    store: &Store,
    spec: &Spec,
    folders: &Folders,
    options: Options,
    new: bool,
) -> anyhow::Result<Done> {
    if !HAS_GDAL {
        // Before half an hour of Sen2Cor, not after.
        let raster = spec
            .products
            .iter()
            .chain(&spec.files)
            .next()
            .context("there is no product and no file")?;
        return Err(sentinel2_cog::Error::NoGdal { raster: raster.clone() }.into());
    }
    let mut inputs = Vec::new();
    for product in &spec.products {
        let whole = spec.l2a_command.is_some();
        inputs.extend(sentinel2_cog::inputs(store, product, &spec.bands, whole).await?.1);
    }
    for file in &spec.files {
        inputs.push(store.head(file).await?);
    }
    let Launched { finished, cost } = launch(store, sentinel2_cog::NAME, spec, inputs, folders, options, new).await?;
    let summary = sentinel2_cog::summary(&finished)?;
    Ok(Done {
        out: folders.out.clone(),
        table: summary.scenes.as_ref().map(|_| folders.out.join("scenes.csv")),
        report: folders.out.join("report.html"),
        seconds: finished.seconds,
        run: finished.run.about.id,
        folder: finished.run.folder,
        cost,
        summary,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodata_is_a_number_or_none() {
        let nodata = |text: &str| text.parse::<NodataValue>().map(|NodataValue(nodata)| nodata);
        assert_eq!(nodata("none"), Ok(Nodata::None));
        assert_eq!(nodata("-3000"), Ok(Nodata::Value(-3000.0)));
        assert!(["", "NaN", "zero"].iter().all(|text| nodata(text).is_err()));
    }

    #[test]
    fn a_folder_has_one_name() {
        let name = |text: &str| without_slash(&text.parse().unwrap()).to_string();
        assert_eq!(name("a.SAFE/"), "a.SAFE");
        assert_eq!(name("s3://lab/a.SAFE//"), "s3://lab/a.SAFE");
        assert_eq!(name("/"), "/");
    }
}
