//! Figures as a person reads them.

/// Text that is safe between tags and in attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// `12.3 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let unit = (count.max(1).ilog2() / 10).min(5);
    match unit {
        0 => format!("{count} B"),
        unit => format!(
            "{:.1} {}",
            count as f64 / 2f64.powi(unit as i32 * 10),
            UNITS[unit as usize]
        ),
    }
}

/// `1 234 567`, with narrow spaces.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// `3.4 ms`, `4.25 s`, `3 min 20 s`, `2 h 05 min`.
pub(crate) fn seconds(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match seconds {
        0.0 => "0 s".into(),
        s if s < 0.009_95 => format!("{:.1} ms", s * 1000.0),
        s if s < 0.9995 => format!("{:.0} ms", s * 1000.0),
        s if s < 9.995 => format!("{s:.2} s"),
        s if s < 119.95 => format!("{s:.1} s"),
        s if s < 7200.0 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// `$0.0123`: two figures that say something.
pub(crate) fn dollars(dollars: f64) -> String {
    match dollars {
        0.0 => "$0".into(),
        d if d >= 10.0 => format!("${d:.2}"),
        d if d >= 0.1 => format!("${d:.3}"),
        d => {
            let places = (1.0 - d.log10().floor()).clamp(2.0, 9.0) as usize;
            format!("${d:.places$}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(155_600_000), "148.4 MiB");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        let times = [0.0, 0.0001, 0.0034, 4.25, 99.94, 200.0, 7500.0].map(seconds);
        assert_eq!(
            times,
            [
                "0 s",
                "0.1 ms",
                "3.4 ms",
                "4.25 s",
                "99.9 s",
                "3 min 20 s",
                "2 h 05 min"
            ]
        );
        let costs = [0.0, 0.000_012_34, 0.0123, 0.5, 12.3].map(dollars);
        assert_eq!(costs, ["$0", "$0.000012", "$0.012", "$0.500", "$12.30"]);
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
    }
}
