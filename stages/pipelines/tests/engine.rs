//! The laws of the local engine.
mod toy;

use std::{collections::HashMap, fmt::Write, sync::Arc, sync::atomic::Ordering, time::Duration};

use object_io::Store;
use pipelines::{Engine, Error, Event, State, Stop, What};
use plan::{FaultKind, Object, Uri};
use proptest::{prelude::*, test_runner::Config};
use toy::{Seen, Spec, contents, go, new_run, options, runs};

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn numbers(count: u64) -> Spec {
    Spec {
        numbers: (1..=count).collect(),
        ..Spec::default()
    }
}

proptest! {
    #![proptest_config(Config { cases: 24, ..Config::default() })]

    /// Whatever the numbers, cores, memory, faults and repetitions, the answer is the one computed by hand, and each
    /// number is squared once, however often the run is gone through.
    #[test]
    fn any_concurrency_gives_the_same(
        numbers in prop::collection::vec(0_u64..1000, 0..40),
        cores in 1_u32..9,
        memory in prop::sample::select(vec![1_u64, 250_000_000, 16_000_000_000]),
        flaky in prop::collection::hash_map(0_u64..1000, 1_u32..4, 0..20),
    ) {
        let spec = Spec { numbers: numbers.clone(), flaky: flaky.clone(), ..Spec::default() };
        let seen = Arc::<Seen>::default();
        let mut settings = options(cores);
        settings.budget.memory = memory;
        block_on(async {
            let store = Store::new();
            let run = new_run(&runs(&store, "mem://lab"), &seen, &spec).await;
            let expected: u64 = numbers.iter().map(|number| number * number).sum();
            assert_eq!(go(&run, &seen, settings).await.unwrap(), expected);
            assert_eq!(go(&run, &seen, options(2)).await.unwrap(), expected);
        });
        for number in numbers {
            let faults = flaky.get(&number).copied().unwrap_or(0);
            prop_assert_eq!(seen.calls_of(number), faults + 1);
        }
        prop_assert_eq!(seen.sums.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_core_and_eight_leave_the_same_folder() {
    let mut folders = Vec::new();
    for cores in [1, 8] {
        let seen = Arc::<Seen>::default();
        let run = new_run(&runs(&Store::new(), "mem://lab"), &seen, &numbers(30)).await;
        // The id has the time in it, and names of outputs have the id.
        go(&run, &seen, options(cores)).await.unwrap();
        let named = |(name, text): (String, String)| (name, text.replace(&run.about.id, "ID"));
        folders.push(contents(&run).await.into_iter().map(named).collect::<Vec<_>>());
    }
    assert_eq!(folders[0].len(), 35, "31 outputs, two manifests and their results");
    assert_eq!(folders[0], folders[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cores_and_memory_bound_what_runs_at_once() {
    for (cores, memory, bound) in [(3, u64::MAX, 3), (8, 250_000_000, 2), (8, 1, 1)] {
        let seen = Arc::<Seen>::default();
        let spec = Spec {
            milliseconds: 5,
            ..numbers(16)
        };
        let run = new_run(&runs(&Store::new(), "mem://lab"), &seen, &spec).await;
        let mut settings = options(cores);
        settings.budget.memory = memory;
        go(&run, &seen, settings).await.unwrap();
        assert_eq!(
            seen.most_at_once.load(Ordering::SeqCst),
            bound,
            "{cores} cores, {memory} bytes"
        );
    }
}

async fn fail(spec: &Spec, cores: u32) -> (Arc<Seen>, pipelines::Run, Error) {
    let seen = Arc::<Seen>::default();
    let run = new_run(&runs(&Store::new(), "mem://lab"), &seen, spec).await;
    let error = go(&run, &seen, options(cores)).await.unwrap_err();
    (seen, run, error)
}

fn told(error: &Error, run: &pipelines::Run) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(text, "\n  because: {error}");
        cause = error.source();
    }
    text.replace(&run.about.id, "ID")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_names_item_request_and_cause_and_starts_nothing_more() {
    let spec = Spec {
        broken: vec![5],
        ..numbers(100)
    };
    let (seen, run, error) = fail(&spec, 1).await;
    insta::assert_snapshot!(told(&error, &run), @r#"
    step square: number 5 failed (Input.Malformed)
      request: {"broken":true,"flaky":0,"milliseconds":0,"number":5,"out":"mem://lab/runs/ID/square/77e5f61e155523df20d9","panicking":false}
      because: 5 is broken
    "#);
    assert_eq!(seen.all_calls(), 5, "tried once, and nothing after it");
    let ending = run.ending().await.unwrap().unwrap();
    assert_eq!(ending.state, State::Failed);
    assert_eq!(ending.failure.unwrap().kind, FaultKind::Malformed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_fails_its_item_and_not_its_neighbours() {
    let spec = Spec {
        panicking: vec![2],
        milliseconds: 20,
        ..numbers(4)
    };
    let (_, run, error) = fail(&spec, 4).await;
    insta::assert_snapshot!(told(&error, &run), @r#"
    step square: number 2 failed (Internal)
      request: {"broken":false,"flaky":0,"milliseconds":20,"number":2,"out":"mem://lab/runs/ID/square/e7b135505b5fe13e9ec8","panicking":true}
      because: the task panicked
      because: 2 makes us panic
    "#);
    let step = &toy::pipeline(&Arc::default()).steps[0];
    assert_eq!(
        run.records(0, step).await.unwrap().len(),
        3,
        "those that ran beside it are kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_failure_is_tried_four_more_times() {
    let spec = Spec {
        flaky: HashMap::from([(1, 4), (2, 5)]),
        ..numbers(3)
    };
    // One after the other, in the order of the manifest, but those to be tried again when their time has come.
    let (seen, run, error) = fail(&spec, 1).await;
    insta::assert_snapshot!(told(&error, &run), @r#"
    step square: number 2 failed (Transient.Unavailable) after 5 attempts
      request: {"broken":false,"flaky":5,"milliseconds":0,"number":2,"out":"mem://lab/runs/ID/square/2551c25b60f63b00c9f0","panicking":false}
      because: 2 is not at home
      because: the line is busy
    "#);
    assert_eq!((seen.calls_of(2), seen.calls_of(3)), (5, 1));
    // The run goes on from there: the sixth attempt succeeds.
    assert_eq!(go(&run, &seen, options(1)).await.unwrap(), 14);
    assert_eq!((seen.calls_of(1), seen.calls_of(2), seen.calls_of(3)), (5, 6, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_of_one_step_are_computed_once() {
    let spec = Spec {
        numbers: vec![3, 4, 3],
        ..Spec::default()
    };
    let seen = Arc::<Seen>::default();
    let run = new_run(&runs(&Store::new(), "mem://lab"), &seen, &spec).await;
    assert_eq!(go(&run, &seen, options(4)).await.unwrap(), 34);
    assert_eq!(seen.all_calls(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_finishes_what_runs_and_is_resumed() {
    let spec = Spec {
        milliseconds: 10,
        ..numbers(50)
    };
    let seen = Arc::<Seen>::default();
    let base = runs(&Store::new(), "mem://lab");
    let run = new_run(&base, &seen, &spec).await;
    let stop = Stop::new();
    let engine = Engine::new(toy::pipeline(&seen), run.clone(), options(2)).stopped_by(stop.clone());
    let stopping = async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        stop.stop();
    };
    let (stopped, ()) = tokio::join!(engine.run(), stopping);
    let Err(Error::Stopped { done, items: 50, .. }) = stopped else {
        panic!("not stopped");
    };
    assert_eq!(
        seen.all_calls() as usize,
        done,
        "every item that was started is recorded"
    );
    assert!(done < 50);
    assert_eq!(base.list().await.unwrap()[0].state, State::Stopped);
    assert_eq!(go(&run, &seen, options(2)).await.unwrap(), 42_925);
    assert_eq!(seen.all_calls(), 50);
    assert_eq!(base.list().await.unwrap()[0].state, State::Finished);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_tell_the_whole_run() {
    let spec = Spec {
        flaky: HashMap::from([(2, 1)]),
        ..numbers(3)
    };
    let seen = Arc::<Seen>::default();
    let run = new_run(&runs(&Store::new(), "mem://lab"), &seen, &spec).await;
    go(&run, &seen, options(2)).await.unwrap();
    let text = run.store.get(&run.folder.join("events.jsonl")).await.unwrap();
    let events: Vec<Event> = text
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let count = |is: fn(&What) -> bool| events.iter().filter(|event| is(&event.what)).count();
    assert_eq!(count(|what| matches!(what, What::RunStarted { .. })), 1);
    assert_eq!(count(|what| matches!(what, What::ItemStarted { .. })), 5);
    assert_eq!(count(|what| matches!(what, What::ItemRetried { .. })), 1);
    assert_eq!(count(|what| matches!(what, What::ItemFinished { .. })), 4);
    assert_eq!(count(|what| matches!(what, What::StepFinished { .. })), 2);
    assert!(matches!(
        events.last().unwrap().what,
        What::RunEnded {
            state: State::Finished,
            ..
        }
    ));
    assert!(run.store.list(&run.folder.join("events")).await.unwrap().is_empty());
    assert!(run.store.list(&run.folder.join("records")).await.unwrap().is_empty());
    assert!(run.store.find(&run.folder.join("lease.json")).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_does_not_go_on_with_other_inputs_or_other_tasks() {
    let store = Store::new();
    let uri: Uri = "mem://lab/reads".parse().unwrap();
    let input: Object = store.put(&uri, "ACGT").await.unwrap();
    let seen = Arc::<Seen>::default();
    let base = runs(&store, "mem://lab");
    let made = toy::pipeline(&seen);
    let run = base.create(&made, &numbers(2), vec![input]).await.unwrap();
    store.put(&uri, "ACGTT").await.unwrap();
    let error = go(&run, &seen, options(1)).await.unwrap_err();
    insta::assert_snapshot!(
        told(&error, &run),
        @"run ID: mem://lab/reads had 4 bytes and ETag 1, now it has 5 bytes and ETag 3; start a new run"
    );

    let run = new_run(&base, &seen, &numbers(3)).await;
    let mut other = made;
    other.tasks = pipelines::Tasks::new()
        .with(pipelines::task("square", 2, async |_, (): ()| {
            Ok::<_, object_io::Error>(())
        }))
        .with(other.tasks.get("sum").unwrap().clone());
    let error = Engine::new(other, run.clone(), options(1)).run().await.err().unwrap();
    insta::assert_snapshot!(
        told(&error, &run),
        @"run ID: started with other tasks than this version has (square was v1, is v2); start a new run"
    );
    assert_eq!(seen.all_calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_run_of_the_same_work_is_found() {
    let base = runs(&Store::new(), "mem://lab");
    let seen = Arc::<Seen>::default();
    let made = toy::pipeline(&seen);
    let run = new_run(&base, &seen, &numbers(2)).await;
    let again = new_run(&base, &seen, &numbers(2)).await;
    assert_ne!(run.about.id, again.about.id, "two runs of one second have two names");
    let found = base.unfinished(&made, &numbers(2), &[]).await.unwrap().unwrap();
    assert_eq!(found.about.id, again.about.id);
    assert!(base.unfinished(&made, &numbers(3), &[]).await.unwrap().is_none());
    go(&run, &seen, options(1)).await.unwrap();
    go(&again, &seen, options(1)).await.unwrap();
    assert!(base.unfinished(&made, &numbers(2), &[]).await.unwrap().is_none());
    assert_eq!(base.open("latest").await.unwrap().about.id, again.about.id);
    assert!(matches!(base.open("toy").await, Err(Error::Ambiguous { .. })));
    assert!(matches!(base.open("../etc").await, Err(Error::NoSuchRun { .. })));
    base.remove(&again).await.unwrap();
    assert_eq!(base.ids().await.unwrap(), std::slice::from_ref(&run.about.id));
}
