//! The truth as a VCF.
use std::fmt::Write;

use super::{Carrier, Contig, Mode, Params, Variant};

/// The variants as VCF 4.2 text: `AF` in INFO, and for a diploid sample its phased genotype.
pub fn truth_vcf(params: &Params, genome: &[Contig], variants: &[Variant]) -> String {
    let mut text = String::from("##fileformat=VCFv4.2\n##FILTER=<ID=PASS,Description=\"All filters passed\">\n");
    let mut line = |arguments: std::fmt::Arguments<'_>| text.write_fmt(arguments).expect("a String takes any text");
    for Contig { name, bases } in genome {
        line(format_args!("##contig=<ID={name},length={}>\n", bases.len()));
    }
    line(format_args!(
        "##INFO=<ID=AF,Number=A,Type=Float,Description=\"True share of molecules with the allele\">\n"
    ));
    let diploid = params.mode == Mode::Diploid;
    if diploid {
        line(format_args!(
            "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Phased genotype\">\n"
        ));
    }
    line(format_args!(
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO{}\n",
        if diploid { "\tFORMAT\ttruth" } else { "" }
    ));
    for variant in variants {
        let name = &genome[variant.contig].name;
        let reference = String::from_utf8_lossy(&variant.reference);
        let alternate = String::from_utf8_lossy(&variant.alternate);
        let (position, frequency) = (variant.position + 1, variant.frequency());
        line(format_args!(
            "{name}\t{position}\t.\t{reference}\t{alternate}\t.\tPASS\tAF={frequency}"
        ));
        if let Carrier::Haplotypes([first, second]) = variant.carrier {
            line(format_args!("\tGT\t{}|{}", u8::from(first), u8::from(second)));
        }
        line(format_args!("\n"));
    }
    text
}
