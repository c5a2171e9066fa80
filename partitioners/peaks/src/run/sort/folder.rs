//! The folder of the segments: nobody finds a manifest there while its segments change.
use object_io::Store;
use plan::Uri;

use super::{
    super::{Manifest, input::Source, segments::MANIFEST},
    PARTS,
};
use crate::{Error, Polarity};

pub(super) struct Folder {
    pub(super) uri: Uri,
    /// Segments of an earlier sort.
    old: Vec<String>,
}

impl Folder {
    /// Takes away the manifest of an earlier sort, if there is one.
    pub(super) async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let manifest = uri.join(MANIFEST);
        let mut old = Vec::new();
        if store.find(&manifest).await?.is_some() {
            let bytes = store.get(&manifest).await?;
            if let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) {
                old = manifest.segments.into_iter().map(|entry| entry.name).collect();
            }
            store.delete(&manifest).await?;
        }
        Ok(Self { uri: uri.clone(), old })
    }

    /// Removes what went through the store.
    pub(super) async fn clean(&self, store: &Store) -> Result<(), Error> {
        store.delete_all(&self.uri.join(PARTS)).await?;
        Ok(())
    }

    /// Writes the manifest, and removes segments of an earlier sort that it does not name.
    pub(super) async fn publish(self, store: &Store, manifest: &Manifest, npy: bool) -> Result<Uri, Error> {
        let is_named = |name: &String| manifest.segments.iter().any(|entry| entry.name == *name);
        for name in &self.old {
            let Some(stem) = name
                .strip_suffix(".peaks")
                .filter(|stem| stem.starts_with("segment-") && !stem.contains('/'))
            else {
                continue;
            };
            if !is_named(name) {
                store.delete(&self.uri.join(name)).await?;
            }
            for column in ["mz", "intensity", "pixel"] {
                if !is_named(name) || !npy {
                    store.delete(&self.uri.join(&format!("{stem}.{column}.npy"))).await?;
                }
            }
        }
        let text = serde_json::to_vec_pretty(manifest).map_err(|error| Error::Invalid(error.to_string()))?;
        let uri = self.uri.join(MANIFEST);
        store.put(&uri, text).await?;
        Ok(uri)
    }
}

impl Source {
    /// What the manifest says of the source.
    pub(super) fn manifest(&self) -> Manifest {
        let name = self.object().uri.name().to_owned();
        match self {
            Self::Imzml(dataset, _) => {
                Manifest::new(name, self.mz_type(), Some(dataset.grid), dataset.description.polarity)
            }
            Self::Npy(_) => Manifest::new(name, self.mz_type(), None, Polarity::Unknown),
        }
    }
}
