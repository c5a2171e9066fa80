//! Tiles by plan and by cut, of made-up clouds of every point format.
use std::num::NonZero;

use bytes::Bytes;
use object_io::Store;
use partition_lidar::{
    CutBy, Error, IndexRequest, Layout, Method, OutFormat, PointFormat, cut, default_index, index, info, plan, read,
};
use proptest::prelude::*;

mod common;
use common::{ROOMY, clouds, cut_bytes, layout, plain, quiet, request, run, uri, xy};

/// A LAS file of random records.
#[derive(Clone, Debug)]
struct Made {
    format: u8,
    minor: u8,
    extra: u16,
    points: Vec<[i32; 2]>,
    seed: u64,
}

impl Made {
    fn bytes(&self) -> Bytes {
        let size: u16 = [227, 227, 227, 235, 375][usize::from(self.minor)];
        let record = PointFormat::new(self.format).unwrap().size() + self.extra;
        let mut bytes = vec![0; usize::from(size)];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, b"LASF");
        put(24, &[1, self.minor]);
        put(94, &size.to_le_bytes());
        put(96, &u32::from(size).to_le_bytes());
        put(104, &[self.format]);
        put(105, &record.to_le_bytes());
        let count = self.points.len() as u32;
        if self.minor == 4 {
            put(247, &u64::from(count).to_le_bytes());
        }
        if self.format < 6 {
            put(107, &count.to_le_bytes());
        }
        for axis in 0..3 {
            put(131 + 8 * axis, &0.01f64.to_le_bytes());
        }
        let mut state = self.seed | 1;
        for point in &self.points {
            let start = bytes.len();
            for _ in 0..record {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                bytes.push((state >> 56) as u8);
            }
            bytes[start..start + 4].copy_from_slice(&point[0].to_le_bytes());
            bytes[start + 4..start + 8].copy_from_slice(&point[1].to_le_bytes());
        }
        bytes.into()
    }
}

