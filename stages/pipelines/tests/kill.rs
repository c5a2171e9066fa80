//! A process killed at any moment, and two processes at one run: the result is the same.
mod toy;

use std::{
    collections::HashSet,
    env, fs,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};

use object_io::Store;
use pipelines::{Engine, Error, Options, Run};
use toy::{Seen, Spec, Square, contents, go, new_run, options, runs};

/// Not a test: the process that the tests below start and kill.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by the other tests of this file"]
async fn child() {
    let (Ok(base), Ok(id)) = (env::var("TOY_BASE"), env::var("TOY_RUN")) else {
        eprintln!("skipped: no run to work on");
        return;
    };
    let run = runs(&Store::new(), &base).open(&id).await.unwrap();
    let takeover = env::var("TOY_TAKEOVER").is_ok();
    let settings = Options { takeover, ..options(2) };
    go(&run, &Arc::default(), settings).await.unwrap();
}

fn start_child(base: &str, run: &Run, takeover: bool) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored"]);
    command.env("TOY_BASE", base).env("TOY_RUN", &run.about.id);
    command.env("TOY_LOG", format!("{base}/calls"));
    if takeover {
        command.env("TOY_TAKEOVER", "1");
    }
    command.stdout(Stdio::null()).spawn().unwrap()
}

fn spec() -> Spec {
    Spec {
        numbers: (1..=40).collect(),
        milliseconds: 15,
        ..Spec::default()
    }
}

/// Manifests, results and outputs of a run that nothing disturbed.
async fn undisturbed() -> Vec<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let seen = Arc::<Seen>::default();
    let run = new_run(&runs(&Store::new(), folder.path().to_str().unwrap()), &seen, &spec()).await;
    go(&run, &seen, options(4)).await.unwrap();
    relative(&run).await
}

async fn relative(run: &Run) -> Vec<(String, String)> {
    let contents = contents(run).await.into_iter();
    contents
        .map(|(name, text)| (name, text.replace(run.folder.as_str(), "RUN")))
        .collect()
}

async fn done_numbers(run: &Run) -> HashSet<u64> {
    let step = &toy::pipeline(&Arc::default()).steps[0];
    let (Some(manifest), records) = (
        run.manifest(0, step).await.unwrap(),
        run.records(0, step).await.unwrap(),
    ) else {
        return HashSet::new();
    };
    let done = manifest.iter().filter(|item| records.contains_key(&item.key));
    done.map(|item| serde_json::from_str::<Square>(item.request.get()).unwrap().number)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_survives_being_killed_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    let run = new_run(&runs(&Store::new(), base), &Arc::default(), &spec()).await;
    let mut kills = 0;
    loop {
        let done = done_numbers(&run).await;
        let _ = fs::remove_file(format!("{base}/calls"));
        let mut child = start_child(base, &run, false);
        thread::sleep(Duration::from_millis(20 + 61 * kills % 130));
        let ended = child.try_wait().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let calls = fs::read_to_string(format!("{base}/calls")).unwrap_or_default();
        let again: Vec<&str> = calls
            .lines()
            .filter(|line| done.contains(&line.parse().unwrap()))
            .collect();
        assert!(again.is_empty(), "computed twice though recorded: {again:?}");
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
        kills += 1;
        assert!(kills < 200, "no progress; {} of 40 done", done.len());
    }
    assert!(kills >= 3, "killed {kills} times only: the test tests nothing");
    assert_eq!(relative(&run).await, undisturbed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_at_one_run_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    let run = new_run(&runs(&Store::new(), base), &Arc::default(), &spec()).await;
    let mut children: Vec<Child> = (0..3).map(|_| start_child(base, &run, true)).collect();
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(relative(&run).await, undisturbed().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_told_who_works_on_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().to_str().unwrap();
    let base_runs = runs(&Store::new(), base);
    let run = new_run(&base_runs, &Arc::default(), &spec()).await;
    let mut child = start_child(base, &run, false);
    while run.store.find(&run.folder.join("lease.json")).await.unwrap().is_none() {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the child ended before it took the lease"
        );
        thread::sleep(Duration::from_millis(2));
    }
    let second = Engine::new(toy::pipeline(&Arc::default()), run.clone(), options(1))
        .run()
        .await;
    let Err(Error::Busy { pid, .. }) = second else {
        panic!("not refused");
    };
    assert_eq!(pid, child.id());
    assert!(matches!(base_runs.remove(&run).await, Err(Error::Busy { .. })));
    child.kill().unwrap();
    child.wait().unwrap();
    go(&run, &Arc::default(), options(4)).await.unwrap();
}
