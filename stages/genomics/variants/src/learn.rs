//! The tasks that learn a run's errors: count them over ranges, and sum the counts up to a model.
use std::ops::Range;

use object_io::Store;
use plan::{Object, Uri};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, ErrorCounts, ErrorModel, FLANK, tables::Tables};

/// Counts the errors of some ranges of one contig.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureRequest {
    /// Pileup tables: all that may hold rows of the positions or of [`FLANK`] bases behind them, in any order.
    pub pileups: Vec<Uri>,
    /// 0-based number of the contig.
    pub contig: u32,
    /// What to count, 0-based half-open.
    pub positions: Range<u64>,
    /// Where the counts go: `<out>.json`.
    pub out: Uri,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasureResponse {
    /// The [`ErrorCounts`] as JSON.
    pub counts: Object,
}

/// Counts the errors of some ranges of one contig.
///
/// # Errors
/// If a table cannot be read, or the counts not be written.
pub async fn measure(store: Store, request: MeasureRequest) -> Result<MeasureResponse, Error> {
    let out = request.out.with_suffix(".json");
    let tables = Tables::open(&store, &request.pileups).await?;
    let work = move || {
        let Range { start, end } = request.positions;
        let pileup = tables.sum(request.contig, start..end.saturating_add(FLANK))?;
        Ok::<_, Error>(ErrorCounts::of(&pileup, request.contig, start..end))
    };
    let counted = tokio::task::spawn_blocking(work).await;
    let counts = counted.map_err(|source| Error::Panic {
        uri: out.clone(),
        source,
    })??;
    let counts = put(&store, &out, &counts).await?;
    Ok(MeasureResponse { counts })
}

/// Sums up what was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnRequest {
    /// The counts of all ranges.
    pub counts: Vec<Uri>,
    /// Where the model goes: `<out>.json`.
    pub out: Uri,
}

/// What was learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnResponse {
    /// The [`ErrorModel`] as JSON.
    pub model: Object,
}

/// Sums up what was counted, and learns from it.
///
/// # Errors
/// If the counts cannot be read, or the model not be written.
pub async fn learn(store: Store, request: LearnRequest) -> Result<LearnResponse, Error> {
    let mut sum = ErrorCounts::default();
    for uri in &request.counts {
        sum.add(&get(&store, uri).await?);
    }
    let out = request.out.with_suffix(".json");
    let model = put(&store, &out, &ErrorModel::learn(&sum)).await?;
    Ok(LearnResponse { model })
}

/// Reads JSON.
pub(crate) async fn get<T: DeserializeOwned>(store: &Store, uri: &Uri) -> Result<T, Error> {
    let text = store.get(uri).await?;
    serde_json::from_slice(&text).map_err(|source| Error::Json {
        uri: uri.clone(),
        source,
    })
}

async fn put<T: Serialize>(store: &Store, uri: &Uri, value: &T) -> Result<Object, Error> {
    let text = serde_json::to_vec(value).map_err(|source| Error::Json {
        uri: uri.clone(),
        source,
    })?;
    Ok(store.put(uri, text).await?)
}
