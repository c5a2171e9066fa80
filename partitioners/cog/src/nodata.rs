//! A nodata value as plain data: JSON has no NaN and no infinity, so those travel as text.
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Number(f64),
    Text(String),
}

#[expect(clippy::ref_option, reason = "serde's `with` passes a reference to the field")]
pub(crate) fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    let stored = value.map(|value| {
        if value.is_finite() {
            Stored::Number(value)
        } else {
            Stored::Text(value.to_string())
        }
    });
    stored.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match Option::<Stored>::deserialize(deserializer)? {
        None => None,
        Some(Stored::Number(value)) => Some(value),
        Some(Stored::Text(text)) => Some(text.parse().map_err(serde::de::Error::custom)?),
    })
}
