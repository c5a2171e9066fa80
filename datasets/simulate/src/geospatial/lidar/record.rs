//! Point records as LAS stores them, and what stands before them.
use las::{Builder, GpsTimeType, Header, Transform, Vector, Vlr, point::Format};

use super::{
    params::{Lidar, PointFormat},
    points::{Point, class},
};

/// The scene's south-west corner in ETRS89 / UTM zone 30N.
pub(crate) const ORIGIN: (f64, f64) = (664_000.0, 4_206_000.0);
/// EPSG code of that CRS.
pub(crate) const EPSG: u16 = 25830;
/// Metres of one step of a stored coordinate.
const SCALE: f64 = 0.01;
/// Adjusted standard GPS time of the flight's begin: September 2016.
const BEGIN: f64 = 157_000_000.0;

const WKT: &str = r#"PROJCS["ETRS89 / UTM zone 30N",GEOGCS["ETRS89",DATUM["European_Terrestrial_Reference_System_1989",SPHEROID["GRS 1980",6378137,298.257222101,AUTHORITY["EPSG","7019"]],AUTHORITY["EPSG","6258"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4258"]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",-3],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Easting",EAST],AXIS["Northing",NORTH],AUTHORITY["EPSG","25830"]]"#;

impl PointFormat {
    /// The format's number.
    pub fn number(self) -> u8 {
        match self {
            Self::Three => 3,
            Self::Six => 6,
        }
    }

    /// Bytes of a record.
    pub(crate) fn record_bytes(self) -> usize {
        match self {
            Self::Three => 34,
            Self::Six => 30,
        }
    }
}

/// The header of a scene, without counts and bounds.
pub(crate) fn header(params: &Lidar) -> Result<Header, las::Error> {
    let mut format = Format::new(params.format.number())?;
    format.is_compressed = params.compressed;
    let mut builder = Builder::from(match params.format {
        PointFormat::Three => (1, 2),
        PointFormat::Six => (1, 4),
    });
    builder.point_format = format;
    builder.gps_time_type = GpsTimeType::Standard;
    "simulated".clone_into(&mut builder.system_identifier);
    "tessera data simulate".clone_into(&mut builder.generating_software);
    let transform = |offset| Transform { scale: SCALE, offset };
    builder.transforms = Vector {
        x: transform(ORIGIN.0),
        y: transform(ORIGIN.1),
        z: transform(0.0),
    };
    builder.vlrs.push(match params.format {
        PointFormat::Three => Vlr {
            user_id: "LASF_Projection".to_owned(),
            record_id: 34735,
            description: "GeoTIFF keys".to_owned(),
            data: geo_keys(),
        },
        PointFormat::Six => Vlr {
            user_id: "LASF_Projection".to_owned(),
            record_id: 2112,
            description: "OGC WKT".to_owned(),
            data: [WKT.as_bytes(), b"\0"].concat(),
        },
    });
    builder.has_wkt_crs = params.format == PointFormat::Six;
    builder.into_header()
}

/// Version 1.1.0 and three keys: projected model, pixel is area, EPSG code.
fn geo_keys() -> Vec<u8> {
    let keys: [u16; 16] = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, EPSG];
    keys.iter().flat_map(|key| key.to_le_bytes()).collect()
}

/// Appends the record of a point.
pub(crate) fn write(point: &Point, format: PointFormat, bytes: &mut Vec<u8>) {
    let stored = |metres: f64| ((metres / SCALE).round() as i32).to_le_bytes();
    bytes.extend(stored(point.x));
    bytes.extend(stored(point.y));
    bytes.extend(stored(point.z));
    bytes.extend(point.intensity.to_le_bytes());
    let direction = u8::from(point.eastwards);
    let source = (101 + point.strip as u16).to_le_bytes();
    let time = (BEGIN + point.time).to_le_bytes();
    match format {
        PointFormat::Six => {
            bytes.push(point.number | point.returns << 4);
            bytes.push(u8::from(point.overlap) << 3 | direction << 6);
            bytes.extend([point.class, 0]);
            // Steps of 0.006 degrees.
            bytes.extend(((point.angle / 0.006).round() as i16).to_le_bytes());
            bytes.extend(source);
            bytes.extend(time);
        }
        PointFormat::Three => {
            bytes.push(point.number | point.returns << 3 | direction << 6);
            // LAS 1.2 knows one class of noise.
            let class = if point.class == class::HIGH_NOISE {
                class::LOW_NOISE
            } else {
                point.class
            };
            bytes.extend([class, point.angle.round() as i8 as u8, 0]);
            bytes.extend(source);
            bytes.extend(time);
            for channel in colour(point) {
                bytes.extend(channel.to_le_bytes());
            }
        }
    }
}

/// Red, green and blue of a surface, brighter with its intensity.
fn colour(point: &Point) -> [u16; 3] {
    let [red, green, blue]: [u32; 3] = match point.class {
        class::GROUND => [150, 125, 90],
        class::MEDIUM_VEGETATION | class::HIGH_VEGETATION => [70, 110, 55],
        class::BUILDING => [175, 95, 75],
        class::WATER => [45, 75, 110],
        class::ROAD => [110, 110, 115],
        _ => [255, 0, 255],
    };
    let light = 200 + u32::from(point.intensity >> 9);
    [red, green, blue].map(|channel| (channel * light).min(65_535) as u16)
}
