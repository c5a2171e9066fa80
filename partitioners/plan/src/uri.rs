//! Where an object is: a path, `file://`, `s3://bucket/key`, or `mem://` in tests.
use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

/// The place of an object, or of a folder of objects.
///
/// Written as a user types it and read back equal: a path stays a path. Keys are never percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uri(String);

/// Why a text is not a [`Uri`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// The text is empty.
    #[error("an empty text names no object")]
    Empty,
    /// The scheme is none of ours.
    #[error("{uri}: scheme {scheme}:// is not supported; use a path, file://, s3:// or mem://")]
    Scheme {
        /// The whole text.
        uri: String,
        /// What stands before `://`.
        scheme: String,
    },
    /// `s3://` without a bucket.
    #[error("{uri}: no bucket; write s3://BUCKET/KEY")]
    Bucket {
        /// The whole text.
        uri: String,
    },
}

impl Uri {
    /// A local path as a URI.
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        Self(path.into().to_string_lossy().into_owned())
    }

    /// `s3`, `mem` or `file`.
    pub fn scheme(&self) -> &str {
        self.0.split_once("://").map_or("file", |(scheme, _)| scheme)
    }

    /// The local path, if this is one.
    pub fn path(&self) -> Option<PathBuf> {
        match self.0.split_once("://") {
            None => Some(PathBuf::from(&self.0)),
            Some(("file", path)) => Some(PathBuf::from(path)),
            Some(_) => None,
        }
    }

    /// Bucket and key of an `s3://` or `mem://` URI; the key has no leading slash and may be empty.
    pub fn bucket_and_key(&self) -> Option<(&str, &str)> {
        match self.0.split_once("://") {
            None | Some(("file", _)) => None,
            Some((_, rest)) => Some(rest.split_once('/').unwrap_or((rest, ""))),
        }
    }

    /// The last segment: what a person calls the file.
    pub fn name(&self) -> &str {
        self.0.trim_end_matches('/').rsplit('/').next().unwrap_or(&self.0)
    }

    /// This URI with `suffix` appended to its last segment: `reads.gz` + `.tessera`.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        Self(format!("{}{suffix}", self.0))
    }

    /// The object `relative` inside this folder.
    #[must_use]
    pub fn join(&self, relative: &str) -> Self {
        // The two slashes of a scheme are no empty folder names.
        let scheme = self.0.find("://").map_or(0, |at| at + 3);
        let folder = self.0.trim_end_matches('/').len().max(scheme);
        Self(format!("{}/{relative}", &self.0[..folder]))
    }

    /// As typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if text.is_empty() {
            return Err(UriError::Empty);
        }
        match text.split_once("://") {
            Some(("s3", rest)) if rest.starts_with('/') || rest.is_empty() => {
                Err(UriError::Bucket { uri: text.to_owned() })
            }
            None | Some(("file" | "mem" | "s3", _)) => Ok(Self(text.to_owned())),
            Some((scheme, _)) => Err(UriError::Scheme {
                uri: text.to_owned(),
                scheme: scheme.to_owned(),
            }),
        }
    }
}

impl TryFrom<String> for Uri {
    type Error = UriError;

    fn try_from(text: String) -> Result<Self, UriError> {
        text.parse()
    }
}

impl From<Uri> for String {
    fn from(uri: Uri) -> Self {
        uri.0
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn a_path_stays_a_path() {
        assert_eq!(uri("a/b.gz").path(), Some("a/b.gz".into()));
        assert_eq!(uri("file:///a/b.gz").path(), Some("/a/b.gz".into()));
        assert_eq!(uri("a/b.gz").scheme(), "file");
    }

    #[test]
    fn s3_has_bucket_and_key() {
        assert_eq!(uri("s3://lab/x/y").bucket_and_key(), Some(("lab", "x/y")));
        assert_eq!(uri("s3://lab").bucket_and_key(), Some(("lab", "")));
        assert_eq!(uri("s3://lab/runs/").join("a.json").as_str(), "s3://lab/runs/a.json");
    }

    #[test]
    fn the_root_can_be_joined() {
        assert_eq!(uri("/").join("a").as_str(), "/a");
        assert_eq!(uri("file:///").join("a").as_str(), "file:///a");
        assert_eq!(uri("data///").join("a").as_str(), "data/a");
    }

    #[test]
    fn unknown_schemes_and_missing_buckets_are_refused() {
        assert!(matches!("gs://a/b".parse::<Uri>(), Err(UriError::Scheme { .. })));
        assert!(matches!("s3:///b".parse::<Uri>(), Err(UriError::Bucket { .. })));
        assert_eq!("".parse::<Uri>(), Err(UriError::Empty));
    }
}
