//! What was called, in numbers.
use serde::{Deserialize, Serialize};

use crate::{Call, Sample};

/// Numbers of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records.
    pub records: u64,
    /// Records without a filter's mark.
    pub passed: u64,
    /// Alternate bases.
    pub substitutions: u64,
    /// Alternate alleles of another length than the reference.
    pub indels: u64,
    /// Substitutions A-G and C-T.
    pub transitions: u64,
    /// All other substitutions.
    pub transversions: u64,
    /// Genotypes of two different alleles.
    pub heterozygous: u64,
    /// Genotypes of two equal alternate alleles.
    pub homozygous: u64,
    /// Reference positions with reads.
    pub covered: u64,
    /// Sum of depths over them.
    pub depth: u64,
}

impl Counts {
    /// Counts one call.
    pub fn add(&mut self, call: &Call) {
        self.records += 1;
        self.passed += u64::from(crate::vcf::filter(call) == "PASS");
        for alternate in &call.alternates {
            match (&call.reference[..], &alternate[..]) {
                (&[from], &[to]) => {
                    self.substitutions += 1;
                    let transition = matches!((from, to), (b'A', b'G') | (b'G', b'A') | (b'C', b'T') | (b'T', b'C'));
                    self.transitions += u64::from(transition);
                    self.transversions += u64::from(!transition);
                }
                _ => self.indels += 1,
            }
        }
        if let Sample::Genotype { alleles: [a, b], .. } = call.sample {
            self.heterozygous += u64::from(a != b);
            self.homozygous += u64::from(a == b);
        }
    }

    /// Adds the counts of another range.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.passed += other.passed;
        self.substitutions += other.substitutions;
        self.indels += other.indels;
        self.transitions += other.transitions;
        self.transversions += other.transversions;
        self.heterozygous += other.heterozygous;
        self.homozygous += other.homozygous;
        self.covered += other.covered;
        self.depth += other.depth;
    }
}
