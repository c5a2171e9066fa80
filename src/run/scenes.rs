//! Scenes from a table.
use object_io::Store;
use pipelines::{
    absolute,
    ndvi::{Date, Scene},
};
use plan::Uri;
use serde::Deserialize;

use super::ndvi::Offsets;

/// A row of `scenes.csv`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    red: String,
    nir: String,
    #[serde(default)]
    red2: Option<String>,
    #[serde(default)]
    nir2: Option<String>,
    #[serde(default)]
    offset: Option<f64>,
    #[serde(default)]
    offset2: Option<f64>,
}

/// The scenes of a CSV table with the columns `name,red,nir` and, where wanted, `red2,nir2,offset,offset2`.
///
/// Rasters are named relative to the folder of the table, or in full. Offsets in the table replace those given.
pub(super) async fn read(
    store: &Store,
    table: &Uri,
    offsets: Offsets,
    nodata: Option<f64>,
) -> anyhow::Result<Vec<Scene>> {
    let text = store.get(table).await?;
    // As spreadsheets write it.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let mut scenes = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row.map_err(|error| anyhow::anyhow!("{table}: {error}"))?;
        let at = |name: &str| beside(table, name);
        let date = |red: &str, nir: &str, offset| -> anyhow::Result<Date> {
            Ok(Date {
                red: absolute(&at(red)?).into(),
                nir: absolute(&at(nir)?).into(),
                offset,
                nodata,
            })
        };
        let second = match (
            row.red2.as_deref().filter(|name| !name.is_empty()),
            row.nir2.as_deref().filter(|name| !name.is_empty()),
        ) {
            (Some(red), Some(nir)) => Some(date(red, nir, row.offset2.unwrap_or(offsets.second))?),
            (None, None) => None,
            _ => anyhow::bail!("{table}: scene {}: red2 and nir2 come together", row.name),
        };
        scenes.push(Scene {
            first: date(&row.red, &row.nir, row.offset.unwrap_or(offsets.first))?,
            name: row.name,
            second,
        });
    }
    Ok(scenes)
}

/// The object that a table names: in full, or relative to the table's folder.
fn beside(table: &Uri, name: &str) -> anyhow::Result<Uri> {
    if name.contains("://") || name.starts_with('/') {
        return Ok(name.parse()?);
    }
    let text = table.as_str();
    let folder = text.rsplit_once('/').map_or(".", |(folder, _)| folder);
    Ok(format!("{folder}/{name}").parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Offsets = Offsets {
        first: 0.0,
        second: 0.0,
    };

    async fn scenes(text: &str) -> anyhow::Result<Vec<Scene>> {
        let store = Store::new();
        let table: Uri = "mem://lab/tiles/scenes.csv".parse()?;
        store.put(&table, text.to_owned()).await?;
        read(&store, &table, NONE, None).await
    }

    #[tokio::test]
    async fn rasters_lie_beside_their_table() {
        let text = "\u{feff}name,red,nir,red2,nir2,offset2\r\na,r.tif,s3://lab/n.tif,r2.tif,n2.tif,-1000\r\nb,r.tif,n.tif,,,\r\n";
        let scenes = scenes(text).await.unwrap();
        assert_eq!(scenes.len(), 2);
        assert_eq!(scenes[0].first.red.raster.as_str(), "mem://lab/tiles/r.tif");
        assert_eq!(scenes[0].first.nir.raster.as_str(), "s3://lab/n.tif");
        assert!((scenes[0].second.as_ref().unwrap().offset + 1000.0).abs() < 1e-9);
        assert!(scenes[1].second.is_none());
    }

    #[tokio::test]
    async fn half_a_date_is_refused() {
        let said = scenes("name,red,nir,red2,nir2\na,r,n,r2,\n")
            .await
            .unwrap_err()
            .to_string();
        assert!(said.ends_with("scene a: red2 and nir2 come together"), "{said}");
        let said = scenes("name,red\na,r\n").await.unwrap_err().to_string();
        assert!(said.contains("nir"), "{said}");
    }
}
