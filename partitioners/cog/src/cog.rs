//! A raster whose directories have been read.
use bytes::Bytes;
use plan::Object;
use serde::{Deserialize, Serialize};

use crate::{
    Area, CutError, FormatError, GeoReference, Image, Layout, SampleType, Window,
    ifd::{ByteOrder, RawIfd, Tag},
};

/// A TIFF whose directories have been read, but no pixel. Plain data: it can be sent to whoever plans.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cog {
    /// The object, in the version whose header this is.
    pub object: Object,
    /// 64-bit offsets.
    pub big_tiff: bool,
    /// Order of bytes.
    pub order: ByteOrder,
    /// The full resolution, then the overviews, in the order of the file.
    pub levels: Vec<Level>,
    /// Where the raster lies.
    pub geo: GeoReference,
    /// Value of pixels without data.
    #[serde(with = "crate::nodata")]
    pub nodata: Option<f64>,
    /// The text of GDAL_METADATA (XML).
    pub metadata: Option<String>,
    /// What GDAL says about the order of things in the file (`LAYOUT=IFDS_BEFORE_DATA` …).
    pub structure: Option<String>,
    /// Images that are neither the raster nor an overview nor a mask: further pages, which are not read.
    pub other_images: usize,
    /// The first bytes of the object, which often hold the tables of blocks.
    #[serde(skip)]
    pub(crate) head: Bytes,
}

/// One resolution of a raster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The pixels.
    pub image: Image,
    /// Which of them are valid.
    pub mask: Option<Image>,
}

impl Cog {
    pub(crate) fn from_ifds(
        object: Object,
        head: Bytes,
        big_tiff: bool,
        order: ByteOrder,
        ifds: &[RawIfd],
    ) -> Result<Self, FormatError> {
        let main = ifds.first().ok_or(FormatError::NoImage)?;
        let first = Image::from_ifd(main)?;
        let size = |image: &Image| (image.layout.width, image.layout.height);
        let (bands, sample) = (first.layout.bands, first.layout.sample());
        let mut levels = vec![Level {
            image: first,
            mask: None,
        }];
        let mut masks = Vec::new();
        let mut other_images = 0;
        for raw in &ifds[1..] {
            // Further pages may be anything; what is no part of the raster cannot make it unreadable.
            let role = raw.role()?;
            if role == 0 {
                other_images += 1;
                continue;
            }
            let image = Image::from_ifd(raw)?;
            if image.is_mask() {
                masks.push(image);
            } else if image.is_reduced() && (image.layout.bands, image.layout.sample()) == (bands, sample) {
                levels.push(Level { image, mask: None });
            } else {
                other_images += 1;
            }
        }
        for mask in masks {
            let fits = |level: &&mut Level| level.mask.is_none() && size(&level.image) == size(&mask);
            match levels.iter_mut().find(fits) {
                Some(level) => level.mask = Some(mask),
                None => other_images += 1,
            }
        }
        Ok(Self {
            object,
            big_tiff,
            order,
            levels,
            geo: geo_reference(main)?,
            nodata: main
                .text(Tag::GDAL_NODATA)
                .and_then(|text| number(&text))
                .map(|nodata| as_sample(nodata, sample)),
            metadata: main.text(Tag::GDAL_METADATA),
            structure: structure(&head, big_tiff),
            other_images,
            head,
        })
    }

    /// The level of that number.
    pub(crate) fn level(&self, level: usize) -> Result<&Level, CutError> {
        let levels = self.levels.len();
        self.levels.get(level).ok_or(CutError::Level { level, levels })
    }

    /// How the full resolution is stored.
    pub fn layout(&self) -> &Layout {
        &self.levels[0].image.layout
    }

    /// The georeference of a level: the same area in larger pixels.
    ///
    /// # Errors
    /// [`CutError::Level`] if there is no such level.
    pub fn geo_of(&self, level: usize) -> Result<GeoReference, CutError> {
        let (full, of) = (self.layout(), &self.level(level)?.image.layout);
        Ok(self.geo.scaled(
            full.width as f64 / of.width as f64,
            full.height as f64 / of.height as f64,
        ))
    }

