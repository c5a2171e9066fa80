use std::{env, fmt, time::Duration};

use aws_config::{
    environment::EnvironmentVariableRegionProvider, meta::region::RegionProviderChain,
    profile::ProfileFileRegionProvider, retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Builder, Credentials, Region},
};

/// Where a server without AWS's region names pretends to be.
const ANY_REGION: &str = "us-east-1";

/// Requests per call unless the user says otherwise; the SDK's own default is 3. A thousand workers that start together
/// are told to slow down more often than that.
const ATTEMPTS: u32 = 5;

/// A store that speaks the S3 API at an address of its own, with its keys: MinIO, Ceph, a server in a test.
#[derive(Clone)]
pub struct S3Endpoint {
    /// Such as `http://127.0.0.1:9000`.
    pub url: String,
    /// Region name that the server expects.
    pub region: String,
    /// Access key.
    pub access_key: String,
    /// Secret key.
    pub secret_key: String,
    /// How often a request is made before it counts as failed.
    pub attempts: u32,
}

impl S3Endpoint {
    /// An endpoint in `us-east-1`, as most servers expect.
    pub fn new(url: impl Into<String>, access_key: impl Into<String>, secret_key: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            region: ANY_REGION.into(),
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            attempts: ATTEMPTS,
        }
    }
}

/// Without the secret.
impl fmt::Debug for S3Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Endpoint")
            .field("url", &self.url)
            .field("region", &self.region)
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// A client as the environment and the profile say, or for a given endpoint. Own endpoints are addressed path-style.
pub(super) async fn client(endpoint: Option<S3Endpoint>) -> Client {
    // The SDK gives up a silent connection only on demand; a body that stalls is noticed by its stall protection.
    let patience = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .read_timeout(Duration::from_secs(30))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(patience);
    let from_environment = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
        .iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    let given = endpoint.is_some();
    if let Some(S3Endpoint {
        url,
        region,
        access_key,
        secret_key,
        attempts,
    }) = endpoint
    {
        loader = loader.retry_config(RetryConfig::standard().with_max_attempts(attempts));
        loader = loader
            .endpoint_url(url)
            .region(Region::new(region))
            .credentials_provider(Credentials::new(access_key, secret_key, None, None, "tessera"));
    } else if from_environment {
        // Without the machine's metadata service, which is asked in vain for a second outside AWS.
        let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new())
            .or_else(ANY_REGION);
        loader = loader.region(region);
    }
    // As GDAL spells it: public buckets are read without an account.
    if env::var("AWS_NO_SIGN_REQUEST").is_ok_and(|value| is_yes(&value)) {
        loader = loader.no_credentials();
    }
    let shared = loader.load().await;
    let chosen = ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"]
        .iter()
        .any(|name| env::var_os(name).is_some());
    let custom = from_environment || shared.endpoint_url().is_some();
    let mut config = Builder::from(&shared).force_path_style(custom);
    if custom && shared.region().is_none() {
        config = config.region(Region::new(ANY_REGION));
    }
    if !given && !chosen {
        config = config.retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    }
    Client::from_conf(config.build())
}

fn is_yes(value: &str) -> bool {
    ["1", "yes", "true", "on"].contains(&value.to_ascii_lowercase().as_str())
}
