//! Wall-clock time as a run folder writes it.
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970-01-01 UTC.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// A point in time, split for reading. Always UTC.
struct Civil {
    date: (i64, u64, u64),
    time: (u64, u64, u64),
}

/// Days to year, month and day: Howard Hinnant's `civil_from_days`,
/// <https://howardhinnant.github.io/date_algorithms.html>.
fn civil(millis: u64) -> Civil {
    let seconds = millis / 1000;
    let days = (seconds / 86_400) as i64 + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097) as u64;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era as i64 + era * 400 + i64::from(month <= 2);
    let time = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    Civil {
        date: (year, month, day),
        time,
    }
}

/// `2026-11-21 14:22:33 UTC`.
pub fn utc(millis: u64) -> String {
    let Civil {
        date: (year, month, day),
        time: (hour, minute, second),
    } = civil(millis);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `20261121-142233`.
pub(crate) fn stamp(millis: u64) -> String {
    let Civil {
        date: (year, month, day),
        time: (hour, minute, second),
    } = civil(millis);
    format!("{year:04}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates() {
        // `date -u -d @SECONDS`
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400_000), "2000-02-29 00:00:00 UTC");
        assert_eq!(stamp(1_795_270_953_000), "20261121-142233");
        assert_eq!(utc(4_107_542_399_999), "2100-02-28 23:59:59 UTC");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01 00:00:00 UTC");
    }
}
