//! Laws of simulated scenes, and of their evaluation.
use std::{collections::BTreeMap, io::Cursor, num::NonZero, path::Path};

use las::Reader;
use object_io::Store;
use partition_cog::{Cog, Cut, GeoReference, Look, Pixels, Samples, write_window};
use plan::{Fault, FaultKind, Uri};
use simulate::{
    Error, cut_evaluation,
    geospatial::{Imagery, Lidar, PointFormat},
    loss_evaluation, scenes,
};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .build()
        .unwrap()
        .block_on(work)
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn points() -> Lidar {
    Lidar {
        points: 150_000,
        ..Lidar::default()
    }
}

fn images() -> Imagery {
    Imagery {
        size: 512,
        block: 128,
        clouds: 0.1,
        ..Imagery::default()
    }
}

async fn make(store: &Store, lidar: Option<Lidar>, imagery: Option<Imagery>, out: &str) -> scenes::Response {
    let request = scenes::Request {
        lidar,
        imagery,
        out: uri(out),
    };
    scenes::run(store, request).await.unwrap()
}

async fn files(store: &Store, out: &str) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for object in store.list(&uri(out)).await.unwrap() {
        let bytes = store.get(&object.uri).await.unwrap().to_vec();
        files.push((object.uri.name().to_owned(), bytes));
    }
    files
}

#[test]
fn equal_parameters_give_equal_bytes() {
    block_on(async {
        let store = Store::new();
        for out in ["mem://a", "mem://b"] {
            make(&store, Some(points()), Some(images()), out).await;
        }
        let first = files(&store, "mem://a").await;
        assert!(first == files(&store, "mem://b").await);
        let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
        let expected = "README.md ground.tif losses.geojson points.laz scenes.csv tile1_change.tif tile1_loss.tif tile1_nir.tif \
                        tile1_nir2.tif tile1_red.tif tile1_red2.tif tile2_change.tif tile2_loss.tif tile2_nir.tif tile2_nir2.tif \
                        tile2_red.tif tile2_red2.tif";
        assert_eq!(names, expected.split_whitespace().collect::<Vec<_>>());
        let lidar = Lidar { seed: 2, ..points() };
        let imagery = Imagery { seed: 2, ..images() };
        make(&store, Some(lidar), Some(imagery), "mem://c").await;
        let other = files(&store, "mem://c").await;
        let alike = first.iter().zip(&other).filter(|(a, b)| a.1 == b.1);
        assert_eq!(alike.map(|(a, _)| a.0.as_str()).collect::<Vec<_>>(), ["scenes.csv"]);
    });
}

#[test]
fn the_header_and_the_classes_are_those_of_the_points_in_every_format() {
    block_on(async {
        let store = Store::new();
        let mut coordinates = Vec::new();
        for (format, compressed, name) in [
            (PointFormat::Six, true, "points.laz"),
            (PointFormat::Six, false, "points.las"),
            (PointFormat::Three, true, "points.laz"),
            (PointFormat::Three, false, "points.las"),
        ] {
            let params = Lidar {
                format,
                compressed,
                ..points()
            };
            let out = format!("mem://{format:?}{compressed}");
            let made = make(&store, Some(params), None, &out).await.lidar.unwrap();
            assert_eq!(made.points.name(), name);
            let bytes = store.get(&made.points).await.unwrap();
            let mut reader = Reader::new(Cursor::new(bytes)).unwrap();
            let header = reader.header().clone();
            assert_eq!(header.number_of_points(), 150_000);
            let all = reader.read_points(200_000).unwrap();
            assert_eq!(all.len(), 150_000);
            let mut classes = BTreeMap::new();
            for class in all.classification() {
                *classes.entry(class).or_insert(0) += 1;
            }
            assert_eq!(classes, made.classes);
            for class in [2, 5, 6, 7, 9, 11] {
                assert!(classes[&class] > 10, "class {class}: {classes:?}");
            }
            let times: Vec<f64> = all.gps_time().unwrap().collect();
            assert!(times.is_sorted());
            for number in 1..=4 {
                let found = all.return_number().filter(|&found| found == number).count() as u64;
                assert_eq!(header.number_of_points_by_return(number), (found > 0).then_some(found));
            }
            let bounds = header.bounds();
            assert!((bounds.max.x - bounds.min.x - made.side).abs() < 3.0, "{bounds:?}");
            assert!(all.x().all(|x| x >= bounds.min.x && x <= bounds.max.x));
            coordinates.push((all.x_raw().collect::<Vec<_>>(), all.z_raw().collect::<Vec<_>>()));
        }
        assert!(
            coordinates.windows(2).all(|pair| pair[0] == pair[1]),
            "formats hold the same points"
        );
    });
}

