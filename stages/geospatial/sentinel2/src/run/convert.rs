//! Task `convert`.
use object_io::Store;

use crate::{ConvertRequest, ConvertResponse, Error};

/// Refuses a side of a block that no GeoTIFF can have or GDAL does not make.
pub fn check_block(block: u32) -> Result<(), Error> {
    if (128..=4096).contains(&block) && block.is_multiple_of(16) {
        return Ok(());
    }
    Err(Error::Block { block })
}

/// Makes a cloud-optimized GeoTIFF from a raster.
///
/// # Errors
/// [`Error::NoGdal`] in a build without the feature `gdal`.
#[cfg(not(feature = "gdal"))]
pub async fn convert(_store: Store, request: ConvertRequest) -> Result<ConvertResponse, Error> {
    check_block(request.block)?;
    Err(Error::NoGdal { raster: request.raster })
}

/// Makes a cloud-optimized GeoTIFF from a raster, which is fetched to a temporary file if it is not a local one.
#[cfg(feature = "gdal")]
pub async fn convert(store: Store, request: ConvertRequest) -> Result<ConvertResponse, Error> {
    use super::{compute, local};
    use crate::cog;

    check_block(request.block)?;
    let object = store.head(&request.raster).await?;
    let failed = |source| Error::Local {
        uri: request.raster.clone(),
        source,
    };
    let temporary = tempfile::tempdir().map_err(failed)?;
    let from = if let Some(path) = request.raster.path() {
        std::path::absolute(path).map_err(failed)?
    } else {
        // The end of a name tells GDAL what to expect.
        let copy = format!("raster{}", extension(request.raster.name()));
        let to = temporary.path().join(copy);
        local::fetch(&store, &object, &to).await?;
        to
    };
    let to = temporary.path().join("cog.tif");
    let job = cog::Job {
        raster: request.raster.clone(),
        from,
        to: to.clone(),
        block: request.block,
        resampling: request.resampling,
        nodata: request.nodata,
    };
    let made = compute(&request.raster, move || job.run()).await??;
    // A local file was read in place: what was read must be what was planned.
    let now = store.head(&request.raster).await?;
    if now != object {
        let (uri, expected, found) = (now.uri, object.etag, now.etag);
        return Err(object_io::Error::Changed { uri, expected, found }.into());
    }
    let cog = local::send(&store, &to, &request.out.with_suffix(".tif")).await?;
    Ok(ConvertResponse {
        cog: cog.uri,
        width: made.width,
        height: made.height,
        bands: made.bands,
        sample: made.sample,
        crs: made.crs,
        nodata: made.nodata,
        notes: made.notes,
        bytes_in: object.size,
        bytes_out: cog.size,
    })
}

/// The end of a file name that says its format, if it is a plain one.
#[cfg(feature = "gdal")]
fn extension(name: &str) -> String {
    let last = name.rsplit_once('.').map_or("", |(_, last)| last);
    let plain = !last.is_empty() && last.len() < 8 && last.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { format!(".{last}") } else { String::new() }
}
