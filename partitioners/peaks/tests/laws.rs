//! Laws of the sort: segments are disjoint, in order, and together every peak once; nothing but the peaks decides them.
mod common;

use std::num::NonZero;

use common::{Layout, Spectrum, block_on, store_imzml, uri};
use object_io::Store;
use partition_peaks::{
    ArrayType, Input, Peak, Sorted, fetch, index_task,
    sort_task::{self, Request, Size, Strategy as Way},
};
use plan::Uri;
use proptest::prelude::*;

fn request(input: Input, segments: u64, out: &str) -> Request {
    Request::new(input, Size::Segments(NonZero::new(segments).unwrap()), uri(out))
}

async fn window(store: &Store, folder: &Uri, low: f64, high: f64) -> Vec<Peak> {
    let sorted = Sorted::open(store, folder).await.unwrap();
    let mut peaks = Vec::new();
    for partition in sorted.plan(store, low, high).await.unwrap().partitions {
        peaks.extend(fetch(store, &partition).await.unwrap());
    }
    peaks
}

/// Every object of a folder but those in folders of it: names and bytes.
async fn contents(store: &Store, folder: &Uri) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for object in store.list(folder).await.unwrap() {
        all.push((
            object.uri.name().to_owned(),
            store.get(&object.uri).await.unwrap().to_vec(),
        ));
    }
    all
}

fn spectrum() -> impl Strategy<Value = Spectrum> {
    let mz = prop_oneof![4 => (1u32..90).prop_map(|mz| f64::from(mz) * 11.1), 1 => Just(0.0), 1 => Just(-3.0)];
    let intensity = prop_oneof![6 => 1.0..100f64, 2 => Just(0.0), 1 => Just(-1.0)];
    let place = [-2i32..3, 5..8, 1..3];
    (place, prop::collection::vec((mz, intensity), 0..30), any::<bool>()).prop_map(|(place, mut peaks, sorted)| {
        if sorted {
            peaks.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        Spectrum { place, peaks }
    })
}

fn layout() -> impl Strategy<Value = Layout> {
    let real = prop::sample::select(vec![ArrayType::F32, ArrayType::F64]);
    let kinds = vec![
        ArrayType::I8,
        ArrayType::I16,
        ArrayType::I32,
        ArrayType::I64,
        ArrayType::F32,
        ArrayType::F64,
    ];
    (real, prop::sample::select(kinds), any::<bool>(), any::<bool>()).prop_map(|(mz, intensity, zlib, backwards)| {
        Layout {
            mz,
            intensity,
            zlib,
            backwards,
        }
    })
}

/// What the sort must give, by the plainest means.
fn plain(spectra: &[Spectrum], layout: Layout) -> Vec<Peak> {
    let low: [i32; 3] = std::array::from_fn(|axis| spectra.iter().map(|s| s.place[axis]).min().unwrap_or(0));
    let high: [i32; 3] = std::array::from_fn(|axis| spectra.iter().map(|s| s.place[axis]).max().unwrap_or(0));
    let mut peaks = Vec::new();
    for Spectrum { place, peaks: of } in spectra {
        let at = |axis: usize| place[axis] - low[axis];
        let size = |axis: usize| high[axis] - low[axis] + 1;
        let pixel = ((at(2) * size(1) + at(1)) * size(0) + at(0)) as u32;
        for &(mz, intensity) in of {
            let mz = if layout.mz == ArrayType::F32 {
                f64::from(mz as f32)
            } else {
                mz
            };
            let intensity = match layout.intensity {
                ArrayType::F32 | ArrayType::F64 => intensity as f32,
                _ => intensity.trunc() as f32,
            };
            if mz > 0.0 && intensity > 0.0 {
                peaks.push(Peak { mz, intensity, pixel });
            }
        }
    }
    peaks.sort_by(|a, b| a.mz.total_cmp(&b.mz).then(a.pixel.cmp(&b.pixel)));
    peaks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_way_gives_the_plain_sort_and_the_same_bytes(
        spectra in prop::collection::vec(spectrum(), 0..25), layout in layout(), segments in 1u64..7, threads in 1usize..4,
        low in 0.0..1000f64, width in 0.0..200f64,
    ) {
        block_on(async {
            let store = Store::new();
            let imzml = store_imzml(&store, "a", &spectra, layout).await;
            let wanted = plain(&spectra, layout);
            let first = sort_task::run(store.clone(), request(Input::Imzml(imzml.clone()), segments, "one")).await.unwrap();
            prop_assert_eq!(first.sorted.peaks as usize, wanted.len());
            let stored: usize = spectra.iter().map(|spectrum| spectrum.peaks.len()).sum();
            prop_assert_eq!(first.sorted.dropped.total() as usize, stored - wanted.len());
            let all = window(&store, &uri("one"), 0.0, f64::MAX).await;
            prop_assert_eq!(&all, &wanted);
            let entries = &first.sorted.segments;
            prop_assert!(entries.len() as u64 <= segments && entries.iter().all(|entry| entry.peaks > 0));
            prop_assert!(entries.windows(2).all(|pair| pair[0].mz.1 < pair[1].mz.0));

            let high = low + width;
            let inside: Vec<_> = wanted.iter().copied().filter(|peak| (low..=high).contains(&peak.mz)).collect();
            prop_assert_eq!(window(&store, &uri("one"), low, high).await, inside);

            let bytes = contents(&store, &uri("one")).await;
            index_task::run(&store, index_task::Request { imzml, out: Some(uri("index")), verify: true }).await.unwrap();
            let mut other = request(Input::Index(uri("index")), segments, "two");
            other.strategy = Way::Functions;
            other.threads = NonZero::new(threads);
            sort_task::run(store.clone(), other).await.unwrap();
            prop_assert_eq!(&contents(&store, &uri("two")).await, &bytes);
            let mut fewer = request(Input::Index(uri("index")), 1, "three");
            fewer.threads = NonZero::new(threads);
            sort_task::run(store.clone(), fewer).await.unwrap();
            prop_assert_eq!(window(&store, &uri("three"), 0.0, f64::MAX).await, wanted);
            Ok(())
        })?;
    }
}

/// Spectra with `peaks` peaks each, some of them alike, no two intensities.
fn many(spectra: i32, peaks: u32) -> Vec<Spectrum> {
    let spectrum = |number: i32| {
        let mut state = number as u64 + 1;
        let mut peaks: Vec<_> = (0..peaks)
            .map(|peak| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (
                    100.0 + (state >> 40) as f64 / 18_641.0,
                    f64::from(number as u32 * peaks + peak + 1),
                )
            })
            .collect();
        peaks.sort_by(|a, b| a.0.total_cmp(&b.0));
        Spectrum {
            place: [number % 50, number / 50, 1],
            peaks,
        }
    };
    (0..spectra).map(spectrum).collect()
}