#[test]
fn density_is_uneven_as_flights_make_it() {
    block_on(async {
        let store = Store::new();
        let params = Lidar {
            points: 400_000,
            ..Lidar::default()
        };
        let made = make(&store, Some(params), None, "mem://d").await.lidar.unwrap();
        let bytes = store.get(&made.points).await.unwrap();
        let all = Reader::new(Cursor::new(bytes)).unwrap().read_points(400_000).unwrap();
        let mut cells = vec![0u32; 400];
        for (x, y) in all.x_raw().zip(all.y_raw()) {
            let cell = |raw: i32| ((f64::from(raw) / 100.0 / made.side * 20.0) as usize).min(19);
            cells[cell(y) * 20 + cell(x)] += 1;
        }
        cells.sort_unstable();
        let (least, median, most) = (cells[0], cells[200], cells[399]);
        assert!(least == 0, "no cell without data");
        assert!(most > 4 * median, "densest {most}, median {median}");
        assert!(
            cells.iter().filter(|&&cell| cell * 5 < median).count() > 8,
            "water is nearly empty"
        );
        // Pulses of both strips in the overlap between the first two.
        let strips = (made.side / 220.0).round().max(2.0);
        let edge = made.side / strips;
        let band = |from: f64, to: f64| {
            let inside = all.x_raw().zip(all.y_raw()).filter(|&(x, y)| {
                let (x, y) = (f64::from(x) / 100.0, f64::from(y) / 100.0);
                (from..to).contains(&x) && y > made.side * 0.3 && y < made.side * 0.6
            });
            inside.count() as f64
        };
        let (overlap, beside) = (band(edge - 12.0, edge + 12.0), band(edge - 60.0, edge - 36.0));
        assert!(overlap > 1.4 * beside, "overlap {overlap}, beside {beside}");
    });
}

#[test]
fn ground_points_lie_on_the_true_ground() {
    block_on(async {
        let store = Store::new();
        let made = make(&store, Some(points()), None, "mem://g").await.lidar.unwrap();
        let ground = pixels(&store, &made.ground).await;
        let (width, samples) = (ground.width, ground.samples.to_f64());
        assert_eq!(width, made.side.ceil() as usize);
        let bytes = store.get(&made.points).await.unwrap();
        let all = Reader::new(Cursor::new(bytes)).unwrap().read_points(150_000).unwrap();
        let places = all.x_raw().zip(all.y_raw()).zip(all.z_raw()).zip(all.classification());
        let (mut ground, mut above, mut noise) = (Vec::new(), 0, 0);
        for (((x, y), z), class) in places {
            let (column, up) = ((f64::from(x) / 100.0) as usize, (f64::from(y) / 100.0) as usize);
            let true_z = samples[(width - 1 - up) * width + column.min(width - 1)];
            let height = f64::from(z) / 100.0 - true_z;
            match class {
                2 | 9 | 11 => ground.push(height.abs()),
                4..=6 => above += u32::from(height > 0.2),
                _ => noise += u32::from(height.abs() > 3.0),
            }
        }
        ground.sort_by(f64::total_cmp);
        // A point lies up to 0.7 m from the centre of its pixel, on slopes of up to 1.
        assert!(ground[ground.len() / 2] < 0.1, "{}", ground[ground.len() / 2]);
        assert!(ground[ground.len() * 99 / 100] < 0.8);
        assert!(above > 10_000 && noise > 20, "{above} {noise}");
    });
}

/// The pixels of a whole raster.
async fn pixels(store: &Store, uri: &Uri) -> Pixels {
    let cog = Cog::open(store, uri).await.unwrap();
    let whole = Cut::grid(NonZero::<u64>::MIN, NonZero::<u64>::MIN);
    let plan = cog.plan(store, &whole).await.unwrap();
    partition_cog::read(store, &plan.partitions[0]).await.unwrap()
}

