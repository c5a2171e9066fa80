//! Products of ESA, found and described; level 2A by a stand-in for Sen2Cor.
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use object_io::Store;
use plan::{Fault, FaultKind, Uri};
use stage_sentinel2::{Band, Error, FindRequest, FindResponse, L2aRequest, Level, find, inputs, l2a};

mod common;
use common::{L1C, L2A, OLD_L2A, Product, no_images, run, uri};

fn bands(names: &[&str]) -> Vec<Band> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// Every message of an error, outermost first.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text.push_str(&format!("\n{cause}"));
        next = cause.source();
    }
    text
}

async fn found(product: &Product, names: &[&str]) -> Result<FindResponse, Error> {
    let store = Store::new();
    let safe = product.put(&store, &uri("mem://lab"), &no_images()).await;
    find(
        store,
        FindRequest {
            product: safe,
            bands: bands(names),
        },
    )
    .await
}

#[test]
fn bands_and_offsets_of_a_product_are_told() {
    let response = run(found(&L2A, &["B04", "B08", "SCL"])).unwrap();
    assert_eq!(
        (response.level, response.mission.as_str(), response.relative_orbit),
        (Level::L2A, "S2B", 94)
    );
    assert_eq!(
        (
            response.baseline.to_string().as_str(),
            response.quantification,
            response.nodata
        ),
        ("05.09", 10_000.0, 0.0)
    );
    assert!(response.notes.is_empty());
    let tile = &response.tiles[0];
    assert_eq!(tile.tile.to_string(), "T30TYN");
    let told: Vec<_> = tile
        .bands
        .iter()
        .map(|band| (band.file.name(), band.metres, band.offset))
        .collect();
    let expected = [
        ("T30TYN_20230619T105629_B04_10m.jp2", 10, Some(-1000.0)),
        ("T30TYN_20230619T105629_B08_10m.jp2", 10, Some(-1000.0)),
        ("T30TYN_20230619T105629_SCL_20m.jp2", 20, None),
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_old_product_has_no_offset() {
    let response = run(found(&OLD_L2A, &["B04"])).unwrap();
    assert_eq!(response.tiles[0].bands[0].offset, Some(0.0));
}

#[test]
fn level_1c_is_told_in_a_note() {
    let response = run(found(&L1C, &["B08"])).unwrap();
    assert_eq!(response.level, Level::L1C);
    assert_eq!(response.tiles[0].bands[0].offset, Some(-1000.0));
    assert!(
        response.notes[0].contains("top of the atmosphere"),
        "{:?}",
        response.notes
    );
}

#[test]
fn a_new_product_without_offsets_is_refused() {
    let product = Product { offsets: &[], ..L2A };
    let error = run(found(&product, &["B04"])).unwrap_err();
    assert_eq!(error.kind(), FaultKind::Malformed);
    let expected = format!(
        "mem://lab/{0}/MTD_MSIL2A.xml: incomplete metadata\nprocessing baseline 05.09 stores reflectances with an offset, but \
         there is no BOA_ADD_OFFSET of B04",
        L2A.name
    );
    assert_eq!(chain(&error), expected);
}

#[test]
fn a_missing_band_is_told_with_what_is_there() {
    let error = run(found(&L2A, &["B04", "B8A"])).unwrap_err();
    let expected = format!(
        "mem://lab/{}: its files are not as expected\ntile T30TYN has no B8A (IMG_DATA/R*/*_B8A_*m.jp2): there are B04_10m, B08_10m, \
         SCL_20m",
        L2A.name
    );
    assert_eq!(chain(&error), expected);
    assert_eq!(error.kind(), FaultKind::Invalid);
}

#[test]
fn a_renamed_folder_is_named_by_its_metadata() {
    let answer = run(async {
        let store = Store::new();
        let at = uri("mem://lab/summer/");
        store.put(&at.join("MTD_MSIL2A.xml"), L2A.metadata()).await.unwrap();
        for (file, _) in L2A.images {
            store.put(&at.join(&L2A.image(file)), "x").await.unwrap();
        }
        find(
            store,
            FindRequest {
                product: at,
                bands: bands(&["B04"]),
            },
        )
        .await
    });
    let answer = answer.unwrap();
    assert_eq!(answer.name, L2A.name);
    assert_eq!(answer.metadata, uri("mem://lab/summer/MTD_MSIL2A.xml"));
}

#[test]
fn what_is_no_product_is_refused_by_name() {
    let refused = |objects: &'static [&'static str], product: &'static str| {
        run(async move {
            let store = Store::new();
            for object in objects {
                store.put(&uri(object), "<a/>").await.unwrap();
            }
            let product = uri(product);
            find(
                store,
                FindRequest {
                    product,
                    bands: bands(&["B04"]),
                },
            )
            .await
            .unwrap_err()
        })
    };
    assert!(matches!(refused(&[], "mem://lab/a.SAFE.zip"), Error::Archive { .. }));
    let error = refused(&[], "mem://lab/a.SAFE");
    assert_eq!(
        error.to_string(),
        "mem://lab/a.SAFE: there are no files below this folder"
    );
    assert_eq!(error.kind(), FaultKind::NotFound);
    assert!(matches!(
        refused(&["mem://lab/a/b.txt"], "mem://lab/a"),
        Error::Name { .. }
    ));
    let error = refused(&["mem://lab/a/MTD_MSIL1C.xml"], "mem://lab/a");
    assert_eq!(
        chain(&error).replace('\n', ": "),
        "mem://lab/a/MTD_MSIL1C.xml: malformed metadata: at byte 4: there is no PROCESSING_BASELINE"
    );
}

