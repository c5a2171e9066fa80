//! The runs in a store: made, found, listed, removed.
use std::{collections::BTreeMap, path};

use object_io::{PutOutcome, Store};
use plan::{Object, Uri};
use serde::Serialize;
use serde_json::{Value, value::to_raw_value};

use crate::{
    About, Error, Failure, Pipeline, Run, State, clock,
    item::{canonical, hash},
    lease::Lease,
    retry::Retries,
    run_folder::{line, parse},
};

/// The runs below a base folder or prefix: `<base>/runs/<id>/`.
#[derive(Clone)]
pub struct Runs {
    store: Store,
    base: Uri,
}

/// A run in a listing.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Name of the run.
    pub id: String,
    /// Name of its pipeline.
    pub pipeline: String,
    /// When it was made: milliseconds since 1970-01-01 UTC.
    pub created: u64,
    /// How it stands.
    pub state: State,
    /// Seconds of work so far, as far as processes have told.
    pub seconds: f64,
    /// Its folder.
    pub folder: Uri,
}

impl Runs {
    /// Runs in `base`. A relative path is made absolute, so that a run can be resumed from another working directory.
    pub fn new(store: Store, base: &Uri) -> Self {
        Self {
            store,
            base: absolute(base),
        }
    }

    /// The folder that holds the runs' folders.
    pub fn folder(&self) -> Uri {
        self.base.join("runs")
    }

    /// Makes a run of `pipeline`; nothing is computed yet.
    ///
    /// `inputs` are the objects that the spec names, as they are now: a run refuses to go on with others.
    pub async fn create(&self, pipeline: &Pipeline, spec: &impl Serialize, inputs: Vec<Object>) -> Result<Run, Error> {
        let hash = hash_of(pipeline, spec, &inputs)?;
        let spec = to_raw_value(spec).map_err(|source| Error::Unwritable { source })?;
        let mut created = clock::now();
        loop {
            let id = format!("{}-{}-{}", pipeline.name, clock::stamp(created), &hash[..4]);
            let about = About {
                id: id.clone(),
                pipeline: pipeline.name.into(),
                created,
                version: env!("CARGO_PKG_VERSION").into(),
                tasks: versions(pipeline),
                inputs: inputs.clone(),
                hash: hash.clone(),
                spec: spec.clone(),
            };
            let run = self.at(about);
            match run.put_if_absent(&run.file("spec.json"), line(&run.about)?).await? {
                PutOutcome::Created(_) => return Ok(run),
                // Two runs of the same spec in one second: the later takes the next second's name.
                PutOutcome::Existed => created += 1000,
            }
        }
    }

    /// The last run of the same pipeline, spec and inputs that is not finished: what a user who repeats a command means.
    pub async fn unfinished(
        &self,
        pipeline: &Pipeline,
        spec: &impl Serialize,
        inputs: &[Object],
    ) -> Result<Option<Run>, Error> {
        let hash = hash_of(pipeline, spec, inputs)?;
        for id in self.ids().await?.into_iter().rev() {
            if !id.starts_with(pipeline.name) || !id.ends_with(&hash[..4]) {
                continue;
            }
            let run = self.open(&id).await?;
            let finished = run
                .ending()
                .await?
                .is_some_and(|ending| ending.state == State::Finished);
            if run.about.hash == hash && run.about.tasks == versions(pipeline) && !finished {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// The run `id`, or the one run whose name contains `id`, or the last one for `latest`.
    pub async fn open(&self, id: &str) -> Result<Run, Error> {
        if let Some(run) = self.read(id).await? {
            return Ok(run);
        }
        let ids = self.ids().await?;
        let mut candidates: Vec<&String> = match id {
            "latest" => self.latest(&ids).await?.into_iter().collect(),
            _ => ids.iter().filter(|name| name.contains(id)).collect(),
        };
        let name = match (candidates.pop(), candidates.is_empty()) {
            (Some(only), true) => only,
            (Some(_), false) => {
                return Err(Error::Ambiguous {
                    id: id.into(),
                    folder: self.folder(),
                    candidates: ids.iter().filter(|name| name.contains(id)).cloned().collect(),
                });
            }
            (None, _) => return Err(self.no_such_run(id)),
        };
        self.read(name).await?.ok_or_else(|| self.no_such_run(id))
    }

    fn no_such_run(&self, id: &str) -> Error {
        Error::NoSuchRun {
            id: id.into(),
            folder: self.folder(),
        }
    }

    async fn latest<'a>(&self, ids: &'a [String]) -> Result<Option<&'a String>, Error> {
        let mut latest = None;
        for id in ids {
            let created = self.read(id).await?.map(|run| run.about.created);
            latest = latest.max(created.map(|created| (created, id)));
        }
        Ok(latest.map(|(_, id)| id))
    }

    async fn read(&self, id: &str) -> Result<Option<Run>, Error> {
        if id.is_empty() || id.contains('/') || id.starts_with('.') {
            return Ok(None);
        }
        let folder = self.folder().join(id);
        let uri = folder.join("spec.json");
        match Retries::default().persist(id, || self.store.get(&uri)).await {
            Err(object_io::Error::NotFound { .. }) => Ok(None),
            found => Ok(Some(Run {
                about: parse(&uri, "the spec", &found?)?,
                store: self.store.clone(),
                folder,
            })),
        }
    }

    fn at(&self, about: About) -> Run {
        Run {
            store: self.store.clone(),
            folder: self.folder().join(&about.id),
            about,
        }
    }

    /// Names of all runs, sorted.
    pub async fn ids(&self) -> Result<Vec<String>, Error> {
        let folder = self.folder();
        let mut ids: Vec<String> = Vec::new();
        for object in self.store.list(&folder).await? {
            let below = object.uri.as_str().strip_prefix(folder.as_str()).unwrap_or_default();
            if let Some((id, "spec.json")) = below.trim_start_matches('/').split_once('/') {
                ids.push(id.into());
            }
        }
        ids.sort();
        Ok(ids)
    }

    /// Every run and how it stands, oldest first.
    pub async fn list(&self) -> Result<Vec<Summary>, Error> {
        let mut summaries = Vec::new();
        for id in self.ids().await? {
            if let Some(run) = self.read(&id).await? {
                summaries.push(run.summary().await?);
            }
        }
        summaries.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(summaries)
    }

    /// Removes a run and all its outputs; gives the number of objects and bytes removed.
    ///
    /// # Errors
    /// [`Error::Busy`] while a process works on it.
    pub async fn remove(&self, run: &Run) -> Result<(u64, u64), Error> {
        if let Some(lease) = Lease::of_another(run).await? {
            return Err(lease.busy(run));
        }
        let mut objects = self.store.list(&run.folder).await?;
        let (number, bytes) = (objects.len() as u64, objects.iter().map(|object| object.size).sum());
        // The spec goes last: a removal that is cut short leaves a run that can be listed and removed again.
        let spec = run.file("spec.json");
        objects.retain(|object| object.uri != spec);
        run.delete(&objects).await?;
        self.store.delete(&spec).await?;
        if let Some(path) = run.folder.path() {
            // What is left are empty folders and temporary files of processes that were killed.
            let gone = std::fs::remove_dir_all(&path);
            if let Err(error) = gone {
                tracing::warn!(%error, path = %path.display(), "cannot remove the folder of the run");
            }
        }
        Ok((number, bytes))
    }
}

impl Run {
    /// Number of objects in the run's folder, and their bytes.
    pub async fn size(&self) -> Result<(u64, u64), Error> {
        let objects = self.store.list(&self.folder).await?;
        Ok((objects.len() as u64, objects.iter().map(|object| object.size).sum()))
    }

