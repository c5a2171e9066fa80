//! Damaged clouds give an error that says where, or the right points; never a panic, never memory that a header asks for.
use bytes::Bytes;
use partition_lidar::{Error, FormatErrorKind, OutFormat};
use proptest::prelude::*;

mod common;
use common::{ROOMY, clouds, cut_bytes, data, layout, plain};

fn cut(bytes: &Bytes) -> Result<Vec<Bytes>, Error> {
    cut_bytes("cloud.laz", bytes, layout(3, 1.0), OutFormat::Laz, ROOMY).map(|(_, tiles)| tiles)
}

fn file(name: &str) -> Option<Bytes> {
    let found = clouds().into_iter().find(|(of, _)| of == name);
    found.map(|(_, bytes)| bytes)
}

/// What an error says, with its causes.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text += &format!(": {cause}");
        next = cause.source();
    }
    text
}

#[test]
fn a_cut_laz_says_from_which_point_on_it_is_lost() {
    let Some(root) = data() else { return };
    let bytes = Bytes::from(std::fs::read(root.join("broken/autzen_trim.truncated.laz")).unwrap());
    let error = cut(&bytes).unwrap_err();
    let Error::Points { point, offset, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*point, *offset), (50_000, 2152), "{}", chain(&error));
    assert!(
        chain(&error).contains("cannot decode points from 50000"),
        "{}",
        chain(&error)
    );
}

#[test]
fn a_laz_that_lost_its_chunk_table_is_read_without() {
    for name in ["autzen_trim.laz", "1_4_w_evlr.laz"] {
        let Some(bytes) = file(name) else { return };
        let start = plain(&bytes).cloud.header.points_start() as usize;
        let mut lost = bytes.to_vec();
        // What a writer leaves that could not go back.
        lost[start..start + 8].copy_from_slice(&(-1i64).to_le_bytes());
        assert!(cut(&lost.into()).unwrap() == cut(&bytes).unwrap(), "{name}");
    }
}

#[test]
fn points_that_are_not_there_are_counted() {
    let Some(bytes) = file("1.2-no-points.las") else { return };
    let error = cut(&bytes).unwrap_err();
    let Error::Format { source, .. } = &error else {
        panic!("{error:?}")
    };
    let expected = FormatErrorKind::Points {
        points: 1065,
        record: 34,
        bytes: 0,
    };
    assert_eq!((source.offset, &source.kind), (229, &expected));
}

#[test]
fn odd_but_readable_files_are_read() {
    for (name, points, vlrs) in [
        ("bad_vlr_count.las", 10, 2),
        ("gps-time-nan.las", 1, 0),
        ("lots_of_vlr.las", 1, 390),
        ("no-points.las", 0, 4),
        ("simple-laszip-compressor-version-1.2r0.laz", 1065, 1),
        ("laszip-generated_with2bytespadding.laz", 1065, 1),
    ] {
        let Some(bytes) = file(name) else { return };
        let tiles = cut(&bytes).unwrap();
        let source = plain(&bytes);
        assert_eq!(source.cloud.vlrs.len(), vlrs, "{name}");
        let own: usize = tiles
            .iter()
            .map(|tile| plain(tile).own().1.iter().filter(|own| **own).count())
            .sum();
        assert_eq!(own, points, "{name}");
    }
}

#[test]
fn counts_that_no_file_can_hold_are_refused() {
    let Some(las) = file("simple.las") else { return };
    let mut absurd = las.to_vec();
    absurd[107..111].fill(0xff);
    assert!(matches!(cut(&absurd.into()).unwrap_err(), Error::Format { .. }));
    let laz = file("simple.laz").unwrap();
    let mut absurd = laz.to_vec();
    absurd[107..111].fill(0xff);
    assert!(matches!(cut(&absurd.into()).unwrap_err(), Error::Format { .. }));
    let mut start = laz.to_vec();
    start[96..100].fill(0xff);
    assert!(matches!(cut(&start.into()).unwrap_err(), Error::Format { .. }));
    let evlr = file("1_4_w_evlr.laz").unwrap();
    let mut absurd = evlr.to_vec();
    absurd[243..247].fill(0xff);
    assert!(matches!(cut(&absurd.into()).unwrap_err(), Error::Format { .. }));
}

#[test]
fn files_cut_short_anywhere_are_refused_or_right() {
    for name in [
        "simple.laz",
        "1_4_w_evlr.laz",
        "simple_with_page.copc.laz",
        "simple.las",
    ] {
        let Some(bytes) = file(name) else { return };
        let whole = plain(&bytes).records.len();
        for share in 0..40 {
            let short = bytes.slice(..bytes.len() * share / 40);
            if let Ok(tiles) = cut(&short) {
                let own: usize = tiles
                    .iter()
                    .map(|tile| plain(tile).own().1.iter().filter(|own| **own).count())
                    .sum();
                assert_eq!(own, whole, "{name} cut to {} bytes", short.len());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn bytes_changed_anywhere_never_break_us(
        which in 0usize..4,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        in_head in any::<bool>(),
    ) {
        let names = ["simple.laz", "1_4_w_evlr.laz", "simple_with_page.copc.laz", "point-time-color.las"];
        if let Some(bytes) = file_once(names[which]) {
            let mut bytes = bytes.to_vec();
            let reach = if in_head { bytes.len().min(2600) } else { bytes.len() };
            for (at, value) in changes {
                let at = at.index(reach);
                bytes[at] = value;
            }
            // An answer is all that is asked for.
            let _ = cut(&bytes.into());
        }
    }
}

/// As [`file`], read from the disk once.
fn file_once(name: &str) -> Option<Bytes> {
    use std::{collections::HashMap, sync::OnceLock};
    static FILES: OnceLock<HashMap<String, Bytes>> = OnceLock::new();
    FILES.get_or_init(|| clouds().into_iter().collect()).get(name).cloned()
}
