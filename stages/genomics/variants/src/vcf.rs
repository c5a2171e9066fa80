//! Calls as VCF 4.3 text.
use std::fmt::Write as _;

use crate::{Call, Mode, Sample, diploid::MISSING};

/// The header lines, column line included.
///
/// `contigs` are names and lengths in the order of the reference. The date and the machine are left out on purpose: equal
/// inputs give equal files.
pub fn header(contigs: &[(String, u64)], sample: &str, mode: Mode, command: &str) -> String {
    let mut text = String::from("##fileformat=VCFv4.3\n##source=tessera\n");
    let command = command.replace(['\n', '\r'], " ");
    let _ = writeln!(text, "##commandline={command}");
    for (name, length) in contigs {
        let _ = writeln!(text, "##contig=<ID={name},length={length}>");
    }
    text.push_str(concat!(
        "##FILTER=<ID=PASS,Description=\"All filters passed\">\n",
        "##FILTER=<ID=LowQual,Description=\"Quality below 10\">\n",
        "##FILTER=<ID=StrandBias,Description=\"Alternate reads of one strand only: Fisher's exact test, Phred above 60\">\n",
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"Reads with mapping quality 10 or more; overlapping mates count once\">\n",
        "##INFO=<ID=SB,Number=4,Type=Integer,Description=\"Reads on strands: reference forward, reverse, alternate forward, reverse\">\n",
    ));
    text.push_str(match mode {
        Mode::Diploid => concat!(
            "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n",
            "##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"Phred probability that the genotype is wrong\">\n",
            "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"Reads\">\n",
            "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"Reads of each allele\">\n",
            "##FORMAT=<ID=PL,Number=G,Type=Integer,Description=\"Phred-scaled genotype likelihoods\">\n",
        ),
        Mode::Pool => concat!(
            "##INFO=<ID=AF,Number=A,Type=Float,Description=\"Allele frequency\">\n",
            "##INFO=<ID=PP,Number=A,Type=Float,Description=\"Posterior by the unmodified SiNPle formula\">\n",
            "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"Reads\">\n",
            "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"Reads of each allele\">\n",
        ),
    });
    let _ = writeln!(text, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{sample}");
    text
}

/// Appends one record with its line end.
pub fn write_record(call: &Call, contig: &str, text: &mut String) {
    let _ = write!(text, "{contig}\t{}\t.\t", call.position + 1);
    push_letters(text, &call.reference);
    text.push('\t');
    for (i, alternate) in call.alternates.iter().enumerate() {
        if i > 0 {
            text.push(',');
        }
        push_letters(text, alternate);
    }
    let _ = write!(text, "\t{:.2}\t{}\tDP={}", call.quality, filter(call), call.depth);
    if let Sample::Frequencies { frequencies, sinple } = &call.sample {
        text.push_str(";AF=");
        push_floats(text, frequencies);
        text.push_str(";PP=");
        push_floats(text, sinple);
    }
    let [[a, b], [c, d]] = call.strands;
    let _ = write!(text, ";SB={a},{b},{c},{d}\t");
    match &call.sample {
        Sample::Genotype {
            alleles: [a, b],
            quality,
            likelihoods,
        } => {
            text.push_str("GT:GQ:DP:AD:PL\t");
            // A missing allele is written first, as the lowest.
            for (i, allele) in [*b, *a]
                .iter()
                .filter(|&&allele| allele == MISSING)
                .chain([*a, *b].iter().filter(|&&allele| allele != MISSING))
                .enumerate()
            {
                text.push_str(if i > 0 { "/" } else { "" });
                match *allele {
                    MISSING => text.push('.'),
                    allele => {
                        let _ = write!(text, "{allele}");
                    }
                }
            }
            let _ = write!(text, ":{quality}:{}:", call.depth);
            push_integers(text, &call.allele_depths);
            text.push(':');
            push_integers(text, likelihoods);
        }
        Sample::Frequencies { .. } => {
            let _ = write!(text, "DP:AD\t{}:", call.depth);
            push_integers(text, &call.allele_depths);
        }
    }
    text.push('\n');
}

/// Quality below which a record is marked.
const LOW_QUALITY: f64 = 10.0;
/// Phred of Fisher's test above which a record is marked.
const STRAND_BIAS: f64 = 60.0;

pub(crate) fn filter(call: &Call) -> &'static str {
    match (
        call.quality < LOW_QUALITY,
        !call.is_indel() && crate::strand::fisher_phred(call.strands) > STRAND_BIAS,
    ) {
        (false, false) => "PASS",
        (true, false) => "LowQual",
        (false, true) => "StrandBias",
        (true, true) => "LowQual;StrandBias",
    }
}

fn push_letters(text: &mut String, letters: &[u8]) {
    text.extend(letters.iter().map(|&letter| char::from(letter)));
}

fn push_integers(text: &mut String, numbers: &[u32]) {
    for (i, number) in numbers.iter().enumerate() {
        let _ = write!(text, "{}{number}", if i > 0 { "," } else { "" });
    }
}

fn push_floats(text: &mut String, numbers: &[f64]) {
    for (i, number) in numbers.iter().enumerate() {
        let _ = write!(text, "{}{number:.5}", if i > 0 { "," } else { "" });
    }
}
