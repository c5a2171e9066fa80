//! The table of prices, sizes and rates.
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::Error;

const BUILT_IN: &str = include_str!("prices.toml");

/// What AWS charges, what its sizes can do, and how fast our tasks are. Documented in `prices.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prices {
    /// When the prices were looked up.
    pub date: String,
    /// Where they hold.
    pub region: String,
    /// Functions.
    pub lambda: Lambda,
    /// Objects.
    pub s3: S3,
    /// Virtual machines.
    pub ec2: Ec2,
    /// How long tasks take, by name.
    pub rates: std::collections::BTreeMap<String, Rate>,
}

/// Functions. Prices in US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lambda {
    /// Per GB of configured memory (1024 MB) and second.
    pub gb_second: f64,
    /// Per million calls.
    pub million_requests: f64,
    /// Functions at once.
    pub concurrency: u64,
    /// Start of a function that was not warm.
    pub start_seconds: f64,
    /// Longest run of a function.
    pub limit_seconds: f64,
    /// Memory sizes, ascending.
    pub sizes: Vec<LambdaSize>,
}

/// A memory size of a function.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LambdaSize {
    /// MB (of 1024 KiB).
    pub memory: u64,
    /// Visible virtual CPUs.
    pub vcpus: u32,
    /// CPU time per second that it really gets.
    pub cores: f64,
}

/// Objects. Prices in US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Per thousand PUT, COPY, POST and LIST requests.
    pub thousand_puts: f64,
    /// Per thousand GET requests.
    pub thousand_gets: f64,
    /// Per GB and month.
    pub gb_month: f64,
    /// Bytes that one request moves.
    pub request_bytes: u64,
}

/// Virtual machines. Prices in US dollars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ec2 {
    /// From request to first instruction.
    pub start_seconds: f64,
    /// Seconds billed at least.
    pub least_seconds: f64,
    /// Disk, per GB and month.
    pub disk_gb_month: f64,
    /// Size of the disk in GB.
    pub disk_gb: f64,
    /// Instance types.
    pub types: Vec<Ec2Type>,
}

/// An instance type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ec2Type {
    /// Name.
    pub name: String,
    /// Virtual CPUs.
    pub vcpus: u32,
    /// GiB.
    pub memory: f64,
    /// US dollars per hour.
    pub hour: f64,
}

/// How long a task takes on one core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// What a unit of work is.
    pub unit: String,
    /// Seconds per item.
    pub fixed: f64,
    /// Seconds per unit of work.
    pub per_unit: f64,
}

impl Default for Prices {
    fn default() -> Self {
        // A test reads the built-in table.
        Self::with("", "built-in").expect("the built-in table of prices is well-formed")
    }
}

impl Prices {
    /// The built-in table with what `text`, TOML of the same form, says instead. `name` is for the error.
    pub fn with(text: &str, name: &str) -> Result<Self, Error> {
        let read = || {
            let mut table: Table = BUILT_IN.parse()?;
            merge(&mut table, text.parse()?);
            Self::deserialize(table)
        };
        read().map_err(|source| Error::Prices {
            file: name.into(),
            source: Box::new(source),
        })
    }

    /// The smallest Lambda size that holds `memory` bytes, if any does.
    pub fn lambda_for(&self, memory: u64) -> Option<LambdaSize> {
        let fits = |size: &&LambdaSize| size.memory << 20 >= memory;
        self.lambda
            .sizes
            .iter()
            .filter(fits)
            .min_by_key(|size| size.memory)
            .copied()
    }

    /// The cheapest instance type that holds `memory` bytes and has `cpu` virtual CPUs; failing that, the largest.
    pub fn ec2_for(&self, memory: u64, cpu: u32) -> Option<&Ec2Type> {
        let types = self.ec2.types.iter();
        let fits = |of: &&Ec2Type| of.memory * f64::from(1 << 30) >= memory as f64 && of.vcpus >= cpu;
        let cheapest = types.clone().filter(fits).min_by(|a, b| a.hour.total_cmp(&b.hour));
        cheapest.or_else(|| types.max_by(|a, b| a.memory.total_cmp(&b.memory)))
    }

    /// How long the task takes, and whether that was measured.
    pub fn rate(&self, task: &str) -> (Rate, bool) {
        let guess = Rate {
            unit: "MiB read".into(),
            fixed: 0.2,
            per_unit: 0.05,
        };
        match (self.rates.get(task), self.rates.get("default")) {
            (Some(rate), _) => (rate.clone(), true),
            (None, default) => (default.cloned().unwrap_or(guess), false),
        }
    }
}

/// Tables are merged, anything else is replaced.
fn merge(under: &mut Table, over: Table) {
    for (name, value) in over {
        match (under.get_mut(&name), value) {
            (Some(Value::Table(under)), Value::Table(over)) => merge(under, over),
            (_, value) => {
                under.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_well_formed() {
        let prices = Prices::default();
        assert!(
            prices
                .lambda
                .sizes
                .is_sorted_by(|a, b| a.memory < b.memory && a.cores < b.cores)
        );
        assert_eq!(prices.lambda_for(1).unwrap().memory, 832);
        assert_eq!(prices.lambda_for(1_800 << 20).unwrap().memory, 3008);
        assert!(prices.lambda_for(11 << 30).is_none());
        assert_eq!(prices.ec2_for(10 << 30, 1).unwrap().name, "r7g.large");
        assert_eq!(prices.ec2_for(1 << 30, 16).unwrap().name, "c7g.4xlarge");
        assert_eq!(prices.ec2_for(1 << 50, 1).unwrap().name, "r7g.4xlarge");
    }

    #[test]
    fn a_user_replaces_what_differs() {
        let mine = "region = \"eu-west-1\"\n[lambda]\ngb_second = 0.5\n[rates.mine]\nunit = \"reads\"\nfixed = 1\nper_unit = 2\n";
        let prices = Prices::with(mine, "mine.toml").unwrap();
        assert_eq!((prices.region.as_str(), prices.lambda.gb_second), ("eu-west-1", 0.5));
        assert_eq!(prices.s3, Prices::default().s3);
        assert_eq!(prices.rate("mine").0.unit, "reads");
        assert!(!prices.rate("theirs").1);
        let error = Prices::with("[lambda]\ngb_secnod = 1\n", "mine.toml").unwrap_err();
        assert_eq!(error.to_string(), "mine.toml: not a table of prices");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains("gb_secnod"), "{cause}");
    }
}