/// The pixels of a raster of whole numbers.
async fn samples(store: &Store, uri: &Uri) -> Vec<i32> {
    let samples = pixels(store, uri).await.samples.to_f64();
    samples.into_iter().map(|sample| sample as i32).collect()
}

/// NDVI of the second date less that of the first, NaN where a band has no data.
async fn difference(store: &Store, tile: &scenes::Tile, offsets: [f64; 2]) -> Vec<f32> {
    let mut dates = Vec::new();
    for ((red, nir), offset) in [(&tile.red, &tile.nir), (&tile.red2, &tile.nir2)]
        .into_iter()
        .zip(offsets)
    {
        let (red, nir) = (samples(store, red).await, samples(store, nir).await);
        let ndvi = red.iter().zip(&nir).map(|(&red, &nir)| {
            let seen = red != 0 && nir != 0;
            let ratio = f64::from(nir - red) / (f64::from(nir + red) - 2.0 * offset);
            if seen { ratio } else { f64::NAN }
        });
        dates.push(ndvi.collect::<Vec<_>>());
    }
    dates[0]
        .iter()
        .zip(&dates[1])
        .map(|(before, after)| (after - before) as f32)
        .collect()
}

async fn put_floats(store: &Store, to: &Uri, width: usize, samples: &[f32]) {
    let pixels = Pixels {
        height: samples.len() / width,
        width,
        bands: 1,
        samples: Samples::F32(samples.to_vec()),
        mask: None,
    };
    let bytes = write_window(&pixels, &GeoReference::default(), None, &Look::default());
    store.put(to, bytes).await.unwrap();
}

#[test]
fn the_difference_of_the_images_shows_the_losses() {
    block_on(async {
        let store = Store::new();
        let params = Imagery {
            offsets: [0, 1000],
            ..images()
        };
        let made = make(&store, None, Some(params), "mem://s").await.imagery.unwrap();
        assert!(made.clear_cut > 300 && made.burn > 300 && made.polygons > 3, "{made:?}");
        let mut found = Vec::new();
        for tile in &made.tiles {
            let difference = difference(&store, tile, [0.0, 1000.0]).await;
            let uri = uri(&format!("mem://s/{}_difference.tif", tile.name));
            put_floats(&store, &uri, 512, &difference).await;
            let request = loss_evaluation::Request {
                difference: uri.clone(),
                loss: tile.loss.clone(),
                change: Some(tile.change.clone()),
                threshold: loss_evaluation::THRESHOLD,
            };
            found.push(loss_evaluation::run(&store, request.clone()).await.unwrap());
            // Nothing is called: nothing is found.
            put_floats(&store, &uri, 512, &vec![0.0; 512 * 512]).await;
            let none = loss_evaluation::run(&store, request).await.unwrap();
            assert_eq!((none.pixels.true_positives, none.pixels.false_positives), (0, 0));
            assert_eq!(none.pixels.false_negatives, none.clear_cut.1 + none.burn.1);
        }
        for tile in &found {
            assert!(tile.pixels.precision > 0.99 && tile.pixels.recall > 0.99, "{tile:?}");
            assert!(tile.mean_error.unwrap() < 0.015, "{tile:?}");
            assert_eq!(tile.compared + tile.unknown, 512 * 512);
            assert_eq!(tile.missing, 0);
        }
        let sum = |of: &dyn Fn(&simulate::LossEvaluation) -> u64| found.iter().map(of).sum::<u64>();
        assert_eq!(
            (sum(&|tile| tile.clear_cut.1), sum(&|tile| tile.burn.1)),
            (made.clear_cut, made.burn)
        );
        assert_eq!(sum(&|tile| tile.compared), made.seen);
    });
}