#[test]
fn inputs_of_a_run_are_what_it_reads() {
    run(async {
        let store = Store::new();
        let safe = L1C.put(&store, &uri("mem://lab"), &no_images()).await;
        let names = |objects: Vec<plan::Object>| {
            objects
                .iter()
                .map(|object| object.uri.name().to_owned())
                .collect::<Vec<_>>()
        };
        let (level, some) = inputs(&store, &safe, &bands(&["B04"]), false).await.unwrap();
        assert_eq!(
            (level, names(some)),
            (
                Level::L1C,
                vec!["T31TCJ_20220612T105621_B04.jp2".into(), "MTD_MSIL1C.xml".into()]
            )
        );
        let (_, all) = inputs(&store, &safe, &bands(&["B04"]), true).await.unwrap();
        assert_eq!(all.len(), 4);
    });
}

/// A stand-in for Sen2Cor: a program of its own, which finds its folder in its last argument.
fn program(folder: &Path, text: &str) -> String {
    let path = folder.join("L2A Process");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    format!("'{}' --resolution 10 {{safe}}", path.display())
}

/// The store, and what was made in it.
type Made = Result<(Store, stage_sentinel2::L2aResponse), Error>;

/// Runs `text` as the command on [`L1C`], from a store in memory and from a folder.
fn made(text: &str, end: &str) -> [Made; 2] {
    let folder = tempfile::tempdir().unwrap();
    let command = program(folder.path(), text) + end;
    let local = Uri::from_path(folder.path().join("in put"));
    [uri("mem://lab"), local].map(|at| {
        run(async {
            let store = Store::new();
            let product = L1C.put(&store, &at, &no_images()).await;
            let before = store.list(&at).await.unwrap();
            let request = L2aRequest {
                product,
                command: command.clone(),
                out: uri("mem://lab/run/l2a/0"),
            };
            let response = l2a(store.clone(), request).await;
            let mut after = store.list(&at).await.unwrap();
            after.retain(|object| !object.uri.as_str().contains("/run/"));
            assert_eq!(before, after, "the input was changed");
            response.map(|response| (store, response))
        })
    })
}

const NEW: &str = "S2A_MSIL2A_20220612T105621_N9999_R094_T31TCJ_20220612T130519.SAFE";

