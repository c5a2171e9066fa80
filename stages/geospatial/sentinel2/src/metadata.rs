//! The metadata of a product, `MTD_MSIL1C.xml` or `MTD_MSIL2A.xml`: what is to be added to stored numbers, and divided by.
//!
//! Reflectance = (stored number + offset) / quantification value. Source: Sentinel-2 Products Specification Document 14.9,
//! `RADIO_ADD_OFFSET` (L1C), `BOA_ADD_OFFSET` (L2A).
use std::{collections::BTreeMap, io::BufRead};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::{Band, Baseline, Level};

/// Bytes that are read of a document; those of ESA have some 50 to 300 kB.
pub const MOST_BYTES: u64 = 16 << 20;
/// Longest text of an element that is looked at.
const MOST_TEXT: usize = 512;

/// What the metadata of a product say.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// Name of the product, whatever its folder is called now.
    pub product: Option<String>,
    /// What processed it.
    pub baseline: Baseline,
    /// The stored number of reflectance 1 at offset 0.
    pub quantification: f64,
    /// The stored number where nothing is known.
    pub nodata: f64,
    /// What is added to the stored numbers of a band, by its number.
    offsets: BTreeMap<u8, f64>,
}

/// Why a document gives no metadata.
#[derive(Debug, thiserror::Error)]
#[error("at byte {offset}")]
pub struct MetadataError {
    /// Where, as far as it was read.
    pub offset: u64,
    /// Why.
    #[source]
    pub kind: MetadataErrorKind,
}

/// What is wrong with a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataErrorKind {
    /// It is no XML, or ends in the middle.
    #[error("malformed XML")]
    Xml(#[from] quick_xml::Error),
    /// It ends in the middle.
    #[error("the document ends inside <{element}>")]
    Ends {
        /// The element that is open.
        element: String,
    },
    /// It is longer than any that ESA makes.
    #[error("the document has more than {MOST_BYTES} bytes")]
    Long,
    /// Something must be there.
    #[error("there is no {element}")]
    Missing {
        /// Its name.
        element: &'static str,
    },
    /// A value is not what it must be.
    #[error("{element} is {text:?}, which is no {what}")]
    Value {
        /// The element or attribute.
        element: &'static str,
        /// What stands there.
        text: String,
        /// What should.
        what: &'static str,
    },
    /// A product of a processor that stores an offset does not say which.
    #[error("processing baseline {baseline} stores reflectances with an offset, but there is no {element} of {band}")]
    NoOffset {
        /// What processed it.
        baseline: Baseline,
        /// The element looked for.
        element: &'static str,
        /// The band.
        band: Band,
    },
}

/// Names of the elements that differ between levels.
struct Words {
    quantification: &'static str,
    offset: &'static str,
}

fn words(level: Level) -> Words {
    match level {
        Level::L1C => Words {
            quantification: "QUANTIFICATION_VALUE",
            offset: "RADIO_ADD_OFFSET",
        },
        Level::L2A => Words {
            quantification: "BOA_QUANTIFICATION_VALUE",
            offset: "BOA_ADD_OFFSET",
        },
    }
}

impl Metadata {
    /// Reads a document of that level, which is never held as a whole; entities that it defines are not looked up.
    pub fn read(level: Level, document: impl BufRead) -> Result<Self, MetadataError> {
        let mut reader = Reader::from_reader(document.take(MOST_BYTES + 1));
        let read = Fields::read(&mut reader, level).and_then(Fields::finish);
        let offset = reader.buffer_position();
        if offset > MOST_BYTES {
            let kind = MetadataErrorKind::Long;
            return Err(MetadataError { offset, kind });
        }
        read.map_err(|kind| MetadataError { offset, kind })
    }

    /// What is to be added to the stored numbers of a band: `None` for a band that is no reflectance.
    ///
    /// # Errors
    /// A product from baseline 04.00 on that does not say it; earlier ones have none, which is 0.
    pub fn offset(&self, level: Level, band: &Band) -> Result<Option<f64>, MetadataErrorKind> {
        let Some(number) = band.number() else { return Ok(None) };
        match self.offsets.get(&number) {
            Some(offset) => Ok(Some(*offset)),
            None if self.baseline < Baseline::WITH_OFFSETS => Ok(Some(0.0)),
            None => Err(MetadataErrorKind::NoOffset {
                baseline: self.baseline,
                element: words(level).offset,
                band: band.clone(),
            }),
        }
    }
}

