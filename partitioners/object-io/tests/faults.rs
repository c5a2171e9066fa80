//! What a store does when S3, or the way to it, fails.
#![cfg(feature = "aws")]
use std::{io::Read, time::Duration};

use bytes::Bytes;
use futures::future::join_all;
use object_io::{Error, PutOutcome, S3Endpoint, Store};
use plan::{Fault as _, FaultKind, Uri};
use s3_server::{Fault, Method, Rule, Server};

const MIB: usize = 1 << 20;

struct Lab {
    server: Server,
    store: Store,
}

impl Lab {
    /// Its store gives up soon: what is tried are the errors after the last attempt, too; they shall not take minutes.
    fn new() -> Self {
        Self::with_attempts(3)
    }

    /// Its store does not give up before the faults do: requests that go on at once may share them unevenly.
    fn patient() -> Self {
        Self::with_attempts(30)
    }

    fn with_attempts(attempts: u32) -> Self {
        let server = Server::start();
        server.create_bucket("lab");
        let endpoint = S3Endpoint::new(server.endpoint(), s3_server::ACCESS_KEY, s3_server::SECRET_KEY);
        let store = Store::with_s3_endpoint(S3Endpoint { attempts, ..endpoint });
        Self { server, store }
    }

    /// Waits for an abortion that nobody waits for.
    async fn no_open_uploads(&self) {
        for _ in 0..100 {
            if self.server.open_uploads() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} uploads are still open", self.server.open_uploads());
    }
}

fn at(key: &str) -> Uri {
    format!("s3://lab/{key}").parse().unwrap()
}

fn text(length: usize) -> Bytes {
    (0..length)
        .map(|i| (i % 251) as u8 ^ (i / 65_521) as u8)
        .collect::<Vec<u8>>()
        .into()
}

fn get(fault: Fault) -> Rule {
    Rule::new(fault).method(Method::GET)
}

fn put(fault: Fault) -> Rule {
    Rule::new(fault).method(Method::PUT)
}

const SLOW_DOWN: Fault = Fault::Answer(503, "SlowDown");