#[test]
fn a_command_makes_level_2a_of_level_1c() {
    // As Sen2Cor does: beside its input, into which it writes too. Much is printed, more than a pipe holds.
    let text = format!(
        r#"for safe; do :; done
test "$1" = --resolution -a "$2" = 10 || exit 9
test -f "$safe/MTD_MSIL1C.xml" -a -f "$safe/GRANULE/L1C_T30TYN_A032837_20230619T105757/IMG_DATA/T31TCJ_20220612T105621_B04.jp2" || exit 8
echo rubbish >"$safe/AUX"
i=0; while [ $i -lt 3000 ]; do echo "Progress[%]: $i of 3000, now doing something that is long to say"; i=$((i+1)); done
mkdir -p "$safe/../{NEW}/GRANULE"
echo meta >"$safe/../{NEW}/MTD_MSIL2A.xml"
echo band >"$safe/../{NEW}/GRANULE/b"
"#
    );
    for result in made(&text, "") {
        let (store, response) = result.unwrap();
        assert_eq!(response.made, uri("mem://lab/run/l2a/0").join(NEW));
        assert_eq!(response.bytes_out, 10);
        run(async {
            assert_eq!(store.get(&response.made.join("GRANULE/b")).await.unwrap(), "band\n");
            assert_eq!(store.list(&response.made).await.unwrap().len(), 2);
        });
    }
}

#[test]
fn a_command_may_be_told_where_to_write() {
    let text = format!("mkdir -p \"$4/{NEW}\" && echo meta >\"$4/{NEW}/MTD_MSIL2A.xml\"");
    for result in made(&text, " {out}") {
        assert_eq!(result.unwrap().1.made.name(), NEW);
    }
}

#[test]
fn a_command_that_fails_is_heard() {
    for result in made("echo working; echo 'no DEM' >&2; printf 'no memory' >&2; exit 3", "") {
        let error = result.map(|_| ()).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("L2A Process failed (exit status: 3):\n  no DEM\n  no memory"),
            "{said}"
        );
        assert!(said.contains(L1C.name), "{said}");
        assert_eq!(error.kind(), FaultKind::Invalid);
    }
    for result in made("echo 'nothing to do'", "") {
        let said = result.map(|_| ()).unwrap_err().to_string();
        let expected = "ended well, but left 0 folders *MSIL2A*.SAFE where one is meant:\n  nothing to do";
        assert!(said.ends_with(expected), "{said}");
    }
}

#[test]
fn a_command_that_cannot_be_run_is_told() {
    let answer = |command: &str| {
        let command = command.to_owned();
        run(async move {
            let store = Store::new();
            let product = L1C.put(&store, &uri("mem://lab"), &no_images()).await;
            let out = uri("mem://lab/out");
            chain(&l2a(store, L2aRequest { product, command, out }).await.unwrap_err())
        })
    };
    assert!(answer("/no/such/L2A_Process {safe}").contains("cannot start /no/such/L2A_Process\nNo such file"));
    assert!(answer("L2A_Process").contains("{safe} must stand"));
    let error = run(async {
        let store = Store::new();
        let product = L2A.put(&store, &uri("mem://lab"), &no_images()).await;
        let (command, out) = ("true {safe}".into(), uri("mem://lab/out"));
        l2a(store, L2aRequest { product, command, out }).await.unwrap_err()
    });
    assert!(matches!(error, Error::Level { .. }));
}

#[cfg(not(feature = "gdal"))]
#[test]
fn without_gdal_it_is_said_which_build_has_it() {
    use stage_sentinel2::{ConvertRequest, Nodata, Resampling, convert};
    let request = ConvertRequest {
        raster: uri("mem://lab/a.jp2"),
        block: ConvertRequest::BLOCK,
        resampling: Resampling::Average,
        nodata: Nodata::default(),
        out: uri("mem://lab/a"),
    };
    let error = run(convert(Store::new(), request)).unwrap_err();
    assert_eq!(error.kind(), FaultKind::Invalid);
    let said = error.to_string();
    assert!(
        said.contains("cargo install") && said.contains("--features gdal") && said.contains("libgdal-dev"),
        "{said}"
    );
}