#[test]
fn pages_and_buckets_join_whatever_the_strategy_memory_and_threads() {
    block_on(async {
        let store = Store::new();
        let spectra = many(300, 2000);
        let imzml = store_imzml(&store, "b", &spectra, Layout::default()).await;
        let wanted = plain(&spectra, Layout::default());
        for (name, segments, way, threads) in [
            ("v1", 3, Way::Vm, 1),
            ("v2", 3, Way::Vm, 2),
            ("f", 3, Way::Functions, 2),
            ("one", 1, Way::Vm, 2),
        ] {
            let mut request = request(Input::Imzml(imzml.clone()), segments, name);
            (request.strategy, request.threads, request.npy) = (way, NonZero::new(threads), true);
            let done = sort_task::run(store.clone(), request).await.unwrap();
            assert_eq!(done.sorted.segments.len() as u64, segments, "{name}");
            assert!(window(&store, &uri(name), 0.0, f64::MAX).await == wanted, "{name}");
        }
        let first = contents(&store, &uri("v1")).await;
        assert_eq!(first.len(), 3 * 4 + 1);
        assert!(contents(&store, &uri("v2")).await == first);
        assert!(contents(&store, &uri("f")).await == first);

        // Columns go in as they came out.
        let column = |name: &str| uri(&format!("one/segment-00000.{name}.npy"));
        let columns = Input::Npy {
            mz: column("mz"),
            intensity: column("intensity"),
            pixel: column("pixel"),
        };
        sort_task::run(store.clone(), request(columns, 1, "again"))
            .await
            .unwrap();
        assert!(window(&store, &uri("again"), 0.0, f64::MAX).await == wanted);

        // A second sort into the folder leaves nothing of the first.
        sort_task::run(store.clone(), request(Input::Imzml(imzml), 1, "v1"))
            .await
            .unwrap();
        let names: Vec<_> = contents(&store, &uri("v1"))
            .await
            .into_iter()
            .map(|object| object.0)
            .collect();
        assert_eq!(names, ["segment-00000.peaks", "segments.json"]);
    });
}