#[tokio::test]
async fn a_body_that_breaks_off_is_continued_where_it_ended() {
    let lab = Lab::new();
    let whole = text(5 * MIB);
    lab.store.put(&at("text"), whole.clone()).await.unwrap();
    let object = lab.store.head(&at("text")).await.unwrap();
    lab.server.take_requests();
    lab.server.inject(get(Fault::Truncate(MIB + 7)).times(3));
    let read = lab.store.read(&object, 10..object.size).await.unwrap();
    assert!(read == whole.slice(10..));
    assert_eq!(lab.server.heal(), 3);
    let first_bytes = lab.server.take_requests().into_iter().map(|request| {
        let range = request.range.unwrap();
        range
            .trim_start_matches("bytes=")
            .split('-')
            .next()
            .unwrap()
            .parse::<usize>()
            .unwrap()
    });
    let expected: Vec<usize> = (0..4).map(|i| 10 + i * (MIB + 7)).collect();
    assert_eq!(first_bytes.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_continued_body_is_of_the_same_version() {
    let lab = Lab::new();
    lab.store.put(&at("text"), text(2 * MIB)).await.unwrap();
    let object = lab.store.head(&at("text")).await.unwrap();
    lab.server.inject(get(Fault::Truncate(MIB)).times(1));
    lab.server.inject(get(Fault::Delay(Duration::from_millis(400))));
    let (store, planned) = (lab.store.clone(), object.clone());
    let reading = tokio::spawn(async move { store.read(&planned, 0..planned.size).await });
    tokio::time::sleep(Duration::from_millis(250)).await;
    lab.store.put(&at("text"), vec![0; 2 * MIB]).await.unwrap();
    let error = reading.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error:?}");
}

#[tokio::test]
async fn every_kind_of_read_comes_out_right() {
    let lab = Lab::patient();
    let whole = text(20 * MIB);
    lab.store.put(&at("text"), whole.clone()).await.unwrap();
    let object = lab.store.head(&at("text")).await.unwrap();
    lab.server.inject(get(Fault::Truncate(300_000)).every(3).times(12));
    lab.server.inject(get(SLOW_DOWN).every(5).times(6));
    lab.server.inject(get(Fault::Reset).every(7).times(4));
    lab.server.inject(get(Fault::ResetAfter).every(11).times(2));
    lab.server.inject(get(Fault::Delay(Duration::from_millis(30))).every(2));
    assert!(lab.store.get(&at("text")).await.unwrap() == whole);
    let wanted = [0..3 * MIB as u64, 19 << 20..20 << 20, 9_000_000..9_000_001];
    let read = lab.store.read_ranges(&object, &wanted, 0).await.unwrap();
    for (range, bytes) in wanted.iter().zip(read) {
        assert!(bytes == whole.slice(range.start as usize..range.end as usize));
    }
    let mut reader = lab.store.sequential(&object, 0..object.size).await.unwrap();
    let mut read = Vec::new();
    reader.read_to_end(&mut read).unwrap();
    assert!(read == whole);
    assert!(lab.server.heal() > 15);
}

#[tokio::test]
async fn a_store_that_stays_away_is_an_error_with_its_cause() {
    let lab = Lab::new();
    lab.store.put(&at("text"), text(MIB)).await.unwrap();
    let object = lab.store.head(&at("text")).await.unwrap();
    let read = || lab.store.read(&object, 0..object.size);
    for (fault, kind, cause) in [
        (SLOW_DOWN, FaultKind::Throttled, "HTTP 503 SlowDown"),
        (
            Fault::Answer(500, "InternalError"),
            FaultKind::Unavailable,
            "HTTP 500 InternalError",
        ),
        (Fault::Reset, FaultKind::Unavailable, "onnection"),
        (Fault::Truncate(0), FaultKind::Unavailable, "onnection"),
        (
            Fault::Answer(403, "AccessDenied"),
            FaultKind::NotFound,
            "HTTP 403 AccessDenied",
        ),
        (Fault::Answer(404, "NoSuchKey"), FaultKind::NotFound, ""),
        (Fault::Answer(412, "PreconditionFailed"), FaultKind::Changed, ""),
        (
            Fault::Answer(400, "InvalidRequest"),
            FaultKind::NotFound,
            "HTTP 400 InvalidRequest",
        ),
    ] {
        lab.server.inject(get(fault.clone()));
        let error = read().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error:?}");
        assert!(error.to_string().starts_with("s3://lab/text: "), "{error}");
        let shown = std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(shown.contains(cause), "{fault:?}: {shown}");
        lab.server.heal();
    }
    read().await.unwrap();
    drop(lab.server);
    let error = lab.store.head(&at("text")).await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Unavailable, "{error:?}");
    assert!(error.is_transient());
}

#[tokio::test]
async fn a_body_that_stops_is_not_waited_for_for_ever() {
    let lab = Lab::new();
    let whole = text(MIB);
    lab.store.put(&at("text"), whole.clone()).await.unwrap();
    lab.server.inject(get(Fault::Stall(500_000)).times(1));
    let read = tokio::time::timeout(Duration::from_secs(40), lab.store.get(&at("text"))).await;
    assert!(read.expect("the stalled body was given up").unwrap() == whole);
}

#[tokio::test]
async fn missing_buckets_and_wrong_keys_are_named() {
    let lab = Lab::new();
    let elsewhere: Uri = "s3://nowhere/text".parse().unwrap();
    for error in [
        lab.store.list(&elsewhere).await.unwrap_err(),
        lab.store.put(&elsewhere, "x").await.unwrap_err(),
        lab.store.put_if_absent(&elsewhere, "x").await.unwrap_err(),
    ] {
        assert!(
            matches!(&error, Error::NotFound { uri } if uri.as_str() == "s3://nowhere"),
            "{error:?}"
        );
    }
    assert_eq!(lab.store.find(&elsewhere).await.unwrap(), None);
    assert_eq!(lab.store.find(&"s3://lab".parse().unwrap()).await.unwrap(), None);

    let stranger = Store::with_s3_endpoint(S3Endpoint::new(lab.server.endpoint(), s3_server::ACCESS_KEY, "wrong"));
    let error = stranger.get(&at("text")).await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error:?}");
    let error = stranger.put(&at("text"), "x").await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Output, "{error:?}");
    assert!(!format!("{:?}", S3Endpoint::new("http://x", "key", "hidden")).contains("hidden"));
}

