//! What a run will do and cost, without running it.
use object_io::Store;
use plan::{Object, Uri};
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::{
    Budget, Context, Error, Load, Pipeline,
    cost::{self, Bill, Usage},
    prices::Prices,
};

/// What a run will do and cost.
#[derive(Clone, Debug, Serialize)]
pub struct Forecast {
    /// Name of the pipeline.
    pub pipeline: String,
    /// What each step will do.
    pub loads: Vec<Load>,
    /// What each step will use, on one core.
    pub usages: Vec<Usage>,
    /// Steps whose speed was never measured; their times are guesses.
    pub guessed: Vec<String>,
    /// Seconds on this machine.
    pub local_seconds: f64,
    /// Cores of this machine.
    pub cores: u32,
    /// On AWS, for each Lambda memory size.
    pub choices: Vec<Bill>,
    /// When the prices were looked up.
    pub prices_of: String,
}

/// Foresees a run of `pipeline` from its spec and its input objects; nothing is computed or written.
pub async fn forecast(
    pipeline: &Pipeline,
    spec: &impl Serialize,
    store: &Store,
    budget: Budget,
    prices: &Prices,
) -> Result<Forecast, Error> {
    let outlook = pipeline.outlook.as_ref().ok_or_else(|| Error::NoOutlook {
        pipeline: pipeline.name.into(),
    })?;
    let spec = to_raw_value(spec).map_err(|source| Error::Unwritable { source })?;
    let nowhere = Uri::from_path("forecast");
    let failed = |source| Error::Plan {
        step: format!("the forecast of {}", pipeline.name),
        source,
    };
    let loads = outlook(Context::new(store.clone(), nowhere, spec.get()))
        .await
        .map_err(failed)?;
    let mut usages = Vec::new();
    let mut guessed = Vec::new();
    for step in &pipeline.steps {
        // A step that the pipeline does not foresee has nothing to do.
        let Some(load) = loads.iter().find(|load| load.step == step.name) else {
            continue;
        };
        let (rate, measured) = prices.rate(step.task);
        if !measured {
            guessed.push(step.name.to_owned());
        }
        let seconds = rate.fixed * load.items as f64 + rate.per_unit * load.work;
        usages.push(Usage {
            step: step.name.into(),
            kind: step.kind,
            items: load.items,
            core_seconds: seconds,
            longest: seconds / load.items.max(1) as f64,
            cpu: step.cpu,
            memory: load.memory,
            bytes_in: load.bytes_in,
            bytes_out: load.bytes_out,
        });
    }
    let here = |usage: &Usage| usage.longest.max(usage.core_seconds / f64::from(budget.cores.max(1)));
    Ok(Forecast {
        pipeline: pipeline.name.into(),
        local_seconds: usages.iter().map(here).sum(),
        cores: budget.cores,
        choices: cost::choices(&usages, prices),
        prices_of: format!("{}, {}", prices.region, prices.date),
        loads,
        usages,
        guessed,
    })
}

/// Sizes and ETags of the objects that a spec names: the `inputs` of a new run.
pub async fn inputs(store: &Store, uris: &[Uri]) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for uri in uris {
        objects.push(store.head(uri).await?);
    }
    Ok(objects)
}
