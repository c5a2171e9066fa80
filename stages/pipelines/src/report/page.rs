//! The page, put together.
use std::fmt::Write;

use crate::{
    State, clock,
    report::{
        Material, blocks, costs,
        format::{bytes, count, dollars, escape, seconds},
        histogram::histogram,
        timeline::timeline,
    },
    stats::StepStats,
};

const CSS: &str = include_str!("report.css");

/// The whole report.
pub(crate) fn page(material: &Material) -> String {
    let about = &material.run.about;
    let title = escape(&about.id);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, \
         initial-scale=1\"><title>{title}</title><style>{CSS}</style></head><body><main>"
    );
    html.push_str(&header(material));
    for section in &material.sections {
        html.push_str(&blocks::section(section));
    }
    html.push_str(&steps(material));
    if let Some(chart) = timeline(&material.bars, &names(material)) {
        let _ = write!(html, "<section><h2>Timeline</h2>{}{chart}</section>", legend(material));
    }
    html.push_str(&histograms(material));
    html.push_str(&costs::costs(&material.stats, material.forecast.as_ref(), material.prices).unwrap_or_default());
    html.push_str(&inputs(material));
    let _ = writeln!(
        html,
        "</main><footer>tessera {} · made {}</footer></body></html>",
        escape(&about.version),
        clock::utc(clock::now())
    );
    html
}

fn names<'a>(material: &Material<'a>) -> Vec<&'a str> {
    material.pipeline.steps.iter().map(|step| step.name).collect()
}

fn header(material: &Material) -> String {
    let about = &material.run.about;
    let state = material.ending.as_ref().map_or(State::Running, |ending| ending.state);
    let mut html = format!(
        "<header><div class=\"title\"><h1>{}</h1><span class=\"state {1}\">{1}</span></div><p class=\"lead\">{2}</p>\
         <p class=\"id\"><code>{3}</code> · started {4}</p></header>",
        escape(material.pipeline.name),
        state.name(),
        escape(material.pipeline.about),
        escape(&about.id),
        clock::utc(about.created)
    );
    if let Some(failure) = material.ending.as_ref().and_then(|ending| ending.failure.as_ref()) {
        let chain: Vec<String> = failure.chain().into_iter().map(escape).collect();
        let _ = write!(
            html,
            "<section class=\"failure\"><strong>{}</strong><pre>{}</pre></section>",
            failure.kind.name(),
            chain.join("\n  because: ")
        );
    }
    let stats = &material.stats;
    let sum = |part: fn(&StepStats) -> u64| stats.iter().map(part).sum::<u64>();
    let (done, items) = (sum(|step| step.done as u64), sum(|step| step.items as u64));
    let busy: f64 = stats.iter().map(|step| step.item_seconds).sum();
    let mut figures = vec![
        (
            "time",
            seconds(material.ending.as_ref().map_or(0.0, |ending| ending.seconds)),
            format!("{} of item time", seconds(busy)),
        ),
        (
            "items",
            if done == items {
                count(done)
            } else {
                format!("{} of {}", count(done), count(items))
            },
            match sum(|step| u64::from(step.retries)) {
                0 => "no retries".into(),
                1 => "1 retry".into(),
                retries => format!("{} retries", count(retries)),
            },
        ),
        ("read", bytes(sum(|step| step.bytes_in)), "as tasks tell".into()),
        ("written", bytes(sum(|step| step.bytes_out)), "as tasks tell".into()),
    ];
    if let Some(peak) = material.ending.as_ref().and_then(|ending| ending.peak_memory) {
        figures.push(("peak memory", bytes(peak), "of the process".into()));
    }
    let usages: Vec<_> = stats
        .iter()
        .filter(|step| step.done > 0)
        .map(StepStats::usage)
        .collect();
    let choices = crate::choices(&usages, material.prices);
    if let Some(bill) = crate::best(&choices).filter(|_| !usages.is_empty()) {
        figures.push(("on AWS", dollars(bill.dollars), format!("in {}", seconds(bill.seconds))));
    }
    html.push_str(&blocks::figures(figures));
    html
}

