//! What a user asks of the conversion.
use std::collections::HashSet;

use plan::Uri;
use serde::{Deserialize, Serialize};
use stage_sentinel2::{Band, Command, CommandError, Nodata, check_block};

/// The spec of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    /// Sentinel-2 products: `.SAFE` folders.
    pub products: Vec<Uri>,
    /// Other rasters, of any format that GDAL reads.
    pub files: Vec<Uri>,
    /// The bands of products that are wanted.
    pub bands: Vec<Band>,
    /// Side of a block, in pixels.
    pub block: u32,
    /// What is declared as nodata in `files` that declare none; products say it themselves.
    pub nodata: Nodata,
    /// The command that makes level 2A of level 1C: `L2A_Process --resolution 10 {safe}`.
    pub l2a_command: Option<String>,
}

/// Why a spec cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// Nothing to do.
    #[error("there is no product and no file")]
    Empty,
    /// No band of a product.
    #[error("no band is wanted")]
    NoBands,
    /// The same twice.
    #[error("{what} is given twice")]
    Twice {
        /// What.
        what: String,
    },
    /// A block that no GeoTIFF can have.
    #[error(transparent)]
    Block(#[from] stage_sentinel2::Error),
    /// A command that cannot be meant.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Spec {
    /// Refuses a spec that cannot be run.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.products.is_empty() && self.files.is_empty() {
            return Err(SpecError::Empty);
        }
        if self.bands.is_empty() {
            return Err(SpecError::NoBands);
        }
        let products = self.products.iter().map(ToString::to_string);
        let files = self.files.iter().map(ToString::to_string);
        let mut seen = HashSet::new();
        for what in products.chain(files).chain(self.bands.iter().map(ToString::to_string)) {
            if !seen.insert(what.clone()) {
                return Err(SpecError::Twice { what });
            }
        }
        check_block(self.block)?;
        if let Some(command) = &self.l2a_command {
            Command::parse(command)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(products: &[&str], files: &[&str]) -> Spec {
        let uris = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
        Spec {
            products: uris(products),
            files: uris(files),
            bands: Band::vegetation(),
            block: 512,
            nodata: Nodata::default(),
            l2a_command: None,
        }
    }

    #[test]
    fn what_cannot_be_run_is_refused() {
        let said = |spec: Spec| spec.check().unwrap_err().to_string();
        spec(&["a.SAFE"], &["b.jp2"]).check().unwrap();
        assert_eq!(said(spec(&[], &[])), "there is no product and no file");
        assert_eq!(said(spec(&["a.SAFE", "a.SAFE"], &[])), "a.SAFE is given twice");
        let block = Spec {
            block: 100,
            ..spec(&["a"], &[])
        };
        assert!(said(block).starts_with("a block of 100 x 100 pixels"));
        let command = Spec {
            l2a_command: Some("L2A_Process".into()),
            ..spec(&["a"], &[])
        };
        assert!(said(command).contains("{safe} must stand"));
        let bands = Spec {
            bands: vec![],
            ..spec(&["a"], &[])
        };
        assert_eq!(said(bands), "no band is wanted");
    }
}
