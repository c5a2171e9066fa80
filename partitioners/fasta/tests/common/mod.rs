//! What the oracle tests share.
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use object_io::Store;
use partition_fasta::{Error, index};
use plan::Uri;

/// The folder of real data, if there is one.
pub(crate) fn data() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = env::var_os("TESSERA_TEST_DATA").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no test data at {}", folder.display());
    None
}

/// Whether samtools can be asked.
pub(crate) fn samtools() -> bool {
    let found = Command::new("samtools").arg("--version").output().is_ok();
    if !found {
        assert!(
            env::var_os("TESSERA_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
            "samtools is not installed"
        );
        eprintln!("skipped: samtools not installed");
    }
    found
}

/// What `samtools faidx` says, run beside `fasta`.
pub(crate) fn faidx(fasta: &Path, regions: &[String]) -> Output {
    Command::new("samtools")
        .arg("faidx")
        .arg(fasta)
        .args(regions)
        .output()
        .expect("samtools runs")
}

/// The path of `file` with `suffix` appended.
pub(crate) fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", file.display()))
}

/// Our index of `fasta`, written beside it as `ours.fai`.
pub(crate) async fn our_index(fasta: &Path) -> Result<index::Response, Error> {
    let out = Uri::from_path(with_suffix(fasta, ".ours"));
    index::run(
        &Store::new(),
        index::Request {
            reference: Uri::from_path(fasta),
            out,
        },
    )
    .await
}

/// Every file of the data set whose name says FASTA.
pub(crate) fn fastas(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is readable") {
            let path = entry.expect("the folder is readable").path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if [".fa", ".fasta", ".fasta.gz", ".fa.gz"]
                .iter()
                .any(|end| name.ends_with(end))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
