//! What the run would cost on AWS.
use std::fmt::Write;

use crate::{
    Bill, Forecast, Prices, StepCost, best, choices,
    report::{
        blocks::table,
        format::{dollars, escape, seconds},
    },
    stats::StepStats,
};

/// The section, from what the steps used here.
pub(crate) fn costs(stats: &[StepStats], forecast: Option<&Forecast>, prices: &Prices) -> Option<String> {
    let usages: Vec<_> = stats
        .iter()
        .filter(|step| step.done > 0)
        .map(StepStats::usage)
        .collect();
    let choices = choices(&usages, prices);
    let chosen = best(&choices).filter(|_| !usages.is_empty())?;
    let mut html = format!(
        "<section><h2>On AWS</h2><p>What this run would cost with functions of {} MB, from the item times measured here. \
         Prices of {}, {}; on demand, without free tier.</p>",
        chosen.memory,
        escape(&prices.region),
        escape(&prices.date)
    );
    html.push_str(&per_step(chosen));
    html.push_str("<h3>Choice of function memory</h3>");
    html.push_str(&per_choice(&choices, chosen));
    if let Some(foreseen) = forecast {
        html.push_str(&against(foreseen, chosen));
    }
    let _ = write!(
        html,
        "<p class=\"note\">Cost-performance is 1 / (time × cost); 1.00 is the best choice. A thread beyond a function's CPU \
         share gains nothing; a step whose items need more memory gets it. Keeping all {} that the run wrote costs {} a month.</p></section>",
        crate::report::format::bytes(usages.iter().map(|usage| usage.bytes_out).sum()),
        dollars(chosen.storage_month)
    );
    Some(html)
}

fn per_step(bill: &Bill) -> String {
    let row = |step: &StepCost| {
        let problem = step
            .problem
            .as_ref()
            .map(|problem| format!(r#"<br><span class="bad">{}</span>"#, escape(problem)));
        vec![
            escape(&step.step),
            format!("{}{}", escape(&step.place), problem.unwrap_or_default()),
            seconds(step.seconds),
            format!("{:.2}", step.gb_seconds),
            dollars(step.lambda),
            dollars(step.ec2),
            dollars(step.requests),
            dollars(step.dollars()),
        ]
    };
    let sum = |part: fn(&StepCost) -> f64| bill.steps.iter().map(part).sum::<f64>();
    let mut rows: Vec<Vec<String>> = bill.steps.iter().map(row).collect();
    rows.push(vec![
        "total".into(),
        String::new(),
        seconds(bill.seconds),
        format!("{:.2}", sum(|step| step.gb_seconds)),
        dollars(sum(|step| step.lambda)),
        dollars(sum(|step| step.ec2)),
        dollars(sum(|step| step.requests)),
        dollars(bill.dollars),
    ]);
    let mut classes = vec![""; bill.steps.len()];
    classes.push("total");
    table(
        &["step", "where", "time", "GB-s", "Lambda", "EC2", "S3 requests", "cost"],
        &rows,
        &classes,
    )
}

fn per_choice(choices: &[Bill], chosen: &Bill) -> String {
    let top = chosen.cost_performance();
    let row = |bill: &Bill| {
        let relative = bill.cost_performance() / top;
        let width = (relative.min(1.0) * 100.0).round();
        vec![
            bill.memory.to_string(),
            seconds(bill.seconds),
            dollars(bill.dollars),
            format!("{relative:.2}"),
            format!(r#"<span class="bar"><i style="width:{width}%"></i></span>"#),
            bill.steps
                .iter()
                .filter_map(|step| step.problem.as_deref())
                .map(escape)
                .next()
                .unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = choices.iter().map(row).collect();
    let classes: Vec<&str> = choices
        .iter()
        .map(|bill| if bill.memory == chosen.memory { "best" } else { "" })
        .collect();
    table(
        &["memory, MB", "time", "cost", "cost-performance", "", ""],
        &rows,
        &classes,
    )
}

fn against(foreseen: &Forecast, measured: &Bill) -> String {
    let Some(bill) = foreseen.choices.iter().find(|bill| bill.memory == measured.memory) else {
        return String::new();
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for step in &measured.steps {
        let before = bill.steps.iter().find(|before| before.step == step.step);
        let told = |of: fn(&StepCost) -> String| before.map_or("–".into(), of);
        rows.push(vec![
            escape(&step.step),
            told(|step| step.items.to_string()),
            step.items.to_string(),
            told(|step| seconds(step.seconds)),
            seconds(step.seconds),
            told(|step| dollars(step.dollars())),
            dollars(step.dollars()),
        ]);
    }
    rows.push(vec![
        "total".into(),
        bill.steps.iter().map(|step| step.items).sum::<u64>().to_string(),
        measured.steps.iter().map(|step| step.items).sum::<u64>().to_string(),
        seconds(bill.seconds),
        seconds(measured.seconds),
        dollars(bill.dollars),
        dollars(measured.dollars),
    ]);
    let mut classes = vec![""; measured.steps.len()];
    classes.push("total");
    let header = [
        "step",
        "items foreseen",
        "items",
        "time foreseen",
        "time",
        "cost foreseen",
        "cost",
    ];
    let mut html = format!("<h3>Foreseen and measured</h3>{}", table(&header, &rows, &classes));
    if !foreseen.guessed.is_empty() {
        let _ = write!(
            html,
            "<p class=\"note\">No speed was ever measured for {}; those times are guesses.</p>",
            escape(&foreseen.guessed.join(", "))
        );
    }
    html
}
