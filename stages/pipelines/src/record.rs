//! The result record of an item.
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Json, event::Figures};

/// A finished item: a line of a step's records and results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// The item's key.
    pub key: String,
    /// What the task answered.
    pub response: Json,
    /// How it went.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Bytes that a task read and wrote, as told by its request and response.
///
/// A response may say `bytes_in` and `bytes_out` itself. Else what it read are the byte ranges of the partitions in its
/// request and the sizes of the other objects there, and what it wrote are the sizes of the objects in its response.
pub(crate) fn traffic(request: &Json, response: &Json) -> (u64, u64) {
    let parse = |text: &Json| serde_json::from_str::<Value>(text.get()).unwrap_or_default();
    let response = parse(response);
    let told = |name: &str| response.get(name).and_then(Value::as_u64);
    let bytes_in = told("bytes_in").unwrap_or_else(|| sizes(&parse(request)));
    (bytes_in, told("bytes_out").unwrap_or_else(|| sizes(&response)))
}

fn sizes(value: &Value) -> u64 {
    match value {
        Value::Array(values) => values.iter().map(sizes).sum(),
        Value::Object(fields) => {
            let number = |name: &str| fields.get(name).and_then(Value::as_u64);
            if let (Some(size), true) = (
                number("size"),
                fields.contains_key("uri") && fields.contains_key("etag"),
            ) {
                return size;
            }
            if let (Some(Value::Array(ranges)), Some(_)) = (fields.get("bytes"), fields.get("object")) {
                return ranges.iter().filter_map(length).sum();
            }
            fields.values().map(sizes).sum()
        }
        _ => 0,
    }
}

fn length(range: &Value) -> Option<u64> {
    range.get("end")?.as_u64()?.checked_sub(range.get("start")?.as_u64()?)
}

#[cfg(test)]
mod tests {
    use plan::{Object, Partition};
    use serde_json::{json, value::to_raw_value};

    use super::*;

    #[test]
    fn traffic_is_told_by_partitions_and_objects() {
        let object = Object {
            uri: "reads.gz".parse().unwrap(),
            size: 1000,
            etag: "e".into(),
        };
        let part = Partition {
            object: object.clone(),
            number: 3,
            bytes: vec![0..10, 90..100],
            scope: (),
        };
        let request = to_raw_value(&json!({"reads": part, "reference": object, "parts": 7})).unwrap();
        let response = to_raw_value(&json!({"table": object})).unwrap();
        assert_eq!(traffic(&request, &response), (1020, 1000));
        let told = to_raw_value(&json!({"bytes_in": 5, "bytes_out": 6, "table": object})).unwrap();
        assert_eq!(traffic(&request, &told), (5, 6));
        assert_eq!(traffic(&told, &to_raw_value(&json!(7)).unwrap()), (1000, 0));
    }
}
