//! What the tests share: imzML files as texts, and the real ones.
#![allow(dead_code, reason = "each test uses a part of it")]
use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::ZlibEncoder};
use object_io::Store;
use partition_peaks::ArrayType;
use plan::Uri;

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
        .block_on(work)
}

pub(crate) fn uri(name: &str) -> Uri {
    format!("mem://lab/{name}").parse().unwrap()
}

/// The folder of real data, if there is one.
pub(crate) fn data() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    if folder.join("metabolomics/imzml").is_dir() {
        return Some(folder.join("metabolomics/imzml"));
    }
    eprintln!("skipped: no test data at {}", folder.display());
    None
}

/// Every imzML of the data set.
pub(crate) fn imzmls(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_imzml = |path: &PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("imzml"));
    let mut found: Vec<_> = paths.filter(is_imzml).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// A spectrum to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spectrum {
    pub(crate) place: [i32; 3],
    pub(crate) peaks: Vec<(f64, f64)>,
}

/// How to write an imzML.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) mz: ArrayType,
    pub(crate) intensity: ArrayType,
    pub(crate) zlib: bool,
    /// Spectra in the `.ibd` from the last to the first, intensities before m/z.
    pub(crate) backwards: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            mz: ArrayType::F64,
            intensity: ArrayType::F32,
            zlib: false,
            backwards: false,
        }
    }
}

pub(crate) const UUID: [u8; 16] = *b"tessera-peaks-00";

fn array(kind: ArrayType, zlib: bool, numbers: impl Iterator<Item = f64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for n in numbers {
        match kind {
            ArrayType::I8 => bytes.extend((n as i8).to_le_bytes()),
            ArrayType::I16 => bytes.extend((n as i16).to_le_bytes()),
            ArrayType::I32 => bytes.extend((n as i32).to_le_bytes()),
            ArrayType::I64 => bytes.extend((n as i64).to_le_bytes()),
            ArrayType::F32 => bytes.extend((n as f32).to_le_bytes()),
            ArrayType::F64 => bytes.extend(n.to_le_bytes()),
        }
    }
    if !zlib {
        return bytes;
    }
    let mut out = ZlibEncoder::new(Vec::new(), Compression::fast());
    out.write_all(&bytes).unwrap();
    out.finish().unwrap()
}

/// The two files.
pub(crate) fn imzml(spectra: &[Spectrum], layout: Layout) -> (String, Vec<u8>) {
    let mut ibd = UUID.to_vec();
    let mut rows = vec![String::new(); spectra.len()];
    let mut order: Vec<usize> = (0..spectra.len()).collect();
    if layout.backwards {
        order.reverse();
    }
    for number in order {
        let Spectrum {
            place: [x, y, z],
            peaks,
        } = &spectra[number];
        let mut put = |kind, numbers: Vec<f64>| {
            let bytes = array(kind, layout.zlib, numbers.into_iter());
            let offset = ibd.len();
            ibd.extend_from_slice(&bytes);
            // A gap, as writers leave them.
            ibd.extend(std::iter::repeat_n(0xff, number % 3));
            (offset, bytes.len())
        };
        let columns = [
            peaks.iter().map(|peak| peak.0).collect(),
            peaks.iter().map(|peak| peak.1).collect::<Vec<_>>(),
        ];
        let [mz, intensity] = columns;
        let places = if layout.backwards {
            let intensity = put(layout.intensity, intensity);
            [put(layout.mz, mz), intensity]
        } else {
            [put(layout.mz, mz), put(layout.intensity, intensity)]
        };
        let arrays: Vec<String> = ["m", "i"]
            .iter()
            .zip(places)
            .map(|(group, (offset, stored))| {
                format!(
                    r#"<binaryDataArray encodedLength="0"><referenceableParamGroupRef ref="{group}"/>
<cvParam accession="IMS:1000103" value="{}"/><cvParam accession="IMS:1000104" value="{stored}"/>
<cvParam accession="IMS:1000102" value="{offset}"/><binary/></binaryDataArray>"#,
                    peaks.len()
                )
            })
            .collect();
        rows[number] = format!(
            r#"<spectrum id="s{number}"><scanList count="1"><scan><cvParam accession="IMS:1000050" value="{x}"/>
<cvParam accession="IMS:1000051" value="{y}"/><cvParam accession="IMS:1000052" value="{z}"/></scan></scanList>
<binaryDataArrayList count="2">{}</binaryDataArrayList></spectrum>"#,
            arrays.concat()
        );
    }
    let group = |id: &str, content: &str, kind: ArrayType| {
        let kind = match kind {
            ArrayType::I8 => "IMS:1100000",
            ArrayType::I16 => "IMS:1100001",
            ArrayType::I32 => "MS:1000519",
            ArrayType::I64 => "MS:1000522",
            ArrayType::F32 => "MS:1000521",
            ArrayType::F64 => "MS:1000523",
        };
        let zlib = if layout.zlib { "MS:1000574" } else { "MS:1000576" };
        format!(
            r#"<referenceableParamGroup id="{id}"><cvParam accession="{content}"/><cvParam accession="{kind}"/>
<cvParam accession="{zlib}"/></referenceableParamGroup>"#
        )
    };
    let uuid = format!("{:032x}", u128::from_be_bytes(UUID));
    let text = format!(
        r#"<?xml version="1.0"?><mzML><fileDescription><fileContent><cvParam accession="IMS:1000031"/>
<cvParam accession="IMS:1000080" value="{{{uuid}}}"/></fileContent></fileDescription>
<referenceableParamGroupList count="2">{}{}</referenceableParamGroupList>
<run><spectrumList count="{}">{}</spectrumList></run></mzML>"#,
        group("m", "MS:1000514", layout.mz),
        group("i", "MS:1000515", layout.intensity),
        spectra.len(),
        rows.concat()
    );
    (text, ibd)
}

/// Stores the two files as `<name>.imzML` and `<name>.ibd`.
pub(crate) async fn store_imzml(store: &Store, name: &str, spectra: &[Spectrum], layout: Layout) -> Uri {
    let (text, ibd) = imzml(spectra, layout);
    let object = uri(&format!("{name}.imzML"));
    store.put(&object, text).await.unwrap();
    store.put(&uri(&format!("{name}.ibd")), ibd).await.unwrap();
    object
}