fn made() -> impl Strategy<Value = Made> {
    let format = prop::sample::select(vec![0u8, 1, 2, 3, 6, 7, 8]);
    let spread = prop_oneof![Just(1i32), Just(30), Just(100_000), Just(i32::MAX)];
    let points = spread.prop_flat_map(|spread| prop::collection::vec([-spread..=spread, -spread..=spread], 0..400));
    (format, 0u8..=4, 0u16..4, points, any::<u64>()).prop_map(|(format, minor, extra, points, seed)| Made {
        minor: if format >= 6 { 4 } else { minor },
        format,
        extra,
        points,
        seed,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn own_points_of_all_tiles_are_the_cloud(
        made in made(),
        parts in 1u64..12,
        buffer in 0.0..2.0f64,
        laz in any::<bool>(),
        grid in any::<bool>(),
        memory in prop::sample::select(vec![0u64, ROOMY]),
    ) {
        let source = made.bytes();
        let method = if grid { Method::Grid } else { Method::Density };
        let layout = Layout { method, ..layout(parts, buffer) };
        let format = if laz { OutFormat::Laz } else { OutFormat::Las };
        let (_, tiles) = cut_bytes("made.las", &source, layout, format, memory).unwrap();
        let mut expected = plain(&source).records;
        let mut own = Vec::new();
        for tile in &tiles {
            let tile = plain(tile);
            let (about, owned) = tile.own();
            let mine = tile.records.iter().zip(&owned).filter(|(_, own)| **own).map(|(record, _)| record.clone());
            let mine: Vec<_> = mine.collect();
            prop_assert_eq!(about.own_points, mine.len() as u64);
            own.extend(mine);
        }
        expected.sort_unstable();
        own.sort_unstable();
        prop_assert!(own == expected);
    }
}

#[test]
fn a_tile_read_by_its_partition_is_the_tile_that_is_cut() {
    for (name, bytes) in clouds() {
        if ![
            "autzen_trim.laz",
            "lone-star.copc.laz",
            "4_6_crop.las",
            "plane.laz",
            "simple1_4.las",
        ]
        .contains(&name.as_str())
        {
            continue;
        }
        for method in [Method::Density, Method::Grid] {
            let layout = Layout {
                method,
                ..layout(5, 0.5)
            };
            let (_, tiles) = cut_bytes(&name, &bytes, layout, OutFormat::Laz, ROOMY).unwrap();
            run(async {
                let store = Store::new();
                let object = uri(&format!("mem://test/{name}"));
                store.put(&object, bytes.clone()).await.unwrap();
                let plan = plan(&store, &object, layout, quiet()).await.unwrap();
                for (partition, tile) in plan.partitions.iter().zip(&tiles) {
                    // As it travels to a worker.
                    let json = serde_json::to_vec(partition).unwrap();
                    let partition = serde_json::from_slice(&json).unwrap();
                    let pieces = read(&store, &partition, OutFormat::Laz).await.unwrap();
                    assert!(pieces.concat() == *tile, "{name}");
                }
            });
        }
    }
}

#[test]
fn copc_tiles_need_a_part_of_the_file() {
    let Some((_, bytes)) = clouds().into_iter().find(|(name, _)| name == "lone-star.copc.laz") else {
        return;
    };
    run(async {
        let store = Store::new();
        let object = uri("mem://test/a.copc.laz");
        store.put(&object, bytes.clone()).await.unwrap();
        let plan = plan(&store, &object, layout(64, 0.0), quiet()).await.unwrap();
        let fetched: Vec<u64> = plan
            .partitions
            .iter()
            .map(|part| part.bytes.iter().map(|range| range.end - range.start).sum())
            .collect();
        let mean = fetched.iter().sum::<u64>() / 64;
        assert!(mean < bytes.len() as u64 / 2, "{mean} of {}", bytes.len());
    });
}

#[test]
fn an_index_gives_the_same_plan_without_a_pass_and_is_pinned() {
    let made = Made {
        format: 6,
        minor: 4,
        extra: 0,
        points: (0..5000).map(|i| [i * 7919 % 5000, i * 104_729 % 5000]).collect(),
        seed: 5,
    };
    run(async {
        let store = Store::new();
        let object = uri("mem://test/made.las");
        store.put(&object, made.bytes()).await.unwrap();
        let before = plan(&store, &object, layout(4, 1.0), quiet()).await.unwrap();
        let request = IndexRequest {
            object: object.clone(),
            out: None,
            cuts: vec![(CutBy::Parts(NonZero::new(4).unwrap()), Method::Density)],
            memory: 0,
        };
        index(&store, &request, quiet()).await.unwrap();
        assert_eq!(plan(&store, &object, layout(4, 1.0), quiet()).await.unwrap(), before);
        store.put(&object, made.bytes()).await.unwrap();
        let stale = plan(&store, &object, layout(4, 1.0), quiet()).await;
        assert!(matches!(stale, Err(Error::Stale(_))), "{stale:?}");
        store.put(&default_index(&object), "{\"header\":").await.unwrap();
        let foreign = plan(&store, &object, layout(4, 1.0), quiet()).await;
        assert!(matches!(foreign, Err(Error::Index { .. })), "{foreign:?}");
    });
}

/// Writes the tiles of a cloud to the file that the environment names; run by the test below with other pools.
#[test]
#[ignore = "a part of any_number_of_threads_writes_the_same_bytes"]
fn tiles_to_a_file() {
    let Some(to) = std::env::var_os("TESSERA_TILES_TO") else {
        return;
    };
    let Some((name, bytes)) = clouds().into_iter().find(|(name, _)| name == "autzen_trim.laz") else {
        return;
    };
    let (_, tiles) = cut_bytes(&name, &bytes, layout(6, 20.0), OutFormat::Laz, ROOMY).unwrap();
    std::fs::write(to, tiles.concat()).unwrap();
}

#[test]
fn any_number_of_threads_writes_the_same_bytes() {
    if common::data().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let written = ["1", "2", "5"].map(|threads| {
        let to = folder.path().join(threads);
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "--ignored", "tiles_to_a_file"]);
        let done = command
            .env("RAYON_NUM_THREADS", threads)
            .env("TESSERA_TILES_TO", &to)
            .output()
            .unwrap();
        assert!(done.status.success());
        std::fs::read(to).unwrap()
    });
    assert!(written[0].len() > 500_000 && written[0] == written[1] && written[0] == written[2]);
}

