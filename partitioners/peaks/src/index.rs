//! The index of an imzML: its description and its table of spectra, so that workers need not parse the XML again.
//!
//! `TSRPEAKI`, length of the header (u32), header (JSON), then the table as one zlib stream: a column of each field.
use std::io::{Read, Write};

use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use plan::{IndexHeader, Object};
use serde::{Deserialize, Serialize};

use crate::{Array, ArrayType, Description, Spectrum};

const MAGIC: &[u8; 8] = b"TSRPEAKI";
const FORMAT: &str = "tessera-peaks";
const VERSION: u32 = 1;

/// What an index says before its table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    #[serde(flatten)]
    pub(crate) index: IndexHeader,
    pub(crate) ibd: Object,
    /// Whether the checksum of the `.ibd` was right when this was made; `None` if the imzML states none.
    pub(crate) verified: Option<bool>,
    pub(crate) description: Description,
    spectra: u64,
}

impl Header {
    pub(crate) fn new(
        imzml: Object,
        ibd: Object,
        verified: Option<bool>,
        description: Description,
        spectra: u64,
    ) -> Self {
        let index = IndexHeader {
            format: FORMAT.into(),
            version: VERSION,
            source: imzml,
        };
        Self {
            index,
            ibd,
            verified,
            description,
            spectra,
        }
    }
}

/// The bytes of an index.
pub(crate) fn encode(header: &Header, spectra: &[Spectrum]) -> Vec<u8> {
    let text = serde_json::to_vec(header).expect("plain data");
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&text);
    let mut table = ZlibEncoder::new(bytes, Compression::fast());
    let mut column = Vec::new();
    let mut write = |each: &dyn Fn(&Spectrum, &mut Vec<u8>)| {
        column.clear();
        for spectrum in spectra {
            each(spectrum, &mut column);
        }
        table.write_all(&column).expect("memory takes any bytes");
    };
    write(&|spectrum, to| to.extend_from_slice(&spectrum.x.to_le_bytes()));
    write(&|spectrum, to| to.extend_from_slice(&spectrum.y.to_le_bytes()));
    write(&|spectrum, to| to.extend_from_slice(&spectrum.z.to_le_bytes()));
    for array in [mz as fn(&Spectrum) -> &Array, intensity] {
        write(&|spectrum, to| to.extend_from_slice(&array(spectrum).offset.to_le_bytes()));
        write(&|spectrum, to| to.extend_from_slice(&array(spectrum).stored.to_le_bytes()));
        write(&|spectrum, to| to.extend_from_slice(&array(spectrum).length.to_le_bytes()));
        write(&|spectrum, to| to.push(code(array(spectrum))));
    }
    table.finish().expect("memory takes any bytes")
}

fn mz(spectrum: &Spectrum) -> &Array {
    &spectrum.mz
}

fn intensity(spectrum: &Spectrum) -> &Array {
    &spectrum.intensity
}

/// Type and compression in one byte.
fn code(array: &Array) -> u8 {
    let kind = ArrayType::ALL.iter().position(|&kind| kind == array.kind).unwrap_or(0);
    kind as u8 | u8::from(array.zlib) << 7
}

/// Reads an index back.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Header, Vec<Spectrum>), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("not an index of peaks")?;
    let (length, rest) = rest.split_first_chunk::<4>().ok_or("cut short")?;
    let (text, table) = rest
        .split_at_checked(u32::from_le_bytes(*length) as usize)
        .ok_or("cut short")?;
    let named: IndexHeader =
        serde_json::from_slice(text).map_err(|error| format!("its header is malformed: {error}"))?;
    if named.format != FORMAT || named.version != VERSION {
        return Err(format!(
            "is {} version {}, this reads version {VERSION}",
            named.format, named.version
        ));
    }
    let header: Header = serde_json::from_slice(text).map_err(|error| format!("its header is malformed: {error}"))?;
    let mut table = Table {
        stream: ZlibDecoder::new(table),
        rows: header.spectra,
    };
    let x = table.column(i32::from_le_bytes)?;
    let y = table.column(i32::from_le_bytes)?;
    let z = table.column(i32::from_le_bytes)?;
    let mz = table.arrays()?;
    let intensity = table.arrays()?;
    if table.stream.read(&mut [0]).map_err(|error| error.to_string())? != 0 {
        return Err("its table is longer than its header says".into());
    }
    if mz
        .iter()
        .zip(&intensity)
        .any(|(mz, intensity)| mz.length != intensity.length)
    {
        return Err("its table is malformed".into());
    }
    let rows = x.into_iter().zip(y).zip(z).zip(mz).zip(intensity);
    let spectra = rows
        .map(|((((x, y), z), mz), intensity)| Spectrum { x, y, z, mz, intensity })
        .collect();
    Ok((header, spectra))
}

