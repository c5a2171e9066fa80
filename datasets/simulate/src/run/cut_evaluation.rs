//! The task that compares tiles of a point cloud with the whole one.
use std::path::Path;

use las::{Header, PointDataBuilder, Reader};
use object_io::Store;
use plan::Uri;
use serde::{Deserialize, Serialize};

use super::{blocking, positions::open};
use crate::{
    Error,
    geospatial::cut::{CutEvaluation, Records},
};

/// What to compare.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The whole cloud, LAS or LAZ.
    pub cloud: Uri,
    /// Its tiles, LAS or LAZ; a folder stands for the tiles in it.
    pub tiles: Vec<Uri>,
}

/// Bytes of records read at once.
const BATCH: u64 = 16 << 20;

/// Compares raw records: a tile keeps each record as it was, but for the withheld flag of the copies around it. Memory does not grow
/// with the number of points.
///
/// # Errors
/// [`Error::OtherRecords`] when a tile has another point format, scale or offset than the cloud; [`Error::Points`] when a file cannot
/// be read.
pub async fn run(store: &Store, request: Request) -> Result<CutEvaluation, Error> {
    let (header, whole) = records(store, &request.cloud).await?;
    let mut tiles = Vec::new();
    for uri in &request.tiles {
        for tile in files(store, uri).await? {
            let (other, found) = records(store, &tile).await?;
            let reason = if other.point_format().to_u8().ok() != header.point_format().to_u8().ok()
                || other.point_format().len() != header.point_format().len()
            {
                Some("has another point format than the whole cloud")
            } else if other.transforms() != header.transforms() {
                Some("has another scale or offset than the whole cloud")
            } else {
                None
            };
            if let Some(reason) = reason {
                return Err(Error::OtherRecords { object: tile, reason });
            }
            tiles.push(found);
        }
    }
    Ok(Records::compare(whole, &tiles))
}

/// The object itself, or the point clouds in the folder of that name.
async fn files(store: &Store, uri: &Uri) -> Result<Vec<Uri>, Error> {
    let is_cloud = |name: &str| {
        let extension = Path::new(name).extension();
        extension
            .is_some_and(|extension| extension.eq_ignore_ascii_case("las") || extension.eq_ignore_ascii_case("laz"))
    };
    if is_cloud(uri.name()) {
        return Ok(vec![uri.clone()]);
    }
    let listed = store.list(uri).await?.into_iter().map(|object| object.uri);
    Ok(listed.filter(|uri| is_cloud(uri.name())).collect())
}

async fn records(store: &Store, uri: &Uri) -> Result<(Header, Records), Error> {
    let source = open(store, uri).await?;
    let read = move || -> Result<(Header, Records), las::Error> {
        let mut reader = Reader::new(source)?;
        let header = reader.header().clone();
        let mut batch = PointDataBuilder::new().for_header(&header).build();
        let mut records = Records::default();
        let at_once = (BATCH / batch.record_len().max(1) as u64).max(1);
        let mut left = header.number_of_points();
        while left > 0 {
            let read = reader.fill_points(left.min(at_once), &mut batch)?;
            if read == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
            records.add(batch.raw_bytes(), batch.record_len(), header.point_format().to_u8()?);
            left -= read;
        }
        Ok((header, records))
    };
    blocking(read).await.map_err(|source| Error::Points {
        object: uri.clone(),
        source,
    })
}
