//! The columns of a VCF that a comparison needs.
use std::io::BufRead;

/// One allele of one record.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Allele {
    pub(crate) contig: String,
    /// 0-based.
    pub(crate) position: u64,
    pub(crate) reference: Vec<u8>,
    pub(crate) alternate: Vec<u8>,
    /// `AF` of INFO.
    pub(crate) frequency: Option<f64>,
    /// Copies of it in the first sample's genotype, if that is complete.
    pub(crate) copies: Option<u32>,
}

/// Why a text is no VCF.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct VcfError {
    /// 1-based.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// The alleles of all records that passed (`PASS` or `.` in FILTER). Symbolic alleles and `*` are left out.
pub(crate) fn alleles(reader: impl BufRead) -> Result<Vec<Allele>, VcfError> {
    let mut found = Vec::new();
    let mut header = false;
    for (line, text) in (1..).zip(reader.lines()) {
        let fault = |reason: &str| VcfError {
            line,
            reason: reason.to_owned(),
        };
        let text = text.map_err(|error| fault(&error.to_string()))?;
        if text.starts_with('#') {
            header |= text.starts_with("##fileformat=VCF") || text.starts_with("#CHROM\t");
        } else if !header {
            return Err(fault("no ##fileformat or #CHROM line before it"));
        } else if !text.is_empty() {
            record(&text, &mut found).map_err(fault)?;
        }
    }
    if header {
        Ok(found)
    } else {
        Err(VcfError {
            line: 1,
            reason: "no header".to_owned(),
        })
    }
}

fn record(text: &str, found: &mut Vec<Allele>) -> Result<(), &'static str> {
    let columns: Vec<&str> = text.split('\t').collect();
    let [
        contig,
        position,
        _,
        reference,
        alternates,
        _,
        filter,
        info,
        ref rest @ ..,
    ] = columns[..]
    else {
        return Err("fewer than eight tab-separated columns");
    };
    let position: u64 = position.parse().map_err(|_| "POS is no number")?;
    let position = position
        .checked_sub(1)
        .ok_or("POS is 0: a telomere, which no caller should name")?;
    if !matches!(filter, "PASS" | ".") {
        return Ok(());
    }
    if reference.is_empty() || !reference.bytes().all(|base| base.is_ascii_alphabetic()) {
        return Err("REF is no sequence");
    }
    let frequencies: Vec<&str> = info
        .split(';')
        .find_map(|field| field.strip_prefix("AF="))
        .map_or(Vec::new(), |values| values.split(',').collect());
    let genotype = match rest {
        [format, sample, ..] if format.split(':').next() == Some("GT") => sample.split(':').next(),
        _ => None,
    };
    for (number, alternate) in (1..).zip(alternates.split(',')) {
        if alternate.is_empty() || !alternate.bytes().all(|base| base.is_ascii_alphabetic()) {
            continue;
        }
        found.push(Allele {
            contig: contig.to_owned(),
            position,
            reference: reference.to_ascii_uppercase().into_bytes(),
            alternate: alternate.to_ascii_uppercase().into_bytes(),
            frequency: frequencies.get(number - 1).and_then(|value| value.parse().ok()),
            copies: genotype.and_then(|genotype| copies(genotype, number)),
        });
    }
    Ok(())
}

fn copies(genotype: &str, allele: usize) -> Option<u32> {
    let called: Option<Vec<usize>> = genotype.split(['|', '/']).map(|called| called.parse().ok()).collect();
    Some(called?.into_iter().filter(|&called| called == allele).count() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n";

    #[test]
    fn alleles_of_a_record() {
        let text = format!(
            "{HEADER}c\t5\t.\ta\tC,<DEL>,AT\t9\tPASS\tDP=3;AF=0.5,0.1,0.25\tGT:DP\t0|3:8\nc\t9\t.\tA\tC\t1\tq10\t.\tGT\t./.\n"
        );
        let found = alleles(text.as_bytes()).unwrap();
        let short: Vec<_> = found
            .iter()
            .map(|a| (a.position, &a.alternate[..], a.frequency, a.copies))
            .collect();
        assert_eq!(
            short,
            [(4, &b"C"[..], Some(0.5), Some(0)), (4, &b"AT"[..], Some(0.25), Some(1))]
        );
        assert_eq!(found[0].reference, b"A");
    }

    #[test]
    fn what_is_no_vcf_is_refused_with_its_line() {
        let line = |text: &str| alleles(text.as_bytes()).unwrap_err().line;
        assert_eq!(line(">chr1\nACGT\n"), 1);
        assert_eq!(line(""), 1);
        assert_eq!(line(&format!("{HEADER}c\tx\t.\tA\tC\t.\t.\t.\n")), 3);
        assert_eq!(line(&format!("{HEADER}c\t0\t.\tA\tC\t.\t.\t.\n")), 3);
        assert_eq!(line(&format!("{HEADER}c\t1\n")), 3);
    }
}