struct Table<'a> {
    stream: ZlibDecoder<&'a [u8]>,
    rows: u64,
}

impl Table<'_> {
    /// One column; no more memory than the stream really gives.
    fn column<T, const N: usize>(&mut self, read: fn([u8; N]) -> T) -> Result<Vec<T>, String> {
        let bytes = self.rows.checked_mul(N as u64).ok_or("cut short")?;
        let mut column = Vec::new();
        (&mut self.stream)
            .take(bytes)
            .read_to_end(&mut column)
            .map_err(|error| format!("its table is broken: {error}"))?;
        if column.len() as u64 != bytes {
            return Err("cut short".into());
        }
        Ok(column.as_chunks::<N>().0.iter().map(|bytes| read(*bytes)).collect())
    }

    fn arrays(&mut self) -> Result<Vec<Array>, String> {
        let offsets = self.column(u64::from_le_bytes)?;
        let stored = self.column(u64::from_le_bytes)?;
        let lengths = self.column(u32::from_le_bytes)?;
        let codes = self.column(|[code]: [u8; 1]| code)?;
        let rows = offsets.into_iter().zip(stored).zip(lengths).zip(codes);
        let array = |(((offset, stored), length), code): (((u64, u64), u32), u8)| {
            let kind = *ArrayType::ALL.get((code & 0x7f) as usize)?;
            let zlib = code & 0x80 != 0;
            offset.checked_add(stored)?;
            let sound = zlib || stored == u64::from(length) * kind.width();
            sound.then_some(Array {
                offset,
                stored,
                length,
                kind,
                zlib,
            })
        };
        rows.map(array)
            .collect::<Option<_>>()
            .ok_or_else(|| "its table is malformed".into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_array(length: u32) -> impl Strategy<Value = Array> {
        (0u64..1 << 60, 0u64..1 << 40, 0usize..6, any::<bool>()).prop_map(move |(offset, stored, kind, zlib)| {
            let kind = ArrayType::ALL[kind];
            let stored = if zlib { stored } else { u64::from(length) * kind.width() };
            Array {
                offset,
                stored,
                length,
                kind,
                zlib,
            }
        })
    }

    prop_compose! {
        fn spectrum()(length in any::<u32>())(
            x in any::<i32>(), y in any::<i32>(), z in any::<i32>(), mz in any_array(length), intensity in any_array(length),
        ) -> Spectrum {
            Spectrum { x, y, z, mz, intensity }
        }
    }

    fn header(spectra: u64) -> Header {
        let object = Object {
            uri: "mem://lab/a.imzML".parse().unwrap(),
            size: 7,
            etag: "1".into(),
        };
        Header::new(object.clone(), object, Some(true), Description::default(), spectra)
    }

    proptest! {
        #[test]
        fn an_index_is_read_back_and_no_cut_or_flip_panics(
            spectra in prop::collection::vec(spectrum(), 0..20), at in any::<prop::sample::Index>(), bit in 0u8..8,
        ) {
            let header = header(spectra.len() as u64);
            let bytes = encode(&header, &spectra);
            prop_assert_eq!(decode(&bytes).unwrap(), (header, spectra));
            prop_assert!(decode(&bytes[..at.index(bytes.len())]).is_err());
            let mut flipped = bytes.clone();
            flipped[at.index(bytes.len())] ^= 1 << bit;
            let _ = decode(&flipped);
        }
    }

    #[test]
    fn a_header_that_promises_a_table_it_has_not_is_refused() {
        let bytes = encode(&header(u64::MAX / 2), &[]);
        assert_eq!(decode(&bytes).unwrap_err(), "cut short");
    }
}
