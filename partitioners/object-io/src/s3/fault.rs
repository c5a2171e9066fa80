//! What the SDK's errors mean in ours.
use std::{error::Error as StdError, fmt::Write, io};

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    operation::RequestId,
};
use plan::{Object, Uri};

use crate::{Error, error::Access};

pub(super) fn reading<E>(uri: &Uri, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    classify(uri, error, Access::Read)
}

pub(super) fn writing<E>(uri: &Uri, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    classify(uri, error, Access::Write)
}

/// As [`reading`], for a request with `If-Match`: a refused condition says that the object changed.
pub(super) fn reading_version<E>(object: &Object, error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match status(error) {
        // 416: shorter than planned, so another version, on a server that looks at the range before the condition.
        Some(412 | 416) => Error::Changed {
            uri: object.uri.clone(),
            expected: object.etag.clone(),
            found: "another".into(),
        },
        _ => reading(&object.uri, error),
    }
}

pub(super) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

fn classify<E>(uri: &Uri, error: &SdkError<E, HttpResponse>, access: Access) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let uri = uri.clone();
    let code = error.code().unwrap_or_default().to_owned();
    let status = status(error);
    let cause = |kind| io::Error::new(kind, describe(error));
    let unavailable = || Error::Unavailable {
        uri: uri.clone(),
        source: cause(io::ErrorKind::TimedOut),
    };
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => return unavailable(),
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => return unavailable(),
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) if speaks_of("region must be set", error) => {
            return Error::Scheme {
                uri: uri.clone(),
                scheme: "s3".into(),
                needs: "a region: set AWS_REGION",
            };
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) if speaks_of("credentials", error) => {
            let hint = "set AWS_PROFILE or AWS_ACCESS_KEY_ID; for a public bucket AWS_NO_SIGN_REQUEST=YES";
            return Error::Denied {
                uri: uri.clone(),
                source: io::Error::new(io::ErrorKind::PermissionDenied, format!("{}; {hint}", describe(error))),
            };
        }
        _ => {}
    }
    match (status, code.as_str(), access) {
        (_, "SlowDown" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded" | "TooManyRequests", _)
        | (Some(429 | 503), ..) => Error::Throttled {
            uri: uri.clone(),
            source: cause(io::ErrorKind::ResourceBusy),
        },
        (Some(409), "ConditionalRequestConflict" | "OperationAborted", _)
        | (_, "RequestTimeout", _)
        | (Some(500..), ..) => unavailable(),
        (_, "NoSuchBucket", _) => Error::NotFound { uri: bucket_of(&uri) },
        (Some(404), ..) => Error::NotFound { uri: uri.clone() },
        (Some(401 | 403), _, Access::Read) => Error::Denied {
            uri: uri.clone(),
            source: cause(io::ErrorKind::PermissionDenied),
        },
        (Some(401 | 403), _, Access::Write) => Error::Write {
            uri: uri.clone(),
            source: cause(io::ErrorKind::PermissionDenied),
        },
        (.., Access::Read) => Error::Io {
            uri: uri.clone(),
            source: cause(io::ErrorKind::Other),
        },
        (.., Access::Write) => Error::Write {
            uri: uri.clone(),
            source: cause(io::ErrorKind::Other),
        },
    }
}

fn bucket_of(uri: &Uri) -> Uri {
    let (bucket, _) = super::place(uri);
    format!("s3://{bucket}").parse().unwrap_or_else(|_| uri.clone())
}

/// The whole chain in one line: the SDK's own `Display` says only "service error".
fn describe<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let SdkError::ServiceError(service) = error else {
        return chain(error);
    };
    let (answer, inner) = (service.raw(), service.err());
    let code = inner.code().unwrap_or("no error code");
    let mut text = format!("HTTP {} {code}", answer.status().as_u16());
    if let Some(message) = inner.message().filter(|message| !message.is_empty()) {
        let _ = write!(text, ": {message}");
    }
    if let Some(region) = answer
        .headers()
        .get("x-amz-bucket-region")
        .filter(|_| code != "NoSuchKey")
    {
        let _ = write!(text, " (the bucket is in region {region})");
    }
    if let Some(id) = inner.meta().request_id() {
        let _ = write!(text, " (request {id})");
    }
    text
}

pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            let _ = write!(text, ": {next}");
        }
        cause = error.source();
    }
    text
}

/// Whether the chain contains these words. What keeps a request from being made has no type that we could match: the SDK
/// wraps it differently depending on where credentials and region come from.
fn speaks_of(words: &str, error: &dyn StdError) -> bool {
    chain(error).contains(words)
}
