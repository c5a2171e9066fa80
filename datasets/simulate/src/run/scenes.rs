//! The task that writes simulated scenes.
use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Seek},
    path::Path,
};

use las::{Header, PointData, PointDataBuilder};
use laz::ParLasZipCompressor;
use object_io::Store;
use plan::Uri;
use serde::{Deserialize, Serialize};

use super::{
    blocking,
    publish::{folder, publish},
};
use crate::{
    Error,
    geospatial::{
        Imagery, Lidar,
        cog::{Cog, Finished, Layout, pieces},
        imagery::{self, NO_CHANGE, code},
        lidar,
    },
};

/// What to make, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// A laser-scanned scene.
    pub lidar: Option<Lidar>,
    /// Tiles of images at two dates.
    pub imagery: Option<Imagery>,
    /// Folder for all files and `README.md`.
    pub out: Uri,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The laser-scanned scene.
    pub lidar: Option<LidarMade>,
    /// The images.
    pub imagery: Option<ImageryMade>,
}

/// A laser-scanned scene.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LidarMade {
    /// The points, `points.laz` or `points.las`.
    pub points: Uri,
    /// Elevation of ground and water without noise, a COG of f32 in metres.
    pub ground: Uri,
    /// Number of points.
    pub count: u64,
    /// Metres of the scene's side.
    pub side: f64,
    /// Points of each ASPRS class that occurs.
    pub classes: BTreeMap<u8, u64>,
}

/// Tiles of images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageryMade {
    /// Table of the tiles, with names relative to its folder.
    pub scenes: Uri,
    /// The losses, as polygons.
    pub losses: Uri,
    /// Polygons.
    pub polygons: u64,
    /// The files of each tile.
    pub tiles: Vec<Tile>,
    /// Pixels whose trees were cut down between the dates, of those seen at both.
    pub clear_cut: u64,
    /// Pixels that burnt.
    pub burn: u64,
    /// Pixels seen at both dates, in front of clouds.
    pub seen: u64,
}

/// One tile: COGs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tile {
    /// Its name.
    pub name: String,
    /// Red at the first date, u16, 0 is nodata.
    pub red: Uri,
    /// Near infrared at the first date.
    pub nir: Uri,
    /// Red at the second date.
    pub red2: Uri,
    /// Near infrared at the second date.
    pub nir2: Uri,
    /// Truth, u8: 0 no loss, 1 clear-cut, 2 burn, 254 clouds at a date, 255 (nodata) outside the swath at a date.
    pub loss: Uri,
    /// Truth, i16 in steps of 1/10000: NDVI of the second date less that of the first, without noise; -32768 is nodata.
    pub change: Uri,
}

/// Makes scenes. Equal parameters give equal bytes, whatever the number of threads; memory does not grow with the number of points,
/// nor with that of rows or tiles.
///
/// # Errors
/// [`Error::Params`] for parameters that contradict each other.
pub async fn run(store: &Store, request: Request) -> Result<Response, Error> {
    let faults = [
        request.lidar.as_ref().and_then(Lidar::fault),
        request.imagery.as_ref().and_then(Imagery::fault),
    ];
    if let Some(reason) = faults.into_iter().flatten().next() {
        return Err(Error::Params { reason });
    }
    let folder = folder(&request.out)?;
    let lidar = match &request.lidar {
        None => None,
        Some(params) => Some(make_lidar(store, params, &request.out, &folder).await?),
    };
    let imagery = match &request.imagery {
        None => None,
        Some(params) => Some(make_imagery(store, params, &request.out, &folder).await?),
    };
    let response = Response { lidar, imagery };
    let text = super::scenes_readme::text(&request, &response);
    store.put(&request.out.join("README.md"), text).await?;
    Ok(response)
}

async fn make_lidar(store: &Store, params: &Lidar, out: &Uri, folder: &Path) -> Result<LidarMade, Error> {
    let name = if params.compressed { "points.laz" } else { "points.las" };
    let (points, ground) = (out.join(name), out.join("ground.tif"));
    let (own, place) = (params.clone(), folder.to_owned());
    let made = blocking(move || {
        let scene = lidar::Scene::new(&own);
        let (file, classes) = write_points(&scene, &own, &place).map_err(io::Error::other)?;
        Ok((file, classes, write_ground(&scene, &own, &place)?))
    })
    .await;
    let (file, classes, elevation) = made.map_err(|source| Error::Write {
        object: points.clone(),
        source,
    })?;
    publish(store, &points, pieces(file)).await?;
    publish(store, &ground, elevation.pieces()).await?;
    let found = (0u8..).zip(classes).filter(|&(_, count)| count > 0);
    Ok(LidarMade {
        points,
        ground,
        count: params.points,
        side: params.side(),
        classes: found.collect(),
    })
}

