//! What several test files share: clouds made of bytes, real data, cutting, and a plain reading of files.
#![allow(dead_code, reason = "each test file uses a part of it")]
use std::{
    fs,
    num::NonZero,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use bytes::Bytes;
use object_io::Store;
use partition_lidar::{
    Cloud, CutBy, CutReport, CutRequest, Error, Layout, Method, OutFormat, PointFormat, Progress, TileRecord, cut, open,
};
use plan::Uri;

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

pub(crate) fn quiet() -> Progress {
    Arc::new(|_| ())
}

pub(crate) fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

pub(crate) fn layout(parts: u64, buffer: f64) -> Layout {
    Layout {
        by: CutBy::Parts(NonZero::new(parts).unwrap()),
        method: Method::Density,
        buffer,
    }
}

/// Room for anything in tests, so that points are decoded once.
pub(crate) const ROOMY: u64 = 1 << 30;

pub(crate) fn request(object: &Uri, layout: Layout, format: OutFormat, memory: u64) -> CutRequest {
    CutRequest {
        objects: vec![object.clone()],
        layout,
        out: uri("mem://test/out"),
        format,
        memory,
    }
}

/// Cuts a cloud that is put in memory; the report and the tiles' bytes.
pub(crate) fn cut_bytes(
    name: &str,
    bytes: &Bytes,
    layout: Layout,
    format: OutFormat,
    memory: u64,
) -> Result<(CutReport, Vec<Bytes>), Error> {
    run(async {
        let store = Store::new();
        let object = uri(&format!("mem://test/{name}"));
        store.put(&object, bytes.clone()).await?;
        let report = cut(&store, &request(&object, layout, format, memory), quiet()).await?;
        let mut tiles = Vec::new();
        for tile in &report.clouds[0].tiles {
            tiles.push(store.get(&tile.file.uri).await?);
        }
        Ok((report, tiles))
    })
}

/// A file read plainly: what it is, and its records.
pub(crate) struct Plain {
    pub(crate) cloud: Cloud,
    pub(crate) records: Vec<Vec<u8>>,
}

impl Plain {
    pub(crate) fn format(&self) -> PointFormat {
        self.cloud.header.format
    }

    /// What it says as a tile, with which of its records are its own.
    pub(crate) fn own(&self) -> (TileRecord, Vec<bool>) {
        let (tile, withheld) = TileRecord::of(&self.cloud.vlrs).expect("a tile of ours");
        let own = (0u64..).zip(&self.records);
        let own =
            own.map(|(number, record)| !self.format().is_withheld(record) || withheld.binary_search(&number).is_ok());
        (tile, own.collect())
    }
}

/// Reads all records with the `laz` crate alone, not with the code under test.
pub(crate) fn plain(bytes: &Bytes) -> Plain {
    let cloud = run(async {
        let store = Store::new();
        let object = uri("mem://test/plain.laz");
        store.put(&object, bytes.clone()).await.unwrap();
        open(&store, &object).await.unwrap()
    });
    let length = usize::from(cloud.header.record_length);
    let start = cloud.header.points_start() as usize;
    let points = cloud.header.points as usize;
    let mut records = vec![0; points * length];
    if cloud.header.compressed {
        let vlr = cloud.vlrs.iter().find(|vlr| vlr.user() == "laszip encoded").unwrap();
        let mut payload = vlr.payload().to_vec();
        if payload[0] == 1 {
            // One chunk for all points; the crate takes its size, 0 in old files, for one that changes.
            payload[12..16].copy_from_slice(&1u32.to_le_bytes());
        }
        let vlr = laz::LazVlr::from_buffer(&payload).unwrap();
        let mut source = std::io::Cursor::new(bytes.clone());
        source.set_position(start as u64);
        if points > 0 {
            let mut decoder = laz::LasZipDecompressor::new(source, vlr).unwrap();
            decoder.decompress_many(&mut records).unwrap();
        }
    } else {
        records.copy_from_slice(&bytes[start..start + points * length]);
    }
    let records = records.chunks_exact(length).map(<[u8]>::to_vec).collect();
    Plain { cloud, records }
}

pub(crate) fn xy(record: &[u8]) -> [i32; 2] {
    [0, 4].map(|at| i32::from_le_bytes(record[at..at + 4].try_into().unwrap()))
}

/// The test data, or none, said on standard error.
pub(crate) fn data() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    let lidar = root.join("lidar");
    if lidar.is_dir() {
        return Some(lidar);
    }
    eprintln!("skipped: no test data at {}; set TESSERA_TEST_DATA", lidar.display());
    None
}

/// All clouds of the test data but the broken ones.
pub(crate) fn clouds() -> Vec<(String, Bytes)> {
    let Some(root) = data() else { return Vec::new() };
    let mut found = Vec::new();
    let mut waiting = vec![root];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "broken" {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "las" || end == "laz") {
                found.push((name, Bytes::from(fs::read(&path).unwrap())));
            }
        }
    }
    found.sort();
    found
}

/// Whether Python with laspy and a LAZ backend is there; without it oracles are skipped, or fail where they are required.
pub(crate) fn laspy() -> bool {
    let found = Command::new("python3").args(["-c", "import laspy, lazrs"]).output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        assert!(
            std::env::var_os("TESSERA_REQUIRE_ORACLES").is_none(),
            "python3 with laspy[lazrs] is required"
        );
        eprintln!("skipped: python3 with laspy[lazrs] is not installed");
    }
    found
}
