//! One call of a task: its request, and the name under which its outputs live.
use std::collections::BTreeMap;

use plan::Uri;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::to_raw_value};
use sha2::{Digest, Sha256};

use crate::{Failure, Json, Step, Task};

/// What a planner asks for: a request and what a person calls it.
#[derive(Clone, Debug)]
pub struct Item {
    /// What a person calls it: `reads 0..5000 × chunk 1_2`.
    pub label: String,
    request: Map<String, Value>,
}

/// A planned item: a line of a step's manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Planned {
    /// Hash of step, task, task version and request; the outputs' name.
    pub key: String,
    /// What a person calls it.
    pub label: String,
    /// Estimate of the memory that the task needs, in bytes.
    pub memory: u64,
    /// The request, with its `out`.
    pub request: Json,
}

impl Item {
    /// An item of a typed request, which must be a JSON object. Its field `out` is set by the engine; see [`unnamed`].
    ///
    /// # Errors
    /// [`plan::FaultKind::Internal`] if the request is no JSON object.
    pub fn new(label: impl Into<String>, request: &impl Serialize) -> Result<Self, Failure> {
        let label = label.into();
        match serde_json::to_value(request) {
            Ok(Value::Object(request)) => Ok(Self { label, request }),
            Ok(_) => Err(internal(format!("the request of {label} is no JSON object"))),
            Err(error) => Err(internal(format!("the request of {label} is no JSON: {error}"))),
        }
    }

    /// Names the item after its contents, in the run folder `run`.
    pub(crate) fn planned(mut self, run: &Uri, step: &Step, task: &Task) -> Result<Planned, Failure> {
        self.request.remove("out");
        let key = key(run, step.name, task, &self.request);
        let out = run.join(step.name).join(&key);
        self.request.insert("out".into(), Value::String(out.as_str().into()));
        // Sorted, so that a manifest does not depend on how serde_json keeps its objects.
        let sorted: BTreeMap<String, Value> = self.request.into_iter().collect();
        let request = to_raw_value(&sorted).map_err(|error| internal(error.to_string()))?;
        Ok(Planned {
            memory: step.memory.of(&request)?,
            label: self.label,
            key,
            request,
        })
    }
}

/// What stands in the field `out` of a request until the engine names the item.
pub fn unnamed() -> Uri {
    Uri::from_path("unnamed")
}

fn internal(message: String) -> Failure {
    Failure::new(plan::FaultKind::Internal, message)
}

/// Hash of (step, task, version, request): 80 bits in hexadecimal. Equal work has an equal name, whoever does it and in
/// whatever run: names of objects in this run's folder are hashed as relative ones.
fn key(run: &Uri, step: &str, task: &Task, request: &Map<String, Value>) -> String {
    let mut text = format!("{step}\n{}\n{}\n", task.name, task.version);
    canonical_object(request, &mut text);
    hash(&text.replace(&format!("\"{}/", run.as_str()), "\"run:"), 10)
}

/// The first `bytes` bytes of the SHA-256 of `text`, in hexadecimal.
pub(crate) fn hash(text: &str, bytes: usize) -> String {
    use std::fmt::Write;
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(bytes).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// JSON with sorted keys and no spaces: equal values give equal text whatever the order in which they were built.
pub(crate) fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(fields) => canonical_object(fields, text),
        Value::Array(values) => {
            text.push('[');
            for value in values {
                canonical(value, text);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

fn canonical_object(fields: &Map<String, Value>, text: &mut String) {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    text.push('{');
    for (name, value) in sorted {
        text.push_str(&Value::String(name.clone()).to_string());
        text.push(':');
        canonical(value, text);
        text.push(',');
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Context, task};

    fn plan(step: &'static str, version: u32, request: &Value) -> Planned {
        let work = task("work", version, async |_, value: Value| {
            Ok::<_, object_io::Error>(value)
        });
        let step = Step::map(step, "work", async |_: Context| Ok(Vec::new()));
        let item = Item::new("one", request).unwrap();
        item.planned(&Uri::from_path("runs/r"), &step, &work).unwrap()
    }

    #[test]
    fn the_name_is_a_hash_of_step_version_and_request_and_not_of_the_name() {
        let one = plan("align", 1, &json!({"a": 1, "b": [2, {"c": null}]}));
        assert_eq!(one.key.len(), 20);
        assert_eq!(
            one.key,
            plan("align", 1, &json!({"b": [2, {"c": null}], "a": 1, "out": "x"})).key
        );
        assert_ne!(one.key, plan("align", 2, &json!({"a": 1, "b": [2, {"c": null}]})).key);
        assert_ne!(one.key, plan("pileup", 1, &json!({"a": 1, "b": [2, {"c": null}]})).key);
        assert_ne!(one.key, plan("align", 1, &json!({"a": 1, "b": [2, {"c": 0}]})).key);
        let request: Value = serde_json::from_str(one.request.get()).unwrap();
        assert_eq!(request["out"], format!("runs/r/align/{}", one.key));
    }

    #[test]
    fn a_request_that_is_no_object_is_refused() {
        assert!(Item::new("one", &7).unwrap_err().to_string().contains("no JSON object"));
    }
}
