//! What a user asks of NDVI.
use std::collections::HashSet;

use partition_cog::{WindowGrid, WindowSize};
use plan::Uri;
use serde::{Deserialize, Serialize};
use stage_ndvi::{Encoding, Product, Scene};

/// The spec of a run. The windows change how the work is cut, never what is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// The scenes, each of one or two dates.
    pub scenes: Vec<Scene>,
    /// Into what windows each scene is cut.
    pub windows: WindowSize,
    /// How indexes are stored.
    pub encoding: Encoding,
    /// How far the index must fall or rise to count as loss or gain.
    pub threshold: f32,
    /// What is made of each scene; everything if this is empty.
    #[serde(default)]
    pub only: Vec<Product>,
}

/// Why a spec cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Nothing to do.
    #[error("there is no scene")]
    Empty,
    /// A scene's name becomes that of a folder.
    #[error("the scene name {name:?} is no file name: use letters, digits, '.', '-' and '_', not first a '.'")]
    Name {
        /// The name.
        name: String,
    },
    /// A product of two dates is wanted of a scene of one.
    #[error("scene {name} has one date: it has no {product}")]
    OneDate {
        /// The scene.
        name: String,
        /// What is wanted.
        product: Product,
    },
    /// Results of two scenes would have one name.
    #[error("two scenes are called {name}")]
    Twice {
        /// The name.
        name: String,
    },
}

impl Spec {
    /// The grid of the deliverable's measurements: 11 x 11 windows of a Sentinel-2 tile are its blocks of 1024 x 1024 pixels.
    pub const WINDOWS: WindowSize = {
        let eleven = std::num::NonZero::new(11).unwrap();
        WindowSize::Grid(WindowGrid {
            rows: eleven,
            columns: eleven,
        })
    };

    /// Refuses a spec whose results would not know where to go.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.scenes.is_empty() {
            return Err(SpecError::Empty);
        }
        let mut seen = HashSet::new();
        for Scene { name, second, .. } in &self.scenes {
            let plain = |c: char| c.is_alphanumeric() || ".-_".contains(c);
            if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
                return Err(SpecError::Name { name: name.clone() });
            }
            if !seen.insert(name) {
                return Err(SpecError::Twice { name: name.clone() });
            }
            let of_two = |product: &&Product| **product != Product::Ndvi && second.is_none();
            if let Some(&product) = self.only.iter().find(of_two) {
                return Err(SpecError::OneDate {
                    name: name.clone(),
                    product,
                });
            }
        }
        Ok(())
    }

    /// Every raster that is read, each once, in the order of the scenes.
    pub fn inputs(&self) -> Vec<Uri> {
        let dates = self
            .scenes
            .iter()
            .flat_map(|scene| [Some(&scene.first), scene.second.as_ref()]);
        let bands = dates.flatten().flat_map(|date| [&date.red.raster, &date.nir.raster]);
        let mut seen = HashSet::new();
        bands.filter(|uri| seen.insert(*uri)).cloned().collect()
    }

    /// The folder of a scene's results below that of the run: none if there is only one.
    pub(super) fn folder(&self, out: &Uri, scene: &str) -> Uri {
        if self.scenes.len() == 1 {
            out.clone()
        } else {
            out.join(scene)
        }
    }
}

#[cfg(test)]
mod tests {
    use stage_ndvi::Date;

    use super::*;

    fn spec(names: &[&str]) -> Spec {
        let band = |name: &str| "mem://lab/".parse::<Uri>().unwrap().join(name).into();
        let scene = |name: &&str| Scene {
            name: (*name).into(),
            first: Date {
                red: band("red.tif"),
                nir: band("nir.tif"),
                offset: 0.0,
                nodata: None,
            },
            second: None,
        };
        Spec {
            scenes: names.iter().map(scene).collect(),
            windows: Spec::WINDOWS,
            encoding: Encoding::F32,
            threshold: 0.2,
            only: Vec::new(),
        }
    }

    #[test]
    fn names_that_are_no_folders_are_refused() {
        assert_eq!(spec(&["T10SEG_2022", "b.c-d"]).check(), Ok(()));
        assert_eq!(spec(&[]).check(), Err(SpecError::Empty));
        for name in ["", "..", ".hidden", "a/b", "a b"] {
            assert_eq!(spec(&[name]).check(), Err(SpecError::Name { name: name.into() }));
        }
        assert_eq!(spec(&["a", "a"]).check(), Err(SpecError::Twice { name: "a".into() }));
    }

    #[test]
    fn one_date_has_no_difference() {
        let spec = Spec {
            only: vec![Product::Ndvi, Product::Difference],
            ..spec(&["a"])
        };
        let said = spec.check().unwrap_err().to_string();
        assert_eq!(said, "scene a has one date: it has no difference");
    }

    #[test]
    fn a_raster_that_several_scenes_read_is_one_input() {
        assert_eq!(spec(&["a", "b"]).inputs().len(), 2);
    }
}