#[tokio::test]
async fn a_conditional_put_whose_answer_is_lost_created_the_object() {
    let lab = Lab::new();
    // Lost once: the SDK asks again, and S3 refuses because of our own object.
    lab.server.inject(put(Fault::ResetAfter).times(1));
    let outcome = lab.store.put_if_absent(&at("claim"), "ours").await.unwrap();
    assert!(
        matches!(outcome, PutOutcome::Created(ref object) if object.size == 4),
        "{outcome:?}"
    );
    assert_eq!(lab.server.heal(), 1);
    // An object with the same bytes is still not ours.
    assert_eq!(
        lab.store.put_if_absent(&at("claim"), "ours").await.unwrap(),
        PutOutcome::Existed
    );
    // Lost every time: the last answer is an error, and yet the object is there.
    lab.server.inject(put(Fault::ResetAfter));
    let outcome = lab.store.put_if_absent(&at("other"), "ours").await.unwrap();
    assert!(matches!(outcome, PutOutcome::Created(_)), "{outcome:?}");
    lab.server.heal();
    // Never applied: an error, and nothing there.
    lab.server.inject(put(Fault::Reset));
    let error = lab.store.put_if_absent(&at("third"), "ours").await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Unavailable, "{error:?}");
    assert!(!lab.server.keys("lab").contains(&"third".to_owned()));
}

#[tokio::test]
async fn a_race_has_one_winner_though_answers_are_lost() {
    let lab = Lab::patient();
    for round in 0..4 {
        lab.server.inject(put(Fault::ResetAfter).every(3).times(6));
        lab.server
            .inject(put(Fault::Answer(409, "ConditionalRequestConflict")).every(4).times(4));
        lab.server.inject(put(SLOW_DOWN).every(5).times(3));
        let uri = at(&format!("claim-{round}"));
        let race = (0..16u8).map(|_| {
            // The same bytes from all: only the store can tell whose they are.
            let (store, uri) = (lab.store.clone(), uri.clone());
            tokio::spawn(async move { store.put_if_absent(&uri, "claim").await.unwrap() })
        });
        let outcomes = join_all(race).await;
        let won = outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Ok(PutOutcome::Created(_))))
            .count();
        assert_eq!(won, 1, "round {round}");
        lab.server.heal();
    }
}

#[tokio::test]
async fn an_upload_is_whole_or_invisible() {
    let lab = Lab::patient();
    let whole = text(30 * MIB);
    lab.server.inject(put(Fault::ResetAfter).every(3).times(2));
    lab.server.inject(put(SLOW_DOWN).every(4).times(2));
    // The answer to the completion is lost, and the repeated one finds no upload.
    let completion = Rule::new(Fault::ResetAfter).method(Method::POST).target("uploadId=");
    lab.server.inject(completion.times(1));
    let mut writer = lab.store.writer(&at("text")).await.unwrap();
    for start in (0..whole.len()).step_by(MIB) {
        writer.write(whole.slice(start..start + MIB)).await.unwrap();
        assert!(lab.server.keys("lab").is_empty());
    }
    let object = writer.finish().await.unwrap();
    assert_eq!(lab.server.heal(), 5);
    assert_eq!(object, lab.store.head(&at("text")).await.unwrap());
    assert!(lab.store.get(&at("text")).await.unwrap() == whole);
    assert_eq!(lab.server.open_uploads(), 0);
}

#[tokio::test]
async fn an_upload_that_fails_leaves_nothing() {
    let lab = Lab::new();
    lab.server
        .inject(put(Fault::Answer(400, "InvalidRequest")).target("partNumber=3"));
    let mut writer = lab.store.writer(&at("text")).await.unwrap();
    let mut failed = None;
    for _ in 0..8 {
        failed = failed.or(writer.write(text(9 * MIB)).await.err());
    }
    // The write after the failed one is refused, and so is finishing.
    let error = writer.finish().await.unwrap_err();
    assert_eq!(error.kind(), FaultKind::Output, "{error:?}");
    assert!(failed.is_some());
    lab.no_open_uploads().await;
    assert!(lab.server.keys("lab").is_empty());
    lab.server.heal();

    let mut writer = lab.store.writer(&at("text")).await.unwrap();
    writer.write(text(20 * MIB)).await.unwrap();
    assert_eq!(lab.server.open_uploads(), 1);
    drop(writer);
    lab.no_open_uploads().await;

    let completion = Rule::new(Fault::Answer(500, "InternalError"))
        .method(Method::POST)
        .target("uploadId=");
    lab.server.inject(completion);
    let mut writer = lab.store.writer(&at("text")).await.unwrap();
    writer.write(text(20 * MIB)).await.unwrap();
    assert_eq!(writer.finish().await.unwrap_err().kind(), FaultKind::Unavailable);
    lab.no_open_uploads().await;
    assert!(lab.server.keys("lab").is_empty());
}

