//! The data sets that tessera knows.
use crate::Manifest;

/// Every manifest of `manifests/`.
const MANIFESTS: [&str; 7] = [
    include_str!("../manifests/err9856489.toml"),
    include_str!("../manifests/giab-hg001.toml"),
    include_str!("../manifests/hg19.toml"),
    include_str!("../manifests/hg38.toml"),
    include_str!("../manifests/lambda.toml"),
    include_str!("../manifests/na12878-1000g.toml"),
    include_str!("../manifests/sars-cov-2.toml"),
];

/// All known data sets, by name.
pub fn catalog() -> Vec<Manifest> {
    let parsed = MANIFESTS
        .iter()
        .map(|text| Manifest::parse(text).expect("a test reads each"));
    parsed.collect()
}

/// The data set of that name.
///
/// ```
/// assert_eq!(datasets::find("hg38").unwrap().files.len(), 1);
/// ```
pub fn find(name: &str) -> Option<Manifest> {
    catalog().into_iter().find(|manifest| manifest.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manifest_is_read_and_listed() {
        let names: Vec<String> = catalog().into_iter().map(|manifest| manifest.name).collect();
        assert!(names.is_sorted());
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".toml", ""))
            .collect();
        files.sort();
        assert_eq!(names, files);
    }
}
