//! One pass over the XML. Memory grows with the spectra that are really there, never with what the file announces.
mod draft;
mod limited;

use std::{collections::HashMap, io::BufRead};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use self::{
    draft::{Draft, DraftArray},
    limited::Limited,
};
use super::{
    Checksum, Imzml, Spectrum,
    term::{Content, Term},
};

/// A tag, or the text between two, is not longer than this.
const LONGEST: u64 = 1 << 20;
/// Parameter groups hold no more than this, together.
const GROUPS: usize = 1 << 20;
/// Words that describe the scan pattern.
const PATTERN: usize = 16;

/// Why a text is not an imzML that can be read.
#[derive(Debug, thiserror::Error)]
#[error("{}byte {offset}: {kind}", .spectrum.map(|number| format!("spectrum {number} at ")).unwrap_or_default())]
pub struct ImzmlError {
    /// 0-based number of the spectrum, if it is about one.
    pub spectrum: Option<u64>,
    /// Byte of the XML, behind the tag.
    pub offset: u64,
    /// What is wrong.
    pub kind: ImzmlErrorKind,
}

/// What can be wrong with an imzML.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImzmlErrorKind {
    /// It is no XML, or ends too early.
    #[error("{0}")]
    Xml(String),
    /// The source failed.
    #[error("cannot read")]
    Read(#[source] std::io::Error),
    /// A tag or a text too long for any imzML.
    #[error("a tag or text of more than {LONGEST} bytes")]
    Long,
    /// The first tag is another.
    #[error("starts with <{0}>: not an imzML")]
    Root(String),
    /// The text ends inside of it.
    #[error("the file ends before </{0}>: it is truncated")]
    Truncated(String),
    /// A number that is none.
    #[error("{name} is {value:?}, not {expected}")]
    Number {
        /// What is counted.
        name: &'static str,
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
    /// A spectrum without x or y.
    #[error("no position {0}")]
    NoPosition(char),
    /// A spectrum without m/z or intensities.
    #[error("no {0} array")]
    NoArray(&'static str),
    /// A spectrum with two arrays of one kind.
    #[error("a second {0} array")]
    SecondArray(&'static str),
    /// An array without offset, length or type.
    #[error("the {array} array has no {what}")]
    Incomplete {
        /// The array.
        array: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// A type or compression that nobody reads.
    #[error("the {array} array is stored as {name:?}, which is not supported")]
    Unsupported {
        /// The array.
        array: &'static str,
        /// The term.
        name: String,
    },
    /// As many m/z as intensities there must be.
    #[error("{mz} m/z but {intensities} intensities")]
    Lengths {
        /// m/z values.
        mz: u32,
        /// Intensities.
        intensities: u32,
    },
    /// Length and bytes contradict each other.
    #[error("the {array} array has {length} numbers of {kind}, {} bytes, but an encoded length of {stored}", u64::from(*.length) * .width)]
    Stored {
        /// The array.
        array: &'static str,
        /// Numbers.
        length: u32,
        /// Their type.
        kind: &'static str,
        /// Bytes of one.
        width: u64,
        /// Bytes stated.
        stored: u64,
    },
    /// A zlib stream cannot hold so much.
    #[error("{stored} bytes of zlib cannot hold the {length} numbers of the {array} array")]
    Ratio {
        /// The array.
        array: &'static str,
        /// Numbers stated.
        length: u32,
        /// Bytes stored.
        stored: u64,
    },
    /// A reference to a group that was not defined before.
    #[error("no parameter group {0:?}")]
    Group(String),
    /// Parameter groups without end.
    #[error("parameter groups of more than {GROUPS} bytes")]
    Groups,
}

/// Reads a whole imzML.
///
/// # Errors
/// [`ImzmlError`] says where and why. Offsets and lengths are not compared with an `.ibd` here.
pub fn parse(text: impl BufRead) -> Result<Imzml, ImzmlError> {
    let mut reader = Reader::from_reader(Limited::new(text, LONGEST));
    reader.config_mut().expand_empty_elements = true;
    let mut state = State::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().refill();
        let event = reader.read_event_into(&mut buffer);
        let offset = reader.buffer_position();
        let step = match event {
            Ok(Event::Start(tag)) => state.start(&tag),
            Ok(Event::End(tag)) => state.end(tag.local_name().as_ref()),
            Ok(Event::Eof) => match state.open.last() {
                Some(name) => Err(ImzmlErrorKind::Truncated(name.clone())),
                None if state.seen_root => return Ok(state.imzml),
                None => Err(ImzmlErrorKind::Xml("no XML element".into())),
            },
            Ok(_) => Ok(()),
            Err(quick_xml::Error::Io(error)) => Err(Limited::<&[u8]>::kind(&error)),
            // A tag that is not closed when the text ends.
            Err(quick_xml::Error::Syntax(error)) => match state.open.last() {
                Some(name) => Err(ImzmlErrorKind::Truncated(name.clone())),
                None => Err(ImzmlErrorKind::Xml(error.to_string())),
            },
            Err(error) => Err(ImzmlErrorKind::Xml(error.to_string())),
        };
        step.map_err(|kind| ImzmlError {
            spectrum: state.spectrum.as_ref().map(|_| state.imzml.spectra.len() as u64),
            offset,
            kind,
        })?;
    }
}

/// One `cvParam`; empty where the attribute is absent.
#[derive(Clone, Debug, Default)]
struct Param {
    accession: Vec<u8>,
    name: Vec<u8>,
    value: Vec<u8>,
    unit: Vec<u8>,
}

impl Param {
    /// Takes the attributes of `tag` into the vectors that are there.
    fn read(&mut self, tag: &BytesStart<'_>) -> Result<(), ImzmlErrorKind> {
        for field in [&mut self.accession, &mut self.name, &mut self.value, &mut self.unit] {
            field.clear();
        }
        let mut attributes = tag.attributes();
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|error| ImzmlErrorKind::Xml(error.to_string()))?;
            let field = match attribute.key.local_name().as_ref() {
                b"accession" => &mut self.accession,
                b"name" => &mut self.name,
                b"value" => &mut self.value,
                b"unitAccession" => &mut self.unit,
                _ => continue,
            };
            field.extend_from_slice(&attribute.value);
        }
        Ok(())
    }

    fn value(&self) -> String {
        text(&self.value)
    }

    fn bytes(&self) -> usize {
        self.accession.len() + self.name.len() + self.value.len() + self.unit.len() + size_of::<Self>()
    }

    /// A whole number that is not negative.
    fn count(&self, name: &'static str) -> Result<u64, ImzmlErrorKind> {
        self.number(name, "a whole number from 0")
    }

    fn number<T: std::str::FromStr>(&self, name: &'static str, expected: &'static str) -> Result<T, ImzmlErrorKind> {
        let parsed = std::str::from_utf8(&self.value)
            .ok()
            .and_then(|value| value.trim().parse().ok());
        parsed.ok_or_else(|| ImzmlErrorKind::Number {
            name,
            value: self.value(),
            expected,
        })
    }

    /// A length in micrometres; without a unit, it is in micrometres.
    fn micrometres(&self) -> Option<f64> {
        let value: f64 = std::str::from_utf8(&self.value).ok()?.trim().parse().ok()?;
        let factor = match self.unit.as_slice() {
            b"UO:0000015" => 1e4,
            b"UO:0000016" => 1e3,
            b"UO:0000018" => 1e-3,
            _ => 1.0,
        };
        Some(value * factor).filter(|length| length.is_finite() && *length > 0.0)
    }
}

/// At most 200 characters of a value; bytes that are no UTF-8 (files say ISO-8859-1 and are) are replaced.
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]);
    let text = quick_xml::escape::unescape(&text).map_or_else(|_| text.to_string(), Into::into);
    text.trim().chars().take(200).collect()
}

