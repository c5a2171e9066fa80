//! The file does not depend on the windows, and holds the pixels.
use geospatial_rasters::{Cell, Layout, Patch, assemble};
use object_io::Store;
use partition_cog::{GeoReference, Window};
use plan::Uri;
use proptest::prelude::*;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
        .block_on(work)
}

fn layout<T: Cell>(height: u64, width: u64, block: u64) -> Layout {
    Layout {
        height,
        width,
        block,
        sample: T::SAMPLE,
        nodata: Some(-7.0),
        scale: None,
        description: "made up".into(),
        georeference: GeoReference {
            transform: Some([600_000.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0]),
            keys: vec![1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32630],
            ..GeoReference::default()
        },
    }
}

/// Smooth with noise and holes.
fn value(row: u64, column: u64) -> f64 {
    let hash = (row.wrapping_mul(0x9e37_79b9) ^ column.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35) >> 7;
    if (row / 9 + column / 5).is_multiple_of(7) {
        return -7.0;
    }
    (row as f64 - column as f64 * 0.5).round() + (hash % 64) as f64 / 4.0
}

fn patch<T: Cell>(layout: &Layout, window: &Window, make: fn(f64) -> T) -> Patch {
    let columns = &window.columns;
    let row = |row| columns.clone().map(move |column| make(value(row, column)));
    let pixels: Vec<T> = window.rows.clone().flat_map(row).collect();
    Patch::encode(layout, window, &pixels).unwrap()
}

/// Cuts of `length` at multiples of `block`, chosen by the bits of `cuts`.
fn runs(length: u64, block: u64, cuts: u64) -> Vec<std::ops::Range<u64>> {
    let mut ends: Vec<u64> = (1..length.div_ceil(block))
        .filter(|at| cuts >> (at % 64) & 1 == 1)
        .map(|at| at * block)
        .collect();
    ends.push(length);
    let starts = std::iter::once(0).chain(ends.clone());
    starts
        .zip(ends.iter().copied())
        .map(|(start, end)| start..end)
        .collect()
}

fn file<T: Cell>(layout: &Layout, windows: &[Window], make: fn(f64) -> T) -> Vec<u8> {
    block_on(async {
        let store = Store::new();
        let folder: Uri = "mem://lab".parse().unwrap();
        let mut patches = Vec::new();
        for (number, window) in windows.iter().enumerate() {
            let uri = folder.join(&format!("{number}"));
            store.put(&uri, patch(layout, window, make).bytes).await.unwrap();
            patches.push(uri);
        }
        let out = folder.join("out.tif");
        let assembled = assemble(&store, layout, &patches, &out, 48).await.unwrap();
        assert!(assembled.picture.height <= 48 && assembled.picture.width <= 48);
        store.get(&out).await.unwrap().to_vec()
    })
}

fn grid(layout: &Layout, rows: u64, columns: u64) -> Vec<Window> {
    let columns = runs(layout.width, layout.block, columns);
    let rows = runs(layout.height, layout.block, rows).into_iter();
    let row = |rows: std::ops::Range<u64>| {
        columns
            .iter()
            .map(move |columns| Window {
                rows: rows.clone(),
                columns: columns.clone(),
            })
            .collect::<Vec<_>>()
    };
    rows.flat_map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_windows_in_any_order_give_the_same_bytes(
        height in 1_u64..150,
        width in 1_u64..150,
        block in prop::sample::select(vec![16_u64, 32, 48]),
        rows in any::<u64>(),
        columns in any::<u64>(),
        turn in 0_usize..9,
    ) {
        let floats = layout::<f32>(height, width, block);
        let mut windows = grid(&floats, rows, columns);
        let turn = turn % windows.len();
        windows.rotate_left(turn);
        let whole = grid(&floats, 0, 0);
        prop_assert!(file(&floats, &windows, |v| v as f32) == file(&floats, &whole, |v| v as f32));
        let whole_numbers = layout::<i16>(height, width, block);
        prop_assert!(file(&whole_numbers, &windows, |v| v as i16) == file(&whole_numbers, &whole, |v| v as i16));
    }
}

#[test]
fn threads_do_not_show() {
    let layout = layout::<f32>(200, 130, 16);
    let windows = grid(&layout, 0x55, 0x33);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone: Vec<_> = one.install(|| windows.iter().map(|w| patch(&layout, w, |v| v as f32)).collect());
    let many: Vec<_> = windows.iter().map(|w| patch(&layout, w, |v| v as f32)).collect();
    assert_eq!(alone, many);
}

#[test]
fn patches_must_cover_the_raster_once() {
    let layout = layout::<f32>(100, 100, 32);
    let windows = grid(&layout, 0b10, 0b10);
    let run = |numbers: &[usize]| {
        block_on(async {
            let store = Store::new();
            let folder: Uri = "mem://lab".parse().unwrap();
            for (number, window) in windows.iter().enumerate() {
                let patch = patch(&layout, window, |v| v as f32);
                store.put(&folder.join(&number.to_string()), patch.bytes).await.unwrap();
            }
            store.put(&folder.join("9"), "no patch").await.unwrap();
            let patches: Vec<Uri> = numbers.iter().map(|number| folder.join(&number.to_string())).collect();
            let out = folder.join("out.tif");
            let error = assemble(&store, &layout, &patches, &out, 48).await.unwrap_err();
            assert!(store.find(&out).await.unwrap().is_none());
            error.to_string()
        })
    };
    assert_eq!(run(&[0, 1, 2]), "mem://lab/out.tif: the patches cover 7 of 16 blocks");
    assert_eq!(run(&[]), "mem://lab/out.tif: the patches cover 0 of 16 blocks");
    assert_eq!(
        run(&[0, 1, 2, 3, 0]),
        "mem://lab/out.tif: block row 0, block column 0 is in mem://lab/0 and in mem://lab/0"
    );
    assert_eq!(run(&[0, 1, 2, 9]), "mem://lab/9: not a usable part of the raster");
}
