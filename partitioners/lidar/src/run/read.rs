use bytes::Bytes;
use object_io::Store;
use plan::Partition;

use super::{
    TileScope, blocking,
    deal::{batch, deal},
    open::open_version,
};
use crate::{
    Cloud, Error, OutFormat, TileRecord,
    buffer::{TileIndex, raw_buffer},
    codec::Codec,
    codec::Wanted,
    pass::Loader,
};

/// The file of one tile, in pieces: the same bytes that [`crate::cut`] writes. Fetches the chunks of the partition only.
///
/// # Errors
/// A cloud that changed since it was planned; a partition that does not fit it.
pub async fn read(store: &Store, partition: &Partition<TileScope>, format: OutFormat) -> Result<Vec<Bytes>, Error> {
    let (cloud, source) = open_version(store, &partition.object).await?;
    cloud.check_cuttable()?;
    let partition = partition.clone();
    let uri = partition.object.uri.clone();
    blocking(&uri, move || {
        let scope = &partition.scope;
        let unfit = |reason: &str| Error::Partition {
            object: cloud.object.uri.clone(),
            reason: reason.into(),
        };
        let inside =
            |chunks: &std::ops::Range<u64>| chunks.start < chunks.end && chunks.end <= cloud.chunks.len() as u64;
        if !scope.chunks.iter().all(inside) || scope.chunks.windows(2).any(|pair| pair[0].end > pair[1].start) {
            return Err(unfit("it names chunks that the cloud does not have"));
        }
        let buffer = raw_buffer(scope.buffer, cloud.header.scale)?;
        let codec = output_codec(&cloud, format)?;
        let index = TileIndex::new(std::slice::from_ref(&scope.tile), 0..1, buffer);
        let owner = |xy, number| if scope.own.holds(xy, number) { 0 } else { u32::MAX };
        let chunks = scope.chunks.iter().cloned().flatten().map(|number| number as usize);
        let mut loader = Loader::new(&cloud, &source, Wanted::Everything, chunks);
        let mut tiles = deal(
            &cloud,
            || loader.next(batch()),
            &index,
            owner,
            0..1,
            codec.as_ref(),
            &|_| (),
        )?;
        let tile = tiles.remove(0);
        if tile.own != scope.tile.points {
            return Err(unfit("its tile has another number of own points"));
        }
        let about = about(&cloud, scope, partition.number);
        tile.into_file(&cloud, codec.as_ref(), &cloud.object.uri, about)
    })
    .await
}

/// How tiles are compressed; `None` for LAS.
pub(crate) fn output_codec(cloud: &Cloud, format: OutFormat) -> Result<Option<Codec>, Error> {
    if format == OutFormat::Las {
        return Ok(None);
    }
    let codec = Codec::new(cloud.header.format, cloud.header.record_length);
    let codec = codec.map_err(|kind| Error::Format {
        object: cloud.object.uri.clone(),
        source: crate::FormatError { offset: 104, kind },
    })?;
    Ok(Some(codec))
}

/// What a tile says of itself; own points are filled in when they are known.
pub(crate) fn about(cloud: &Cloud, scope: &TileScope, number: u64) -> TileRecord {
    TileRecord {
        version: TileRecord::VERSION,
        source: cloud.object.uri.name().to_owned(),
        source_points: cloud.header.points,
        method: scope.method,
        tile: number,
        tiles: scope.tiles,
        own_points: scope.tile.points,
        own_bounds: scope.tile.bounds,
        buffer: scope.buffer,
        own_withheld: 0,
    }
}
