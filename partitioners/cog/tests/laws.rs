//! Laws of plans: windows of any cut rejoin to the raster, and what is fetched is what is stored.
mod common;

use std::num::NonZero;

use common::block_on;
use object_io::Store;
use partition_cog::{
    Area, Cog, Cut, GeoReference, Look, Pixels, Samples, Threads, Window, WindowGrid, WindowScope, WindowSize, decode,
    fetch, read, write_window,
};
use plan::{Partition, Uri};
use proptest::prelude::*;

fn n(number: u64) -> NonZero<u64> {
    NonZero::new(number).unwrap()
}

fn uri() -> Uri {
    "mem://lab/raster.tif".parse().unwrap()
}

fn samples() -> impl Strategy<Value = fn(u64) -> Samples> {
    fn mix(count: u64) -> impl Iterator<Item = u64> {
        (0..count).map(|i| (i * i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 17)
    }
    prop::sample::select(vec![
        (|count| Samples::U8(mix(count).map(|v| v as u8).collect())) as fn(u64) -> Samples,
        |count| Samples::I8(mix(count).map(|v| v as i8).collect()),
        |count| Samples::U16(mix(count).map(|v| v as u16).collect()),
        |count| Samples::I16(mix(count).map(|v| v as i16).collect()),
        |count| Samples::U32(mix(count).map(|v| v as u32).collect()),
        |count| Samples::I32(mix(count).map(|v| v as i32).collect()),
        |count| Samples::F32(mix(count).map(|v| v as f32 * 0.37).collect()),
        |count| Samples::F64(mix(count).map(|v| v as f64 * 0.37).collect()),
    ])
}

fn rasters() -> impl Strategy<Value = Pixels> {
    // Up to three tiles of 512 a side.
    let side = || prop_oneof![1usize..40, 500usize..530, 1000usize..1100];
    (side(), side(), 1usize..5, samples(), any::<bool>()).prop_map(|(height, width, bands, samples, masked)| {
        let mask = (0..height * width).map(|i| if i * i % 7 < 3 { 0 } else { 255 });
        Pixels {
            height,
            width,
            bands,
            samples: samples((height * width * bands) as u64),
            mask: masked.then(|| mask.collect()),
        }
    })
}

fn sizes() -> impl Strategy<Value = WindowSize> {
    prop_oneof![
        (1u64..6, 1u64..6).prop_map(|(rows, columns)| WindowSize::Grid(WindowGrid {
            rows: n(rows),
            columns: n(columns)
        })),
        (1u64..9).prop_map(|most| WindowSize::Blocks(n(most))),
        (1u64..3_000_000).prop_map(|most| WindowSize::Bytes(n(most))),
    ]
}

/// The pixels of a window, the slow way.
fn crop(pixels: &Pixels, window: &Window) -> Pixels {
    macro_rules! crop {
        ($values:expr, $variant:ident) => {{
            let mut out = Vec::new();
            for band in 0..pixels.bands {
                for row in window.rows.clone() {
                    let start = (band * pixels.height + row as usize) * pixels.width;
                    out.extend_from_slice(
                        &$values[start + window.columns.start as usize..start + window.columns.end as usize],
                    );
                }
            }
            Samples::$variant(out)
        }};
    }
    let one = |values: &[u8]| {
        let rows = window.rows.clone().flat_map(|row| {
            let start = row as usize * pixels.width;
            values[start + window.columns.start as usize..start + window.columns.end as usize]
                .iter()
                .copied()
        });
        rows.collect()
    };
    Pixels {
        height: window.height() as usize,
        width: window.width() as usize,
        bands: pixels.bands,
        samples: match &pixels.samples {
            Samples::U8(values) => crop!(values, U8),
            Samples::I8(values) => crop!(values, I8),
            Samples::U16(values) => crop!(values, U16),
            Samples::I16(values) => crop!(values, I16),
            Samples::U32(values) => crop!(values, U32),
            Samples::I32(values) => crop!(values, I32),
            Samples::F32(values) => crop!(values, F32),
            Samples::F64(values) => crop!(values, F64),
        },
        mask: pixels.mask.as_deref().map(one),
    }
}

fn fetched(partitions: &[Partition<WindowScope>]) -> u64 {
    partitions
        .iter()
        .flat_map(|partition| &partition.bytes)
        .map(|range| range.end - range.start)
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn windows_of_any_cut_are_the_raster(pixels in rasters(), size in sizes(), unit in 1u64..600, pool in any::<bool>()) {
        block_on(async {
            let store = Store::new();
            let geo = GeoReference { transform: Some([5.0, 0.5, 0.0, 9.0, 0.0, -0.25]), ..Default::default() };
            let file = write_window(&pixels, &geo, Some(3.0), &Look::default());
            store.put(&uri(), file).await.unwrap();
            let cog = Cog::open(&store, &uri()).await.unwrap();
            let unit = WindowGrid { rows: n(unit), columns: n(unit) };
            for unit in [None, Some(unit)] {
                let plan = cog.plan(&store, &Cut { unit, ..Cut::of(size) }).await.unwrap();
                let mut covered = 0;
                for partition in &plan.partitions {
                    let scope = &partition.scope;
                    let fetched = fetch(&store, partition).await.unwrap();
                    let threads = if pool { Threads::Pool } else { Threads::One };
                    let window = decode(partition, &fetched, threads).unwrap();
                    prop_assert_eq!(&window, &crop(&pixels, &scope.window));
                    let (x, y) = geo.coordinates(scope.window.columns.start as f64, scope.window.rows.start as f64).unwrap();
                    prop_assert_eq!(
                        scope.geo.transform.unwrap().map(f64::to_bits),
                        [x, 0.5, 0.0, y, 0.0, -0.25].map(f64::to_bits)
                    );
                    covered += scope.window.height() * scope.window.width();
                }
                prop_assert_eq!(covered, (pixels.height * pixels.width) as u64);
                // Every stored byte of the blocks once, and nothing else.
                let blocks = plan.partitions.iter().flat_map(|p| std::iter::once(&p.scope.image).chain(&p.scope.mask)).flat_map(|i| &i.blocks);
                let stored: u64 = blocks.map(|block| block.1).sum();
                prop_assert!(fetched(&plan.partitions) <= stored + 64 * plan.partitions.len() as u64);
            }
            Ok(())
        })?;
    }
}

#[test]
fn any_window_may_be_planned_whatever_the_blocks() {
    block_on(async {
        let store = Store::new();
        let samples = Samples::U16((0..1100 * 600).map(|i| (i % 65_521) as u16).collect());
        let pixels = Pixels {
            height: 1100,
            width: 600,
            bands: 1,
            samples,
            mask: None,
        };
        store
            .put(
                &uri(),
                write_window(&pixels, &GeoReference::default(), None, &Look::default()),
            )
            .await
            .unwrap();
        let cog = Cog::open(&store, &uri()).await.unwrap();
        let windows = [
            Window::new(500..530, 500..600),
            Window::new(0..1, 0..600),
            Window::new(1024..1100, 0..9),
        ];
        let plan = cog.plan_windows(&store, 0, &windows).await.unwrap();
        for (partition, window) in plan.partitions.iter().zip(&windows) {
            assert_eq!(read(&store, partition).await.unwrap(), crop(&pixels, window));
        }
        let area = Cut {
            area: Some(Area::Pixels(windows[0].clone())),
            ..Cut::grid(n(9), n(9))
        };
        let plan = cog.plan(&store, &area).await.unwrap();
        let starts: Vec<_> = plan
            .partitions
            .iter()
            .map(|p| (p.scope.window.rows.start, p.scope.window.columns.start))
            .collect();
        assert_eq!(starts, [(500, 500), (500, 512), (512, 500), (512, 512)]);
    });
}

/// The grid of the deliverable, 11 x 11, on a raster of 21 x 21 blocks: two rows of two tiles each.
#[test]
fn an_aligned_window_takes_at_most_two_reads() {
    block_on(async {
        let store = Store::new();
        let side = 21 * 512 - 100;
        let samples = Samples::U8((0..side * side).map(|i| ((i * i) >> 7) as u8).collect());
        let pixels = Pixels {
            height: side,
            width: side,
            bands: 1,
            samples,
            mask: None,
        };
        store
            .put(
                &uri(),
                write_window(&pixels, &GeoReference::default(), None, &Look::default()),
            )
            .await
            .unwrap();
        let cog = Cog::open(&store, &uri()).await.unwrap();
        let plan = cog.plan(&store, &Cut::grid(n(11), n(11))).await.unwrap();
        assert_eq!(plan.partitions.len(), 121);
        assert!(plan.partitions.iter().all(|partition| partition.bytes.len() <= 2));
        let stored: u64 = plan
            .partitions
            .iter()
            .flat_map(|p| &p.scope.image.blocks)
            .map(|block| block.1)
            .sum();
        assert_eq!(fetched(&plan.partitions), stored);
        for size in [WindowSize::Blocks(n(4)), WindowSize::Bytes(n(500_000))] {
            let plan = cog.plan(&store, &Cut::of(size)).await.unwrap();
            assert!(plan.partitions.iter().all(|partition| partition.bytes.len() == 1));
        }
    });
}