    /// How the run stands.
    pub async fn summary(&self) -> Result<Summary, Error> {
        let ending = self.ending().await?;
        let state = match &ending {
            Some(ending) if ending.state == State::Finished => State::Finished,
            _ if Lease::of_another(self).await?.is_some() => State::Running,
            Some(ending) => ending.state,
            None => State::Stopped,
        };
        Ok(Summary {
            id: self.about.id.clone(),
            pipeline: self.about.pipeline.clone(),
            created: self.about.created,
            state,
            seconds: ending.map_or(0.0, |ending| ending.seconds),
            folder: self.folder.clone(),
        })
    }

    /// Refuses to go on with tasks of other versions than the run was started with.
    pub(crate) fn check_versions(&self, pipeline: &Pipeline) -> Result<(), Error> {
        let now = versions(pipeline);
        if now == self.about.tasks {
            return Ok(());
        }
        let told = |tasks: &BTreeMap<String, u32>, name: &str| {
            tasks
                .get(name)
                .map_or("none".to_owned(), |version| format!("v{version}"))
        };
        let mut names: Vec<&String> = now.keys().chain(self.about.tasks.keys()).collect();
        names.sort();
        names.dedup();
        let differing = names
            .into_iter()
            .filter(|name| now.get(*name) != self.about.tasks.get(*name));
        let differences: Vec<String> = differing
            .map(|name| format!("{name} was {}, is {}", told(&self.about.tasks, name), told(&now, name)))
            .collect();
        Err(Error::OtherVersion {
            run: self.about.id.clone(),
            differences: differences.join("; "),
        })
    }
}

/// A relative local path made absolute; any other URI as it is.
pub fn absolute(uri: &Uri) -> Uri {
    match uri.path().map(path::absolute) {
        Some(Ok(path)) => Uri::from_path(path),
        _ => uri.clone(),
    }
}

fn versions(pipeline: &Pipeline) -> BTreeMap<String, u32> {
    pipeline
        .tasks
        .iter()
        .map(|task| (task.name.to_owned(), task.version))
        .collect()
}

fn hash_of(pipeline: &Pipeline, spec: &impl Serialize, inputs: &[Object]) -> Result<String, Error> {
    let value = |value: serde_json::Result<Value>| value.map_err(|source| Error::Unwritable { source });
    let mut text = format!("{}\n", pipeline.name);
    canonical(&value(serde_json::to_value(spec))?, &mut text);
    canonical(&value(serde_json::to_value(inputs))?, &mut text);
    Ok(hash(&text, 16))
}

/// Used by the engine when a run ends.
pub(crate) fn failure_of(error: &Error) -> Option<Failure> {
    match error {
        Error::Stopped { .. } => None,
        Error::Item { source, .. } | Error::Plan { source, .. } | Error::Publish { source, .. } => {
            Some(source.clone().context(error.to_string()))
        }
        other => Some(Failure::from_error(plan::Fault::kind(other), other)),
    }
}
