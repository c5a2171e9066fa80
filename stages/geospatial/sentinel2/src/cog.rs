//! The conversion itself, by GDAL: any raster to a cloud-optimized GeoTIFF.
use std::{
    path::PathBuf,
    sync::{Mutex, Once, PoisonError},
    thread,
};

use gdal::{
    Dataset, DatasetOptions, DriverManager, GdalOpenFlags, Metadata, config,
    errors::GdalError,
    raster::{GdalDataType, RasterCreationOptions},
};
use plan::Uri;

use crate::{
    Error, Nodata, Resampling,
    messages::{Listener, Said},
};

/// Decoded blocks that GDAL keeps, in MiB, for the whole process: a Sentinel-2 band at 10 m has 230, and with less than that it
/// is decoded twice, for itself and for its overviews. By itself GDAL would take a twentieth of the machine. `GDAL_CACHEMAX`
/// in the environment overrides it.
const CACHE: &str = "512";
/// Threads of one conversion: each decodes a block of its own.
const THREADS: usize = 4;
/// Largest block of a source, in decoded bytes of all bands: GDAL holds several at once.
const LARGEST_BLOCK: u64 = 512 << 20;
/// What GDAL has for JPEG 2000: only they may open what is called .jp2, or else the error would be that of another format.
const JPEG_2000: [&str; 5] = ["JP2OpenJPEG", "JP2KAK", "JP2ECW", "JP2MrSID", "JP2Lura"];

/// What is to be done, with local files.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The raster, for messages.
    pub(crate) raster: Uri,
    pub(crate) from: PathBuf,
    pub(crate) to: PathBuf,
    pub(crate) block: u32,
    pub(crate) resampling: Resampling,
    pub(crate) nodata: Nodata,
}

/// What was made.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) width: u64,
    pub(crate) height: u64,
    pub(crate) bands: u64,
    pub(crate) sample: String,
    pub(crate) crs: Option<String>,
    pub(crate) nodata: Option<f64>,
    pub(crate) notes: Vec<String>,
}

/// Settings of GDAL for this thread, until dropped.
struct Settings;

const SETTINGS: [(&str, &str); 2] = [
    // The file is the object: what lies beside it is not read, and nothing is written there.
    ("GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"),
    ("GDAL_PAM_ENABLED", "NO"),
];

impl Settings {
    fn set(threads: &str) -> Result<Self, GdalError> {
        static CACHE_SIZE: Once = Once::new();
        let mut cache = Ok(());
        CACHE_SIZE.call_once(|| {
            cache = match config::get_config_option("GDAL_CACHEMAX", "") {
                Ok(set) if !set.is_empty() => Ok(()),
                _ => config::set_config_option("GDAL_CACHEMAX", CACHE),
            };
        });
        cache?;
        let settings = Self;
        for (key, value) in SETTINGS.into_iter().chain([("GDAL_NUM_THREADS", threads)]) {
            config::set_thread_local_config_option(key, value)?;
        }
        Ok(settings)
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        for (key, _) in SETTINGS.into_iter().chain([("GDAL_NUM_THREADS", "")]) {
            // Only a key with a NUL byte is refused.
            let _ = config::clear_thread_local_config_option(key);
        }
    }
}

impl Job {
    /// Does it. Blocks.
    pub(crate) fn run(&self) -> Result<Made, Error> {
        // One at a time in a process: GDAL's cache and its error handler are those of the process, so that another
        // conversion's error would be taken for ours. A conversion keeps several threads busy by itself.
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = Listener::start();
        let threads = thread::available_parallelism()
            .map_or(1, |cores| cores.get().min(THREADS))
            .to_string();
        let _settings = Settings::set(&threads).map_err(|error| self.failed("be set up", listener.said(), &error))?;
        let fail = |doing| {
            let listener = &listener;
            move |error: GdalError| self.failed(doing, listener.said(), &error)
        };
        let jpeg_2000 = self.raster.name().to_ascii_lowercase().ends_with(".jp2");
        let options = DatasetOptions {
            open_flags: GdalOpenFlags::GDAL_OF_RASTER | GdalOpenFlags::GDAL_OF_VERBOSE_ERROR,
            allowed_drivers: jpeg_2000.then_some(&JPEG_2000),
            ..DatasetOptions::default()
        };
        let source = Dataset::open_ex(&self.from, options).map_err(fail("read it"))?;
        self.check(&source)?;
        let described = self.describe(&source).map_err(|failed| match failed {
            Failed::Ours(error) => error,
            Failed::Gdal(error) => fail("describe it")(error),
        })?;
        let cog = DriverManager::get_driver_by_name("COG").map_err(fail("write cloud-optimized GeoTIFFs"))?;
        let block = format!("BLOCKSIZE={}", self.block);
        let resampling = format!("OVERVIEW_RESAMPLING={}", self.resampling.name());
        let threads = format!("NUM_THREADS={threads}");
        let options = RasterCreationOptions::from_iter([
            "COMPRESS=DEFLATE",
            "PREDICTOR=YES",
            "OVERVIEW_PREDICTOR=YES",
            // The overviews inside JPEG 2000 are of its wavelets, which know no nodata.
            "OVERVIEWS=IGNORE_EXISTING",
            &block,
            &resampling,
            &threads,
        ]);
        let doing = "make a cloud-optimized GeoTIFF of it";
        let written = described.create_copy(&cog, &self.to, &options).map_err(fail(doing))?;
        let (width, height) = written.raster_size();
        let (sample, nodata) = {
            let first = written.rasterband(1).map_err(fail(doing))?;
            (first.band_type().name(), first.no_data_value())
        };
        let (bands, crs) = (written.raster_count(), crs(&written));
        let placed = written.geo_transform().is_ok();
        written.close().map_err(fail(doing))?;
        // Some errors are only said, not returned: of threads, and of closing before GDAL 3.7.
        let said = listener.said();
        if !said.errors.is_empty() {
            return Err(self.gdal(doing, said.errors));
        }
        let mut notes = said.warnings;
        if crs.is_none() {
            notes.push("it has no coordinate system".to_owned());
        }
        if !placed {
            notes.push("it has no place on the ground".to_owned());
        }
        Ok(Made {
            width: width as u64,
            height: height as u64,
            bands: bands as u64,
            sample,
            crs,
            nodata,
            notes,
        })
    }

