//! The folder of one run: `<base>/runs/<id>/`.
//!
//! ```text
//! spec.json                       what was asked, of which objects, with which task versions
//! <step>/<key>…                   outputs of items
//! manifests/01-<step>.json        the step's items
//! records/01-<step>/….jsonl       results as they come, a few to a file
//! results/01-<step>.jsonl         results of a finished step, in the order of its manifest
//! events.jsonl, events/….jsonl    what happened
//! outcome.json, report.html       how it ended
//! destination.json                where the user wants the results
//! lease.json                      who works on it
//! ```
use std::collections::{BTreeMap, HashMap};

use futures::{
    future::try_join_all,
    stream::{self, StreamExt, TryStreamExt},
};
use object_io::{PutOutcome, Store};
use plan::{Object, Uri};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, Failure, Json, Planned, Record, State, Step, absolute, retry::Retries};

/// Small objects read at once.
const CONCURRENCY: usize = 16;

/// A run: its folder, and what `spec.json` says.
#[derive(Clone)]
pub struct Run {
    /// The store.
    pub store: Store,
    /// The folder.
    pub folder: Uri,
    /// What was asked.
    pub about: About,
}

/// `spec.json`: what a run is to do. Never changed after the run was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct About {
    /// Name of the run.
    pub id: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// When it was made: milliseconds since 1970-01-01 UTC.
    pub created: u64,
    /// Version of this crate that made it.
    pub version: String,
    /// Versions of the pipeline's tasks then.
    pub tasks: BTreeMap<String, u32>,
    /// The input objects as they were then; a run does not go on with others.
    pub inputs: Vec<Object>,
    /// Hash of pipeline, spec and input objects: equal work has an equal hash.
    pub hash: String,
    /// What the user asked for.
    pub spec: Json,
}

