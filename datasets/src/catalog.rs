//! The data sets that tessera knows.
use crate::Manifest;

/// Every manifest of `manifests/`.
const MANIFESTS: [&str; 9] = [
    include_str!("../manifests/err9856489.toml"),
    include_str!("../manifests/giab-hg001.toml"),
    include_str!("../manifests/hg19.toml"),
    include_str!("../manifests/hg38.toml"),
    include_str!("../manifests/lambda.toml"),
    include_str!("../manifests/na12878-1000g.toml"),
    include_str!("../manifests/pnoa-lidar-cat.toml"),
    include_str!("../manifests/sars-cov-2.toml"),
    include_str!("../manifests/sentinel2-california.toml"),
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
    use std::collections::{HashMap, HashSet};

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

    #[test]
    fn every_file_of_a_data_set_has_a_name_of_its_own() {
        for manifest in catalog() {
            let names: HashSet<&str> = manifest.files.iter().map(crate::File::name).collect();
            assert_eq!(names.len(), manifest.files.len(), "{}", manifest.name);
        }
    }

    #[test]
    fn the_ndvi_data_set_is_eight_tiles_in_two_bands_at_two_dates() {
        let manifest = find("sentinel2-california").unwrap();
        let mut kinds = HashMap::<(String, String), usize>::new();
        for file in &manifest.files {
            let [satellite, tile, date, band] = file.name().split('_').collect::<Vec<_>>()[..] else {
                panic!("{}", file.name());
            };
            let folder = format!("/{satellite}_{tile}_{date}_0_L2A/{}", &band);
            assert!(file.uri.ends_with(&folder), "{}", file.uri);
            *kinds.entry((date.to_owned(), band.to_owned())).or_default() += 1;
        }
        assert_eq!(kinds.len(), 4);
        assert!(kinds.values().all(|&tiles| tiles == 8), "{kinds:?}");
    }
}
