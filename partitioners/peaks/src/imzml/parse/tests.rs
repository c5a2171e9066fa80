use proptest::prelude::*;

use super::*;
use crate::{ArrayType, Description, Mode, Polarity};

const HEAD: &str = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<mzML><fileDescription><fileContent>
<cvParam accession="IMS:1000031" name="processed"/>
<cvParam accession="IMS:1000080" value="{F1DA2B10-5066-49DE-B9A3-243075247448}"/>
<cvParam accession="IMS:1000091" value="AA2AD6A7"/></fileContent></fileDescription>
<referenceableParamGroupList count="2"><referenceableParamGroup id="m">
<cvParam accession="MS:1000514"/><cvParam accession="MS:1000523"/></referenceableParamGroup>
<referenceableParamGroup id="i"><cvParam accession="MS:1000515"/><cvParam accession="MS:1000521"/>
</referenceableParamGroup></referenceableParamGroupList>
<scanSettingsList><scanSettings><cvParam accession="IMS:1000401" name="top down"/>
<cvParam accession="IMS:1000046" value="0.05" unitAccession="UO:0000016"/></scanSettings></scanSettingsList>
<run><spectrumList count="1">"#;
const TAIL: &str = "</spectrumList></run></mzML>";

fn array(group: &str, offset: &str, length: &str, stored: &str) -> String {
    format!(
        r#"<binaryDataArray><referenceableParamGroupRef ref="{group}"/><cvParam accession="IMS:1000102" value="{offset}"/>
<cvParam accession="IMS:1000103" value="{length}"/><cvParam accession="IMS:1000104" value="{stored}"/><binary/></binaryDataArray>"#
    )
}

fn spectrum(x: &str, arrays: &[String]) -> String {
    format!(
        r#"<spectrum><scanList><scan><cvParam accession="IMS:1000050" value="{x}"/>
<cvParam accession="IMS:1000051" value="-2"/><cvParam accession="MS:1000129" name="negative scan"/></scan></scanList>
<binaryDataArrayList>{}</binaryDataArrayList></spectrum>"#,
        arrays.concat()
    )
}

fn good() -> [String; 2] {
    [array("m", "16", "2", "16"), array("i", "32", "2", "8")]
}

fn read(spectra: &str) -> Result<Imzml, ImzmlError> {
    parse(format!("{HEAD}{spectra}{TAIL}").as_bytes())
}

fn refused(spectra: &str) -> String {
    let error = read(spectra).unwrap_err();
    assert_eq!(error.spectrum, Some(0));
    error.kind.to_string()
}

#[test]
fn a_spectrum_is_read_through_its_groups() {
    let imzml = read(&spectrum("3", &good())).unwrap();
    let Description {
        mode,
        uuid,
        checksum,
        polarity,
        settings,
        announced,
        ..
    } = imzml.description;
    assert_eq!(
        (mode, polarity, announced),
        (Some(Mode::Processed), Polarity::Negative, Some(1))
    );
    assert_eq!(uuid.as_deref(), Some("f1da2b10506649deb9a3243075247448"));
    assert_eq!(checksum, Some(Checksum::Sha1("aa2ad6a7".into())));
    assert_eq!(
        (settings.pixel_x_um, settings.pattern),
        (Some(50.0), vec!["top down".to_owned()])
    );
    let [spectrum] = imzml.spectra[..] else { panic!() };
    assert_eq!((spectrum.x, spectrum.y, spectrum.z), (3, -2, 1));
    assert_eq!(
        (spectrum.mz.offset, spectrum.mz.kind, spectrum.mz.bytes()),
        (16, ArrayType::F64, 16..32)
    );
    assert_eq!(
        (spectrum.intensity.length, spectrum.intensity.kind),
        (2, ArrayType::F32)
    );
}

