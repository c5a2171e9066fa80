//! The task: all scores → false discovery rates of all targets.
use object_io::{SequentialReader, Store};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize};

use crate::{Error, Estimate, LEVELS, Version, estimate, table::Scores};

/// Estimates false discovery rates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Which way.
    pub version: Version,
    /// Tables of scores ([`crate::Row`]), in any order.
    pub tables: Vec<Uri>,
    /// Decoys that were drawn for each target; 20 in METASPACE.
    pub decoys: u32,
    /// Where the result goes: `<out>.fdr.csv`.
    pub out: Uri,
}

/// What was estimated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// CSV with the columns `formula,modifier,msm,fdr,q_value,level,fdr_version`, by modifier, then falling score, then formula.
    pub table: Object,
    /// Targets in it.
    pub targets: u64,
    /// Of them, those that reach each of [`LEVELS`].
    pub reached: [u64; LEVELS.len()],
    /// Targets that scored 0, which have no rate.
    pub zero: u64,
}

/// Estimates the rates of all targets. The same scores give the same bytes, however they are cut into tables.
pub async fn run(store: Store, request: Request) -> Result<Response, Error> {
    if !(1..=1000).contains(&request.decoys) {
        return Err(Error::Decoys(request.decoys));
    }
    let mut tables = Vec::with_capacity(request.tables.len());
    for uri in &request.tables {
        let object = store.head(uri).await?;
        tables.push((uri.clone(), store.sequential(&object, 0..object.size).await?));
    }
    let (version, decoys) = (request.version, request.decoys);
    let work = tokio::task::spawn_blocking(move || rates(version, decoys, tables));
    let rates = work.await.map_err(Error::Panic)??;
    let table = store.put(&request.out.with_suffix(".fdr.csv"), rates.text).await?;
    Ok(Response {
        table,
        targets: rates.targets,
        reached: rates.reached,
        zero: rates.zero,
    })
}

struct Rates {
    text: String,
    targets: u64,
    reached: [u64; LEVELS.len()],
    zero: u64,
}

fn rates(version: Version, decoys: u32, tables: Vec<(Uri, SequentialReader)>) -> Result<Rates, Error> {
    let mut scores = Scores::new(decoys);
    for (uri, table) in tables {
        scores.read(table).map_err(|source| Error::Row { uri, source })?;
    }
    let mut rates = Rates {
        text: "formula,modifier,msm,fdr,q_value,level,fdr_version\n".to_owned(),
        targets: 0,
        reached: [0; LEVELS.len()],
        zero: scores.zero,
    };
    for (modifier, mut group) in scores.groups {
        let order = |a: &(String, f64), b: &(String, f64)| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0));
        group.targets.sort_unstable_by(order);
        let targets: Vec<f64> = group.targets.iter().map(|target| target.1).collect();
        let estimates = estimate(version, &targets, &group.decoys);
        for ((formula, msm), Estimate { fdr, q_value, level }) in group.targets.iter().zip(estimates) {
            for field in [formula, &modifier] {
                push_field(&mut rates.text, field);
                rates.text.push(',');
            }
            rates.text += &format!("{msm},{fdr},{q_value},{level},{}\n", version.name());
            rates.targets += 1;
            for (reached, limit) in rates.reached.iter_mut().zip(LEVELS) {
                *reached += u64::from(level <= limit);
            }
        }
    }
    Ok(rates)
}

/// A field of a CSV table, quoted if it has to be.
fn push_field(text: &mut String, field: &str) {
    if field.contains([',', '"', '\n', '\r']) {
        text.push('"');
        *text += &field.replace('"', "\"\"");
        text.push('"');
    } else {
        *text += field;
    }
}
