//! Oracle: `bcftools` (1.16 when written).
use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use object_io::Store;
use plan::Uri;
use simulate::{
    genomics::{Mode, Params},
    left_normalise, simulation,
};

fn bcftools(arguments: &[&str]) -> Option<Output> {
    let output = Command::new("bcftools").args(arguments).output();
    if output.is_err() {
        assert!(
            env::var_os("TESSERA_REQUIRE_ORACLES").is_none_or(|value| value != "1"),
            "bcftools is not installed"
        );
        eprintln!("skipped: bcftools not installed");
    }
    output.ok()
}

fn records(vcf: &str) -> Vec<&str> {
    vcf.lines().filter(|line| !line.starts_with('#')).collect()
}

fn simulated(folder: &Path, params: Params) -> simulation::Response {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    let request = simulation::Request {
        params,
        out: Uri::from_path(folder),
    };
    runtime.block_on(simulation::run(&Store::new(), request)).unwrap()
}

#[test]
fn the_truth_is_normal_already() {
    for (seed, mode) in [(1, Mode::Diploid), (2, Mode::Pool)] {
        let folder = tempfile::tempdir().unwrap();
        let base = if mode == Mode::Diploid {
            Params::diploid()
        } else {
            Params::pool()
        };
        let params = Params {
            seed,
            genome: 100_000,
            contigs: 2,
            indels: 0.4,
            coverage: 0.0,
            ..base
        };
        let made = simulated(folder.path(), params);
        assert!(made.indels > 20 && made.snps > 50, "{made:?}");
        let truth = made.truth.to_string();
        let Some(normal) = bcftools(&["norm", "-c", "e", "-f", &made.reference.to_string(), &truth]) else {
            return;
        };
        let said = String::from_utf8_lossy(&normal.stderr).into_owned();
        assert!(normal.status.success(), "{said}");
        assert!(!said.contains("warn"), "{said}");
        let normal = String::from_utf8(normal.stdout).unwrap();
        assert_eq!(records(&normal), records(&fs::read_to_string(&truth).unwrap()));
    }
}

#[test]
fn our_normal_form_is_that_of_bcftools() {
    let folder = tempfile::tempdir().unwrap();
    // Runs and short tandem repeats, where indels shift far.
    let mut bases = Vec::new();
    for block in 0..400usize {
        let unit = &b"ACGTTGCAAC"[block % 7..block % 7 + 1 + block % 3];
        bases.extend(unit.repeat(1 + block * 7 % 11));
    }
    let mut vcf = format!(
        "##fileformat=VCFv4.2\n##contig=<ID=c,length={}>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
        bases.len()
    );
    let mut expected = Vec::new();
    for position in (5..bases.len() - 20).step_by(13) {
        let length = 1 + position % 5;
        let (reference, alternate) = if position % 2 == 0 {
            (bases[position..=position + length].to_vec(), vec![bases[position]])
        } else {
            (vec![bases[position]], bases[position..=position + length].to_vec())
        };
        let text = |allele: &[u8]| String::from_utf8(allele.to_vec()).unwrap();
        let row = [
            (position + 1).to_string(),
            position.to_string(),
            text(&reference),
            text(&alternate),
        ];
        vcf.extend(["c\t", &row.join("\t"), "\t.\t.\t.\n"]);
        let (at, a, b) = left_normalise(&bases, position as u64, reference, alternate);
        expected.push((position, format!("{}\t{position}\t{}\t{}", at + 1, text(&a), text(&b))));
    }
    let fasta = folder.path().join("r.fa");
    let variants = folder.path().join("v.vcf");
    fs::write(&fasta, [b">c\n", &bases[..], b"\n"].concat()).unwrap();
    fs::write(&variants, vcf).unwrap();
    let arguments = ["norm", "-f", fasta.to_str().unwrap(), variants.to_str().unwrap()];
    let Some(normal) = bcftools(&arguments) else { return };
    assert!(normal.status.success());
    let normal = String::from_utf8(normal.stdout).unwrap();
    let mut theirs: Vec<(usize, String)> = records(&normal)
        .iter()
        .map(|record| {
            let columns: Vec<&str> = record.split('\t').collect();
            (columns[2].parse().unwrap(), columns[1..5].join("\t"))
        })
        .collect();
    theirs.sort();
    assert!(expected.len() > 100);
    assert_eq!(theirs, expected);
}
