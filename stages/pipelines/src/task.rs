//! Tasks without their types, so that one registry serves the local engine, Lambda handlers and VM jobs.
use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc};

use object_io::Store;
use plan::{Fault, FaultKind};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::{RawValue, to_raw_value};

use crate::Failure;

/// JSON text that is passed on as it is: a request or a response.
pub type Json = Box<RawValue>;

type Answer = Pin<Box<dyn Future<Output = Result<Json, Failure>> + Send>>;

/// A task with its types erased: JSON in, JSON out.
#[derive(Clone)]
pub struct Task {
    /// Its name, the same in a pipeline, a Lambda function and a record.
    pub name: &'static str,
    /// Counts up whenever the same request gives other bytes than before; results of another version are not reused.
    pub version: u32,
    run: Arc<dyn Fn(Store, Json) -> Answer + Send + Sync>,
}

impl Task {
    /// Runs the task on a JSON request.
    ///
    /// # Errors
    /// What the task returned, or [`FaultKind::Invalid`] if the JSON is not its request.
    pub async fn invoke(&self, store: Store, request: Json) -> Result<Json, Failure> {
        (self.run)(store, request).await
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} v{}", self.name, self.version)
    }
}

/// Erases the types of `run`, which is `async fn(Store, Request) -> Result<Response, Error>`.
pub fn task<Request, Response, E, F, Run>(name: &'static str, version: u32, run: Run) -> Task
where
    Request: DeserializeOwned + Send + 'static,
    Response: Serialize,
    E: Fault,
    F: Future<Output = Result<Response, E>> + Send + 'static,
    Run: Fn(Store, Request) -> F + Send + Sync + 'static,
{
    let run = Arc::new(run);
    let erased = move |store: Store, request: Json| -> Answer {
        let run = run.clone();
        Box::pin(async move {
            let request = serde_json::from_str(request.get()).map_err(|error| {
                Failure::from_error(FaultKind::Invalid, &error).context(format!("not a request of task {name}"))
            })?;
            let response = run(store, request).await?;
            to_raw_value(&response).map_err(|error| {
                Failure::from_error(FaultKind::Internal, &error).context(format!("response of task {name} is no JSON"))
            })
        })
    };
    Task {
        name,
        version,
        run: Arc::new(erased),
    }
}

/// Tasks by name.
#[derive(Clone, Debug, Default)]
pub struct Tasks(BTreeMap<&'static str, Task>);

impl Tasks {
    /// No tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a task; see [`task`].
    #[must_use]
    pub fn with(mut self, task: Task) -> Self {
        self.0.insert(task.name, task);
        self
    }

    /// The task of that name.
    pub fn get(&self, name: &str) -> Option<&Task> {
        self.0.get(name)
    }

    /// All tasks, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Task> {
        self.0.values()
    }

    /// Runs the task `name`: what a handler or a job calls.
    ///
    /// # Errors
    /// What the task returned, or [`FaultKind::Invalid`] if there is no such task or the JSON is not its request.
    pub async fn invoke(&self, name: &str, store: Store, request: Json) -> Result<Json, Failure> {
        let task = self.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.0.keys().copied().collect();
            Failure::invalid(format!("there is no task {name}; known: {}", known.join(", ")))
        })?;
        task.invoke(store, request).await
    }
}

impl Extend<Task> for Tasks {
    fn extend<T: IntoIterator<Item = Task>>(&mut self, tasks: T) {
        self.0.extend(tasks.into_iter().map(|task| (task.name, task)));
    }
}

impl IntoIterator for Tasks {
    type Item = Task;
    type IntoIter = std::collections::btree_map::IntoValues<&'static str, Task>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_values()
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Double {
        number: u64,
    }

    fn tasks() -> Tasks {
        Tasks::new().with(task("double", 1, async |_store, request: Double| {
            Ok::<_, object_io::Error>(request.number * 2)
        }))
    }

    fn json(text: &str) -> Json {
        RawValue::from_string(text.into()).unwrap()
    }

    #[tokio::test]
    async fn a_task_is_called_by_name_with_json() {
        let answer = tasks().invoke("double", Store::new(), json(r#"{"number": 21}"#)).await;
        assert_eq!(answer.unwrap().get(), "42");
    }

    #[tokio::test]
    async fn an_unknown_name_and_a_wrong_request_are_told() {
        let unknown = tasks().invoke("triple", Store::new(), json("{}")).await.unwrap_err();
        assert_eq!(unknown.to_string(), "there is no task triple; known: double");
        let wrong = tasks().invoke("double", Store::new(), json("{}")).await.unwrap_err();
        assert_eq!(wrong.kind, FaultKind::Invalid);
        assert!(wrong.chain()[1].contains("missing field `number`"), "{wrong:?}");
    }
}
