//! Broken rasters give a value or an error that says what is wrong and where: no panic, no memory that a header dictates.
mod common;

use std::{
    num::NonZero,
    time::{Duration, Instant},
};

use common::{block_on, test_data};
use object_io::Store;
use partition_cog::{
    Cog, Cut, Error, FormatError, GeoReference, Look, Pixels, Samples, Tag, fetch,
    ifd::write::{Directory, Format, Values},
    read, write_window,
};
use plan::Uri;

fn uri() -> Uri {
    "mem://lab/broken.tif".parse().unwrap()
}

/// What came of reading every window of every level.
#[derive(Debug)]
enum Outcome {
    Read(Vec<Vec<Result<Pixels, Error>>>),
    Refused(Error),
}

fn cut(level: usize) -> Cut {
    let n = NonZero::new(2).unwrap();
    Cut {
        level,
        ..Cut::grid(n, n)
    }
}

async fn attempt(store: &Store, uri: &Uri) -> Outcome {
    let cog = match Cog::open(store, uri).await {
        Ok(cog) => cog,
        Err(error) => return Outcome::Refused(error),
    };
    let mut levels = Vec::new();
    for level in 0..cog.levels.len() {
        let plan = match cog.plan(store, &cut(level)).await {
            Ok(plan) => plan,
            Err(error) => return Outcome::Refused(error),
        };
        let mut windows = Vec::new();
        for partition in &plan.partitions {
            windows.push(read(store, partition).await);
        }
        levels.push(windows);
    }
    Outcome::Read(levels)
}

fn attempt_bytes(bytes: Vec<u8>) -> Outcome {
    block_on(async {
        let store = Store::new();
        store.put(&uri(), bytes).await.unwrap();
        attempt(&store, &uri()).await
    })
}

