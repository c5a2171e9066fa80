//! What a run leaves for a person: report, forecast, published results.
mod toy;

use std::sync::Arc;

use object_io::Store;
use pipelines::{Prices, forecast};
use plan::Uri;
use toy::{Seen, Spec, go, new_run, options, runs};

fn spec() -> Spec {
    Spec {
        numbers: (1..=12).collect(),
        milliseconds: 3,
        ..Spec::default()
    }
}

/// The texts of the elements that give a page its form, in order; the columns of a table on one line.
fn skeleton(html: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for part in html.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else {
            continue;
        };
        match tag.split(' ').next().unwrap_or_default() {
            name @ ("h1" | "h2" | "h3" | "summary") => lines.push(format!("{name} {text}")),
            "span" if tag.contains("state") => lines.push(format!("state {text}")),
            "svg" => lines.push(format!("svg {}", tag.split('"').nth(1).unwrap_or_default())),
            "table" => lines.push("table".into()),
            "th" if text.is_empty() => lines.last_mut().unwrap().push_str(" | -"),
            "th" => lines.last_mut().unwrap().extend([" | ", text]),
            _ => {}
        }
    }
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_has_all_its_parts_and_needs_nothing_else() {
    let seen = Arc::<Seen>::default();
    let run = new_run(&runs(&Store::new(), "mem://lab"), &seen, &spec()).await;
    go(&run, &seen, options(2)).await.unwrap();
    let html = run.store.get(&run.folder.join("report.html")).await.unwrap();
    let html = String::from_utf8(html.to_vec()).unwrap();
    assert!(
        !html.contains("<script") && !html.contains("http"),
        "it fetches something"
    );
    assert!(html.contains("&lt;sum&gt;"), "texts of the pipeline are escaped");
    insta::assert_snapshot!(skeleton(&html), @r"
    h1 toy
    state finished
    h2 Sum
    h2 Steps
    table | step | what it does | kind | items | wall | item time | median | 95 % | longest | read | written | retries
    h2 Timeline
    svg timeline
    h2 Item times
    svg histogram
    h2 On AWS
    table | step | where | time | GB-s | Lambda | EC2 | S3 requests | cost
    h3 Choice of function memory
    table | memory, MB | time | cost | cost-performance | - | -
    h3 Foreseen and measured
    table | step | items foreseen | items | time foreseen | time | cost foreseen | cost
    h2 What was asked
    summary Spec
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_has_a_report_that_says_why() {
    let seen = Arc::<Seen>::default();
    let broken = Spec {
        broken: vec![3],
        ..spec()
    };
    let run = new_run(&runs(&Store::new(), "mem://lab"), &seen, &broken).await;
    run.send_to(&"mem://lab/results".parse().unwrap()).await.unwrap();
    go(&run, &seen, options(1)).await.unwrap_err();
    let html = run.store.get(&run.folder.join("report.html")).await.unwrap();
    let html = String::from_utf8(html.to_vec()).unwrap();
    assert!(html.contains("<span class=\"state failed\">failed</span>"));
    assert!(html.contains("step square: number 3 failed (Input.Malformed)"));
    assert!(html.contains("because: 3 is broken"));
    let published = run
        .store
        .find(&"mem://lab/results/sum.txt".parse().unwrap())
        .await
        .unwrap();
    assert!(published.is_none(), "a failed run publishes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn results_and_report_are_published_also_by_a_resumed_run() {
    let store = Store::new();
    let seen = Arc::<Seen>::default();
    let run = new_run(&runs(&store, "mem://lab"), &seen, &spec()).await;
    run.send_to(&"mem://lab/results".parse().unwrap()).await.unwrap();
    go(&run, &seen, options(2)).await.unwrap();
    let sum: Uri = "mem://lab/results/sum.txt".parse().unwrap();
    let report: Uri = "mem://lab/results/report.html".parse().unwrap();
    assert_eq!(&store.get(&sum).await.unwrap()[..], b"650");
    store.delete(&sum).await.unwrap();
    store.delete(&report).await.unwrap();
    go(&run, &seen, options(2)).await.unwrap();
    assert_eq!(&store.get(&sum).await.unwrap()[..], b"650");
    assert!(store.find(&report).await.unwrap().is_some());
    assert_eq!(seen.all_calls(), 12, "nothing is computed twice");
}

#[tokio::test]
async fn a_forecast_computes_nothing() {
    let store = Store::new();
    let seen = Arc::<Seen>::default();
    let rates = "[rates.square]\nunit = \"MiB\"\nfixed = 1.0\nper_unit = 0.5\n";
    let prices = Prices::with(rates, "test").unwrap();
    let foreseen = forecast(&toy::pipeline(&seen), &spec(), &store, options(2).budget, &prices)
        .await
        .unwrap();
    // 12 items x 1 s + 8 MiB x 0.5 s/MiB on two cores; then the guess for the sum: 0.2 s + 8 MiB x 0.05 s/MiB.
    assert!((foreseen.local_seconds - (8.0 + 0.6)).abs() < 1e-9, "{foreseen:?}");
    assert_eq!(foreseen.guessed, ["sum"]);
    let cheapest = foreseen.choices.iter().find(|bill| bill.memory == 1769).unwrap();
    assert!(
        (cheapest.seconds - (0.5 + 16.0 / 12.0 + 0.5 + 0.6)).abs() < 1e-9,
        "{cheapest:?}"
    );
    assert_eq!(seen.all_calls(), 0);
    assert!(store.list(&"mem://lab".parse().unwrap()).await.unwrap().is_empty());
}
