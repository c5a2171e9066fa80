//! Task `find`.
use std::io::BufReader;

use object_io::Store;
use plan::{Object, Uri};

use super::compute;
use crate::{
    Band, Error, FilesError, FindRequest, FindResponse, FoundBand, FoundTile, Level, Metadata, NameError, ProductName,
    TileFiles, choose, metadata_file,
};

/// Finds the bands of a product, and how its numbers are meant.
pub async fn find(store: Store, request: FindRequest) -> Result<FindResponse, Error> {
    let folder = Folder::open(&store, &request.product).await?;
    let (name, text) = folder.name(&store).await?;
    let tiles = folder.choose(name.level, &request.bands)?;
    let uri = folder.metadata(name.level)?;
    let metadata = read(&store, name.level, &uri).await?;
    let tiles = tiles.into_iter().map(|tile| {
        let bands = request.bands.iter().zip(tile.files).map(|(band, (file, metres))| {
            let offset = metadata.offset(name.level, band);
            Ok(FoundBand {
                band: band.clone(),
                file: folder.at.join(&file),
                metres,
                offset: offset.map_err(|source| Error::Offset {
                    uri: uri.clone(),
                    source,
                })?,
            })
        });
        Ok(FoundTile {
            tile: tile.tile,
            bands: bands.collect::<Result<_, Error>>()?,
        })
    });
    let tiles = tiles.collect::<Result<_, Error>>()?;
    let mut notes = Vec::new();
    if name.level == Level::L1C {
        let note = format!(
            "{text} is of level L1C: reflectance at the top of the atmosphere, not corrected to that at the ground"
        );
        notes.push(note);
    }
    Ok(FindResponse {
        name: text,
        mission: name.mission,
        level: name.level,
        sensed: name.sensed,
        baseline: metadata.baseline,
        relative_orbit: name.relative_orbit,
        quantification: metadata.quantification,
        nodata: metadata.nodata,
        metadata: uri,
        tiles,
        notes,
    })
}

/// How far a product is processed.
pub async fn level_of(store: &Store, product: &Uri) -> Result<Level, Error> {
    let folder = Folder::open(store, product).await?;
    Ok(folder.name(store).await?.0.level)
}

/// The objects that a run about these bands of a product reads: their files and the metadata; or, if a product of level 2A is
/// to be made of it, all its files.
pub async fn inputs(store: &Store, product: &Uri, bands: &[Band], whole: bool) -> Result<(Level, Vec<Object>), Error> {
    let folder = Folder::open(store, product).await?;
    let (name, _) = folder.name(store).await?;
    if whole && name.level == Level::L1C {
        return Ok((name.level, folder.objects));
    }
    let mut wanted = vec![folder.metadata(name.level)?];
    for tile in folder.choose(name.level, bands)? {
        wanted.extend(tile.files.iter().map(|(file, _)| folder.at.join(file)));
    }
    let mut objects = folder.objects;
    objects.retain(|object| wanted.contains(&object.uri));
    Ok((name.level, objects))
}

/// A `.SAFE` folder and its files.
pub(super) struct Folder {
    pub(super) at: Uri,
    pub(super) objects: Vec<Object>,
    /// Names of the objects relative to the folder.
    pub(super) paths: Vec<String>,
}

impl Folder {
    pub(super) async fn open(store: &Store, product: &Uri) -> Result<Self, Error> {
        let product = || product.clone();
        if product().name().to_ascii_lowercase().ends_with(".zip") {
            return Err(Error::Archive { product: product() });
        }
        let found = store.list(&product()).await?;
        let inside = product().join("");
        let paths = found
            .iter()
            .filter_map(|object| object.uri.as_str().strip_prefix(inside.as_str()));
        let paths: Vec<String> = paths.map(str::to_owned).collect();
        if paths.is_empty() {
            return Err(Error::Empty { product: product() });
        }
        let at = product();
        // Named as `join` names them, so that they can be compared.
        let own = |(object, path): (Object, &String)| Object {
            uri: at.join(path),
            ..object
        };
        Ok(Self {
            objects: found.into_iter().zip(&paths).map(own).collect(),
            at,
            paths,
        })
    }

    /// What the name of the folder says, or else the name in the metadata, and that name.
    pub(super) async fn name(&self, store: &Store) -> Result<(ProductName, String), Error> {
        let text = self.at.name();
        let refused = match text.parse() {
            Ok(name) => return Ok((name, text.to_owned())),
            Err(error) => error,
        };
        for level in [Level::L2A, Level::L1C] {
            let Ok(uri) = self.metadata(level) else { continue };
            if let Some(text) = read(store, level, &uri).await?.product {
                let name = text.parse();
                return name.map(|name| (name, text)).map_err(|source| self.no_name(source));
            }
        }
        Err(self.no_name(refused))
    }

    fn no_name(&self, source: NameError) -> Error {
        Error::Name {
            product: self.at.clone(),
            source,
        }
    }

    fn choose(&self, level: Level, bands: &[Band]) -> Result<Vec<TileFiles>, Error> {
        choose(level, &self.paths, bands).map_err(|source| self.not_there(source))
    }

    fn metadata(&self, level: Level) -> Result<Uri, Error> {
        let found = metadata_file(level, &self.paths).map_err(|source| self.not_there(source));
        Ok(self.at.join(found?))
    }

    fn not_there(&self, source: FilesError) -> Error {
        Error::Files {
            product: self.at.clone(),
            source: Box::new(source),
        }
    }
}

async fn read(store: &Store, level: Level, uri: &Uri) -> Result<Metadata, Error> {
    let object = store.head(uri).await?;
    let document = store.sequential(&object, 0..object.size).await?;
    let read = compute(uri, move || Metadata::read(level, BufReader::new(document))).await?;
    read.map_err(|source| Error::Metadata {
        uri: uri.clone(),
        source,
    })
}
