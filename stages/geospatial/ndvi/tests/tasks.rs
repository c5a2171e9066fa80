//! The tasks end to end on made-up rasters in memory.
#![expect(clippy::float_cmp, reason = "exact values")]
use object_io::Store;
use partition_cog::GeoReference;
use plan::{Fault, FaultKind};
use stage_ndvi::{Band, Encoding, Error, NODATA, Product, Scene, SummaryRequest, SummaryRow, summary};

mod common;
use common::{block_on, date, georeference, grid, mem, number, raster, run};

const SIZE: [u64; 3] = [1300, 1100, 256];

async fn two_dates(store: &Store) -> Scene {
    for (name, seed) in [("red", 1), ("nir", 2), ("red2", 3), ("nir2", 4)] {
        raster(store, &mem(name), SIZE, Some(0.0), georeference(), |row, column| {
            number(seed, row, column)
        })
        .await;
    }
    Scene {
        name: "made up".into(),
        first: date("red", "nir"),
        second: Some(date("red2", "nir2")),
    }
}

#[test]
fn any_windows_give_the_same_files() {
    block_on(async {
        let store = Store::new();
        let scene = two_dates(&store).await;
        for encoding in [Encoding::F32, Encoding::I16] {
            let mut files = Vec::new();
            for (rows, columns) in [(1, 1), (2, 1), (3, 3)] {
                let out = mem(&format!("{encoding:?}{rows}{columns}"));
                let made = run(&store, scene.clone(), grid(rows, columns), encoding, &out)
                    .await
                    .unwrap();
                assert_eq!(made.windows.len() as u64, rows * columns);
                let mut all = Vec::new();
                for raster in &made.rasters {
                    all.push(store.get(&raster.tif).await.unwrap());
                    all.push(store.get(&raster.png).await.unwrap());
                }
                let change = made
                    .windows
                    .iter()
                    .fold(stage_ndvi::Change::default(), |mut sum, window| {
                        sum.add(&window.change.unwrap());
                        sum
                    });
                let statistics: Vec<_> = made.rasters.iter().map(|raster| raster.statistics).collect();
                files.push((all, change, statistics));
            }
            assert!(files[0] == files[1] && files[0] == files[2]);
            assert_eq!(files[0].0.len(), 6);
        }
    });
}

#[test]
fn statistics_and_change_are_those_of_the_pixels() {
    block_on(async {
        let store = Store::new();
        let scene = two_dates(&store).await;
        let made = run(&store, scene, grid(2, 2), Encoding::F32, &mem("out"))
            .await
            .unwrap();
        let index = |red: u64, nir: u64, row, column| {
            let (red, nir) = (f32::from(number(red, row, column)), f32::from(number(nir, row, column)));
            (red != 0.0 && nir != 0.0).then(|| (nir - red) / (nir + red))
        };
        let (mut valid, mut sum, mut loss) = (0_u64, 0.0, 0_u64);
        for row in 0..SIZE[0] {
            for column in 0..SIZE[1] {
                if let (Some(first), Some(second)) = (index(1, 2, row, column), index(3, 4, row, column)) {
                    valid += 1;
                    sum += f64::from(second - first);
                    loss += u64::from(second - first < -0.2);
                }
            }
        }
        let difference = &made.rasters[2];
        assert_eq!(
            (difference.product, difference.statistics.valid),
            (Product::Difference, valid)
        );
        assert!((difference.statistics.mean - sum / valid as f64).abs() < 1e-12);
        assert_eq!(difference.pixels, SIZE[0] * SIZE[1]);
        let found: u64 = made.windows.iter().map(|window| window.change.unwrap().loss).sum();
        assert_eq!(found, loss);
        assert!(loss > 0 && loss < valid && valid < difference.pixels);
        // Whole numbers say the same, to their precision.
        let scene = Scene {
            name: "i16".into(),
            first: date("red", "nir"),
            second: Some(date("red2", "nir2")),
        };
        let whole = run(&store, scene, grid(1, 1), Encoding::I16, &mem("whole"))
            .await
            .unwrap();
        for (float, whole) in made.rasters.iter().zip(&whole.rasters) {
            assert_eq!(float.statistics.valid, whole.statistics.valid);
            assert!((float.statistics.mean - whole.statistics.mean).abs() < 1e-6);
            assert!((float.statistics.min - whole.statistics.min).abs() < 6e-5);
            assert!((float.statistics.deviation() - whole.statistics.deviation()).abs() < 1e-6);
        }
    });
}