fn steps(material: &Material) -> String {
    let header = [
        "step",
        "what it does",
        "kind",
        "items",
        "wall",
        "item time",
        "median",
        "95 %",
        "longest",
        "read",
        "written",
        "retries",
    ];
    let row = |(number, step): (usize, &StepStats)| {
        let about = material.pipeline.steps.get(number).map_or("", |step| step.about);
        let items = match (step.planned, step.done == step.items) {
            (false, _) => "–".into(),
            (true, true) => count(step.items as u64),
            (true, false) => format!("{} / {}", count(step.done as u64), count(step.items as u64)),
        };
        // Nobody told what a task moved whose requests and responses name no objects.
        let told = |count: u64| if count == 0 { "–".to_owned() } else { bytes(count) };
        let figure = |text: String| if step.done == 0 { "–".to_owned() } else { text };
        vec![
            format!(r#"<i class="dot s{}"></i>{}"#, number % 8, escape(&step.step)),
            format!("<span class=\"about\">{}</span>", escape(about)),
            step.kind.name().into(),
            items,
            figure(seconds(step.wall)),
            figure(seconds(step.item_seconds)),
            figure(seconds(step.median)),
            figure(seconds(step.p95)),
            figure(seconds(step.longest)),
            figure(told(step.bytes_in)),
            figure(told(step.bytes_out)),
            figure(step.retries.to_string()),
        ]
    };
    let rows: Vec<Vec<String>> = material.stats.iter().enumerate().map(row).collect();
    format!(
        "<section><h2>Steps</h2>{}</section>",
        blocks::table(&header, &rows, &[])
    )
}

fn legend(material: &Material) -> String {
    let mut html = String::from(r#"<p class="legend">"#);
    for (number, step) in material.stats.iter().enumerate().filter(|(_, step)| step.done > 0) {
        let _ = write!(
            html,
            r#"<span><i class="dot s{}"></i>{}</span>"#,
            number % 8,
            escape(&step.step)
        );
    }
    html.push_str("</p>");
    html
}

fn histograms(material: &Material) -> String {
    let mut html = String::new();
    for (number, step) in material.stats.iter().enumerate() {
        let times: Vec<f64> = material
            .bars
            .iter()
            .filter(|bar| bar.step == number)
            .map(|bar| bar.seconds)
            .collect();
        if let Some(chart) = histogram(&times, number) {
            let _ = write!(
                html,
                "<figure class=\"small\"><figcaption><strong>{}</strong> {} items, median {}</figcaption>{chart}</figure>",
                escape(&step.step),
                count(times.len() as u64),
                seconds(step.median)
            );
        }
    }
    if html.is_empty() {
        return html;
    }
    format!("<section><h2>Item times</h2><div class=\"grid\">{html}</div></section>")
}

fn inputs(material: &Material) -> String {
    let about = &material.run.about;
    let mut html = String::from("<section><h2>What was asked</h2>");
    if !about.inputs.is_empty() {
        let rows: Vec<Vec<String>> = about
            .inputs
            .iter()
            .map(|object| {
                let code = |text: &str| format!("<code>{}</code>", escape(text));
                vec![code(object.uri.as_str()), bytes(object.size), code(&object.etag)]
            })
            .collect();
        html.push_str(&blocks::table(&["input object", "size", "ETag"], &rows, &[]));
    }
    let tasks: Vec<String> = about
        .tasks
        .iter()
        .map(|(name, version)| format!("{name} v{version}"))
        .collect();
    let spec: serde_json::Value = serde_json::from_str(about.spec.get()).unwrap_or_default();
    let pretty = serde_json::to_string_pretty(&spec).unwrap_or_default();
    let _ = write!(
        html,
        "<p class=\"note\">Tasks: {}. Run folder: <code>{}</code></p><details><summary>Spec</summary><pre>{}</pre></details></section>",
        escape(&tasks.join(", ")),
        escape(material.run.folder.as_str()),
        escape(&pretty)
    );
    html
}
