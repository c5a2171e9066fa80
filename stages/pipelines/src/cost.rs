//! What a run costs on AWS, from what its steps use: foreseen, or measured here.
use serde::Serialize;

use crate::{
    Kind,
    prices::{LambdaSize, Prices},
};

/// What a step uses, on cores of this machine's kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Usage {
    /// Name of the step.
    pub step: String,
    /// How it runs on a cloud.
    pub kind: Kind,
    /// Number of items.
    pub items: u64,
    /// Seconds times threads of all items together.
    pub core_seconds: f64,
    /// The same of the longest item.
    pub longest: f64,
    /// Threads that an item keeps busy.
    pub cpu: u32,
    /// Memory that the largest item needs, in bytes.
    pub memory: u64,
    /// Bytes read from the store.
    pub bytes_in: u64,
    /// Bytes written to the store.
    pub bytes_out: u64,
}

/// What a step costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepCost {
    /// Name of the step.
    pub step: String,
    /// `Lambda 1769 MB` or an instance type.
    pub place: String,
    /// Number of items.
    pub items: u64,
    /// Wall-clock seconds of the step.
    pub seconds: f64,
    /// Seconds of the longest item.
    pub longest: f64,
    /// GB-seconds of functions.
    pub gb_seconds: f64,
    /// US dollars for functions.
    pub lambda: f64,
    /// US dollars for virtual machines.
    pub ec2: f64,
    /// US dollars for requests to S3.
    pub requests: f64,
    /// Why the step would not run there as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What a run costs with one choice of Lambda memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// The Lambda memory asked for, in MB; a step that needs more gets more.
    pub memory: u64,
    /// Per step.
    pub steps: Vec<StepCost>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// US dollars.
    pub dollars: f64,
    /// US dollars per month to keep everything the run wrote.
    pub storage_month: f64,
}

impl Bill {
    /// 1 / (latency x cost), in 1 / (seconds x dollars): more is better.
    pub fn cost_performance(&self) -> f64 {
        1.0 / (self.seconds * self.dollars).max(f64::MIN_POSITIVE)
    }
}

impl StepCost {
    /// US dollars in all.
    pub fn dollars(&self) -> f64 {
        self.lambda + self.ec2 + self.requests
    }
}

/// What steps cost when functions have the memory of `size`, or more where an item needs more.
pub fn bill(usages: &[Usage], prices: &Prices, size: LambdaSize) -> Bill {
    let steps: Vec<StepCost> = usages
        .iter()
        .map(|usage| match usage.kind {
            Kind::Map | Kind::Reduce => on_lambda(usage, prices, size),
            Kind::Job => on_ec2(usage, prices),
        })
        .collect();
    let written: u64 = usages.iter().map(|usage| usage.bytes_out).sum();
    Bill {
        memory: size.memory,
        seconds: steps.iter().map(|step| step.seconds).sum(),
        dollars: steps.iter().map(StepCost::dollars).sum(),
        storage_month: gigabytes(written) * prices.s3.gb_month,
        steps,
    }
}

/// One bill for each Lambda memory size, ascending.
pub fn choices(usages: &[Usage], prices: &Prices) -> Vec<Bill> {
    prices
        .lambda
        .sizes
        .iter()
        .map(|&size| bill(usages, prices, size))
        .collect()
}

/// The bill of the best cost-performance among those without a problem; failing that, of any.
pub fn best(choices: &[Bill]) -> Option<&Bill> {
    let problems = |bill: &Bill| bill.steps.iter().filter(|step| step.problem.is_some()).count();
    choices.iter().min_by(|a, b| {
        problems(a)
            .cmp(&problems(b))
            .then(b.cost_performance().total_cmp(&a.cost_performance()))
    })
}

fn on_lambda(usage: &Usage, prices: &Prices, wish: LambdaSize) -> StepCost {
    let lambda = &prices.lambda;
    let largest = lambda.sizes.last().copied().unwrap_or(wish);
    let needed = prices.lambda_for(usage.memory);
    let size = needed
        .filter(|needed| needed.memory > wish.memory)
        .unwrap_or(if needed.is_some() { wish } else { largest });
    // Threads beyond the CPU ceiling gain nothing; a single thread gains nothing from a ceiling above one core.
    let cores = size.cores.min(f64::from(usage.cpu));
    let (longest, total) = (usage.longest / cores, usage.core_seconds / cores);
    let waves = total / lambda.concurrency.min(usage.items.max(1)) as f64;
    let gb_seconds = total * size.memory as f64 / 1024.0;
    let problem = if needed.is_none() {
        Some(format!(
            "an item needs {:.1} GB, more than any function has",
            gigabytes(usage.memory)
        ))
    } else if longest > lambda.limit_seconds {
        Some(format!(
            "an item takes {longest:.0} s, more than the {:.0} s of a function",
            lambda.limit_seconds
        ))
    } else {
        None
    };
    StepCost {
        step: usage.step.clone(),
        place: format!("Lambda {} MB", size.memory),
        items: usage.items,
        seconds: if usage.items == 0 {
            0.0
        } else {
            lambda.start_seconds + longest.max(waves)
        },
        longest,
        gb_seconds,
        lambda: gb_seconds * lambda.gb_second + usage.items as f64 / 1e6 * lambda.million_requests,
        ec2: 0.0,
        requests: requests(usage, prices),
        problem,
    }
}