#[test]
fn rasters_that_do_not_fit_are_refused_and_the_error_says_how() {
    block_on(async {
        let store = Store::new();
        let pixel = |row, column| number(1, row, column);
        raster(&store, &mem("red"), SIZE, Some(0.0), georeference(), pixel).await;
        raster(
            &store,
            &mem("small"),
            [1300, 1000, 256],
            Some(0.0),
            georeference(),
            pixel,
        )
        .await;
        let moved = GeoReference {
            transform: Some([600_010.0, 10.0, 0.0, 4_600_020.0, 0.0, -10.0]),
            ..georeference()
        };
        raster(&store, &mem("moved"), SIZE, Some(0.0), moved, pixel).await;
        let mut other = georeference();
        other.keys[15] = 32631;
        raster(&store, &mem("other"), SIZE, Some(0.0), other, pixel).await;
        let refused = async |nir: &str| {
            let scene = Scene {
                name: "s".into(),
                first: date("red", nir),
                second: None,
            };
            let error = run(&store, scene, grid(1, 1), Encoding::F32, &mem("out"))
                .await
                .err()
                .unwrap();
            assert_eq!(error.kind(), FaultKind::Invalid);
            error.to_string()
        };
        assert_eq!(
            refused("small").await,
            "scene s: mem://lab/red and mem://lab/small differ in columns: 1100 and 1000"
        );
        assert_eq!(
            refused("moved").await,
            "scene s: mem://lab/red and mem://lab/moved differ in upper left corner: (600000, 4600020) and (600010, 4600020)"
        );
        assert_eq!(
            refused("other").await,
            "scene s: mem://lab/red and mem://lab/other differ in CRS: EPSG:32630 and EPSG:32631"
        );
        let mut scene = Scene {
            name: "s".into(),
            first: date("red", "red"),
            second: None,
        };
        scene.first.nir = Band {
            raster: mem("red"),
            band: Some(2),
        };
        let error = run(&store, scene.clone(), grid(1, 1), Encoding::F32, &mem("out"))
            .await
            .err()
            .unwrap();
        assert_eq!(error.to_string(), "mem://lab/red has 1 bands: there is no band 2");
        scene.first = date("red", "absent");
        let error = run(&store, scene.clone(), grid(1, 1), Encoding::F32, &mem("out"))
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind(), FaultKind::NotFound);
        scene.first = date("red", "red");
        scene.first.offset = f64::NAN;
        let error = run(&store, scene, grid(1, 1), Encoding::F32, &mem("out"))
            .await
            .err()
            .unwrap();
        assert!(matches!(error, Error::Number { .. }));
    });
}

#[test]
fn offsets_belong_to_their_date_and_spare_nodata() {
    block_on(async {
        let store = Store::new();
        // Row 0: both 0, row 1: reflectance, row 2: below the offset in red, row 3: below it in both.
        let red = |row: u64, _| [0_u16, 2000, 900, 900][row as usize];
        let nir = |row: u64, _| [0_u16, 4000, 1500, 800][row as usize];
        raster(&store, &mem("red"), [4, 1, 16], None, georeference(), red).await;
        raster(&store, &mem("nir"), [4, 1, 16], None, georeference(), nir).await;
        let mut scene = Scene {
            name: "s".into(),
            first: date("red", "nir"),
            second: Some(date("red", "nir")),
        };
        scene.second.as_mut().unwrap().offset = -1000.0;
        let made = run(&store, scene, grid(1, 1), Encoding::F32, &mem("out"))
            .await
            .unwrap();
        assert_eq!(made.planned.nodata, [Some(0.0); 4]);
        let [first, second, difference] = &made.rasters[..] else {
            panic!("three products")
        };
        assert_eq!(
            (first.statistics.valid, first.statistics.min),
            (3, f64::from((800.0_f32 - 900.0) / 1700.0))
        );
        // (3000 - 1000) / 4000, (500 - 0) / 500, nothing.
        assert_eq!(
            (second.statistics.valid, second.statistics.min, second.statistics.max),
            (2, 0.5, 1.0)
        );
        assert_eq!(difference.statistics.valid, 2);
    });
}

#[test]
fn strange_rasters_go_through() {
    block_on(async {
        let store = Store::new();
        for (name, size) in [("one", [1, 1, 16]), ("row", [1, 700, 32]), ("wide", [3, 1100, 512])] {
            raster(&store, &mem(name), size, None, georeference(), |_, _| 7_u8).await;
            raster(&store, &mem("nan"), size, None, georeference(), |_, _| f32::NAN).await;
            raster(&store, &mem("zero"), size, Some(0.0), georeference(), |_, _| 0_i16).await;
            for (nir, valid) in [(name, size[0] * size[1]), ("nan", 0), ("zero", 0)] {
                let scene = Scene {
                    name: "s".into(),
                    first: date(name, nir),
                    second: Some(date(nir, name)),
                };
                let made = run(&store, scene, grid(9, 9), Encoding::F32, &mem("out"))
                    .await
                    .unwrap();
                for raster in &made.rasters {
                    assert_eq!(raster.statistics.valid, valid, "{name} {nir}");
                    assert_eq!((raster.statistics.min, raster.statistics.max), (0.0, 0.0));
                }
            }
        }
    });
}

