//! A spectrum while its element is open.
use super::{
    super::{
        Array, ArrayType, Polarity, Spectrum,
        term::{Content, Term},
    },
    ImzmlErrorKind, Param, array_name, text,
};

#[derive(Default)]
pub(super) struct Draft {
    x: Option<i32>,
    y: Option<i32>,
    z: Option<i32>,
    pub(super) polarity: Polarity,
    mz: Option<Array>,
    intensity: Option<Array>,
}

#[derive(Default)]
pub(super) struct DraftArray {
    content: Option<Content>,
    kind: Option<ArrayType>,
    zlib: bool,
    unsupported: Option<String>,
    offset: Option<u64>,
    length: Option<u64>,
    stored: Option<u64>,
}

/// Bytes of text that one byte of zlib can stand for, at most.
const ZLIB_RATIO: u64 = 1032;

impl Draft {
    pub(super) fn param(&mut self, term: Option<Term>, param: &Param) -> Result<(), ImzmlErrorKind> {
        let place = |name| param.number(name, "a whole number of 32 bits").map(Some);
        match term {
            Some(Term::X) => self.x = place("position x")?,
            Some(Term::Y) => self.y = place("position y")?,
            Some(Term::Z) => self.z = place("position z")?,
            Some(Term::Polarity(polarity)) => self.polarity = self.polarity.and(polarity),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn add(&mut self, array: DraftArray) -> Result<(), ImzmlErrorKind> {
        let place = match array.content {
            Some(Content::Mz) => &mut self.mz,
            Some(Content::Intensity) => &mut self.intensity,
            Some(Content::Other) | None => return Ok(()),
        };
        if place.is_some() {
            return Err(ImzmlErrorKind::SecondArray(array_name(array.content)));
        }
        *place = Some(array.finish()?);
        Ok(())
    }

    pub(super) fn finish(&self) -> Result<Spectrum, ImzmlErrorKind> {
        let mz = self.mz.ok_or(ImzmlErrorKind::NoArray("m/z"))?;
        let intensity = self.intensity.ok_or(ImzmlErrorKind::NoArray("intensity"))?;
        if mz.length != intensity.length {
            return Err(ImzmlErrorKind::Lengths {
                mz: mz.length,
                intensities: intensity.length,
            });
        }
        Ok(Spectrum {
            x: self.x.ok_or(ImzmlErrorKind::NoPosition('x'))?,
            y: self.y.ok_or(ImzmlErrorKind::NoPosition('y'))?,
            z: self.z.unwrap_or(1),
            mz,
            intensity,
        })
    }
}

impl DraftArray {
    pub(super) fn param(&mut self, term: Option<Term>, param: &Param) -> Result<(), ImzmlErrorKind> {
        match term {
            Some(Term::Content(content)) => self.content = Some(content),
            Some(Term::Type(kind)) => self.kind = Some(kind),
            Some(Term::OtherType | Term::OtherCompression) => self.unsupported = Some(text(&param.name)),
            Some(Term::Zlib) => self.zlib = true,
            Some(Term::Offset) => self.offset = Some(param.count("external offset")?),
            Some(Term::Length) => self.length = Some(param.count("external array length")?),
            Some(Term::Stored) => self.stored = Some(param.count("external encoded length")?),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Array, ImzmlErrorKind> {
        let array = array_name(self.content);
        let missing = |what| ImzmlErrorKind::Incomplete { array, what };
        if let Some(name) = self.unsupported {
            return Err(ImzmlErrorKind::Unsupported { array, name });
        }
        let kind = self.kind.ok_or_else(|| missing("number type"))?;
        let offset = self.offset.ok_or_else(|| missing("external offset"))?;
        let length = self.length.ok_or_else(|| missing("external array length"))?;
        let length = u32::try_from(length).map_err(|_| ImzmlErrorKind::Number {
            name: "external array length",
            value: length.to_string(),
            expected: "below 2^32",
        })?;
        let plain = u64::from(length) * kind.width();
        let stored = match self.stored {
            Some(stored) if self.zlib => {
                if plain / ZLIB_RATIO > stored {
                    return Err(ImzmlErrorKind::Ratio { array, length, stored });
                }
                stored
            }
            None if self.zlib => return Err(missing("external encoded length")),
            // Some writers leave it 0.
            Some(stored) if stored != plain && stored != 0 => {
                let (kind, width) = (kind.name(), kind.width());
                return Err(ImzmlErrorKind::Stored {
                    array,
                    length,
                    kind,
                    width,
                    stored,
                });
            }
            _ => plain,
        };
        offset.checked_add(stored).ok_or_else(|| ImzmlErrorKind::Number {
            name: "external offset",
            value: offset.to_string(),
            expected: "a place in a file",
        })?;
        Ok(Array {
            offset,
            stored,
            length,
            kind,
            zlib: self.zlib,
        })
    }
}
