//! Downloads from a server that misbehaves, in this process.
use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use datasets::{Error, File, Kind, Manifest, fetch};
use object_io::Store;
use plan::Uri;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the server does.
#[derive(Clone, Default)]
struct Site {
    body: Vec<u8>,
    etag: &'static str,
    /// Bytes after which the first so many answers break off.
    breaks: Vec<usize>,
    /// The connection stays open and silent instead.
    hangs: bool,
    /// Status codes to give before anything else.
    statuses: Vec<u16>,
}

/// A server, and the requests that it got.
struct Server {
    address: String,
    site: Arc<Mutex<Site>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(site: Site) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = Self {
            address,
            site: Arc::new(Mutex::new(site)),
            requests: Arc::default(),
        };
        let (site, requests) = (server.site.clone(), server.requests.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = serve(stream, &site, &requests).await;
            }
        });
        server
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.address)
    }

    /// The Range and If-Range headers of all requests.
    fn ranges(&self) -> Vec<(Option<String>, Option<String>)> {
        let header = |request: &str, name: &str| {
            let line = request
                .lines()
                .find(|line| line.to_ascii_lowercase().starts_with(name))?;
            Some(line.split_once(": ")?.1.to_owned())
        };
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| (header(request, "range:"), header(request, "if-range:")))
            .collect()
    }
}

async fn serve(mut stream: TcpStream, site: &Mutex<Site>, requests: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    requests.lock().unwrap().push(request.clone());
    let (site, stop, status) = {
        let mut site = site.lock().unwrap();
        let stop = (!site.breaks.is_empty()).then(|| site.breaks.remove(0));
        let status = (!site.statuses.is_empty()).then(|| site.statuses.remove(0));
        (site.clone(), stop, status)
    };
    if let Some(status) = status {
        let place = if status == 302 { "Location: /moved\r\n" } else { "" };
        let answer = format!("HTTP/1.1 {status} X\r\n{place}Content-Length: 0\r\nConnection: close\r\n\r\n");
        return stream.write_all(answer.as_bytes()).await;
    }
    let lower = request.to_ascii_lowercase();
    let from = lower
        .split_once("range: bytes=")
        .and_then(|(_, rest)| rest.split_once('-')?.0.parse::<usize>().ok());
    let same = lower
        .split_once("if-range: ")
        .is_none_or(|(_, rest)| rest.starts_with(&site.etag.to_ascii_lowercase()));
    let total = site.body.len();
    let (head, from) = match from.filter(|_| same) {
        Some(from) if from >= total => (format!("416 X\r\nContent-Range: bytes */{total}"), total),
        Some(from) => (
            format!("206 X\r\nContent-Range: bytes {from}-{}/{total}", total - 1),
            from,
        ),
        None => ("200 OK".to_owned(), 0),
    };
    let body = &site.body[from..];
    let answer = format!(
        "HTTP/1.1 {head}\r\nETag: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        site.etag,
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream
        .write_all(&body[..stop.unwrap_or(body.len()).min(body.len())])
        .await?;
    stream.flush().await?;
    if stop.is_some() && site.hangs {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_mins(10)).await;
            drop(stream);
        });
    }
    Ok(())
}

