//! One window: fetch, compute, encode, store.
use std::ops::Range;

use geospatial_rasters::{LayoutError, Patch};
use object_io::Store;
use partition_cog::{Fetched, Threads, decode, fetch};

use super::compute;
use crate::{
    Change, Encoding, Error, PlannedBand, PlannedDate, PlannedWindow, Product, ProductPatch, Raster, Reading,
    WindowRequest, WindowResponse, difference, ndvi, reflectances, to_i16,
};

/// Computes one window of a scene.
///
/// # Errors
/// A raster that changed since it was planned or cannot be decoded; a window that is not one of the raster.
pub async fn window(store: Store, request: WindowRequest) -> Result<WindowResponse, Error> {
    check(&request)?;
    let bands = || request.window.dates.iter().flat_map(|date| [&date.red, &date.nir]);
    let bytes_in = bands()
        .flat_map(|band| &band.partition.bytes)
        .map(|range: &Range<u64>| range.end - range.start)
        .sum();
    // All bands are on their way at once.
    let fetching = bands().map(|band| {
        let (store, partition) = (store.clone(), band.partition.clone());
        tokio::spawn(async move { fetch(&store, &partition).await })
    });
    let mut fetched = Vec::new();
    for fetching in fetching.collect::<Vec<_>>() {
        let done = fetching.await.map_err(|source| Error::Panic {
            out: request.out.clone(),
            source,
        })?;
        fetched.push(done?);
    }
    let (out, window) = (request.out.clone(), request.window.window.clone());
    let (patches, change) = compute(&out, move || work(&request, &fetched)).await??;
    let (mut products, mut bytes_out) = (Vec::with_capacity(patches.len()), 0);
    for (product, Patch { bytes, statistics }) in patches {
        let patch = out.with_suffix(&format!(".{product}"));
        bytes_out += bytes.len() as u64;
        store.put(&patch, bytes).await?;
        products.push(ProductPatch {
            product,
            patch,
            statistics,
        });
    }
    Ok(WindowResponse {
        window,
        products,
        change,
        bytes_in,
        bytes_out,
    })
}

fn check(request: &WindowRequest) -> Result<(), Error> {
    let WindowRequest {
        window, threshold, out, ..
    } = request;
    if !(threshold.is_finite() && *threshold >= 0.0) {
        return Err(Error::Number {
            what: "threshold",
            value: f64::from(*threshold),
        });
    }
    let wrong = |problem: String| Error::Window {
        out: out.clone(),
        window: window.window.clone(),
        problem,
    };
    if !(1..=2).contains(&window.dates.len()) {
        return Err(wrong(format!("{} dates", window.dates.len())));
    }
    for date in &window.dates {
        if !date.offset.is_finite() {
            return Err(Error::Number {
                what: "offset",
                value: date.offset,
            });
        }
        for band in [&date.red, &date.nir] {
            let scope = &band.partition.scope;
            let raster = &band.partition.object.uri;
            if scope.window != window.window {
                return Err(wrong(format!(
                    "pixels of another window, {}, of {raster}",
                    scope.window
                )));
            }
            if band.band == 0 || band.band > scope.image.layout.bands {
                let bands = scope.image.layout.bands;
                return Err(Error::Band {
                    raster: raster.clone(),
                    bands,
                    asked: Some(band.band),
                });
            }
        }
    }
    Ok(())
}

type Patches = Vec<(Product, Patch)>;

/// Decodes, computes and encodes. `fetched` holds the bands in the order of the request.
fn work(request: &WindowRequest, fetched: &[Fetched]) -> Result<(Patches, Option<Change>), Error> {
    let WindowRequest {
        raster,
        window,
        threshold,
        only,
        out,
    } = request;
    let mut indexes = Vec::with_capacity(2);
    for (date, fetched) in window.dates.iter().zip(fetched.chunks_exact(2)) {
        indexes.push(index(date, fetched)?);
    }
    let mut change = None;
    if let [first, second] = &indexes[..] {
        let mut differences = vec![0.0; first.len()];
        difference(first, second, &mut differences);
        change = Some(Change::of(&differences, *threshold));
        indexes.push(differences);
    }
    let products = Product::of(window.dates.len());
    let wanted = Product::wanted(window.dates.len(), only);
    let mut patches = Vec::with_capacity(wanted.len());
    for (&product, index) in products.iter().zip(indexes) {
        if !wanted.contains(&product) {
            continue;
        }
        let patch = encode(raster, product, window, &index);
        patches.push((
            product,
            patch.map_err(|source| Error::Layout {
                out: out.clone(),
                source,
            })?,
        ));
    }
    Ok((patches, change))
}

/// The index of one date, from its red and NIR bytes.
fn index(date: &PlannedDate, fetched: &[Fetched]) -> Result<Vec<f32>, Error> {
    let red = decode(&date.red.partition, &fetched[0], Threads::Pool)?;
    let nir = decode(&date.nir.partition, &fetched[1], Threads::Pool)?;
    let reading = |band: &PlannedBand| Reading {
        band: band.band as usize - 1,
        nodata: band.nodata,
        offset: date.offset as f32,
    };
    let mut index = vec![0.0; red.height * red.width];
    // A few rows at a time: what is between bands and index stays in the cache.
    let mut between = [vec![0.0; PIXELS], vec![0.0; PIXELS]];
    let [reds, nirs] = &mut between;
    for (number, index) in index.chunks_mut(PIXELS).enumerate() {
        let (reds, nirs) = (&mut reds[..index.len()], &mut nirs[..index.len()]);
        reflectances(&red, reading(&date.red), number * PIXELS, reds);
        reflectances(&nir, reading(&date.nir), number * PIXELS, nirs);
        ndvi(reds, nirs, index);
    }
    Ok(index)
}

/// Pixels that are computed at once.
const PIXELS: usize = 2048;

fn encode(raster: &Raster, product: Product, window: &PlannedWindow, index: &[f32]) -> Result<Patch, LayoutError> {
    let layout = raster.layout(product);
    match raster.encoding {
        Encoding::F32 => Patch::encode(&layout, &window.window, index),
        Encoding::I16 => {
            let whole: Vec<i16> = index.iter().map(|&index| to_i16(index)).collect();
            let patch = Patch::encode(&layout, &window.window, &whole)?;
            let statistics = patch.statistics.scaled(layout.scale.unwrap_or(1.0));
            Ok(Patch { statistics, ..patch })
        }
    }
}