/// Pieces of flight strips that are made at once: some chunks of LAZ for each thread.
const PIECES: u64 = 16;

/// Writes all points to a nameless file, and gives it back at its start.
fn write_points(scene: &lidar::Scene, params: &Lidar, folder: &Path) -> Result<(File, lidar::Classes), las::Error> {
    let mut header = lidar::header(params)?;
    if params.compressed {
        header.add_laz_vlr()?;
    }
    let mut file = BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(folder)?);
    header.write_to(&mut file)?;
    let mut output = if params.compressed {
        Points::Compressed(Box::new(ParLasZipCompressor::new(file, header.laz_vlr()?)?))
    } else {
        Points::Plain(file)
    };
    let mut classes = lidar::Classes::default();
    let mut extent = Extent::default();
    let mut at = 0;
    while at < scene.pieces() {
        let end = (at + PIECES).min(scene.pieces());
        let (records, found) = scene.records(at..end);
        for (all, found) in classes.iter_mut().zip(found) {
            *all += found;
        }
        let points = PointDataBuilder::new().for_header(&header).build_from_bytes(records)?;
        header.add_point_data(&points);
        extent.add(&points);
        output.write(points.raw_bytes())?;
        at = end;
    }
    let mut file = output.finish()?;
    file.rewind()?;
    // Now that counts and bounds are known. The header's length depends on neither.
    extent.bounded(header)?.write_to(&mut file)?;
    let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.rewind()?;
    Ok((file, classes))
}

/// Stored coordinates of all points: las-rs widens the bounds in a header by up to a step.
#[derive(Default)]
struct Extent([Option<(i32, i32)>; 3]);

impl Extent {
    fn add(&mut self, points: &PointData) {
        fn span(span: Option<(i32, i32)>, values: impl Iterator<Item = i32>) -> Option<(i32, i32)> {
            values.fold(span, |span, value| {
                Some(span.map_or((value, value), |(least, most)| (least.min(value), most.max(value))))
            })
        }
        let [x, y, z] = &mut self.0;
        *x = span(*x, points.x_raw());
        *y = span(*y, points.y_raw());
        *z = span(*z, points.z_raw());
    }

    /// The header as it is stored, with exactly these bounds.
    fn bounded(&self, header: Header) -> Result<las::raw::Header, las::Error> {
        let transforms = *header.transforms();
        let mut raw = header.into_raw()?;
        let [x, y, z] = self.0.map(Option::unwrap_or_default);
        (raw.min_x, raw.max_x) = (transforms.x.direct(x.0), transforms.x.direct(x.1));
        (raw.min_y, raw.max_y) = (transforms.y.direct(y.0), transforms.y.direct(y.1));
        (raw.min_z, raw.max_z) = (transforms.z.direct(z.0), transforms.z.direct(z.1));
        Ok(raw)
    }
}

/// Where records go.
enum Points {
    Plain(BufWriter<File>),
    Compressed(Box<ParLasZipCompressor<BufWriter<File>>>),
}

impl Points {
    fn write(&mut self, records: &[u8]) -> Result<(), las::Error> {
        match self {
            Self::Plain(file) => io::Write::write_all(file, records)?,
            Self::Compressed(laz) => laz.compress_many(records)?,
        }
        Ok(())
    }

    fn finish(self) -> Result<BufWriter<File>, las::Error> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Compressed(mut laz) => {
                laz.done()?;
                Ok(laz.into_inner())
            }
        }
    }
}

fn write_ground(scene: &lidar::Scene, params: &Lidar, folder: &Path) -> io::Result<Finished> {
    let pixels = scene.pixels();
    let (east, south) = lidar::ORIGIN;
    let layout = Layout {
        width: pixels,
        height: pixels,
        block: 512,
        epsg: lidar::EPSG,
        corner: (east, south + f64::from(pixels) * params.pixel),
        pixel: params.pixel,
        scale: None,
    };
    let mut cog = Cog::<f32>::new(layout, None, folder)?;
    for start in (0..pixels).step_by(512) {
        cog.rows(&scene.elevation(start..(start + 512).min(pixels)))?;
    }
    cog.finish()
}