fn body() -> Vec<u8> {
    (0..300_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

/// MD5 of [`body`], by `md5sum`.
const MD5: &str = "14a1802113ce2773fe316b5a05dd3645";

fn manifest(files: Vec<File>) -> Manifest {
    let text = || "test".to_owned();
    Manifest {
        name: text(),
        title: text(),
        kind: Kind::Reads,
        licence: text(),
        citation: text(),
        ena_run: None,
        files,
    }
}

fn file(url: String) -> File {
    File {
        uri: url,
        name: Some("reads.gz".to_owned()),
        md5: Some(MD5.to_owned()),
        ..File::default()
    }
}

async fn get(folder: &Path, file: File) -> Result<fetch::Response, Error> {
    let request = fetch::Request {
        manifest: manifest(vec![file]),
        out: Uri::from_path(folder),
    };
    fetch::run(&Store::new(), request, &|_, _, _| {}).await
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

fn range(from: u64) -> String {
    format!("bytes={from}-")
}

#[tokio::test]
async fn a_connection_that_breaks_is_resumed_from_the_last_byte() {
    let server = Server::start(Site {
        body: body(),
        etag: "\"1\"",
        breaks: vec![100_000, 50_000],
        ..Site::default()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let done = get(folder.path(), file(server.url("reads.gz"))).await.unwrap();
    assert_eq!(
        (done.files[0].bytes, done.files[0].verified_by.as_str()),
        (300_000, "MD5")
    );
    assert!(fs::read(folder.path().join("reads.gz")).unwrap() == body());
    assert_eq!(names(folder.path()), ["reads.gz"]);
    let tag = Some("\"1\"".to_owned());
    assert_eq!(
        server.ranges(),
        [
            (None, None),
            (Some(range(100_000)), tag.clone()),
            (Some(range(150_000)), tag)
        ]
    );
    // Once there it is checked, not fetched.
    assert!(get(folder.path(), file(server.url("reads.gz"))).await.unwrap().files[0].present);
    assert_eq!(server.ranges().len(), 3);
}

/// Starts a download that the server lets hang after `length` bytes, and kills it there.
async fn killed(server: &Server, folder: &Path, length: u64) {
    let (folder, file) = (folder.to_owned(), file(server.url("reads.gz")));
    let part = folder.join("reads.gz.part");
    let download = tokio::spawn(async move { get(&folder, file).await });
    for _ in 0..500 {
        if fs::metadata(&part).is_ok_and(|metadata| metadata.len() == length) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    download.abort();
    assert!(download.await.unwrap_err().is_cancelled());
    assert_eq!(fs::metadata(&part).unwrap().len(), length);
}

#[tokio::test]
async fn a_killed_download_goes_on_in_the_next_call() {
    let site = Site {
        body: body(),
        etag: "\"1\"",
        breaks: vec![120_000],
        hangs: true,
        ..Site::default()
    };
    let server = Server::start(site).await;
    let folder = tempfile::tempdir().unwrap();
    killed(&server, folder.path(), 120_000).await;
    assert_eq!(names(folder.path()), ["reads.gz.part", "reads.gz.part.origin"]);
    get(folder.path(), file(server.url("reads.gz"))).await.unwrap();
    assert!(fs::read(folder.path().join("reads.gz")).unwrap() == body());
    assert_eq!(server.ranges()[1], (Some(range(120_000)), Some("\"1\"".to_owned())));
    assert_eq!(names(folder.path()), ["reads.gz"]);
}

#[tokio::test]
async fn two_at_once_do_not_mix_their_bytes() {
    let site = Site {
        body: body(),
        etag: "\"1\"",
        breaks: vec![120_000],
        hangs: true,
        ..Site::default()
    };
    let server = Server::start(site).await;
    let folder = tempfile::tempdir().unwrap();
    let (own, first) = (folder.path().to_owned(), file(server.url("reads.gz")));
    let download = tokio::spawn(async move { get(&own, first).await });
    for _ in 0..500 {
        if fs::metadata(folder.path().join("reads.gz.part")).is_ok_and(|metadata| metadata.len() > 0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let refused = get(folder.path(), file(server.url("reads.gz"))).await.unwrap_err();
    assert!(matches!(refused, Error::Busy { .. }), "{refused}");
    download.abort();
}

#[tokio::test]
async fn a_source_that_changed_is_fetched_anew() {
    let old = vec![7; 300_000];
    let site = Site {
        body: old,
        etag: "\"old\"",
        breaks: vec![120_000],
        hangs: true,
        ..Site::default()
    };
    let server = Server::start(site).await;
    let folder = tempfile::tempdir().unwrap();
    killed(&server, folder.path(), 120_000).await;
    *server.site.lock().unwrap() = Site {
        body: body(),
        etag: "\"new\"",
        ..Site::default()
    };
    get(folder.path(), file(server.url("reads.gz"))).await.unwrap();
    assert!(fs::read(folder.path().join("reads.gz")).unwrap() == body());
}

#[tokio::test]
async fn wrong_bytes_never_get_the_name() {
    let mut wrong = body();
    wrong[150_000] ^= 1;
    let server = Server::start(Site {
        body: wrong,
        etag: "\"1\"",
        ..Site::default()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let refused = get(folder.path(), file(server.url("reads.gz"))).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Mismatch { what: "MD5", expected, .. } if expected == MD5),
        "{refused}"
    );
    assert!(names(folder.path()).is_empty());
    let short = File {
        bytes: Some(5),
        md5: None,
        ..file(server.url("reads.gz"))
    };
    let refused = get(folder.path(), short).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Mismatch { what: "the length", .. }),
        "{refused}"
    );
}

#[tokio::test]
async fn a_file_that_is_something_else_is_not_overwritten() {
    let server = Server::start(Site {
        body: body(),
        etag: "\"1\"",
        ..Site::default()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("reads.gz"), "mine").unwrap();
    let refused = get(folder.path(), file(server.url("reads.gz"))).await.unwrap_err();
    assert!(matches!(refused, Error::Occupied { .. }), "{refused}");
    assert_eq!(fs::read(folder.path().join("reads.gz")).unwrap(), b"mine");
}

#[tokio::test]
async fn a_busy_server_is_asked_again_and_redirects_are_followed() {
    let site = Site {
        body: body(),
        etag: "\"1\"",
        statuses: vec![503, 302],
        ..Site::default()
    };
    let server = Server::start(site).await;
    let folder = tempfile::tempdir().unwrap();
    get(folder.path(), file(server.url("reads.gz"))).await.unwrap();
    let paths: Vec<String> = server
        .requests
        .lock()
        .unwrap()
        .iter()
        .map(|request| request.split(' ').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(paths, ["/reads.gz", "/reads.gz", "/moved"]);
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let server = Server::start(Site {
        statuses: vec![404],
        ..Site::default()
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let missing = get(folder.path(), file(server.url("reads.gz"))).await.unwrap_err();
    assert!(matches!(missing, Error::Status { status: 404, .. }), "{missing}");
    // A port that nobody listens on.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let offline = get(folder.path(), file(format!("http://{closed}/x")))
        .await
        .unwrap_err();
    assert!(matches!(offline, Error::Offline { .. }), "{offline}");
    assert!(offline.to_string().contains("offline"), "{offline}");
    let remote = fetch::Request {
        manifest: manifest(Vec::new()),
        out: "s3://b/x".parse().unwrap(),
    };
    let refused = fetch::run(&Store::new(), remote, &|_, _, _| {}).await.unwrap_err();
    assert!(matches!(refused, Error::NotLocal { .. }), "{refused}");
}

#[tokio::test]
async fn stores_are_sources_and_lists_have_checksums() {
    let store = Store::new();
    store
        .put(&"mem://lab/x/reads.gz".parse().unwrap(), body())
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let list = Server::start(Site {
        body: format!("{MD5}  reads.gz\n").into_bytes(),
        etag: "\"1\"",
        ..Site::default()
    })
    .await;
    let own = File {
        uri: "mem://lab/x/reads.gz".to_owned(),
        checksums: Some(list.url("md5sum.txt")),
        ..File::default()
    };
    let request = fetch::Request {
        manifest: manifest(vec![own]),
        out: Uri::from_path(folder.path()),
    };
    let seen = Mutex::new(Vec::new());
    let note = |name: &str, at, total| seen.lock().unwrap().push((name.to_owned(), at, total));
    let done = fetch::run(&store, request, &note).await.unwrap();
    assert_eq!(done.files[0].verified_by, "MD5");
    assert!(fs::read(folder.path().join("reads.gz")).unwrap() == body());
    assert_eq!(
        seen.lock().unwrap().last(),
        Some(&("reads.gz".to_owned(), 300_000, Some(300_000)))
    );
}
