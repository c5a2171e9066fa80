//! What a pixel is made of.
use serde::{Deserialize, Serialize};

/// Type of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SampleType {
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
}

impl SampleType {
    /// Bytes of a sample.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The TIFF SampleFormat: 1 unsigned, 2 signed, 3 floating point.
    pub fn tiff_format(self) -> u16 {
        match self {
            Self::U8 | Self::U16 | Self::U32 => 1,
            Self::I8 | Self::I16 | Self::I32 => 2,
            Self::F32 | Self::F64 => 3,
        }
    }

    /// `uint16`, as numpy and GDAL users call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// Samples of one type.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "each variant is named as its type")]
pub enum Samples {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// Runs `$work` with `$values` bound to the vector of whichever type `$samples` holds.
macro_rules! with_samples {
    ($samples:expr, $values:ident => $work:expr) => {
        match $samples {
            $crate::Samples::U8($values) => $work,
            $crate::Samples::I8($values) => $work,
            $crate::Samples::U16($values) => $work,
            $crate::Samples::I16($values) => $work,
            $crate::Samples::U32($values) => $work,
            $crate::Samples::I32($values) => $work,
            $crate::Samples::F32($values) => $work,
            $crate::Samples::F64($values) => $work,
        }
    };
}
pub(crate) use with_samples;

impl Samples {
    /// Their type.
    pub fn sample_type(&self) -> SampleType {
        match self {
            Self::U8(_) => SampleType::U8,
            Self::I8(_) => SampleType::I8,
            Self::U16(_) => SampleType::U16,
            Self::I16(_) => SampleType::I16,
            Self::U32(_) => SampleType::U32,
            Self::I32(_) => SampleType::I32,
            Self::F32(_) => SampleType::F32,
            Self::F64(_) => SampleType::F64,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        with_samples!(self, values => values.len())
    }

    /// As the widest type, which holds all of them exactly.
    pub fn to_f64(&self) -> Vec<f64> {
        #[expect(clippy::useless_conversion, reason = "one of the types is f64 already")]
        let all = with_samples!(self, values => values.iter().map(|&value| value.into()).collect());
        all
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The decoded pixels of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Bands.
    pub bands: usize,
    /// Band after band, each row by row from north to south: `bands * height * width` samples.
    pub samples: Samples,
    /// From an internal mask: row by row, 0 where a pixel is not valid, 255 where it is; the same for all bands.
    pub mask: Option<Vec<u8>>,
}