    /// The pixels of a level that an area means.
    ///
    /// # Errors
    /// An area that has no pixel there, or pixels outside.
    pub fn pixels_of(&self, level: usize, area: Option<&Area>) -> Result<Window, CutError> {
        let Layout { width, height, .. } = self.level(level)?.image.layout;
        let whole = Window::new(0..height, 0..width);
        match area {
            None => Ok(whole),
            Some(Area::Pixels(window)) if window.is_empty() || !whole.contains(window) => Err(CutError::Window {
                window: window.clone(),
                height,
                width,
            }),
            Some(Area::Pixels(window)) => Ok(window.clone()),
            Some(Area::Bounds(bounds)) => {
                let area = bounds.to_array();
                // NaN is no side of a box either.
                if !(bounds.min_x < bounds.max_x && bounds.min_y < bounds.max_y) {
                    return Err(CutError::NoBox(area));
                }
                let geo = self.geo_of(level)?;
                let covers = geo.bounds(width, height).ok_or(CutError::NoTransform)?.to_array();
                geo.pixels_in(bounds, width, height)
                    .ok_or(CutError::Area { area, covers })
            }
        }
    }
}

fn geo_reference(ifd: &RawIfd) -> Result<GeoReference, FormatError> {
    let mut geo = GeoReference {
        transform: None,
        keys: ifd.geo_keys()?,
        doubles: ifd.floats(Tag::GEO_DOUBLE_PARAMS)?,
        ascii: ifd.text(Tag::GEO_ASCII_PARAMS).unwrap_or_default(),
    };
    geo.transform = GeoReference::transform_from_tags(
        &ifd.floats(Tag::MODEL_PIXEL_SCALE)?,
        &ifd.floats(Tag::MODEL_TIEPOINT)?,
        &ifd.floats(Tag::MODEL_TRANSFORMATION)?,
        geo.is_pixel_point(),
    );
    Ok(geo)
}

/// The number that GDAL_NODATA says; C programs write `nan`, `-nan`, `inf`, and fill with blanks.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let unsigned = text.trim_start_matches(['-', '+']);
    if unsigned.starts_with("nan") || unsigned.starts_with("1.#qnan") {
        return Some(f64::NAN);
    }
    text.parse().ok()
}

/// A nodata value as pixels have it: the text of a 32-bit one may have fewer or more digits than the pixels.
fn as_sample(nodata: f64, sample: Option<SampleType>) -> f64 {
    /// GDAL takes what is this near to the largest 32-bit number for it.
    const NEAR: f64 = 1.0 + 1e-10;
    if sample != Some(SampleType::F32) || nodata.is_infinite() {
        return nodata;
    }
    let largest = f64::from(f32::MAX);
    if nodata.abs() <= largest * NEAR {
        f64::from(nodata.clamp(-largest, largest) as f32)
    } else {
        nodata
    }
}

/// What stands between header and first directory in files of GDAL's COG driver.
fn structure(head: &[u8], big_tiff: bool) -> Option<String> {
    let text = head.get(if big_tiff { 16 } else { 8 }..)?;
    let text = text.strip_prefix(b"GDAL_STRUCTURAL_METADATA_SIZE=")?;
    let size: usize = std::str::from_utf8(text.get(..6)?).ok()?.parse().ok()?;
    let start = text.iter().position(|&byte| byte == b'\n')? + 1;
    let text = text.get(start..(start + size).min(text.len()))?;
    Some(
        String::from_utf8_lossy(text)
            .trim_end_matches(['\0', ' ', '\n'])
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodata_is_read_as_gdal_writes_it() {
        assert_eq!(number("-9999 "), Some(-9999.0));
        assert!(number("nan").unwrap().is_nan() && number("-nan(ind)").unwrap().is_nan());
        assert_eq!(number("-3.4028234663852886e+38"), Some(f64::from(f32::MIN)));
        assert_eq!(number("none"), None);
        let float = |text| as_sample(number(text).unwrap(), Some(SampleType::F32));
        assert_eq!(float("-3.4e+38").to_bits(), f64::from(-3.4e38f32).to_bits());
        assert_eq!(
            float("3.40282346638528898e+38").to_bits(),
            f64::from(f32::MAX).to_bits()
        );
        assert!(float("nan").is_nan());
    }
}
