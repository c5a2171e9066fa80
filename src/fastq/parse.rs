//! Sizes, ranges and switches as people write them.
use std::{num::NonZero, ops::Range};

use partition_fastq::RecordKind;
use plan::Uri;

/// `256MiB`, `1GB`, `64k`, `1000`: a letter alone means a power of 1024, as in most tools.
pub(crate) fn size(text: &str) -> Result<NonZero<u64>, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return Err(format!("{unit:?} is no unit; write 256MiB, 1GB or a number of bytes")),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "a size is a whole number with a unit, such as 256MiB")?;
    let bytes = number.checked_mul(factor).and_then(NonZero::new);
    bytes.ok_or_else(|| "a size must be more than 0 bytes and less than 16 EiB".into())
}

/// `1000..2000`
pub(super) fn range(text: &str) -> Result<Range<u64>, String> {
    let wanted = || "write A..B, for example 1000..2000 for reads 1000 to 1999".to_owned();
    let (start, end) = text.split_once("..").ok_or_else(wanted)?;
    let number = |text: &str| text.trim().replace('_', "").parse::<u64>().map_err(|_| wanted());
    let (start, end) = (number(start)?, number(end)?);
    if start > end {
        return Err(format!("{start} is after {end}"));
    }
    Ok(start..end)
}

/// `on` or `off`
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "yes" => Ok(true),
        "off" | "false" | "no" => Ok(false),
        _ => Err("write on or off".into()),
    }
}

/// By its name, as GEM names its output.
pub(super) fn record_kind(object: &Uri) -> RecordKind {
    match object.name().rsplit_once('.') {
        Some((_, "map")) => RecordKind::Map,
        _ => RecordKind::Fastq,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_written() {
        let bytes = |text: &str| size(text).map(NonZero::get);
        assert_eq!(bytes("256MiB"), Ok(256 << 20));
        assert_eq!(bytes("1GB"), Ok(1_000_000_000));
        assert_eq!(bytes("64k"), Ok(65_536));
        assert_eq!(bytes("12"), Ok(12));
        assert!(bytes("0").is_err() && bytes("1.5G").is_err() && bytes("MiB").is_err() && bytes("9ZB").is_err());
        assert!(bytes("99999999999TiB").is_err());
    }

    #[test]
    fn ranges_are_half_open_and_in_order() {
        assert_eq!(range("1000..2000"), Ok(1000..2000));
        assert_eq!(range("1_000..2_000"), Ok(1000..2000));
        assert!(range("5..3").is_err() && range("5").is_err() && range("..3").is_err());
    }
}
