//! The terms of the two vocabularies (PSI-MS and imaging MS) that decide something here.
use super::{ArrayType, Mode, Polarity};

/// What an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Mz,
    Intensity,
    Other,
}

/// What a `cvParam` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Content(Content),
    Type(ArrayType),
    /// A type of numbers that is not read.
    OtherType,
    Zlib,
    /// A compression that is not read.
    OtherCompression,
    Offset,
    Length,
    Stored,
    X,
    Y,
    Z,
    Polarity(Polarity),
    Mode(Mode),
    Uuid,
    Md5,
    Sha1,
    SpectrumType,
    Columns,
    Rows,
    Width,
    Height,
    PixelX,
    PixelY,
}

impl Term {
    pub(super) fn of(accession: &[u8]) -> Option<Self> {
        Some(match accession {
            b"MS:1000514" => Self::Content(Content::Mz),
            b"MS:1000515" => Self::Content(Content::Intensity),
            // Charge, signal to noise, time, wavelength, non-standard, flow, pressure, temperature, ion mobility.
            b"MS:1000516" | b"MS:1000517" | b"MS:1000595" | b"MS:1000617" | b"MS:1000786" | b"MS:1000820"
            | b"MS:1000821" | b"MS:1000822" | b"MS:1002477" | b"MS:1002816" | b"MS:1002893" | b"MS:1003006" => {
                Self::Content(Content::Other)
            }
            b"IMS:1100000" => Self::Type(ArrayType::I8),
            b"IMS:1100001" => Self::Type(ArrayType::I16),
            b"MS:1000519" | b"IMS:1000141" => Self::Type(ArrayType::I32),
            b"MS:1000522" | b"IMS:1000142" => Self::Type(ArrayType::I64),
            b"MS:1000521" => Self::Type(ArrayType::F32),
            b"MS:1000523" => Self::Type(ArrayType::F64),
            b"MS:1000520" | b"MS:1001479" => Self::OtherType,
            b"MS:1000574" => Self::Zlib,
            b"MS:1002312" | b"MS:1002313" | b"MS:1002314" | b"MS:1002746" | b"MS:1002747" | b"MS:1002748" => {
                Self::OtherCompression
            }
            b"IMS:1000102" => Self::Offset,
            b"IMS:1000103" => Self::Length,
            b"IMS:1000104" => Self::Stored,
            b"IMS:1000050" => Self::X,
            b"IMS:1000051" => Self::Y,
            b"IMS:1000052" => Self::Z,
            b"MS:1000129" => Self::Polarity(Polarity::Negative),
            b"MS:1000130" => Self::Polarity(Polarity::Positive),
            b"IMS:1000030" => Self::Mode(Mode::Continuous),
            b"IMS:1000031" => Self::Mode(Mode::Processed),
            b"IMS:1000080" => Self::Uuid,
            b"IMS:1000090" => Self::Md5,
            b"IMS:1000091" => Self::Sha1,
            b"MS:1000127" | b"MS:1000128" => Self::SpectrumType,
            b"IMS:1000042" => Self::Columns,
            b"IMS:1000043" => Self::Rows,
            b"IMS:1000044" => Self::Width,
            b"IMS:1000045" => Self::Height,
            b"IMS:1000046" => Self::PixelX,
            b"IMS:1000047" => Self::PixelY,
            _ => return None,
        })
    }
}
