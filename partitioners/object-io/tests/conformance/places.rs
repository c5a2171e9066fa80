//! Where the laws are tried.
use std::any::Any;
#[cfg(feature = "aws")]
use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
#[cfg(feature = "aws")]
use object_io::S3Endpoint;
use object_io::Store;
use plan::Uri;

/// A store and an empty folder in it.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) root: Uri,
    _keep: Box<dyn Any + Send + Sync>,
}

impl Place {
    pub(crate) fn at(&self, key: &str) -> Uri {
        self.root.join(key)
    }

    pub(crate) async fn put(&self, key: &str, bytes: impl Into<Bytes> + Send) -> Uri {
        let uri = self.at(key);
        self.store.put(&uri, bytes).await.unwrap();
        uri
    }

    /// Puts the name itself.
    pub(crate) async fn put_owned(&self, key: String) -> Uri {
        self.put(&key, key.clone()).await
    }

    /// Names below the folder, as listed.
    pub(crate) async fn names(&self) -> Vec<String> {
        let listed = self.store.list(&self.root).await.unwrap();
        let start = self.root.as_str().len() + 1;
        listed
            .iter()
            .map(|object| object.uri.as_str()[start..].to_owned())
            .collect()
    }
}

pub(crate) fn folder() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place {
        store: Store::new(),
        root: Uri::from_path(folder.path().join("root")),
        _keep: Box::new(folder),
    }
}

pub(crate) fn memory() -> Place {
    Place {
        store: Store::new(),
        root: "mem://lab/root".parse().unwrap(),
        _keep: Box::new(()),
    }
}

/// A folder of its own for each test: on one server for all tests of this process, or below `TESSERA_TEST_S3`, such as
/// `s3://bucket/scratch`, on whatever server the environment says.
#[cfg(feature = "aws")]
pub(crate) fn s3() -> Place {
    static SERVER: LazyLock<s3_server::Server> = LazyLock::new(s3_server::Server::start);
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let (store, root) = if let Ok(elsewhere) = std::env::var("TESSERA_TEST_S3") {
        (Store::new(), format!("{elsewhere}/{}-{number}", std::process::id()))
    } else {
        SERVER.create_bucket("lab");
        let endpoint = S3Endpoint::new(SERVER.endpoint(), s3_server::ACCESS_KEY, s3_server::SECRET_KEY);
        (Store::with_s3_endpoint(endpoint), format!("s3://lab/{number}"))
    };
    Place {
        store,
        root: root.parse().unwrap(),
        _keep: Box::new(()),
    }
}

/// Bytes that repeat only after a prime number, so that a shifted or swapped block shows.
pub(crate) fn text(length: usize) -> Bytes {
    (0..length)
        .map(|i| (i % 251) as u8 ^ (i / 65_521) as u8)
        .collect::<Vec<u8>>()
        .into()
}