/// `outcome.json`: how the last process that worked on the run left it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ending {
    /// How.
    pub state: State,
    /// When: milliseconds since 1970-01-01 UTC.
    pub ended: u64,
    /// Seconds of work, all processes one after the other.
    pub seconds: f64,
    /// Most memory that the process had, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl Run {
    /// Name of step number `number` (from 0) in file names, so that listings are in order.
    fn numbered(number: usize, step: &Step) -> String {
        format!("{:02}-{}", number + 1, step.name)
    }

    pub(crate) fn file(&self, name: &str) -> Uri {
        self.folder.join(name)
    }

    pub(crate) fn manifest_uri(&self, number: usize, step: &Step) -> Uri {
        self.file(&format!("manifests/{}.json", Self::numbered(number, step)))
    }

    fn results_uri(&self, number: usize, step: &Step) -> Uri {
        self.file(&format!("results/{}.jsonl", Self::numbered(number, step)))
    }

    pub(crate) fn records_folder(&self, number: usize, step: &Step) -> Uri {
        self.file(&format!("records/{}", Self::numbered(number, step)))
    }

    /// Writes a small object, waiting out a store that is down for a moment.
    pub(crate) async fn put(&self, uri: &Uri, text: String) -> Result<(), Error> {
        let bytes = bytes::Bytes::from(text);
        let put = || self.store.put(uri, bytes.clone());
        Retries::default().persist(uri.as_str(), put).await?;
        Ok(())
    }

    /// Writes a small object unless it is there.
    pub(crate) async fn put_if_absent(&self, uri: &Uri, text: String) -> Result<PutOutcome, Error> {
        let bytes = bytes::Bytes::from(text);
        let put = || self.store.put_if_absent(uri, bytes.clone());
        Ok(Retries::default().persist(uri.as_str(), put).await?)
    }

    /// Reads a small object, or `None` if it is not there.
    pub(crate) async fn get(&self, uri: &Uri) -> Result<Option<bytes::Bytes>, Error> {
        match Retries::default().persist(uri.as_str(), || self.store.get(uri)).await {
            Err(object_io::Error::NotFound { .. }) => Ok(None),
            found => Ok(Some(found?)),
        }
    }

    pub(crate) async fn get_json<T: DeserializeOwned>(
        &self,
        uri: &Uri,
        what: &'static str,
    ) -> Result<Option<T>, Error> {
        let Some(bytes) = self.get(uri).await? else {
            return Ok(None);
        };
        parse(uri, what, &bytes).map(Some)
    }

    /// The step's items, if they are planned.
    pub async fn manifest(&self, number: usize, step: &Step) -> Result<Option<Vec<Planned>>, Error> {
        self.get_json(&self.manifest_uri(number, step), "a manifest").await
    }

    /// Writes the manifest, or gives the one that another process wrote first.
    pub(crate) async fn keep_manifest(
        &self,
        number: usize,
        step: &Step,
        items: Vec<Planned>,
    ) -> Result<Vec<Planned>, Error> {
        let uri = self.manifest_uri(number, step);
        let lines: Vec<String> = items.iter().map(line).collect::<Result<_, _>>()?;
        let text = format!("[\n{}\n]\n", lines.join(",\n"));
        match self.put_if_absent(&uri, text).await? {
            PutOutcome::Created(_) => Ok(items),
            PutOutcome::Existed => Ok(self.manifest(number, step).await?.unwrap_or(items)),
        }
    }

    /// The results of a step that is finished, in the order of its manifest.
    pub async fn results(&self, number: usize, step: &Step) -> Result<Option<Vec<Record>>, Error> {
        let uri = self.results_uri(number, step);
        let Some(bytes) = self.get(&uri).await? else {
            return Ok(None);
        };
        parse_lines(&uri, "results", &bytes).map(Some)
    }

    /// The results known so far, by key, whether the step is finished or not.
    pub async fn records(&self, number: usize, step: &Step) -> Result<HashMap<String, Record>, Error> {
        let folder = self.records_folder(number, step);
        loop {
            let found: Vec<Record> = match self.results(number, step).await? {
                Some(results) => results,
                None => match self.read_batches(&folder).await? {
                    Some(records) => records,
                    // Gone since they were listed: another process has just finished the step.
                    None => continue,
                },
            };
            return Ok(found.into_iter().map(|record| (record.key.clone(), record)).collect());
        }
    }

    async fn read_batches(&self, folder: &Uri) -> Result<Option<Vec<Record>>, Error> {
        let batches = self.store.list(folder).await?;
        let read = stream::iter(batches.into_iter().map(|batch| async move {
            match self.get(&batch.uri).await? {
                Some(bytes) => parse_lines::<Record>(&batch.uri, "records", &bytes).map(Some),
                None => Ok(None),
            }
        }));
        let all: Vec<Option<Vec<Record>>> = read.buffered(CONCURRENCY).try_collect::<Vec<_>>().await?;
        Ok(all
            .into_iter()
            .collect::<Option<Vec<_>>>()
            .map(|all| all.into_iter().flatten().collect()))
    }

    /// Writes the results of a finished step as one object, and removes the batches that they came in.
    pub(crate) async fn finish_step(&self, number: usize, step: &Step, results: &[&Record]) -> Result<(), Error> {
        let mut text = String::new();
        for record in results {
            text.push_str(&line(record)?);
            text.push('\n');
        }
        self.put_if_absent(&self.results_uri(number, step), text).await?;
        let batches = self.store.list(&self.records_folder(number, step)).await?;
        self.delete(&batches).await
    }

    /// Removes objects, several at once: on S3 each takes a round trip.
    pub(crate) async fn delete(&self, objects: &[Object]) -> Result<(), Error> {
        for some in objects.chunks(CONCURRENCY) {
            try_join_all(some.iter().map(|object| self.store.delete(&object.uri))).await?;
        }
        Ok(())
    }

    /// Says where the user wants the results of this run. It is no part of the spec: equal work sent elsewhere is not
    /// done again. A relative path is made absolute.
    pub async fn send_to(&self, destination: &Uri) -> Result<(), Error> {
        self.put(&self.file("destination.json"), line(&absolute(destination))?)
            .await
    }

    /// Where the user wants the results.
    pub async fn destination(&self) -> Result<Option<Uri>, Error> {
        self.get_json(&self.file("destination.json"), "the destination").await
    }

    /// How the last process left the run; `None` while none has.
    pub async fn ending(&self) -> Result<Option<Ending>, Error> {
        self.get_json(&self.file("outcome.json"), "the outcome").await
    }

    /// Refuses input objects that are not those that the run was made for.
    pub(crate) async fn check_inputs(&self) -> Result<(), Error> {
        for input in &self.about.inputs {
            let now = Retries::default()
                .persist(input.uri.as_str(), || self.store.head(&input.uri))
                .await?;
            if (now.size, &now.etag) != (input.size, &input.etag) {
                return Err(Error::InputChanged {
                    run: self.about.id.clone(),
                    was: Box::new(input.clone()),
                    now: Box::new(now),
                });
            }
        }
        Ok(())
    }
}

/// One JSON document on one line.
pub(crate) fn line(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::Unwritable { source })
}

pub(crate) fn parse<T: DeserializeOwned>(uri: &Uri, what: &'static str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Folder {
        uri: uri.clone(),
        what,
        source,
    })
}

pub(crate) fn parse_lines<T: DeserializeOwned>(uri: &Uri, what: &'static str, bytes: &[u8]) -> Result<Vec<T>, Error> {
    bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| parse(uri, what, line))
        .collect()
}