#[test]
fn the_truth_says_of_each_pixel_what_the_bands_show() {
    block_on(async {
        let store = Store::new();
        let made = make(&store, None, Some(images()), "mem://t").await.imagery.unwrap();
        let (mut outside, mut clouds) = (0, 0);
        for tile in &made.tiles {
            let (red, red2) = (samples(&store, &tile.red).await, samples(&store, &tile.red2).await);
            let (loss, change) = (samples(&store, &tile.loss).await, samples(&store, &tile.change).await);
            for at in 0..red.len() {
                let seen = red[at] != 0 && red2[at] != 0;
                assert_eq!(seen, loss[at] != 255, "pixel {at}");
                assert_eq!(loss[at] >= 254, change[at] == -32768, "pixel {at}");
                match loss[at] {
                    0 => assert!(change[at] > -2000, "pixel {at}: {}", change[at]),
                    1 | 2 => assert!(change[at] < -3500, "pixel {at}: {}", change[at]),
                    254 => clouds += 1,
                    255 => outside += 1,
                    other => panic!("pixel {at}: {other}"),
                }
            }
        }
        let share = |count: i32| f64::from(count) / f64::from(2 * 512 * 512);
        assert!((0.01..0.1).contains(&share(outside)), "{outside}");
        assert!((0.04..0.4).contains(&share(clouds)), "{clouds}");
    });
}

#[test]
fn losses_lie_within_their_polygons() {
    block_on(async {
        let store = Store::new();
        let params = Imagery {
            clouds: 0.0,
            tiles: 1,
            ..images()
        };
        let made = make(&store, None, Some(params), "mem://p").await.imagery.unwrap();
        let text = String::from_utf8(store.get(&made.losses).await.unwrap().to_vec()).unwrap();
        let polygons: Vec<(i32, Vec<(f64, f64)>)> = text
            .lines()
            .filter(|line| line.contains("\"Polygon\""))
            .map(|line| {
                let cause = if line.contains("clear-cut") { 1 } else { 2 };
                let ring = line.split("[[[").nth(1).unwrap().split("]]]").next().unwrap();
                let position = |text: &str| {
                    let (x, y) = text.split_once(',').unwrap();
                    (x.parse().unwrap(), y.parse().unwrap())
                };
                (cause, ring.split("],[").map(position).collect())
            })
            .collect();
        assert_eq!(polygons.len() as u64, made.polygons);
        let inside = |ring: &[(f64, f64)], x: f64, y: f64| {
            ring.windows(2)
                .filter(|edge| {
                    let ((x1, y1), (x2, y2)) = (edge[0], edge[1]);
                    (y1 > y) != (y2 > y) && x < x1 + (y - y1) / (y2 - y1) * (x2 - x1)
                })
                .count()
                % 2
                == 1
        };
        let loss = samples(&store, &made.tiles[0].loss).await;
        let mut lost = 0;
        for (at, &code) in loss.iter().enumerate().filter(|&(_, &code)| code == 1 || code == 2) {
            let (x, y) = (
                499_980.0 + ((at % 512) as f64 + 0.5) * 10.0,
                4_600_020.0 - ((at / 512) as f64 + 0.5) * 10.0,
            );
            let holds = polygons
                .iter()
                .any(|(cause, ring)| *cause == code && inside(ring, x, y));
            assert!(holds, "pixel {at} of cause {code}");
            lost += 1;
        }
        assert!(lost > 300, "{lost}");
    });
}