/// What was found so far.
#[derive(Default)]
struct Fields {
    product: Option<String>,
    baseline: Option<Baseline>,
    quantification: Option<f64>,
    nodata: Option<f64>,
    offsets: BTreeMap<u8, f64>,
}

/// An element whose text is wanted.
enum Wanted {
    Product,
    Baseline,
    Quantification(&'static str),
    SpecialText,
    SpecialIndex,
    Offset(&'static str, u8),
}

impl Fields {
    fn read(reader: &mut Reader<impl BufRead>, level: Level) -> Result<Self, MetadataErrorKind> {
        let words = words(level);
        let mut fields = Self::default();
        let (mut buffer, mut text) = (Vec::new(), String::new());
        let mut wanted = None;
        let mut special = String::new();
        let mut open: Vec<Box<[u8]>> = Vec::new();
        loop {
            buffer.clear();
            match reader.read_event_into(&mut buffer)? {
                Event::Start(start) => {
                    text.clear();
                    wanted = Wanted::of(&start, &words)?;
                    open.push(start.local_name().as_ref().into());
                }
                Event::Text(part) if wanted.is_some() => {
                    let part = part.decode().map_err(quick_xml::Error::from)?;
                    if text.len() + part.len() <= MOST_TEXT {
                        text.push_str(&part);
                    }
                }
                Event::End(_) => {
                    open.pop();
                    if let Some(wanted) = wanted.take() {
                        fields.take(&wanted, text.trim(), &mut special)?;
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        match open.last() {
            None => Ok(fields),
            Some(name) => Err(MetadataErrorKind::Ends {
                element: String::from_utf8_lossy(name).into_owned(),
            }),
        }
    }

    fn take(&mut self, wanted: &Wanted, text: &str, special: &mut String) -> Result<(), MetadataErrorKind> {
        match *wanted {
            Wanted::Product => self.product = Some(text.to_owned()),
            Wanted::Baseline => {
                let read = text.parse();
                self.baseline = Some(read.map_err(|_| value("PROCESSING_BASELINE", text, "version such as 05.09"))?);
            }
            Wanted::Quantification(element) => {
                let read = number(element, text)?;
                if read <= 0.0 {
                    return Err(value(element, text, "number above 0"));
                }
                self.quantification = Some(read);
            }
            Wanted::SpecialText => text.clone_into(special),
            Wanted::SpecialIndex if special == "NODATA" => self.nodata = Some(number("SPECIAL_VALUE_INDEX", text)?),
            Wanted::SpecialIndex => {}
            Wanted::Offset(element, band) => {
                self.offsets.insert(band, number(element, text)?);
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Metadata, MetadataErrorKind> {
        let missing = |element| MetadataErrorKind::Missing { element };
        Ok(Metadata {
            product: self.product,
            baseline: self.baseline.ok_or(missing("PROCESSING_BASELINE"))?,
            quantification: self.quantification.ok_or(missing("QUANTIFICATION_VALUE"))?,
            nodata: self.nodata.unwrap_or(0.0),
            offsets: self.offsets,
        })
    }
}

impl Wanted {
    fn of(start: &BytesStart, words: &Words) -> Result<Option<Self>, MetadataErrorKind> {
        let name = start.local_name();
        let wanted = match name.as_ref() {
            b"PRODUCT_URI" => Self::Product,
            b"PROCESSING_BASELINE" => Self::Baseline,
            b"SPECIAL_VALUE_TEXT" => Self::SpecialText,
            b"SPECIAL_VALUE_INDEX" => Self::SpecialIndex,
            name if name == words.quantification.as_bytes() => Self::Quantification(words.quantification),
            name if name == words.offset.as_bytes() => Self::Offset(words.offset, band_of(start)?),
            _ => return Ok(None),
        };
        Ok(Some(wanted))
    }
}

fn band_of(start: &BytesStart) -> Result<u8, MetadataErrorKind> {
    let attribute = start.try_get_attribute("band_id").map_err(quick_xml::Error::from)?;
    let attribute = attribute.ok_or(MetadataErrorKind::Missing { element: "band_id" })?;
    let text = String::from_utf8_lossy(&attribute.value);
    let number = text.parse().ok().filter(|number| *number < 13);
    number.ok_or_else(|| value("band_id", &text, "number of a band, 0 to 12"))
}

fn number(element: &'static str, text: &str) -> Result<f64, MetadataErrorKind> {
    let read = text.parse().ok().filter(|number: &f64| number.is_finite());
    read.ok_or_else(|| value(element, text, "number"))
}

fn value(element: &'static str, text: &str, what: &'static str) -> MetadataErrorKind {
    MetadataErrorKind::Value {
        element,
        text: text.chars().take(64).collect(),
        what,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn l2a(baseline: &str, offsets: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-2A.xsd">
<n1:General_Info><Product_Info><PRODUCT_URI>S2A_X.SAFE</PRODUCT_URI>
<PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE></Product_Info>
<Product_Image_Characteristics>
<Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>
<Special_Values><SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX></Special_Values>
<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>
{offsets}</Product_Image_Characteristics></n1:General_Info></n1:Level-2A_User_Product>"#
        )
    }

    const OFFSETS: &str = r#"<BOA_ADD_OFFSET_VALUES_LIST><BOA_ADD_OFFSET band_id="3">-1000</BOA_ADD_OFFSET>
<BOA_ADD_OFFSET band_id="7">-900</BOA_ADD_OFFSET></BOA_ADD_OFFSET_VALUES_LIST>"#;

    fn band(name: &str) -> Band {
        name.parse().unwrap()
    }

    fn said(text: &str) -> String {
        let error = Metadata::read(Level::L2A, text.as_bytes()).unwrap_err();
        error.kind.to_string()
    }

    #[test]
    fn offsets_are_told_by_band() {
        let read = Metadata::read(Level::L2A, l2a("05.09", OFFSETS).as_bytes()).unwrap();
        assert_eq!(read.product.as_deref(), Some("S2A_X.SAFE"));
        assert_eq!((read.quantification, read.nodata), (10_000.0, 0.0));
        assert_eq!(read.offset(Level::L2A, &band("B04")).unwrap(), Some(-1000.0));
        assert_eq!(read.offset(Level::L2A, &band("B08")).unwrap(), Some(-900.0));
        assert_eq!(read.offset(Level::L2A, &band("SCL")).unwrap(), None);
    }

    #[test]
    fn a_new_product_without_offset_is_an_error_and_an_old_one_has_none() {
        let new = Metadata::read(Level::L2A, l2a("04.00", "").as_bytes()).unwrap();
        let error = new.offset(Level::L2A, &band("B04")).unwrap_err().to_string();
        assert_eq!(
            error,
            "processing baseline 04.00 stores reflectances with an offset, but there is no BOA_ADD_OFFSET of B04"
        );
        let old = Metadata::read(Level::L2A, l2a("02.14", "").as_bytes()).unwrap();
        assert_eq!(old.offset(Level::L2A, &band("B04")).unwrap(), Some(0.0));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let text = l2a("05.09", OFFSETS);
        let (inside, _) = text.rsplit_once("</n1:Level").unwrap();
        assert_eq!(said(inside), "the document ends inside <Level-2A_User_Product>");
        assert_eq!(said("<a></a>"), "there is no PROCESSING_BASELINE");
        assert_eq!(said("<a></b>"), "malformed XML");
        assert_eq!(
            said(&text.replace("-1000", "minus")),
            "BOA_ADD_OFFSET is \"minus\", which is no number"
        );
        assert_eq!(
            said(&text.replace("-1000", "NaN")),
            "BOA_ADD_OFFSET is \"NaN\", which is no number"
        );
        assert_eq!(
            said(&text.replace("\"3\"", "\"13\"")),
            "band_id is \"13\", which is no number of a band, 0 to 12"
        );
        assert_eq!(
            said(&text.replace(">10000<", ">0<")),
            "BOA_QUANTIFICATION_VALUE is \"0\", which is no number above 0"
        );
        assert_eq!(
            said(&text.replace("05.09", "&big;")),
            "PROCESSING_BASELINE is \"\", which is no version such as 05.09"
        );
    }

    #[test]
    fn a_document_without_end_is_given_up() {
        // A comment, a name and a text that do not end, without ever being held in memory.
        let endless = std::io::Read::chain(&b"<a>"[..], std::io::BufReader::new(std::io::repeat(b'x')));
        let error = Metadata::read(Level::L1C, endless).unwrap_err();
        assert!(matches!(error.kind, MetadataErrorKind::Long), "{error:?}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<Vec<u8>>(), at in any::<prop::sample::Index>(), byte: u8) {
            let _ = Metadata::read(Level::L1C, &text[..]);
            let mut damaged = l2a("05.09", OFFSETS).into_bytes();
            let at = at.index(damaged.len());
            damaged[at] = byte;
            let _ = Metadata::read(Level::L2A, &damaged[..]);
        }
    }
}
