//! What the test files share: GDAL as oracle, real data.
#![allow(dead_code, reason = "each test file uses a part of it")]
use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use partition_cog::{Pixels, Samples};
use serde_json::Value;

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(work)
}

/// A Python process with rasterio.
pub(crate) struct Gdal {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Gdal {
    /// `None`, said on standard error, if rasterio is not installed.
    pub(crate) fn start() -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/gdal.py");
        let found = Command::new("python3").args(["-c", "import rasterio"]).output();
        if !found.is_ok_and(|output| output.status.success()) {
            assert!(
                env::var_os("TESSERA_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
                "rasterio is not installed"
            );
            eprintln!("skipped: rasterio not installed");
            return None;
        }
        let mut child = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Some(Self {
            child,
            questions,
            answers,
        })
    }

    pub(crate) fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Gdal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Samples as little-endian bytes.
pub(crate) fn bytes_of(pixels: &Pixels) -> Vec<u8> {
    macro_rules! bytes {
        ($values:expr) => {
            $values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
    }
    match &pixels.samples {
        Samples::U8(values) => values.clone(),
        Samples::I8(values) => bytes!(values),
        Samples::U16(values) => bytes!(values),
        Samples::I16(values) => bytes!(values),
        Samples::U32(values) => bytes!(values),
        Samples::I32(values) => bytes!(values),
        Samples::F32(values) => bytes!(values),
        Samples::F64(values) => bytes!(values),
    }
}

/// Real files below `folders` of the test data, or none, said on standard error.
pub(crate) fn test_data(folders: &[&str]) -> Vec<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    if !root.is_dir() {
        eprintln!("skipped: no test data at {}; set TESSERA_TEST_DATA", root.display());
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|end| end == "tif" || end == "tiff") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
