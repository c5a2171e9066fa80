//! What a data set is, as its TOML file says.
use serde::{Deserialize, Serialize};

/// A public data set.
///
/// Sizes and checksums that its publisher states are in the manifest or, better, asked from the publisher when fetching;
/// a field that nobody vouches for is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What the user types.
    pub name: String,
    /// One line for a person.
    pub title: String,
    /// Reads, reference, truth, imagery, lidar.
    pub kind: Kind,
    /// Under which conditions it may be used.
    pub licence: String,
    /// Whom to cite.
    pub citation: String,
    /// A run of the European Nucleotide Archive, which tells its own files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ena_run: Option<String>,
    /// Its files, besides those of the run.
    #[serde(default)]
    pub files: Vec<File>,
}

/// What a data set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Sequencing reads.
    Reads,
    /// A reference genome.
    Reference,
    /// Variants that are known to be there.
    Truth,
    /// Satellite or aerial images.
    Imagery,
    /// Points of laser scanning.
    Lidar,
}

/// One file of a data set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// `https://`, `http://`, `s3://` or a path.
    pub uri: String,
    /// Name to store it under; the last segment of the URI if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Length, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// SHA-256, where it is known, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// MD5, as ENA and UCSC state, hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
    /// A list of checksums (`sum  name` per line) that the publisher keeps beside the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksums: Option<String>,
}

/// Why a text is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, or not these fields.
    #[error("not a manifest: {0}")]
    Toml(String),
    /// A file name that is none, or leads out of the folder.
    #[error("{name:?} is no name for a file")]
    Name {
        /// As it stands there.
        name: String,
    },
    /// Nothing to fetch.
    #[error("the manifest lists no files")]
    Empty,
    /// A checksum that is none.
    #[error("{sum:?} is no checksum")]
    Checksum {
        /// As it stands there.
        sum: String,
    },
}

impl Manifest {
    /// Reads a manifest.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|error| ManifestError::Toml(error.to_string()))?;
        if manifest.files.is_empty() && manifest.ena_run.is_none() {
            return Err(ManifestError::Empty);
        }
        manifest.files.iter().try_for_each(File::check)?;
        Ok(manifest)
    }
}

impl File {
    /// What it is stored under.
    pub fn name(&self) -> &str {
        self.name
            .as_deref()
            .unwrap_or_else(|| self.uri.rsplit('/').next().unwrap_or_default())
    }

    pub(crate) fn check(&self) -> Result<(), ManifestError> {
        let name = self.name();
        if matches!(name, "" | "." | "..") || name.contains(['/', '\\', '\0', '?']) {
            return Err(ManifestError::Name { name: name.to_owned() });
        }
        for (sum, digits) in [(&self.sha256, 64), (&self.md5, 32)] {
            if let Some(sum) = sum.as_ref().filter(|sum| !is_hex(sum, digits)) {
                return Err(ManifestError::Checksum { sum: sum.clone() });
            }
        }
        Ok(())
    }
}

impl File {
    /// Whether no checksum vouches for it.
    pub(crate) fn is_unverified(&self) -> bool {
        self.sha256.is_none() && self.md5.is_none()
    }

    /// Takes its checksum from a list (`sum  name` or `sum *name` per line), if that has it.
    pub(crate) fn take_checksum(&mut self, list: &str) {
        let sum = list.lines().find_map(|line| {
            let (sum, file) = line.trim().split_once(char::is_whitespace)?;
            let file = file.trim_start().trim_start_matches('*').trim_start_matches("./");
            (file == self.name()).then(|| sum.to_ascii_lowercase())
        });
        match sum {
            Some(sum) if is_hex(&sum, 32) => self.md5 = Some(sum),
            Some(sum) if is_hex(&sum, 64) => self.sha256 = Some(sum),
            _ => {}
        }
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name='x'\ntitle='X'\nkind='reads'\nlicence='none'\ncitation='none'\n";

    fn with(files: &str) -> Result<Manifest, ManifestError> {
        Manifest::parse(&format!("{HEAD}{files}"))
    }

    #[test]
    fn a_manifest_names_its_files() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        let manifest = with(&format!("[[files]]\nuri='https://h/a/b.gz'\nbytes=3\nmd5='{md5}'\n")).unwrap();
        assert_eq!(manifest.files[0].name(), "b.gz");
        assert_eq!(manifest.files[0].md5.as_deref(), Some(md5));
    }

    #[test]
    fn manifests_that_would_do_harm_are_refused() {
        assert!(matches!(with(""), Err(ManifestError::Empty)));
        assert!(matches!(
            with("[[files]]\nuri='https://h/..'\n"),
            Err(ManifestError::Name { .. })
        ));
        assert!(matches!(
            with("[[files]]\nuri='https://h/a'\nname='../a'\n"),
            Err(ManifestError::Name { .. })
        ));
        assert!(matches!(
            with("[[files]]\nuri='https://h/a'\nmd5='12'\n"),
            Err(ManifestError::Checksum { .. })
        ));
        assert!(matches!(
            with("[[files]]\nurl='https://h/a'\n"),
            Err(ManifestError::Toml(_))
        ));
    }

    #[test]
    fn lists_of_checksums() {
        let list = "D41D8CD98F00B204E9800998ECF8427E  hg38.2bit\n806c02398f5ac5da8ffd6da2d1d5d1a9 *hg38.fa.gz\n";
        let mut file = File {
            uri: "https://h/hg38.fa.gz".into(),
            ..File::default()
        };
        file.take_checksum("<html>");
        assert!(file.is_unverified());
        file.take_checksum(list);
        assert_eq!(file.md5.as_deref(), Some("806c02398f5ac5da8ffd6da2d1d5d1a9"));
    }
}