fn message(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

/// The most memory this process ever had, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

fn small() -> Vec<u8> {
    let samples = Samples::I16((0..40 * 50).map(|i| (i * 7 % 311) as i16).collect());
    let mask = Some((0..40 * 50).map(|i| if i % 3 == 0 { 0 } else { 255 }).collect());
    let pixels = Pixels {
        height: 40,
        width: 50,
        bands: 1,
        samples,
        mask,
    };
    let geo = GeoReference {
        transform: Some([0.0, 1.0, 0.0, 0.0, 0.0, -1.0]),
        ..Default::default()
    };
    write_window(&pixels, &geo, Some(-1.0), &Look::default())
}

#[test]
fn a_raster_cut_short_at_any_byte_is_an_error_or_whole_windows() {
    let file = small();
    let Outcome::Read(whole) = attempt_bytes(file.clone()) else {
        panic!("the file is fine")
    };
    let mut refused = 0;
    for length in 0..file.len() {
        match attempt_bytes(file[..length].to_vec()) {
            Outcome::Refused(error) => {
                assert!(matches!(error, Error::Format { .. }), "{length}: {error}");
                refused += 1;
            }
            Outcome::Read(levels) => {
                for (window, expected) in levels.iter().flatten().zip(whole.iter().flatten()) {
                    match window {
                        Ok(pixels) => assert_eq!(pixels, expected.as_ref().unwrap()),
                        Err(error) => assert!(matches!(error, Error::Block { .. }), "{length}: {error}"),
                    }
                }
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn any_byte_of_a_raster_may_be_any_other() {
    let file = small();
    let started = Instant::now();
    for at in 0..file.len() {
        for byte in [0, 0xff, file[at] ^ 1, file[at] ^ 0x80] {
            let mut broken = file.clone();
            broken[at] = byte;
            let _ = attempt_bytes(broken);
        }
    }
    assert!(started.elapsed() < Duration::from_mins(1));
    assert!(peak_memory() < 1 << 30, "{} bytes", peak_memory());
}

#[test]
fn broken_real_files_end_in_bounded_time_and_memory() {
    let store = Store::new();
    let (mut refused, mut broken, mut read) = (0, 0, 0);
    for path in test_data(&["raster/broken"]) {
        let started = Instant::now();
        match block_on(attempt(&store, &Uri::from_path(&path))) {
            Outcome::Refused(error) => {
                refused += 1;
                eprintln!("{}", message(&error));
            }
            Outcome::Read(levels) => {
                for window in levels.into_iter().flatten() {
                    match window {
                        Ok(_) => read += 1,
                        Err(error) => {
                            broken += 1;
                            assert!(message(&error).contains(&path.display().to_string()));
                            eprintln!("{}", message(&error));
                        }
                    }
                }
            }
        }
        assert!(started.elapsed() < Duration::from_secs(5), "{}", path.display());
    }
    eprintln!("{refused} refused; windows: {broken} broken, {read} read");
    assert!(peak_memory() < 1 << 30, "{} bytes", peak_memory());
}

/// A file of one directory and some bytes behind it.
fn tiff(format: Format, fields: Vec<(Tag, Values)>, next: u64, rest: &[u8]) -> Vec<u8> {
    let mut directory = Directory::default();
    for (tag, values) in fields {
        directory.set(tag, values);
    }
    let at = format.header_len();
    let mut file = format.header(at);
    file.extend(directory.encode(format, at, next));
    file.extend_from_slice(rest);
    file
}

fn strips(width: u32, height: u32, offsets: &[u64], counts: &[u64]) -> Vec<(Tag, Values)> {
    vec![
        (Tag::IMAGE_WIDTH, Values::Long(vec![width])),
        (Tag::IMAGE_LENGTH, Values::Long(vec![height])),
        (Tag::BITS_PER_SAMPLE, Values::Short(vec![8])),
        (Tag::ROWS_PER_STRIP, Values::Long(vec![1])),
        (Tag::STRIP_OFFSETS, Values::offsets(Format::Classic, offsets)),
        (Tag::STRIP_BYTE_COUNTS, Values::offsets(Format::Classic, counts)),
    ]
}

fn refusal(bytes: Vec<u8>) -> FormatError {
    match attempt_bytes(bytes) {
        Outcome::Refused(Error::Format { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_chain_of_directories_that_returns_is_told() {
    let file = tiff(Format::Classic, strips(1, 1, &[8], &[1]), 8, &[]);
    assert_eq!(refusal(file), FormatError::Loop { offset: 8 });
}

#[test]
fn a_directory_outside_of_the_object_is_told() {
    let file = tiff(Format::Classic, strips(1, 1, &[8], &[1]), 9999, &[]);
    let error = refusal(file).to_string();
    assert_eq!(
        error,
        "the directory at byte 9999 should be 2 bytes at byte 9999, in an object of 86 bytes"
    );
}

#[test]
fn counts_that_no_object_holds_are_told() {
    let mut big = tiff(Format::Big, vec![(Tag::IMAGE_WIDTH, Values::Long(vec![1]))], 0, &[]);
    big[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(
        refusal(big),
        FormatError::Entries {
            ifd: 16,
            count: u64::MAX
        }
    );
    let mut classic = tiff(Format::Classic, strips(1, 1, &[8], &[1]), 0, &[]);
    // The count of BitsPerSample, the third entry.
    classic[8 + 2 + 2 * 12 + 4..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
    let error = refusal(classic).to_string();
    assert!(
        error.starts_with("BitsPerSample (258) of the directory at byte 8: 4294967295 values"),
        "{error}"
    );
}

#[test]
fn a_table_with_too_few_blocks_is_told() {
    let file = tiff(Format::Classic, strips(5, 4, &[8, 8, 8], &[5, 5, 5]), 0, &[]);
    assert_eq!(
        refusal(file).to_string(),
        "StripOffsets (273) of the directory at byte 8: 3 values for 4 blocks"
    );
}

#[test]
fn a_block_past_the_end_is_told_and_the_others_are_read() {
    let fields = strips(4, 2, &[200, 5000], &[4, 4]);
    let len = tiff(Format::Classic, fields.clone(), 0, &[]).len();
    let rest: Vec<u8> = (0..300 - len).map(|i| (len + i) as u8).collect();
    let Outcome::Read(levels) = attempt_bytes(tiff(Format::Classic, fields, 0, &rest)) else {
        panic!("it opens")
    };
    assert_eq!(
        levels[0][0].as_ref().unwrap().samples,
        Samples::U8(vec![200, 201, 202, 203])
    );
    let error = message(levels[0][1].as_ref().unwrap_err());
    assert_eq!(
        error,
        "mem://lab/broken.tif: broken block: block 1 (row 1, column 0), stored in 4 bytes at byte 5000: lies outside of the object, \
         which has 300 bytes"
    );
}

#[test]
fn a_huge_raster_without_data_is_not_made_room_for() {
    let fields = vec![
        (Tag::IMAGE_WIDTH, Values::Long(vec![u32::MAX])),
        (Tag::IMAGE_LENGTH, Values::Long(vec![u32::MAX])),
        (Tag::BITS_PER_SAMPLE, Values::Short(vec![8])),
        (Tag::STRIP_OFFSETS, Values::Long(vec![0])),
        (Tag::STRIP_BYTE_COUNTS, Values::Long(vec![0])),
    ];
    let Outcome::Read(levels) = attempt_bytes(tiff(Format::Classic, fields, 0, &[])) else {
        panic!("it opens")
    };
    let error = message(levels[0][0].as_ref().unwrap_err());
    assert!(error.contains("more than a worker should hold"), "{error}");
}

#[test]
fn what_is_not_supported_is_named() {
    let named = |compression: u16, bits: u16| {
        let mut fields = strips(4, 1, &[8], &[4]);
        fields.push((Tag::COMPRESSION, Values::Short(vec![compression])));
        fields.push((Tag::BITS_PER_SAMPLE, Values::Short(vec![bits])));
        refusal(tiff(Format::Classic, fields, 0, &[])).to_string()
    };
    assert_eq!(
        named(34887, 8),
        "compression LERC is not supported (directory at byte 8)"
    );
    assert_eq!(
        named(1, 24),
        "a sample of 24 bits, unsigned integer, is not supported (directory at byte 8)"
    );
}

#[test]
fn a_partition_of_nobody_is_refused() {
    block_on(async {
        let store = Store::new();
        store.put(&uri(), small()).await.unwrap();
        let cog = Cog::open(&store, &uri()).await.unwrap();
        let plan = cog
            .plan(&store, &Cut::grid(NonZero::<u64>::MIN, NonZero::<u64>::MIN))
            .await
            .unwrap();
        let good = &plan.partitions[0];
        assert!(read(&store, good).await.is_ok());
        let mut fewer = good.clone();
        fewer.scope.image.blocks.clear();
        assert!(matches!(read(&store, &fewer).await, Err(Error::Partition { .. })));
        let mut outside = good.clone();
        outside.scope.window.columns.end = 1000;
        assert!(matches!(read(&store, &outside).await, Err(Error::Partition { .. })));
        let mut zero = good.clone();
        zero.scope.image.layout.block_width = 0;
        assert!(matches!(read(&store, &zero).await, Err(Error::Partition { .. })));
        let mut elsewhere = good.clone();
        elsewhere.bytes[0].start += 1;
        assert!(matches!(read(&store, &elsewhere).await, Err(Error::Block { .. })));
        // A raster that was replaced is not read with the plan of another.
        store.put(&uri(), small()).await.unwrap();
        assert!(matches!(
            fetch(&store, good).await,
            Err(Error::Store(object_io::Error::Changed { .. }))
        ));
    });
}
