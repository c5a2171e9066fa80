//! An imzML with its `.ibd`.
use std::sync::Arc;

use md5::{Digest, Md5};
use object_io::Store;
use plan::{Object, StaleIndex, Uri};
use sha1::Sha1;

use super::{blocking, reader::Reader};
use crate::{Checksum, Description, Error, Grid, MzType, Spectrum, Which, index, parse};

/// Where the index of an imzML is by default: beside it, with `.tessera` appended.
pub fn default_index(imzml: &Uri) -> Uri {
    imzml.with_suffix(".tessera")
}

/// An imzML and its `.ibd`, in the versions that were looked at.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The imzML.
    pub imzml: Object,
    /// The `.ibd`.
    pub ibd: Object,
    /// What the imzML says.
    pub description: Description,
    /// Its spectra, in order of the file.
    pub spectra: Arc<[Spectrum]>,
    /// The box around them.
    pub grid: Grid,
    /// What an index knows of the checksum of the `.ibd`; see [`Dataset::verify`].
    pub verified: Option<bool>,
}

impl Dataset {
    /// Opens the imzML at `uri` by the index beside it, or by parsing it when there is none.
    ///
    /// # Errors
    /// An imzML that is malformed, no `.ibd`, one with another UUID or one that ends before an array does; a stale index.
    pub async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let imzml = store.head(uri).await?;
        let index = default_index(uri);
        if store.find(&index).await?.is_none() {
            return Self::parse(store, imzml).await;
        }
        let opened = Self::from_index(store, &index).await?;
        unchanged(&index, opened.imzml.clone(), &imzml)?;
        Ok(Self { imzml, ..opened })
    }

    /// Opens what `index` was made from; the imzML is not read, the `.ibd` must not have changed.
    pub async fn from_index(store: &Store, index: &Uri) -> Result<Self, Error> {
        let bytes = store.get(index).await?;
        let decode = {
            let index = index.clone();
            move || index::decode(&bytes).map_err(|what| Error::Index { index, what })
        };
        let (header, spectra) = blocking(index, decode).await?;
        let now = store.head(&header.ibd.uri).await?;
        unchanged(index, header.ibd, &now)?;
        Self::new(header.index.source, now, header.description, spectra, header.verified)
    }

    /// Parses the imzML, whatever index there is.
    pub async fn parse(store: &Store, imzml: Object) -> Result<Self, Error> {
        let ibd = find_ibd(store, &imzml.uri).await?;
        let text = store.sequential(&imzml, 0..imzml.size).await?;
        let object = imzml.uri.clone();
        let parsed = blocking(&imzml.uri, move || {
            parse(text).map_err(|source| match object_io::Error::inside(&source) {
                Some(_) => Error::Read {
                    object,
                    source: std::io::Error::other(source),
                },
                None => Error::Imzml { object, source },
            })
        })
        .await?;
        let dataset = Self::new(imzml, ibd, parsed.description, parsed.spectra, None)?;
        dataset.check_uuid(store).await?;
        Ok(dataset)
    }

    fn new(
        imzml: Object,
        ibd: Object,
        description: Description,
        spectra: Vec<Spectrum>,
        verified: Option<bool>,
    ) -> Result<Self, Error> {
        for (number, spectrum) in (0..).zip(&spectra) {
            for (array, which) in [(&spectrum.mz, Which::Mz), (&spectrum.intensity, Which::Intensity)] {
                if array.bytes().end > ibd.size {
                    let (bytes, size) = (array.bytes(), ibd.size);
                    return Err(Error::Outside {
                        ibd: ibd.uri,
                        spectrum: number,
                        array: which,
                        bytes,
                        size,
                    });
                }
            }
        }
        let grid = Grid::around(&spectra).map_err(|source| Error::Grid {
            object: imzml.uri.clone(),
            source,
        })?;
        Ok(Self {
            imzml,
            ibd,
            description,
            spectra: spectra.into(),
            grid,
            verified,
        })
    }

    async fn check_uuid(&self, store: &Store) -> Result<(), Error> {
        let Some(stated) = &self.description.uuid else {
            return Ok(());
        };
        let first = store.read(&self.ibd, 0..self.ibd.size.min(16)).await?;
        let found = hex(&first);
        if found == *stated {
            return Ok(());
        }
        Err(Error::Uuid {
            ibd: self.ibd.uri.clone(),
            imzml: self.imzml.uri.clone(),
            stated: stated.clone(),
            found,
        })
    }

    /// Compares the checksum that the imzML states with that of the whole `.ibd`; false if it states none.
    ///
    /// # Errors
    /// [`Error::Checksum`] if they differ.
    pub async fn verify(&self, store: &Store) -> Result<bool, Error> {
        let Some(stated) = self.description.checksum.clone() else {
            return Ok(false);
        };
        let mut text = store.sequential(&self.ibd, 0..self.ibd.size).await?;
        let (ibd, imzml) = (self.ibd.uri.clone(), self.imzml.uri.clone());
        blocking(&self.ibd.uri, move || {
            let found = match stated {
                Checksum::Md5(_) => digest::<Md5>(&mut text),
                Checksum::Sha1(_) => digest::<Sha1>(&mut text),
            };
            let found = found.map_err(|source| object_io::Error::from_read(&ibd, source))?;
            if found == stated.digits() {
                return Ok(true);
            }
            let (algorithm, stated) = (stated.algorithm(), stated.digits().to_owned());
            Err(Error::Checksum {
                ibd,
                imzml,
                algorithm,
                stated,
                found,
            })
        })
        .await
    }

    /// The m/z and intensities of one spectrum, counted from 0, as they are stored: in any order, with all zeros.
    ///
    /// # Errors
    /// No such spectrum; an array that is broken.
    pub async fn spectrum(&self, store: &Store, number: u64) -> Result<(Vec<f64>, Vec<f64>), Error> {
        if number >= self.spectra.len() as u64 {
            let (uri, count) = (&self.imzml.uri, self.spectra.len());
            return Err(Error::Invalid(format!(
                "{uri}: no spectrum {number}: there are {count}, counted from 0"
            )));
        }
        let mut reader = Reader::new(self.clone(), store.read_at(&self.ibd).await?);
        blocking(&self.ibd.uri, move || {
            let (mut all_mz, mut all_intensities) = (Vec::new(), Vec::new());
            reader.read(number..number + 1, |_, _, mz, intensity| {
                mz.kind.for_each(mz.bytes, |mz| all_mz.push(mz));
                intensity
                    .kind
                    .for_each(intensity.bytes, |intensity| all_intensities.push(intensity));
                Ok(())
            })?;
            Ok((all_mz, all_intensities))
        })
        .await
    }

    /// How m/z are kept when they are sorted: 32-bit floats only if all are.
    pub fn mz_type(&self) -> MzType {
        let is_f32 = |spectrum: &Spectrum| MzType::of(spectrum.mz.kind) == MzType::F32;
        if !self.spectra.is_empty() && self.spectra.iter().all(is_f32) {
            MzType::F32
        } else {
            MzType::F64
        }
    }

    /// Peaks, as stored.
    pub fn peaks(&self) -> u64 {
        self.spectra.iter().map(|spectrum| u64::from(spectrum.mz.length)).sum()
    }
}

