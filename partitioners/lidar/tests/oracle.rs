//! Oracle: laspy (2.7 with lazrs 0.8 when written) opens every tile and sees the same points as in the source.
use std::process::Command;

use object_io::Store;
use partition_lidar::{OutFormat, cut};
use plan::Uri;

mod common;
use common::{ROOMY, clouds, laspy, layout, quiet, request, run};

/// Prints, for each file named: points, sum of return counts, and whether header and points agree.
const SCRIPT: &str = r#"
import sys, numpy as np, laspy
for path in sys.argv[1:]:
    las = laspy.read(path)
    header = las.header
    assert header.point_count == len(las.points), path
    raw = [np.array(las.X), np.array(las.Y), np.array(las.Z)]
    own = ~np.array(las.withheld, dtype=bool)
    print(len(las.points), own.sum(), sum(int(a[own].astype(np.int64).sum()) for a in raw))
    if "/tiles/" not in path:
        continue  # headers of sources may be wrong
    for axis in range(3):
        low = raw[axis].min() * header.scales[axis] + header.offsets[axis]
        high = raw[axis].max() * header.scales[axis] + header.offsets[axis]
        assert abs(header.mins[axis] - low) < 1e-9 * max(1, abs(low)), (path, axis)
        assert abs(header.maxs[axis] - high) < 1e-9 * max(1, abs(high)), (path, axis)
    returns = np.array(las.return_number)
    for number in range(1, 6):
        assert header.number_of_points_by_return[number - 1] == (returns == number).sum(), (path, number)
"#;

/// Points, own points, and the sum of the raw coordinates of own points, of each file.
fn ask(paths: &[String]) -> Vec<[i64; 3]> {
    let output = Command::new("python3")
        .args(["-c", SCRIPT])
        .args(paths)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers = text.lines().map(|line| {
        let mut numbers = line.split(' ').map(|number| number.parse().unwrap());
        std::array::from_fn(|_| numbers.next().unwrap())
    });
    numbers.collect()
}

#[test]
fn laspy_reads_every_tile_as_it_reads_the_source() {
    if !laspy() {
        return;
    }
    // Cannot be read by laspy at all, or hold fewer points than they say.
    let refused = [
        "simple-laszip-compressor-version-1.2r0.laz",
        "1.2-no-points.las",
        "no-points.las",
    ];
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let mut sources = Vec::new();
    let mut tiles: Vec<(usize, String)> = Vec::new();
    for (number, (name, bytes)) in clouds()
        .into_iter()
        .filter(|(name, _)| !refused.contains(&name.as_str()))
        .enumerate()
    {
        let source = place(&format!("{number}-{name}"));
        std::fs::write(&source, &bytes).unwrap();
        for format in [OutFormat::Laz, OutFormat::Las] {
            let mut request = request(&Uri::from_path(&source), layout(4, 1.0), format, ROOMY);
            request.out = Uri::from_path(folder.path().join("tiles"));
            let report = run(cut(&Store::new(), &request, quiet())).unwrap();
            let files = report.clouds[0].tiles.iter().map(|tile| tile.file.uri.to_string());
            tiles.extend(files.map(|file| (number * 2 + usize::from(format == OutFormat::Las), file)));
        }
        sources.push(source);
    }
    let of_sources = ask(&sources);
    let paths: Vec<String> = tiles.iter().map(|(_, path)| path.clone()).collect();
    let of_tiles = ask(&paths);
    for (number, source) in of_sources.iter().enumerate() {
        for kind in 0..2 {
            let mine = tiles
                .iter()
                .zip(&of_tiles)
                .filter(|((of, _), _)| *of == number * 2 + kind)
                .map(|(_, told)| told);
            let own: [i64; 2] = mine.fold([0, 0], |sum, told| [sum[0] + told[1], sum[1] + told[2]]);
            assert_eq!(own, [source[1], source[2]], "{}", sources[number]);
        }
    }
}
