//! What a planner sees: the run's spec, and what the steps before it did.
use std::{collections::HashMap, sync::Arc};

use object_io::Store;
use plan::{FaultKind, Uri};
use serde::de::DeserializeOwned;

use crate::{Error, Failure, Json, Pipeline, Run};

/// What a planner, a forecast or a report section is given. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// The store; what a planner reads from it are outputs of earlier steps and input objects, which do not change.
    pub store: Store,
    /// The run folder.
    pub run: Uri,
    /// Where the user wants the results, once the run is told: see [`Run::send_to`].
    pub destination: Option<Uri>,
    pub(crate) spec: Arc<str>,
    pub(crate) steps: HashMap<&'static str, Arc<StepAnswers>>,
}

/// Requests and responses of a finished step, in the order of its manifest.
#[derive(Debug, Default)]
pub(crate) struct StepAnswers {
    pub(crate) requests: Vec<Json>,
    pub(crate) responses: Vec<Json>,
}

impl Context {
    pub(crate) fn new(store: Store, run: Uri, spec: &str) -> Self {
        Self {
            store,
            run,
            destination: None,
            spec: spec.into(),
            steps: HashMap::new(),
        }
    }

    /// A context as it is after all steps that are finished.
    pub(crate) async fn of_run(pipeline: &Pipeline, run: &Run) -> Result<Self, Error> {
        let mut context = Self::new(run.store.clone(), run.folder.clone(), run.about.spec.get());
        for (number, step) in pipeline.steps.iter().enumerate() {
            let (Some(manifest), Some(results)) = (run.manifest(number, step).await?, run.results(number, step).await?)
            else {
                continue;
            };
            let answers = StepAnswers {
                requests: manifest.into_iter().map(|item| item.request).collect(),
                responses: results.into_iter().map(|record| record.response).collect(),
            };
            context.steps.insert(step.name, Arc::new(answers));
        }
        Ok(context)
    }

    /// What the user asked for.
    pub fn spec<Spec: DeserializeOwned>(&self) -> Result<Spec, Failure> {
        serde_json::from_str(&self.spec).map_err(|error| {
            Failure::from_error(FaultKind::Invalid, &error).context("the spec of the run is not one of this pipeline")
        })
    }

    /// The responses of an earlier step, in the order of its items.
    pub fn responses<Response: DeserializeOwned>(&self, step: &str) -> Result<Vec<Response>, Failure> {
        parse(step, "response", &self.step(step)?.responses)
    }

    /// The requests of an earlier step, in the order of its items.
    pub fn requests<Request: DeserializeOwned>(&self, step: &str) -> Result<Vec<Request>, Failure> {
        parse(step, "request", &self.step(step)?.requests)
    }

    /// The one response of an earlier `Job` or `Reduce` step.
    pub fn response<Response: DeserializeOwned>(&self, step: &str) -> Result<Response, Failure> {
        let mut responses = self.responses(step)?;
        let number = responses.len();
        let (Some(only), true) = (responses.pop(), number == 1) else {
            return Err(Failure::new(
                FaultKind::Internal,
                format!("step {step} has {number} responses where one is meant"),
            ));
        };
        Ok(only)
    }

    fn step(&self, step: &str) -> Result<&StepAnswers, Failure> {
        self.steps.get(step).map(|answers| &**answers).ok_or_else(|| {
            Failure::new(
                FaultKind::Internal,
                format!("step {step} is not one of the steps that were run before"),
            )
        })
    }
}

fn parse<T: DeserializeOwned>(step: &str, what: &str, texts: &[Json]) -> Result<Vec<T>, Failure> {
    let one = |(number, text): (usize, &Json)| {
        serde_json::from_str(text.get()).map_err(|error| {
            let message = format!("{what} {number} of step {step} has another form than expected");
            Failure::from_error(FaultKind::Internal, &error).context(message)
        })
    };
    texts.iter().enumerate().map(one).collect()
}
