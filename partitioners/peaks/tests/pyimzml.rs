//! Oracle: pyimzML and numpy on every real pair. `TESSERA_PYTHON` names a Python that has both.
mod common;

use std::{env, num::NonZero, process::Command};

use common::{block_on, data, imzmls};
use object_io::Store;
use partition_peaks::{
    Dataset, Input, Sorted, fetch,
    sort_task::{self, Request, Size},
};
use plan::Uri;

/// Writes every spectrum, then all peaks by m/z, pixel and place.
const SCRIPT: &str = r#"
import sys, warnings
import numpy as np
from pyimzml.ImzMLParser import ImzMLParser
warnings.simplefilter("ignore")
imzml, ibd, spectra, peaks = sys.argv[1:]
parser = ImzMLParser(imzml, ibd_file=open(ibd, "rb"))
low = np.min(parser.coordinates, axis=0)
width, height, _ = np.max(parser.coordinates, axis=0) - low + 1
mzs, intensities, pixels = [], [], []
with open(spectra, "wb") as out:
    for number, place in enumerate(parser.coordinates):
        mz, intensity = parser.getspectrum(number)
        out.write(np.array(place, "<i4").tobytes() + np.array([len(mz)], "<u8").tobytes())
        out.write(mz.astype("<f8").tobytes() + intensity.astype("<f8").tobytes())
        x, y, z = np.array(place) - low
        mzs.append(mz); intensities.append(intensity.astype("f4"))
        pixels.append(np.full(len(mz), (z * height + y) * width + x, "u4"))
mz, intensity, pixel = map(np.concatenate, (mzs, intensities, pixels))
keep = intensity > 0
mz, intensity, pixel = mz[keep], intensity[keep], pixel[keep]
order = np.lexsort((pixel, mz))
with open(peaks, "wb") as out:
    for column, kind in ((mz, "<f8"), (intensity, "<f4"), (pixel, "<u4")):
        out.write(column[order].astype(kind).tobytes())
"#;

/// A Python with pyimzML, if there is one.
fn python() -> Option<String> {
    let python = env::var("TESSERA_PYTHON").unwrap_or_else(|_| "python3".into());
    let asked = Command::new(&python).args(["-c", "import numpy, pyimzml"]).output();
    if asked.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    assert!(
        env::var_os("TESSERA_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
        "{python} has no pyimzml and numpy"
    );
    eprintln!("skipped: {python} has no pyimzml and numpy");
    None
}

#[test]
fn every_array_and_every_sort_of_the_real_pairs_is_pyimzmls() {
    let (Some(folder), Some(python)) = (data(), python()) else {
        return;
    };
    for path in imzmls(&folder) {
        let scratch = tempfile::tempdir().unwrap();
        let [spectra, peaks] = ["spectra", "peaks"].map(|name| scratch.path().join(name));
        let mut oracle = Command::new(&python);
        oracle
            .args(["-c", SCRIPT])
            .arg(&path)
            .arg(path.with_extension("ibd"))
            .args([&spectra, &peaks]);
        let output = oracle.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

        let (ours, sorted) = block_on(async {
            let store = Store::new();
            let dataset = Dataset::open(&store, &Uri::from_path(&path)).await.unwrap();
            assert!(dataset.verify(&store).await.unwrap(), "{}", path.display());
            let mut ours = Vec::new();
            for (number, spectrum) in (0..).zip(dataset.spectra.iter()) {
                let (mz, intensity) = dataset.spectrum(&store, number).await.unwrap();
                for place in [spectrum.x, spectrum.y, spectrum.z] {
                    ours.extend(place.to_le_bytes());
                }
                ours.extend((mz.len() as u64).to_le_bytes());
                ours.extend(mz.iter().chain(&intensity).flat_map(|number| number.to_le_bytes()));
            }
            let out = Uri::from_path(scratch.path().join("sorted"));
            let input = Input::Imzml(Uri::from_path(&path));
            let request = Request::new(input, Size::Segments(NonZero::new(5).unwrap()), out.clone());
            sort_task::run(store.clone(), request).await.unwrap();
            let opened = Sorted::open(&store, &out).await.unwrap();
            let mut sorted = Vec::new();
            for partition in opened.plan(&store, 0.0, f64::MAX).await.unwrap().partitions {
                sorted.extend(fetch(&store, &partition).await.unwrap());
            }
            (ours, sorted)
        });
        assert!(
            ours == std::fs::read(&spectra).unwrap(),
            "spectra of {}",
            path.display()
        );
        let mut columns: Vec<u8> = sorted.iter().flat_map(|peak| peak.mz.to_le_bytes()).collect();
        columns.extend(sorted.iter().flat_map(|peak| peak.intensity.to_le_bytes()));
        columns.extend(sorted.iter().flat_map(|peak| peak.pixel.to_le_bytes()));
        assert!(columns == std::fs::read(&peaks).unwrap(), "order of {}", path.display());
        assert!(!sorted.is_empty());
    }
}