fn on_ec2(usage: &Usage, prices: &Prices) -> StepCost {
    let ec2 = &prices.ec2;
    let machine = prices.ec2_for(usage.memory, usage.cpu);
    let cores = f64::from(machine.map_or(1, |machine| machine.vcpus.min(usage.cpu)));
    let (longest, total) = (usage.longest / cores, usage.core_seconds / cores);
    let billed = (total + usage.items as f64 * ec2.start_seconds).max(usage.items as f64 * ec2.least_seconds);
    let disk = ec2.disk_gb * ec2.disk_gb_month / (30.0 * 24.0);
    let holds = |machine: &crate::prices::Ec2Type| machine.memory * f64::from(1 << 30) >= usage.memory as f64;
    StepCost {
        step: usage.step.clone(),
        place: machine.map_or("no instance type".into(), |machine| machine.name.clone()),
        items: usage.items,
        seconds: if usage.items == 0 {
            0.0
        } else {
            ec2.start_seconds + longest
        },
        longest,
        gb_seconds: 0.0,
        lambda: 0.0,
        ec2: billed / 3600.0 * (machine.map_or(0.0, |machine| machine.hour) + disk),
        requests: requests(usage, prices),
        problem: (!machine.is_some_and(holds)).then(|| {
            format!(
                "the job needs {:.1} GB, more than any known instance",
                gigabytes(usage.memory)
            )
        }),
    }
}

/// Each item reads and writes at least one object, heads what it reads and writes its record.
fn requests(usage: &Usage, prices: &Prices) -> f64 {
    let per_request = prices.s3.request_bytes.max(1);
    let gets = 2 * usage.items + usage.bytes_in / per_request;
    let puts = 2 * usage.items + usage.bytes_out / per_request;
    gets as f64 / 1e3 * prices.s3.thousand_gets + puts as f64 / 1e3 * prices.s3.thousand_puts
}

fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(kind: Kind, items: u64, core_seconds: f64, memory: u64, cpu: u32) -> Usage {
        Usage {
            step: "step".into(),
            kind,
            items,
            core_seconds,
            longest: core_seconds / items as f64,
            cpu,
            memory,
            bytes_in: 0,
            bytes_out: 0,
        }
    }

    fn sized(memory: u64) -> LambdaSize {
        *Prices::default()
            .lambda
            .sizes
            .iter()
            .find(|size| size.memory == memory)
            .unwrap()
    }

    #[test]
    fn functions_cost_gb_seconds_and_calls_by_hand() {
        let prices = Prices::default();
        // 100 items of 5 s on one core: 1769 MB gives one core, so 500 s x 1769/1024 GB.
        let bill = bill(&[usage(Kind::Map, 100, 500.0, 1 << 30, 1)], &prices, sized(1769));
        let step = &bill.steps[0];
        assert!((step.gb_seconds - 863.77).abs() < 0.01, "{step:?}");
        assert!(
            (step.lambda - (863.77 * 0.000_016_666_7 + 0.000_02)).abs() < 1e-6,
            "{step:?}"
        );
        assert!((step.seconds - 5.5).abs() < 1e-9);
        // 200 GETs and 200 PUTs.
        assert!((step.requests - (0.2 * 0.0004 + 0.2 * 0.005)).abs() < 1e-12);
        assert!((bill.dollars - step.dollars()).abs() < 1e-12);
    }

    #[test]
    fn half_a_core_takes_twice_as_long_and_more_cores_help_only_more_threads() {
        let prices = Prices::default();
        let seconds = |cpu, size| bill(&[usage(Kind::Map, 1, 60.0, 1, cpu)], &prices, size).steps[0].longest;
        assert!((seconds(1, sized(832)) - 120.0).abs() < 1e-9);
        assert!((seconds(1, sized(10240)) - 60.0).abs() < 1e-9);
        assert!((seconds(4, sized(8845)) - 15.0).abs() < 1e-9);
    }

    #[test]
    fn an_item_gets_the_memory_it_needs_or_a_problem_is_told() {
        let prices = Prices::default();
        let place = |memory| {
            bill(&[usage(Kind::Map, 1, 1.0, memory, 1)], &prices, sized(1769))
                .steps
                .remove(0)
        };
        assert_eq!(place(6 << 30).place, "Lambda 7076 MB");
        assert_eq!(
            place(12 << 30).problem.unwrap(),
            "an item needs 12.0 GB, more than any function has"
        );
        let long = bill(&[usage(Kind::Map, 1, 1000.0, 1, 1)], &prices, sized(1769))
            .steps
            .remove(0);
        assert_eq!(
            long.problem.unwrap(),
            "an item takes 1000 s, more than the 900 s of a function"
        );
    }

    #[test]
    fn more_items_than_functions_take_waves() {
        let prices = Prices::default();
        let bill = bill(&[usage(Kind::Map, 10_000, 50_000.0, 1, 1)], &prices, sized(1769));
        assert!((bill.seconds - 50.5).abs() < 1e-9);
    }

    #[test]
    fn a_job_runs_on_the_cheapest_machine_that_holds_it() {
        let prices = Prices::default();
        let job = bill(&[usage(Kind::Job, 1, 3600.0, 20 << 30, 4)], &prices, sized(1769))
            .steps
            .remove(0);
        assert_eq!(job.place, "r7g.xlarge");
        assert!((job.seconds - 937.0).abs() < 1e-9);
        let by_hand = 937.0 / 3600.0 * (0.2142 + 100.0 * 0.08 / 720.0);
        assert!((job.ec2 - by_hand).abs() < 1e-9, "{job:?}");
    }
}
