//! What a person sees: tables, sizes, durations, and errors with their causes.
use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

/// A table with a header; columns in which every cell is a figure are set flush right.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    let figures: [bool; N] =
        std::array::from_fn(|column| !rows.is_empty() && rows.iter().all(|row| is_figure(&row[column])));
    let cell = |(column, text): (usize, String)| {
        let side = if figures[column] {
            CellAlignment::Right
        } else {
            CellAlignment::Left
        };
        Cell::new(text).set_alignment(side)
    };
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.into_iter().map(str::to_owned).enumerate().map(cell));
    for row in rows {
        table.add_row(row.into_iter().enumerate().map(cell));
    }
    table.trim_fmt()
}

fn is_figure(text: &str) -> bool {
    text == "-" || text.starts_with(|first: char| first.is_ascii_digit() || "-+~$<".contains(first))
}

/// Writes a line, or lines, to standard output. A closed pipe (`| head`) is the reader's good right: see [`closed_pipe`].
pub(crate) fn print(text: impl AsRef<str>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_ref().as_bytes())?;
    if !text.as_ref().ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Writes one JSON document to standard output.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(print(serde_json::to_string_pretty(value)?)?)
}

/// `12.3 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let unit = (count.max(1).ilog2() / 10).min(5);
    if unit == 0 {
        return format!("{count} B");
    }
    format!(
        "{:.1} {}",
        count as f64 / 2f64.powi(unit as i32 * 10),
        UNITS[unit as usize]
    )
}

/// `1 234 567`: groups of three, so that large counts can be read.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// `0.42 s`, `3 min 20 s`.
pub(crate) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 120.0 {
        return format!("{seconds:.2} s");
    }
    format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
}

/// A progress bar over `total` bytes on standard error; silent when that is not a terminal.
pub(crate) fn progress(total: u64, what: &str) -> indicatif::ProgressBar {
    if !io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let style = "{msg} {wide_bar:.cyan/dim} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let bar = indicatif::ProgressBar::new(total).with_message(what.to_owned());
    match indicatif::ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Prints an error and its causes, each once.
pub(crate) fn failure(error: &anyhow::Error) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "error: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        // A transparent wrapper repeats its cause; once is enough.
        if !said.ends_with(&text) {
            let _ = writeln!(out, "  because: {text}");
        }
        said = text;
    }
}

/// What the user asked cannot be meant: exit status 2, as for a flag that does not exist.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Whether the reader of our output went away.
pub(crate) fn closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts_read_well() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(155_600_000), "148.4 MiB");
        assert_eq!(count(6_708_392), "6\u{202f}708\u{202f}392");
        assert_eq!(duration(Duration::from_millis(412)), "0.41 s");
        assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
    }

    #[test]
    fn figures_are_set_flush_right() {
        let text = table(
            ["part", "reads"],
            [["a".into(), "5".into()], ["b".into(), "1234".into()]],
        );
        let ends: Vec<usize> = text.lines().map(|line| line.trim_end().len()).collect();
        assert_eq!(ends[1], ends[2], "{text}");
    }
}