fn unchanged(index: &Uri, indexed: Object, now: &Object) -> Result<(), Error> {
    if indexed.size == now.size && indexed.etag == now.etag {
        return Ok(());
    }
    let source = Box::new(StaleIndex {
        indexed,
        now: now.clone(),
    });
    Err(Error::Stale {
        index: index.clone(),
        source,
    })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn digest<D: Digest>(text: &mut object_io::SequentialReader) -> std::io::Result<String> {
    let mut digest = D::new();
    loop {
        let block = text.fill()?;
        if block.is_empty() {
            return Ok(hex(&digest.finalize()));
        }
        digest.update(block);
        let length = block.len();
        text.consume(length);
    }
}

/// The `.ibd` beside an imzML, however the ends of their names are spelled.
async fn find_ibd(store: &Store, imzml: &Uri) -> Result<Object, Error> {
    let text = imzml.as_str();
    let stem = match text.len().checked_sub(6).and_then(|at| text.split_at_checked(at)) {
        Some((stem, end)) if end.eq_ignore_ascii_case(".imzml") => stem,
        _ => text,
    };
    let mut looked = Vec::new();
    for end in [".ibd", ".IBD", ".Ibd"] {
        let uri: Uri = format!("{stem}{end}")
            .parse()
            .map_err(|_| Error::Invalid(format!("{text} is no name")))?;
        if let Some(found) = store.find(&uri).await? {
            return Ok(found);
        }
        looked.push(uri.name().to_owned());
    }
    Err(Error::NoIbd {
        imzml: imzml.clone(),
        looked,
    })
}
