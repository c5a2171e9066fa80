use serde::{Deserialize, Serialize};

/// What kind of sample the reads come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One individual with two copies of each contig.
    Diploid,
    /// Many molecules, as of a virus or a pool of individuals: each carries each variant with its own frequency.
    Pool,
}

/// Errors at fixed places of the genome that only reads of one strand show, with qualities that do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StrandBias {
    /// Such places per base of the genome.
    pub density: f64,
    /// Share of the reads of that strand that show the error.
    pub rate: f64,
}

/// Fragments that were sequenced several times, and errors that all copies share, with qualities that do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pcr {
    /// Share of fragments that have copies.
    pub duplicated: f64,
    /// Mean number of reads pairs of such a fragment, at least 2.
    pub copies: f64,
    /// Errors per base in the fragment before it was copied.
    pub errors: f64,
}

/// Everything that a simulated data set depends on. Equal parameters give equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Params {
    /// Another seed gives another data set.
    pub seed: u64,
    /// Diploid or pool.
    pub mode: Mode,
    /// Bases of the genome.
    pub genome: u64,
    /// Contigs it is in; their lengths differ.
    pub contigs: u32,
    /// Families of repeats per million bases; each has four copies of 500 to 3000 bases, 0.5 to 4 % diverged.
    pub repeat_families: f64,
    /// Mean distance of variants, in bases.
    pub variant_distance: f64,
    /// Share of variants that are insertions or deletions, of 1 to 12 bases.
    pub indels: f64,
    /// Pool only: frequencies of the variants, each as likely.
    pub frequencies: Vec<f64>,
    /// Mean number of reads over a base.
    pub coverage: f64,
    /// Bases of a read.
    pub read_length: u32,
    /// Mean and standard deviation of the fragment length, in bases.
    pub insert: (f64, f64),
    /// Long reads, not pairs: mean length in bases, about one error in 20 bases, half of them indels.
    pub long: Option<u32>,
    /// Errors on one strand only.
    pub strand_bias: Option<StrandBias>,
    /// Copies of fragments and of their errors.
    pub pcr: Option<Pcr>,
    /// Write the reads as BGZF instead of one gzip member.
    pub bgzf: bool,
}

impl Params {
    /// A diploid individual: 200 kb, 30 reads over each base, a variant every 870 bases or so, one in eight an indel.
    pub fn diploid() -> Self {
        Self {
            seed: 1,
            mode: Mode::Diploid,
            genome: 200_000,
            contigs: 2,
            repeat_families: 12.0,
            variant_distance: 870.0,
            indels: 0.12,
            frequencies: Vec::new(),
            coverage: 30.0,
            read_length: 150,
            insert: (350.0, 40.0),
            long: None,
            strand_bias: None,
            pcr: None,
            bgzf: false,
        }
    }

    /// A viral population: 30 kb, 2000 reads over each base, SNPs at 0.5 to 20 %.
    pub fn pool() -> Self {
        Self {
            mode: Mode::Pool,
            genome: 30_000,
            contigs: 1,
            repeat_families: 0.0,
            variant_distance: 100.0,
            indels: 0.0,
            frequencies: vec![0.005, 0.01, 0.02, 0.05, 0.2],
            coverage: 2000.0,
            ..Self::diploid()
        }
    }

    /// Why these parameters cannot be meant, if they cannot.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let positive = |value: f64| value.is_finite() && value >= 0.0;
        let (insert, deviation) = self.insert;
        let shortest = self.long.map_or(f64::from(self.read_length).max(insert), f64::from);
        let rules = [
            (self.contigs > 0, "a genome has at least one contig"),
            (
                self.genome / u64::from(self.contigs.max(1)) >= 1000,
                "contigs must have 1000 bases or more",
            ),
            (self.genome <= 1 << 33, "the genome is made in memory: at most 8 Gb"),
            (self.read_length >= 20, "reads must have 20 bases or more"),
            (positive(insert) && positive(deviation), "the insert size is no length"),
            (
                insert >= f64::from(self.read_length),
                "fragments must be as long as a read",
            ),
            (
                shortest * 2.0 <= (self.genome / u64::from(self.contigs.max(1))) as f64,
                "fragments are too long for the contigs",
            ),
            (
                self.long.is_none_or(|length| length >= 500),
                "long reads must have 500 bases or more",
            ),
            (
                positive(self.coverage) && positive(self.repeat_families),
                "coverage and repeats are counts",
            ),
            (
                self.variant_distance.is_finite() && self.variant_distance >= 1.0,
                "the distance of variants must be 1 or more",
            ),
            (share(self.indels), "the share of indels lies between 0 and 1"),
            (
                self.frequencies.iter().all(|&f| share(f) && f > 0.0),
                "frequencies lie between 0 and 1",
            ),
            (
                self.mode == Mode::Diploid || !self.frequencies.is_empty(),
                "a pool needs frequencies",
            ),
            (
                self.strand_bias
                    .is_none_or(|bias| share(bias.density) && share(bias.rate)),
                "strand bias is a share",
            ),
            (
                self.pcr.is_none_or(|pcr| {
                    share(pcr.duplicated) && share(pcr.errors) && (2.0..=1000.0).contains(&pcr.copies)
                }),
                "PCR: shares lie between 0 and 1, copies between 2 and 1000",
            ),
        ];
        rules.into_iter().find(|&(holds, _)| !holds).map(|(_, fault)| fault)
    }
}

impl Default for Params {
    fn default() -> Self {
        Self::diploid()
    }
}