fn fault(lidar: Option<Lidar>, imagery: Option<Imagery>) -> &'static str {
    let request = scenes::Request {
        lidar,
        imagery,
        out: uri("mem://f"),
    };
    match block_on(scenes::run(&Store::new(), request)) {
        Err(error @ Error::Params { reason }) => {
            assert_eq!(error.kind(), FaultKind::Invalid);
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_that_cannot_be_meant_are_refused() {
    let lidar = |change: &dyn Fn(&mut Lidar)| {
        let mut params = points();
        change(&mut params);
        fault(Some(params), None)
    };
    assert!(lidar(&|params| params.points = 0).contains("one point"));
    assert!(lidar(&|params| params.density = f64::NAN).contains("density"));
    assert!(lidar(&|params| params.density = 1e-9).contains("100 km"));
    assert!(lidar(&|params| params.pixel = 0.0).contains("pixel"));
    let imagery = |change: &dyn Fn(&mut Imagery)| {
        let mut params = images();
        change(&mut params);
        fault(None, Some(params))
    };
    assert!(imagery(&|params| params.size = 3).contains("pixels a side"));
    assert!(imagery(&|params| params.tiles = 0).contains("tiles"));
    assert!(imagery(&|params| params.block = 100).contains("blocks"));
    assert!(imagery(&|params| params.clouds = 1.5).contains("clouds"));
}

/// Cuts a cloud at two places in the order of its points; the points next to a cut are copied and withheld.
fn cut(cloud: &[u8], folder: &Path, lost: usize) {
    let mut reader = Reader::new(Cursor::new(cloud.to_vec())).unwrap();
    let header = reader.header().clone();
    let all = reader.read_points(header.number_of_points()).unwrap();
    let length = all.record_len();
    let records: Vec<&[u8]> = all.raw_bytes().chunks_exact(length).collect();
    let (third, count) = (records.len() / 3, records.len());
    for (tile, range) in [0..third, third..2 * third, 2 * third..count - lost]
        .into_iter()
        .enumerate()
    {
        let mut bytes = records[range.clone()].concat();
        if range.end < count {
            for record in &records[range.end..(range.end + 50).min(count)] {
                let mut copy = record.to_vec();
                copy[15] |= 0x04;
                bytes.extend(copy);
            }
        }
        let points = las::PointDataBuilder::new()
            .for_header(&header)
            .build_from_bytes(bytes)
            .unwrap();
        let mut writer = las::Writer::from_path(folder.join(format!("t{tile}.laz")), header.clone()).unwrap();
        writer.write_points(&points).unwrap();
        writer.close().unwrap();
    }
}

#[test]
fn tiles_of_a_cloud_are_compared_record_by_record() {
    block_on(async {
        let store = Store::new();
        let params = Lidar {
            points: 30_000,
            ..Lidar::default()
        };
        let made = make(&store, Some(params), None, "mem://w").await.lidar.unwrap();
        let cloud = store.get(&made.points).await.unwrap();
        for (lost, equal) in [(0, true), (1, false)] {
            let folder = tempfile::tempdir().unwrap();
            cut(&cloud, folder.path(), lost);
            let request = cut_evaluation::Request {
                cloud: made.points.clone(),
                tiles: vec![Uri::from_path(folder.path())],
            };
            let found = cut_evaluation::run(&store, request).await.unwrap();
            assert_eq!(
                (found.points, found.own, found.equal),
                (30_000, 30_000 - lost as u64, equal)
            );
            assert_eq!(found.buffer, 100 + lost as u64);
            assert_eq!(found.tiles.len(), 3);
        }
        let other = Lidar {
            points: 1000,
            format: PointFormat::Three,
            ..Lidar::default()
        };
        let other = make(&store, Some(other), None, "mem://v").await.lidar.unwrap();
        let request = cut_evaluation::Request {
            cloud: made.points.clone(),
            tiles: vec![other.points.clone()],
        };
        let error = cut_evaluation::run(&store, request).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "mem://v/points.laz: has another point format than the whole cloud"
        );
    });
}

#[test]
fn rasters_of_other_sizes_and_no_rasters_are_named() {
    block_on(async {
        let store = Store::new();
        let params = Imagery {
            size: 64,
            tiles: 1,
            block: 64,
            ..Imagery::default()
        };
        let made = make(&store, None, Some(params), "mem://n").await.imagery.unwrap();
        put_floats(&store, &uri("mem://n/small.tif"), 32, &[0.0; 32 * 32]).await;
        store
            .put(&uri("mem://n/cut.tif"), &b"II*\0\x08\0\0\0\xff"[..])
            .await
            .unwrap();
        let loss = &made.tiles[0].loss;
        let said = async |difference: &str, loss: &Uri| {
            let request = loss_evaluation::Request {
                difference: uri(difference),
                loss: loss.clone(),
                change: None,
                threshold: -0.3,
            };
            loss_evaluation::run(&store, request).await.unwrap_err().to_string()
        };
        assert_eq!(
            said("mem://n/small.tif", loss).await,
            "mem://n/tile1_loss.tif: has 64 x 64 pixels, mem://n/small.tif has 32 x 32"
        );
        let cut = said("mem://n/cut.tif", loss).await;
        assert!(cut.starts_with("mem://n/cut.tif: "), "{cut}");
        let other = said("mem://n/tile1_red.tif", &made.tiles[0].red2).await;
        assert!(
            other.starts_with("mem://n/tile1_red2.tif: holds ") && other.ends_with("no code of a loss"),
            "{other}"
        );
    });
}
