//! The task: fetches the hits of one FASTQ part, chooses, stores alignments.
use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use genomics_tables::{AlignmentWriter, HitReader};
use object_io::Store;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Params, Stats, choose,
    merge::{Merge, MergeError},
};

/// Chooses the best hits of one FASTQ part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The part's tables of hits, one for each chunk of the reference, in order of chunks.
    pub hits: Vec<Uri>,
    /// What decides.
    #[serde(default)]
    pub params: Params,
    /// Where tables of alignments go: `<out>.<chunk>.parquet`, one for each chunk.
    pub out: Uri,
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The alignments of each chunk, in order of (read, mate).
    pub alignments: Vec<Object>,
    /// Figures of the part.
    pub stats: Stats,
    /// Bytes of the tables of hits.
    pub bytes_in: u64,
}

/// Requests in flight.
const CONCURRENCY: usize = 8;

/// Chooses the best hits of one FASTQ part, over all chunks of the reference.
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    let Request { hits, params, out } = request;
    if params.insert.start() > params.insert.end() {
        return Err(Error::Insert(*params.insert.start(), *params.insert.end()));
    }
    let gets: Vec<_> = hits.iter().map(|table| store.get(table)).collect();
    let tables: Vec<Bytes> = stream::iter(gets).buffered(CONCURRENCY).try_collect().await?;
    let bytes_in = tables.iter().map(|table| table.len() as u64).sum();
    let base = out.clone();
    let work = move || choose_all(&hits, tables, &params, &base);
    let chosen = tokio::task::spawn_blocking(work).await;
    let (tables, stats) = chosen.map_err(|source| Error::Panic {
        out: out.clone(),
        source,
    })??;
    let put = |(chunk, table)| {
        let (store, to) = (&store, table_name(&out, chunk));
        async move { store.put(&to, table).await }
    };
    let puts: Vec<_> = tables.into_iter().enumerate().map(put).collect();
    let alignments = stream::iter(puts).buffered(CONCURRENCY).try_collect().await?;
    Ok(Response {
        alignments,
        stats,
        bytes_in,
    })
}

fn table_name(out: &Uri, chunk: usize) -> Uri {
    out.with_suffix(&format!(".{chunk:05}.parquet"))
}

/// Goes through all reads; gives a table of alignments for each chunk.
fn choose_all(hits: &[Uri], tables: Vec<Bytes>, params: &Params, out: &Uri) -> Result<(Vec<Vec<u8>>, Stats), Error> {
    let mut readers = Vec::with_capacity(tables.len());
    for (table, bytes) in hits.iter().zip(tables) {
        readers.push(HitReader::new(bytes).map_err(|source| Error::Hits {
            table: table.clone(),
            source,
        })?);
    }
    let faulty = |(table, error): (usize, MergeError)| match error {
        MergeError::Table(source) => Error::Hits {
            table: hits[table].clone(),
            source,
        },
        MergeError::Order { read, before } => Error::Order {
            table: hits[table].clone(),
            read,
            before,
        },
    };
    let write = |chunk: usize| {
        move |source| Error::Write {
            out: table_name(out, chunk),
            source,
        }
    };
    let mut writers = Vec::with_capacity(readers.len());
    for chunk in 0..readers.len() {
        writers.push(AlignmentWriter::new(Vec::new()).map_err(write(chunk))?);
    }
    let mut merge = Merge::new(readers).map_err(faulty)?;
    let mut stats = Stats::default();
    while let Some((read, places)) = merge.next_read().map_err(faulty)? {
        for (chunk, alignment) in choose(read, places, params) {
            stats.count(&alignment);
            writers[chunk].push(&alignment).map_err(write(chunk))?;
        }
    }
    let finished = writers.into_iter().enumerate();
    let tables: Result<_, _> = finished
        .map(|(chunk, writer)| writer.finish().map_err(write(chunk)))
        .collect();
    Ok((tables?, stats))
}

#[cfg(test)]
mod tests {
    use genomics_tables::{AlignmentReader, Hit, HitWriter};

    use super::*;

    fn table(positions: &[(u64, u64, u32)]) -> Vec<u8> {
        let mut writer = HitWriter::new(Vec::new()).unwrap();
        for &(read, position, penalty) in positions {
            let cigar = "150M".parse().unwrap();
            writer
                .push(&Hit {
                    read,
                    position,
                    penalty,
                    cigar,
                    ..Hit::default()
                })
                .unwrap();
        }
        writer.finish().unwrap()
    }

    fn request() -> Request {
        Request {
            hits: vec!["mem://t/0".parse().unwrap(), "mem://t/1".parse().unwrap()],
            params: Params::default(),
            out: "mem://t/out".parse().unwrap(),
        }
    }

    #[tokio::test]
    async fn each_chunk_gets_the_alignments_that_it_won() {
        let store = Store::new();
        let request = request();
        store
            .put(&request.hits[0], table(&[(0, 10, 0), (1, 20, 50)]))
            .await
            .unwrap();
        store
            .put(&request.hits[1], table(&[(1, 900, 5), (2, 950, 0)]))
            .await
            .unwrap();
        let response = run(store.clone(), request.clone()).await.unwrap();
        assert_eq!((response.stats.mapped, response.stats.at_least(20)), (3, 3));
        let mut reads = Vec::new();
        for object in &response.alignments {
            let rows = AlignmentReader::new(store.get(&object.uri).await.unwrap()).unwrap();
            reads.push(rows.map(|row| row.unwrap().read).collect::<Vec<_>>());
        }
        assert_eq!(reads, [vec![0], vec![1, 2]]);
        assert_eq!(run(store, request).await.unwrap().stats, response.stats);
    }

    #[tokio::test]
    async fn bad_input_is_named() {
        let store = Store::new();
        let request = request();
        assert!(matches!(
            run(store.clone(), request.clone()).await,
            Err(Error::Store(_))
        ));
        store
            .put(&request.hits[0], table(&[(3, 10, 0), (1, 20, 50)]))
            .await
            .unwrap();
        store.put(&request.hits[1], "no table").await.unwrap();
        let error = run(store.clone(), request.clone()).await.unwrap_err();
        assert!(matches!(&error, Error::Hits { table, .. } if table.as_str() == "mem://t/1"));
        store.put(&request.hits[1], table(&[])).await.unwrap();
        let error = run(store, request).await.unwrap_err();
        assert!(matches!(error, Error::Order { read: 1, before: 3, .. }));
    }
}
