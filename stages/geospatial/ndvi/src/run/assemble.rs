//! One product of one scene: a raster, and a picture of it.
use object_io::Store;

use super::compute;
use crate::{AssembleRequest, AssembleResponse, Error, Product};

use geospatial_rasters::{Assembled, Bar, Look, Ramp, draw};

/// Rows and columns of a quick look, at most, in pixels of its raster.
const PICTURE: u64 = 1400;

/// Joins the windows of one product into a cloud-optimized GeoTIFF, and draws it.
///
/// # Errors
/// A patch that is missing, malformed, or of another raster.
pub async fn assemble(store: Store, request: AssembleRequest) -> Result<AssembleResponse, Error> {
    let AssembleRequest {
        scene,
        raster,
        product,
        patches,
        out,
    } = request;
    let layout = raster.layout(product);
    let tif = out.with_suffix(".tif");
    let assembled = geospatial_rasters::assemble(&store, &layout, &patches, &tif, PICTURE).await?;
    let Assembled {
        object,
        statistics,
        picture,
        bytes_in,
    } = assembled;
    let look = look(&scene, product);
    let drawn = compute(&out, move || draw(&picture, &look)).await?;
    let png = out.with_suffix(".png");
    let image = drawn.map_err(|source| Error::Look {
        uri: png.clone(),
        source,
    })?;
    let bytes_out = object.size + image.len() as u64;
    store.put(&png, image).await?;
    Ok(AssembleResponse {
        scene,
        product,
        tif,
        png,
        statistics: statistics.scaled(layout.scale.unwrap_or(1.0)),
        pixels: raster.height * raster.width,
        bytes_in,
        bytes_out,
    })
}

/// How a product is drawn.
fn look(scene: &str, product: Product) -> Look {
    let (title, ramp, range) = match product {
        Product::Ndvi => ("NDVI", Ramp::Vegetation, -0.2..1.0),
        Product::Ndvi2 => ("NDVI, second date", Ramp::Vegetation, -0.2..1.0),
        Product::Difference => ("NDVI difference, second date less first", Ramp::Diverging, -0.6..0.6),
    };
    Look {
        title: format!("{scene}: {title}"),
        ramp,
        bar: Bar {
            range,
            label: "NDVI".into(),
        },
        ..Look::default()
    }
}
