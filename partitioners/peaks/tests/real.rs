//! What `info` says of the real pairs, beside facts measured with pyimzML 1.5 (`intensity sum` and counts).
mod common;

use common::{block_on, data, imzmls};
use object_io::Store;
use partition_peaks::{
    Mode, Polarity,
    info::{self, Request},
};
use plan::Uri;

#[test]
fn info_of_the_examples_is_as_measured() {
    let Some(folder) = data() else { return };
    let tell = |name: &str| {
        let scratch = tempfile::tempdir().unwrap();
        let image = Uri::from_path(scratch.path().join("tic.png"));
        let request = Request {
            imzml: Uri::from_path(folder.join(name)),
            image: Some(image.clone()),
            verify: true,
        };
        block_on(async {
            let store = Store::new();
            let told = info::run(&store, request).await.unwrap();
            let picture = store.get(&image).await.unwrap();
            assert!(picture.starts_with(b"\x89PNG"));
            told
        })
    };
    let told = tell("Example_Continuous.imzML");
    assert_eq!((told.spectra, told.pixels, told.grid.size), (9, 9, [3, 3, 1]));
    assert_eq!(
        (told.peaks, told.dropped.zero, told.dropped.total()),
        (75_591, 52_221, 52_221)
    );
    assert!(
        (told.total_ion_current - 1450.3).abs() < 0.05,
        "{}",
        told.total_ion_current
    );
    assert_eq!(
        (told.description.mode, told.description.polarity),
        (Some(Mode::Continuous), Polarity::Negative)
    );
    let settings = &told.description.settings;
    assert_eq!(
        (settings.columns, settings.pixel_x_um, settings.pixel_y_um),
        (Some(3), Some(100.0), Some(100.0))
    );
    assert_eq!(
        settings.pattern,
        ["top down", "flyback", "horizontal line scan", "linescan left right"]
    );
    assert!(told.verified);

    // The same measurement, stored the other way.
    let processed = tell("Example_Processed.imzML");
    assert_eq!(processed.description.mode, Some(Mode::Processed));
    assert_eq!(
        (processed.peaks_per_spectrum, processed.dropped),
        (told.peaks_per_spectrum, told.dropped)
    );
    assert!((processed.total_ion_current - told.total_ion_current).abs() < 1e-9);

    let tiny = tell("Untreated_3_434_tiny.imzML");
    assert_eq!((tiny.spectra, tiny.grid.size, tiny.peaks), (8, [2, 4, 1], 8199));
    assert_eq!(tiny.description.polarity, Polarity::Unknown);

    // Twelve spectra, a gap between the samples.
    let combined = tell("123_combined.imzml");
    assert_eq!(
        (combined.spectra, combined.pixels, combined.grid.size),
        (12, 12, [9, 3, 1])
    );
    assert_eq!(combined.peaks, 100_788);
}

#[test]
fn every_real_pair_is_whole_and_its_checksum_right() {
    let Some(folder) = data() else { return };
    for path in imzmls(&folder) {
        let request = Request {
            imzml: Uri::from_path(&path),
            image: None,
            verify: true,
        };
        let told = block_on(info::run(&Store::new(), request)).unwrap();
        assert!(told.verified && told.mz.is_some(), "{}", path.display());
        let stored: u64 = told.peaks - told.dropped.total();
        assert!(stored >= told.peaks_per_spectrum[4]);
    }
}