async fn make_imagery(store: &Store, params: &Imagery, out: &Uri, folder: &Path) -> Result<ImageryMade, Error> {
    let mut made = ImageryMade {
        scenes: out.join("scenes.csv"),
        losses: out.join("losses.geojson"),
        polygons: 0,
        tiles: Vec::new(),
        clear_cut: 0,
        burn: 0,
        seen: 0,
    };
    let mut table = "name,red,nir,red2,nir2\n".to_owned();
    for number in 0..params.tiles {
        let name = format!("tile{}", number + 1);
        let file = |what: &str| out.join(&format!("{name}_{what}.tif"));
        let tile = Tile {
            red: file("red"),
            nir: file("nir"),
            red2: file("red2"),
            nir2: file("nir2"),
            loss: file("loss"),
            change: file("change"),
            name: name.clone(),
        };
        let (own, place) = (params.clone(), folder.to_owned());
        let written = blocking(move || write_tile(&own, number, &place)).await;
        let (rasters, counts) = written.map_err(|source| Error::Write {
            object: tile.red.clone(),
            source,
        })?;
        let uris = [&tile.red, &tile.nir, &tile.red2, &tile.nir2, &tile.loss, &tile.change];
        for (uri, raster) in uris.into_iter().zip(rasters) {
            publish(store, uri, raster.pieces()).await?;
        }
        table += &format!("{name},{name}_red.tif,{name}_nir.tif,{name}_red2.tif,{name}_nir2.tif\n");
        made.clear_cut += counts[1];
        made.burn += counts[2];
        made.seen += counts.iter().sum::<u64>();
        made.tiles.push(tile);
    }
    let own = params.clone();
    let (text, polygons) = blocking(move || imagery::Scene::new(&own).geojson()).await;
    made.polygons = polygons;
    store.put(&made.losses, text).await?;
    // Last, so that whoever finds it finds all.
    store.put(&made.scenes, table).await?;
    Ok(made)
}

/// The rasters of a tile in the order of [`Tile`], and the pixels of no loss, clear-cuts and burns.
fn write_tile(params: &Imagery, tile: u32, folder: &Path) -> io::Result<(Vec<Finished>, [u64; 3])> {
    let scene = imagery::Scene::new(params);
    let layout = Layout {
        width: params.size,
        height: params.size,
        block: params.block,
        epsg: imagery::EPSG,
        corner: scene.corner(tile),
        pixel: imagery::PIXEL,
        scale: None,
    };
    let scaled = Layout {
        scale: Some(1.0 / imagery::QUANTUM),
        ..layout.clone()
    };
    let band = || Cog::<u16>::new(layout.clone(), Some((0, "0".to_owned())), folder);
    let mut bands = [band()?, band()?, band()?, band()?];
    let outside = Some((code::OUTSIDE, code::OUTSIDE.to_string()));
    let mut loss = Cog::<u8>::new(layout.clone(), outside, folder)?;
    let mut change = Cog::<i16>::new(scaled, Some((NO_CHANGE, NO_CHANGE.to_string())), folder)?;
    let mut counts = [0; 3];
    for start in (0..params.size).step_by(params.block as usize) {
        let rows = scene.rows(tile, &(start..(start + params.block).min(params.size)));
        let samples = [&rows.red[0], &rows.nir[0], &rows.red[1], &rows.nir[1]];
        for (band, samples) in bands.iter_mut().zip(samples) {
            band.rows(samples)?;
        }
        loss.rows(&rows.loss)?;
        change.rows(&rows.change)?;
        for &pixel in &rows.loss {
            if let Some(count) = counts.get_mut(usize::from(pixel)) {
                *count += 1;
            }
        }
    }
    let mut finished = Vec::new();
    for band in bands {
        finished.push(band.finish()?);
    }
    finished.push(loss.finish()?);
    finished.push(change.finish()?);
    Ok((finished, counts))
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::*;

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let lidar = Lidar {
            points: 500_000,
            ..Lidar::default()
        };
        let imagery = Imagery {
            size: 300,
            block: 64,
            ..Imagery::default()
        };
        let made = |threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let scene = lidar::Scene::new(&lidar);
                let (file, _) = write_points(&scene, &lidar, &std::env::temp_dir()).unwrap();
                let mut bytes: Vec<Vec<u8>> = vec![pieces(file).flat_map(Result::unwrap).collect()];
                let (rasters, _) = write_tile(&imagery, 1, &std::env::temp_dir()).unwrap();
                bytes.extend(
                    rasters
                        .into_iter()
                        .map(|raster| raster.pieces().flat_map(Result::unwrap).collect()),
                );
                bytes
            })
        };
        let one = made(1);
        assert!(one == made(3));
        assert!(one.iter().all(|bytes| bytes.len() > 1000));
    }
}