#[derive(Default)]
struct State {
    imzml: Imzml,
    seen_root: bool,
    /// Names of the open elements.
    open: Vec<String>,
    groups: HashMap<Vec<u8>, Vec<Param>>,
    group_bytes: usize,
    /// The group being defined.
    group: Option<Vec<u8>>,
    spectrum: Option<Draft>,
    array: Option<DraftArray>,
    param: Param,
}

/// Elements deeper than this are no imzML.
const DEEPEST: usize = 64;

impl State {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), ImzmlErrorKind> {
        let name = tag.local_name();
        let name = name.as_ref();
        if !self.seen_root && name != b"mzML" && name != b"indexedmzML" {
            return Err(ImzmlErrorKind::Root(text(name)));
        }
        self.seen_root = true;
        match name {
            b"cvParam" => {
                let mut param = std::mem::take(&mut self.param);
                param.read(tag)?;
                let done = self.param(&param);
                self.param = param;
                done?;
            }
            b"referenceableParamGroup" => {
                let id = attribute(tag, b"id")?.unwrap_or_default();
                self.groups.entry(id.clone()).or_default();
                self.group = Some(id);
            }
            b"referenceableParamGroupRef" => {
                let id = attribute(tag, b"ref")?.unwrap_or_default();
                let Some(group) = self.groups.remove(&id) else {
                    return Err(ImzmlErrorKind::Group(text(&id)));
                };
                let done = group.iter().try_for_each(|param| self.param(param));
                self.groups.insert(id, group);
                done?;
            }
            b"spectrumList" => {
                let count = attribute(tag, b"count")?;
                self.imzml.description.announced =
                    count.and_then(|count| std::str::from_utf8(&count).ok()?.trim().parse().ok());
            }
            b"spectrum" => self.spectrum = Some(Draft::default()),
            b"binaryDataArray" if self.spectrum.is_some() => self.array = Some(DraftArray::default()),
            _ => {}
        }
        if self.open.len() == DEEPEST {
            return Err(ImzmlErrorKind::Xml(format!("elements nested deeper than {DEEPEST}")));
        }
        self.open.push(text(name));
        Ok(())
    }

    fn end(&mut self, name: &[u8]) -> Result<(), ImzmlErrorKind> {
        self.open.pop();
        match name {
            b"referenceableParamGroup" => self.group = None,
            b"binaryDataArray" => {
                if let (Some(array), Some(spectrum)) = (self.array.take(), &mut self.spectrum) {
                    spectrum.add(array)?;
                }
            }
            b"spectrum" => {
                if let Some(draft) = &self.spectrum {
                    let spectrum: Spectrum = draft.finish()?;
                    self.imzml.description.polarity = self.imzml.description.polarity.and(draft.polarity);
                    self.imzml.spectra.push(spectrum);
                }
                self.spectrum = None;
            }
            _ => {}
        }
        Ok(())
    }

    fn inside(&self, name: &str) -> bool {
        self.open.iter().any(|open| open == name)
    }

    fn param(&mut self, param: &Param) -> Result<(), ImzmlErrorKind> {
        if let Some(id) = &self.group {
            self.group_bytes += param.bytes();
            if self.group_bytes > GROUPS {
                return Err(ImzmlErrorKind::Groups);
            }
            self.groups.entry(id.clone()).or_default().push(param.clone());
            return Ok(());
        }
        let term = Term::of(&param.accession);
        if let Some(array) = &mut self.array {
            return array.param(term, param);
        }
        if let Some(spectrum) = &mut self.spectrum {
            return spectrum.param(term, param);
        }
        if self.inside("fileContent") {
            self.content(term, param);
        } else if self.inside("scanSettings") {
            self.settings(term, param);
        } else if self.inside("instrumentConfiguration")
            && self.open.last().is_some_and(|open| open == "instrumentConfiguration")
            && self.imzml.description.instrument.is_none()
        {
            let model = if param.value.is_empty() {
                text(&param.name)
            } else {
                param.value()
            };
            self.imzml.description.instrument =
                Some(model).filter(|model| !model.is_empty() && model != "instrument model");
        }
        Ok(())
    }

    fn content(&mut self, term: Option<Term>, param: &Param) {
        let description = &mut self.imzml.description;
        let digits = || {
            text(&param.value)
                .chars()
                .filter(char::is_ascii_hexdigit)
                .collect::<String>()
                .to_ascii_lowercase()
        };
        match term {
            Some(Term::Mode(mode)) => description.mode = Some(mode),
            Some(Term::Uuid) => description.uuid = Some(digits()).filter(|digits| !digits.is_empty()),
            Some(Term::Md5) => description.checksum = description.checksum.take().or(Some(Checksum::Md5(digits()))),
            // The stronger of two.
            Some(Term::Sha1) => description.checksum = Some(Checksum::Sha1(digits())),
            Some(Term::SpectrumType) => description.spectrum_type = Some(text(&param.name).replace(" spectrum", "")),
            Some(Term::Polarity(polarity)) => description.polarity = description.polarity.and(polarity),
            _ => {}
        }
    }

    fn settings(&mut self, term: Option<Term>, param: &Param) {
        let settings = &mut self.imzml.description.settings;
        match term {
            Some(Term::Columns) => settings.columns = param.count("").ok(),
            Some(Term::Rows) => settings.rows = param.count("").ok(),
            Some(Term::Width) => settings.width_um = param.micrometres(),
            Some(Term::Height) => settings.height_um = param.micrometres(),
            Some(Term::PixelX) => settings.pixel_x_um = param.micrometres(),
            Some(Term::PixelY) => settings.pixel_y_um = param.micrometres(),
            None if param.accession.starts_with(b"IMS:10004") && settings.pattern.len() < PATTERN => {
                settings.pattern.push(text(&param.name));
            }
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, key: &[u8]) -> Result<Option<Vec<u8>>, ImzmlErrorKind> {
    let mut attributes = tag.attributes();
    for attribute in attributes.with_checks(false) {
        let attribute = attribute.map_err(|error| ImzmlErrorKind::Xml(error.to_string()))?;
        if attribute.key.local_name().as_ref() == key {
            return Ok(Some(attribute.value.into_owned()));
        }
    }
    Ok(None)
}

/// The name of a kind of array.
fn array_name(content: Option<Content>) -> &'static str {
    match content {
        Some(Content::Mz) => "m/z",
        Some(Content::Intensity) => "intensity",
        _ => "unnamed",
    }
}

#[cfg(test)]
mod tests;