#[test]
fn what_is_wrong_with_a_spectrum_is_said_exactly() {
    let [m, i] = good();
    let one = |m: &str, i: &str| refused(&spectrum("1", &[m.to_owned(), i.to_owned()]));
    assert_eq!(one(&m, ""), "no intensity array");
    assert_eq!(one("", &i), "no m/z array");
    assert_eq!(refused(&spectrum("1", &[m.clone(), m.clone()])), "a second m/z array");
    assert_eq!(
        refused(&spectrum("one", &good())),
        "position x is \"one\", not a whole number of 32 bits"
    );
    assert_eq!(
        one(&array("m", "16", "-5", "16"), &i),
        "external array length is \"-5\", not a whole number from 0"
    );
    assert_eq!(
        one(&array("m", "16", "99999999999", "16"), &i),
        "external array length is \"99999999999\", not below 2^32"
    );
    assert_eq!(one(&array("m", "16", "3", "0"), &i), "3 m/z but 2 intensities");
    assert_eq!(
        one(&array("m", "16", "2", "8"), &i),
        "the m/z array has 2 numbers of 64-bit float, 16 bytes, but an encoded length of 8"
    );
    assert_eq!(one(&array("x", "16", "2", "16"), &i), "no parameter group \"x\"");
    assert_eq!(
        one(&array("m", "18446744073709551615", "2", "16"), &i),
        "external offset is \"18446744073709551615\", not a place in a file"
    );
    let zlib = m
        .replace("<binary/>", r#"<cvParam accession="MS:1000574"/>"#)
        .replace("\"2\"", "\"4000000000\"");
    assert_eq!(
        one(&zlib, &i),
        "16 bytes of zlib cannot hold the 4000000000 numbers of the m/z array"
    );
    let numpress = m.replace("<binary/>", r#"<cvParam accession="MS:1002312" name="MS-Numpress"/>"#);
    assert_eq!(
        one(&numpress, &i),
        "the m/z array is stored as \"MS-Numpress\", which is not supported"
    );
    let no_x = spectrum("1", &good()).replace("IMS:1000050", "IMS:0");
    assert_eq!(refused(&no_x), "no position x");
}

#[test]
fn a_text_cut_anywhere_is_refused() {
    let whole = format!("{HEAD}{}{TAIL}", spectrum("1", &good()));
    for end in 0..whole.len() {
        assert!(parse(&whole.as_bytes()[..end]).is_err(), "{}", &whole[..end]);
    }
    assert!(parse(whole.as_bytes()).is_ok());
    let cut = parse(&whole.as_bytes()[..whole.len() - TAIL.len()]).unwrap_err();
    assert_eq!(
        cut.kind.to_string(),
        "the file ends before </spectrumList>: it is truncated"
    );
}

#[test]
fn other_texts_and_endless_tags_are_refused() {
    assert_eq!(
        parse(&b"<html/>"[..]).unwrap_err().kind.to_string(),
        "starts with <html>: not an imzML"
    );
    assert!(matches!(parse(&b""[..]).unwrap_err().kind, ImzmlErrorKind::Xml(_)));
    let endless = std::io::repeat(b'a');
    let text = std::io::BufReader::new(std::io::Read::chain(&b"<mzML id=\""[..], endless));
    assert!(matches!(parse(text).unwrap_err().kind, ImzmlErrorKind::Long));
    let deep = "<mzML>".to_owned() + &"<a>".repeat(1000);
    assert!(parse(deep.as_bytes()).unwrap_err().kind.to_string().contains("deeper"));
}

proptest! {
    #[test]
    fn no_change_of_the_text_panics(
        at in any::<prop::sample::Index>(), length in 0usize..20, with in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut text = format!("{HEAD}{}{TAIL}", spectrum("1", &good())).into_bytes();
        let start = at.index(text.len());
        let end = text.len().min(start + length);
        text.splice(start..end, with);
        if let Ok(imzml) = parse(&text[..]) {
            prop_assert!(imzml.spectra.len() <= 1);
        }
    }
}