    /// The source with nodata declared, as a virtual raster: pixels stay where they are.
    fn describe(&self, source: &Dataset) -> Result<Dataset, Failed> {
        let virtually = DriverManager::get_driver_by_name("VRT")?;
        let described = source.create_copy(&virtually, "", &RasterCreationOptions::new())?;
        for number in 1..=source.raster_count() {
            let mut band = described.rasterband(number)?;
            // 15-bit pixels of older bands would be packed as such, which few readers of GeoTIFF understand.
            if band.metadata_item("NBITS", "IMAGE_STRUCTURE").is_some() {
                let bits = (band.band_type().bits()).to_string();
                band.set_metadata_item("NBITS", &bits, "IMAGE_STRUCTURE")?;
            }
            let sample = band.band_type();
            if band.no_data_value().is_none()
                && let Some(nodata) = self.wanted(sample)?
            {
                band.set_no_data_value(Some(nodata))?;
            }
        }
        Ok(described)
    }

    /// The nodata value to declare for pixels of that type.
    fn wanted(&self, sample: GdalDataType) -> Result<Option<f64>, Failed> {
        let range = whole_range(sample);
        match self.nodata {
            Nodata::None => Ok(None),
            Nodata::ZeroIfUnsigned => Ok(range.filter(|&(least, _)| least == 0.0).map(|_| 0.0)),
            Nodata::Value(nodata) => {
                let fits = range.is_none_or(|(least, most)| (least..=most).contains(&nodata) && nodata.fract() == 0.0);
                if fits {
                    return Ok(Some(nodata));
                }
                Err(Failed::Ours(Error::Nodata {
                    raster: self.raster.clone(),
                    nodata,
                    sample: sample.name(),
                }))
            }
        }
    }

    /// Refuses what has no pixels, or blocks larger than any sound raster.
    fn check(&self, source: &Dataset) -> Result<(), Error> {
        let refuse = |problem: String| {
            let raster = self.raster.clone();
            Err(Error::Raster { raster, problem })
        };
        let (width, height) = source.raster_size();
        if source.raster_count() == 0 || width == 0 || height == 0 {
            return refuse("it has no pixels".to_owned());
        }
        let mut bytes = 0_u64;
        for band in source.rasterbands().flatten() {
            let (across, down) = band.block_size();
            let pixels = (across as u64).saturating_mul(down as u64);
            bytes = bytes.saturating_add(pixels.saturating_mul(u64::from(band.band_type().bits() / 8)));
        }
        if bytes > LARGEST_BLOCK {
            let most = LARGEST_BLOCK >> 20;
            return refuse(format!("its blocks are {} MiB each, more than {most} MiB", bytes >> 20));
        }
        Ok(())
    }

    /// What GDAL said, or else what its binding says.
    fn failed(&self, doing: &'static str, said: Said, error: &GdalError) -> Error {
        let said = if said.errors.is_empty() {
            vec![error.to_string()]
        } else {
            said.errors
        };
        self.gdal(doing, said)
    }

    fn gdal(&self, doing: &'static str, said: Vec<String>) -> Error {
        // The name of a temporary copy means nothing to a person.
        let local = self.from.to_string_lossy();
        let said = said.into_iter().map(|line| line.replace(&*local, self.raster.as_str()));
        Error::Gdal {
            raster: self.raster.clone(),
            doing,
            said: said.collect(),
        }
    }
}

enum Failed {
    Ours(Error),
    Gdal(GdalError),
}

impl From<GdalError> for Failed {
    fn from(error: GdalError) -> Self {
        Self::Gdal(error)
    }
}

/// Least and greatest value of a type of whole numbers.
fn whole_range(sample: GdalDataType) -> Option<(f64, f64)> {
    match sample {
        GdalDataType::UInt8 => Some((0.0, f64::from(u8::MAX))),
        GdalDataType::UInt16 => Some((0.0, f64::from(u16::MAX))),
        GdalDataType::UInt32 => Some((0.0, f64::from(u32::MAX))),
        GdalDataType::Int16 => Some((f64::from(i16::MIN), f64::from(i16::MAX))),
        GdalDataType::Int32 => Some((f64::from(i32::MIN), f64::from(i32::MAX))),
        _ => None,
    }
}

/// The coordinate system, by its number where it has one.
fn crs(written: &Dataset) -> Option<String> {
    let system = written.spatial_ref().ok()?;
    system.authority().ok().or_else(|| system.name())
}