#[test]
fn requests_that_cannot_be_are_refused() {
    block_on(async {
        let store = Store::new();
        let scene = two_dates(&store).await;
        let request = stage_ndvi::PlanRequest {
            scene,
            size: grid(2, 2),
            encoding: Encoding::F32,
            out: mem("plan"),
        };
        let planned = stage_ndvi::plan(store.clone(), request).await.unwrap();
        let plan = stage_ndvi::ScenePlan::open(&store, &planned.plan).await.unwrap();
        let good = stage_ndvi::WindowRequest {
            only: Vec::new(),
            raster: plan.raster,
            window: plan.windows[1].clone(),
            threshold: 0.2,
            out: mem("window"),
        };
        let refused = async |change: &dyn Fn(&mut stage_ndvi::WindowRequest)| {
            let mut request = good.clone();
            change(&mut request);
            let error = stage_ndvi::window(store.clone(), request).await.unwrap_err();
            assert_eq!(error.kind(), FaultKind::Invalid);
            error.to_string()
        };
        assert!(refused(&|r| r.threshold = -1.0).await.contains("threshold"));
        assert!(refused(&|r| r.window.dates.clear()).await.contains("0 dates"));
        assert!(refused(&|r| r.window.dates[0].red.band = 0).await.contains("no band 0"));
        let other = plan.windows[0].dates[0].red.clone();
        assert!(
            refused(&|r| r.window.dates[0].red = other.clone())
                .await
                .contains("another window")
        );
        assert!(refused(&|r| r.raster.width = 900).await.contains("cannot be encoded"));
        let error = stage_ndvi::ScenePlan::open(&store, &mem("red")).await.unwrap_err();
        assert_eq!(error.kind(), FaultKind::Malformed);
        // Equal requests give equal answers and bytes.
        let first = stage_ndvi::window(store.clone(), good.clone()).await.unwrap();
        let bytes = store.get(&first.products[2].patch).await.unwrap();
        let again = stage_ndvi::window(store.clone(), good).await.unwrap();
        assert_eq!(first, again);
        assert!(bytes == store.get(&again.products[2].patch).await.unwrap());
    });
}

#[test]
fn a_raster_that_changed_is_told() {
    block_on(async {
        let store = Store::new();
        let scene = two_dates(&store).await;
        let request = stage_ndvi::PlanRequest {
            scene,
            size: grid(1, 1),
            encoding: Encoding::F32,
            out: mem("plan"),
        };
        let planned = stage_ndvi::plan(store.clone(), request).await.unwrap();
        let plan = stage_ndvi::ScenePlan::open(&store, &planned.plan).await.unwrap();
        store.put(&mem("nir2"), "other bytes").await.unwrap();
        let request = stage_ndvi::WindowRequest {
            only: Vec::new(),
            raster: plan.raster,
            window: plan.windows[0].clone(),
            threshold: 0.2,
            out: mem("window"),
        };
        let error = stage_ndvi::window(store.clone(), request).await.unwrap_err();
        assert_eq!(error.kind(), FaultKind::Changed);
    });
}

#[test]
fn the_summary_has_a_row_per_product() {
    block_on(async {
        let store = Store::new();
        let scene = two_dates(&store).await;
        let made = run(&store, scene, grid(1, 1), Encoding::F32, &mem("out"))
            .await
            .unwrap();
        let rows: Vec<SummaryRow> = made
            .rasters
            .iter()
            .map(|raster| SummaryRow {
                scene: raster.scene.clone(),
                product: raster.product,
                pixels: raster.pixels,
                statistics: raster.statistics,
                change: made.windows[0].change.filter(|_| raster.product == Product::Difference),
            })
            .collect();
        let request = SummaryRequest {
            rows,
            threshold: 0.2,
            out: mem("summary"),
        };
        let answer = summary(store.clone(), request.clone()).await.unwrap();
        assert_eq!(answer.rows, 3);
        let table = store.get(&answer.table).await.unwrap();
        let again = summary(store.clone(), request).await.unwrap();
        assert!(table == store.get(&again.table).await.unwrap());
        let mut reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(table)
            .unwrap()
            .build()
            .unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert_eq!((batch.num_rows(), batch.num_columns()), (3, 14));
        let column = |name: &str| batch.column_by_name(name).unwrap().clone();
        let means = column("mean");
        let means: &arrow_array::Float64Array = means.as_any().downcast_ref().unwrap();
        assert_eq!(means.value(2), made.rasters[2].statistics.mean);
        assert_eq!((column("loss").null_count(), column("threshold").null_count()), (2, 2));
        assert!(f64::from(NODATA) < means.value(0));
        // A scene without a valid pixel, and no scene at all.
        let empty = SummaryRow {
            scene: "sea".into(),
            product: Product::Ndvi,
            pixels: 9,
            statistics: geospatial_rasters::Statistics::default(),
            change: None,
        };
        for rows in [vec![empty], vec![]] {
            let wanted = rows.len() as u64;
            let request = SummaryRequest {
                rows,
                threshold: 0.2,
                out: mem("summary"),
            };
            assert_eq!(summary(store.clone(), request).await.unwrap().rows, wanted);
        }
    });
}