#[test]
fn several_clouds_are_cut_in_one_call_and_names_do_not_collide() {
    let made = |seed, count: i32| Made {
        format: 1,
        minor: 2,
        extra: 0,
        points: (0..count).map(|i| [i * 31 % 97, i]).collect(),
        seed,
    };
    run(async {
        let store = Store::new();
        let names = ["mem://test/a/one.las", "mem://test/a/two.las", "mem://test/a/three.las"].map(uri);
        for (seed, name) in (1..).zip(&names) {
            store.put(name, made(seed, 300 * seed as i32).bytes()).await.unwrap();
        }
        let mut request = request(&names[0], layout(2, 1.0), OutFormat::Laz, 8 << 20);
        request.objects = names.to_vec();
        let report = cut(&store, &request, quiet()).await.unwrap();
        let written = store.list(&request.out).await.unwrap();
        let written: Vec<&str> = written.iter().map(|object| object.uri.name()).collect();
        assert_eq!(
            written,
            [
                "one-0000.laz",
                "one-0001.laz",
                "three-0000.laz",
                "three-0001.laz",
                "two-0000.laz",
                "two-0001.laz"
            ]
        );
        assert_eq!(
            report.clouds.iter().map(|cloud| cloud.points).collect::<Vec<_>>(),
            [300, 600, 900]
        );
        request.objects.push(uri("mem://test/b/one.copc.laz"));
        assert!(matches!(
            cut(&store, &request, quiet()).await,
            Err(Error::SameNames { .. })
        ));
    });
}

#[test]
fn flags_that_were_there_before_survive_and_stay_apart_from_buffers() {
    let made = Made {
        format: 6,
        minor: 4,
        extra: 0,
        points: (0..100).map(|i| [i, 0]).collect(),
        seed: 11,
    };
    let source = plain(&made.bytes());
    let before = source
        .records
        .iter()
        .filter(|record| source.format().is_withheld(record))
        .count();
    assert!(before > 20 && before < 80);
    let (_, tiles) = cut_bytes("made.las", &made.bytes(), layout(2, 0.1), OutFormat::Laz, ROOMY).unwrap();
    let mut withheld = 0;
    for (tile, own_x) in tiles.iter().zip([0..50, 50..100]) {
        let tile = plain(tile);
        let (about, own) = tile.own();
        withheld += about.own_withheld;
        for (record, own) in tile.records.iter().zip(own) {
            assert_eq!(own, own_x.contains(&xy(record)[0]));
        }
        assert_eq!(tile.records.len(), 60, "ten points of the other tile are within 0.1");
    }
    assert_eq!(withheld as usize, before);
}

#[test]
fn wave_packets_are_refused_by_name_but_described() {
    for format in [4, 5, 9, 10] {
        let made = Made {
            format,
            minor: 4,
            extra: 0,
            points: vec![[1, 2], [3, 4]],
            seed: 3,
        };
        let error = cut_bytes("wave.las", &made.bytes(), layout(1, 0.0), OutFormat::Laz, ROOMY).unwrap_err();
        assert!(matches!(error, Error::Waveform { format: of, .. } if of == format));
        run(async {
            let store = Store::new();
            let object = uri("mem://test/wave.las");
            store.put(&object, made.bytes()).await.unwrap();
            assert_eq!(info(&store, &object, quiet()).await.unwrap().points, 2);
        });
    }
}

#[test]
fn info_says_what_a_cloud_holds() {
    let Some((_, bytes)) = clouds()
        .into_iter()
        .find(|(name, _)| name == "classified_77050_627760.laz")
    else {
        return;
    };
    run(async {
        let store = Store::new();
        let object = uri("mem://test/ign.laz");
        store.put(&object, bytes).await.unwrap();
        let info = info(&store, &object, quiet()).await.unwrap();
        assert_eq!((info.kind.as_str(), info.point_format, info.points), ("LAZ", 3, 56_035));
        assert_eq!(info.classes.values().sum::<u64>(), info.points);
        let density = info.density.unwrap();
        assert_eq!(
            density.histogram().iter().map(|class| class.points).sum::<u64>(),
            info.points
        );
        let bounds = info.bounds.unwrap();
        for (found, said) in bounds.iter().flatten().zip(info.header_bounds.iter().flatten()) {
            assert!((found - said).abs() < 0.011, "{found} {said}");
        }
    });
}
