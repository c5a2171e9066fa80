//! Where the bytes of a file come from: a server, or a store.
use bytes::Bytes;
use hyper::{StatusCode, body::Incoming, header};
use object_io::Store;
use plan::{Object, Uri};

use crate::{
    Error,
    http::{self, Http, Rest},
};

/// A source that has been asked.
pub(crate) enum Source {
    /// The file goes on where we asked, or starts anew.
    Bytes(Opened),
    /// We have all there is.
    Complete,
}

/// An answer with bytes.
pub(crate) struct Opened {
    /// Offset of the first byte that comes.
    pub(crate) from: u64,
    /// Length of the whole file, if the source says it.
    pub(crate) total: Option<u64>,
    /// What the next attempt can tell the same version by.
    pub(crate) validator: Option<String>,
    body: Body,
}

enum Body {
    Http(Incoming),
    Store { store: Store, object: Object, at: u64 },
}

/// Bytes of one ranged read of a store.
const READ: u64 = 8 << 20;

/// Asks for `uri`, from `rest` on if it is still what `rest` says.
pub(crate) async fn open(http: &Http, store: &Store, uri: &str, rest: Option<&Rest>) -> Result<Source, Error> {
    if uri.starts_with("http://") || uri.starts_with("https://") {
        open_http(http, uri, rest).await
    } else {
        open_store(store, uri, rest).await
    }
}

async fn open_http(http: &Http, url: &str, rest: Option<&Rest>) -> Result<Source, Error> {
    let response = http.get(url, rest).await?;
    let protocol = |reason| Error::Protocol {
        url: url.to_owned(),
        reason,
    };
    let length = http::text(&response, &header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    let (from, total) = match (response.status(), rest) {
        (StatusCode::OK, _) => (0, length),
        (StatusCode::PARTIAL_CONTENT, Some(rest)) => {
            let range = http::text(&response, &header::CONTENT_RANGE).and_then(content_range);
            let (from, total) = range.ok_or_else(|| protocol("an answer in part that does not say which"))?;
            if from != rest.from {
                return Err(protocol("another part than the one asked for"));
            }
            (from, total.or(length.map(|length| from + length)))
        }
        (StatusCode::RANGE_NOT_SATISFIABLE, Some(rest)) => {
            // Whether the bytes that we have are all, and still the right ones, only the length tells.
            let total = http::text(&response, &header::CONTENT_RANGE).and_then(|text| text.strip_prefix("bytes */"));
            if total.and_then(|total| total.parse().ok()) == Some(rest.from) {
                return Ok(Source::Complete);
            }
            return Box::pin(open_http(http, url, None)).await;
        }
        (status, _) => {
            return Err(Error::Status {
                url: url.to_owned(),
                status: status.as_u16(),
            });
        }
    };
    // A weak tag does not promise equal bytes; the date is the next best.
    let tag = http::text(&response, &header::ETAG).filter(|tag| !tag.starts_with("W/"));
    let validator = tag
        .or_else(|| http::text(&response, &header::LAST_MODIFIED))
        .map(str::to_owned);
    Ok(Source::Bytes(Opened {
        from,
        total,
        validator,
        body: Body::Http(response.into_body()),
    }))
}

/// `bytes 5-9/10`: the first byte, and the length of the whole.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}

async fn open_store(store: &Store, uri: &str, rest: Option<&Rest>) -> Result<Source, Error> {
    let parsed: Uri = uri.parse().map_err(|_| Error::Protocol {
        url: uri.to_owned(),
        reason: "this is no address",
    })?;
    let object = store.head(&parsed).await?;
    let same = rest.filter(|rest| rest.validator.as_ref() == Some(&object.etag) && rest.from <= object.size);
    let at = same.map_or(0, |rest| rest.from);
    if at > 0 && at == object.size {
        return Ok(Source::Complete);
    }
    let (total, validator) = (Some(object.size), Some(object.etag.clone()));
    Ok(Source::Bytes(Opened {
        from: at,
        total,
        validator,
        body: Body::Store {
            store: store.clone(),
            object,
            at,
        },
    }))
}

impl Opened {
    /// The next bytes; `None` at the end of the file.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
        match &mut self.body {
            Body::Http(body) => http::next(body).await,
            Body::Store { at, object, .. } if *at == object.size => Ok(None),
            Body::Store { store, object, at } => {
                let range = *at..(*at + READ).min(object.size);
                let bytes = store.read(object, range.clone()).await?;
                *at = range.end;
                Ok(Some(bytes))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
        assert_eq!(content_range("bytes */10"), None);
    }
}
