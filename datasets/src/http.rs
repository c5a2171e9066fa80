//! GET over HTTP and HTTPS: redirects, ranges, and time limits on silence.
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, Response, StatusCode, Uri, body::Incoming, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::Error;

/// A server that says nothing for so long has gone.
const SILENCE: Duration = Duration::from_mins(1);
/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Longest text that is read whole: lists of checksums and of files.
const TEXT: usize = 16 << 20;

/// A client; connections are kept while it lives.
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Empty<Bytes>>);

/// The part of an object to ask for, given that it is still the same.
#[derive(Clone, Debug)]
pub(crate) struct Rest {
    pub(crate) from: u64,
    /// A strong entity tag, or a date, to send as If-Range.
    pub(crate) validator: Option<String>,
}

impl Http {
    /// # Errors
    /// When the machine has no certificates to tell servers by.
    pub(crate) fn new() -> std::io::Result<Self> {
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self(Client::builder(TokioExecutor::new()).build(connector)))
    }

    /// The answer to a GET, redirects followed.
    pub(crate) async fn get(&self, url: &str, rest: Option<&Rest>) -> Result<Response<Incoming>, Error> {
        let protocol = |reason| Error::Protocol {
            url: url.to_owned(),
            reason,
        };
        let mut target: Uri = url.parse().map_err(|_| protocol("this is no address"))?;
        for _ in 0..=REDIRECTS {
            let mut request = Request::get(&target)
                .header(header::USER_AGENT, concat!("tessera/", env!("CARGO_PKG_VERSION")))
                // The stored bytes are what checksums and ranges are about.
                .header(header::ACCEPT_ENCODING, "identity");
            if let Some(Rest { from, validator }) = rest {
                request = request.header(header::RANGE, format!("bytes={from}-"));
                if let Some(validator) = validator {
                    request = request.header(header::IF_RANGE, validator);
                }
            }
            let request = request.body(Empty::new()).map_err(|_| protocol("this is no address"))?;
            let offline = |source| Error::Offline {
                url: url.to_owned(),
                source,
            };
            let answer = tokio::time::timeout(SILENCE, self.0.request(request)).await;
            let response = answer
                .map_err(|silent| offline(silent.into()))?
                .map_err(|error| offline(error.into()))?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            let place = text(&response, &header::LOCATION).ok_or_else(|| protocol("a redirect to nowhere"))?;
            let next = resolve(&target, place).ok_or_else(|| protocol("a redirect to nowhere"))?;
            if target.scheme_str() == Some("https") && next.scheme_str() != Some("https") {
                return Err(protocol("a redirect from HTTPS to HTTP"));
            }
            target = next;
        }
        Err(protocol("too many redirects"))
    }

    /// A short text, whole.
    pub(crate) async fn text(&self, url: &str) -> Result<String, Error> {
        let response = self.get(url, None).await?;
        if response.status() != StatusCode::OK {
            return Err(Error::Status {
                url: url.to_owned(),
                status: response.status().as_u16(),
            });
        }
        let mut body = response.into_body();
        let mut whole = Vec::new();
        while let Some(bytes) = next(&mut body).await.map_err(|source| broken(url, 0, source))? {
            if whole.len() + bytes.len() > TEXT {
                return Err(Error::Protocol {
                    url: url.to_owned(),
                    reason: "the answer is too long",
                });
            }
            whole.extend_from_slice(&bytes);
        }
        String::from_utf8(whole).map_err(|_| Error::Protocol {
            url: url.to_owned(),
            reason: "the answer is no text",
        })
    }
}

/// The next bytes of a body; `None` at its end.
pub(crate) async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Box<dyn std::error::Error + Send + Sync>> {
    loop {
        match tokio::time::timeout(SILENCE, body.frame()).await? {
            None => return Ok(None),
            Some(frame) => {
                if let Ok(bytes) = frame?.into_data() {
                    return Ok(Some(bytes));
                }
            }
        }
    }
}

pub(crate) fn broken(url: &str, received: u64, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Broken {
        url: url.to_owned(),
        received,
        source,
    }
}

/// A header as text.
pub(crate) fn text<'a, T>(response: &'a Response<T>, name: &header::HeaderName) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// What `place`, an address or an absolute path, means in an answer from `base`.
fn resolve(base: &Uri, place: &str) -> Option<Uri> {
    let absolute = place.parse::<Uri>().ok().filter(|uri| uri.scheme().is_some());
    absolute.or_else(|| {
        let authority = base.authority()?;
        let path = if place.starts_with('/') {
            place.to_owned()
        } else {
            format!("/{place}")
        };
        Uri::builder()
            .scheme(base.scheme_str()?)
            .authority(authority.as_str())
            .path_and_query(path)
            .build()
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_lead_somewhere() {
        let base: Uri = "https://a.org/x/y".parse().unwrap();
        let place = |place| resolve(&base, place).map(|uri| uri.to_string());
        assert_eq!(place("http://b.org/z").as_deref(), Some("http://b.org/z"));
        assert_eq!(place("/z?q=1").as_deref(), Some("https://a.org/z?q=1"));
    }
}