#[tokio::test]
async fn a_given_up_write_cannot_be_finished() {
    let lab = Lab::new();
    lab.server.inject(put(Fault::Delay(Duration::from_secs(20))));
    let mut writer = lab.store.writer(&at("text")).await.unwrap();
    let write = writer.write(text(80 * MIB));
    assert!(tokio::time::timeout(Duration::from_millis(500), write).await.is_err());
    assert_eq!(writer.finish().await.unwrap_err().kind(), FaultKind::Output);
    lab.server.heal();
    lab.no_open_uploads().await;
    assert!(lab.server.keys("lab").is_empty());
}

#[tokio::test]
async fn concatenation_survives_faults_and_copies_on_the_server() {
    let lab = Lab::patient();
    let sizes = [6 * MIB, 10, 0, 30 * MIB, 200, 3 * MIB, 5 * MIB];
    let whole = text(sizes.iter().sum());
    let (mut parts, mut start) = (Vec::new(), 0);
    for (part, size) in sizes.iter().enumerate() {
        parts.push(at(&format!("parts/{part}")));
        lab.store
            .put(&parts[part], whole.slice(start..start + size))
            .await
            .unwrap();
        start += size;
    }
    lab.server.take_requests();
    lab.server.inject(put(Fault::ResetAfter).every(3).times(3));
    lab.server.inject(get(Fault::Truncate(100_000)).times(2));
    lab.server.inject(put(SLOW_DOWN).every(2).times(2));
    lab.store.concat(&parts, &at("joined")).await.unwrap();
    assert!(lab.server.heal() >= 5);
    let fetched = lab
        .server
        .take_requests()
        .iter()
        .filter(|request| request.range.is_some())
        .count();
    assert!(fetched <= 8, "{fetched} fetches");
    assert!(lab.store.get(&at("joined")).await.unwrap() == whole);
    lab.server
        .inject(put(Fault::Answer(400, "InvalidRequest")).target("partNumber=2"));
    lab.store.concat(&parts, &at("other")).await.unwrap_err();
    lab.no_open_uploads().await;
    assert!(!lab.server.keys("lab").contains(&"other".to_owned()));
}

#[tokio::test]
async fn ranges_that_are_near_travel_together() {
    let lab = Lab::new();
    lab.store.put(&at("text"), text(MIB)).await.unwrap();
    let object = lab.store.head(&at("text")).await.unwrap();
    lab.server.take_requests();
    let wanted: Vec<_> = (0..100).map(|i| i * 10_000..i * 10_000 + 100).collect();
    lab.store.read_ranges(&object, &wanted, 20_000).await.unwrap();
    assert_eq!(lab.server.take_requests().len(), 1);
    lab.store.read_ranges(&object, &wanted[..10], 0).await.unwrap();
    assert_eq!(lab.server.take_requests().len(), 10);
}

#[tokio::test]
async fn removals_and_listings_are_repeated() {
    let lab = Lab::new();
    for i in 0..20 {
        lab.store.put(&at(&format!("run/{i:02}")), "x").await.unwrap();
    }
    lab.server
        .inject(get(Fault::Truncate(100)).target("list-type=2").times(1));
    lab.server.inject(get(SLOW_DOWN).target("list-type=2").times(1));
    lab.server
        .inject(Rule::new(Fault::ResetAfter).method(Method::POST).times(1));
    lab.server
        .inject(Rule::new(Fault::Reset).method(Method::DELETE).times(1));
    assert_eq!(lab.store.list(&at("run")).await.unwrap().len(), 20);
    lab.store.delete(&at("run/00")).await.unwrap();
    assert_eq!(lab.store.delete_all(&at("run")).await.unwrap(), 19);
    assert_eq!(lab.server.heal(), 4);
}
