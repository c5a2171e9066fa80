//! One page of a bucket's keys.
use std::collections::BTreeSet;

use s3s::dto::{CommonPrefix, ETag, EncodingType, ListObjectsV2Input, ListObjectsV2Output, Object};

use crate::objects::Bucket;

/// What a key becomes in a listing.
enum Entry<'a> {
    Key(&'a str),
    Folder(String),
}

pub(crate) fn page(bucket: &Bucket, input: ListObjectsV2Input) -> ListObjectsV2Output {
    let prefix = input.prefix.clone().unwrap_or_default();
    let limit = input.max_keys.unwrap_or(1000).clamp(0, 1000) as usize;
    let encoded = input
        .encoding_type
        .as_ref()
        .is_some_and(|kind| kind.as_str() == EncodingType::URL);
    let show = |text: &str| if encoded { percent(text) } else { text.to_owned() };
    let after = input
        .continuation_token
        .clone()
        .or_else(|| input.start_after.clone())
        .unwrap_or_default();
    let mut folders: BTreeSet<String> = BTreeSet::new();
    let mut contents = Vec::new();
    let mut last = None;
    let mut truncated = false;
    for (key, stored) in bucket
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix))
    {
        let entry = match input
            .delimiter
            .as_deref()
            .and_then(|cut| key[prefix.len()..].find(cut).map(|at| at + cut.len()))
        {
            Some(end) => Entry::Folder(key[..prefix.len() + end].to_owned()),
            None => Entry::Key(key),
        };
        let name = match &entry {
            Entry::Key(key) => (*key).to_owned(),
            Entry::Folder(folder) => folder.clone(),
        };
        if name <= after || folders.contains(&name) {
            continue;
        }
        if contents.len() + folders.len() == limit {
            truncated = true;
            break;
        }
        last = Some(name);
        match entry {
            Entry::Folder(folder) => drop(folders.insert(folder)),
            Entry::Key(key) => contents.push(Object {
                key: Some(show(key)),
                size: Some(stored.bytes.len() as i64),
                e_tag: Some(ETag::Strong(stored.etag.clone())),
                last_modified: Some(stored.modified.into()),
                ..Default::default()
            }),
        }
    }
    let prefixes: Vec<CommonPrefix> = folders
        .iter()
        .map(|folder| CommonPrefix {
            prefix: Some(show(folder)),
        })
        .collect();
    ListObjectsV2Output {
        key_count: Some((contents.len() + prefixes.len()) as i32),
        max_keys: Some(limit as i32),
        is_truncated: Some(truncated),
        next_continuation_token: last.filter(|_| truncated),
        contents: Some(contents),
        common_prefixes: Some(prefixes),
        name: Some(input.bucket),
        prefix: Some(show(&prefix)),
        delimiter: input.delimiter,
        continuation_token: input.continuation_token,
        start_after: input.start_after,
        encoding_type: input.encoding_type,
        ..Default::default()
    }
}

fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
