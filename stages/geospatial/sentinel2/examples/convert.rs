//! Converts one raster: `convert IN OUT BLOCK` writes `OUT.tif`. What the figures in the README were measured with.
use std::{env, error::Error};

use object_io::Store;
use stage_sentinel2::{ConvertRequest, Nodata, Resampling, convert};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [raster, out, block] = &words[..] else {
        return Err("usage: convert IN OUT BLOCK".into());
    };
    let request = ConvertRequest {
        raster: raster.parse()?,
        block: block.parse()?,
        resampling: Resampling::Average,
        nodata: Nodata::default(),
        out: out.parse()?,
    };
    let response = convert(Store::new(), request).await?;
    eprintln!("{response:#?}");
    Ok(())
}
