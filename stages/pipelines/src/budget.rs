//! How much may run at once: the cores and the memory of this machine.
use std::{fs, thread};

/// Share of the available memory that items may be planned with; the rest is for what estimates leave out.
const SHARE: f64 = 0.8;
/// What a machine that does not say is taken to have.
const UNKNOWN_MEMORY: u64 = 4 << 30;

/// Cores and memory in bytes, total or free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Threads that items may keep busy together.
    pub cores: u32,
    /// Bytes that items may need together.
    pub memory: u64,
}

impl Budget {
    /// All cores and 0.8 of the available memory, as the container, if any, allows.
    pub fn of_this_machine() -> Self {
        let cores = thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
        let limit = cgroup_room().into_iter().chain(available()).min();
        Self {
            cores,
            memory: (limit.unwrap_or(UNKNOWN_MEMORY) as f64 * SHARE) as u64,
        }
    }

    /// What an item takes from this budget: an item larger than the whole runs alone.
    pub(crate) fn clip(self, cpu: u32, memory: u64) -> Self {
        Self {
            cores: cpu.clamp(1, self.cores.max(1)),
            memory: memory.min(self.memory),
        }
    }

    /// Takes `item` out, or says that it does not fit.
    pub(crate) fn take(&mut self, item: Self) -> bool {
        let fits = item.cores <= self.cores && item.memory <= self.memory;
        if fits {
            self.cores -= item.cores;
            self.memory -= item.memory;
        }
        fits
    }

    /// Puts `item` back.
    pub(crate) fn give_back(&mut self, item: Self) {
        self.cores += item.cores;
        self.memory += item.memory;
    }
}

fn available() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    kibibytes(&text, "MemAvailable:")
}

/// Room below the limit of the control group (version 2), if one is set.
fn cgroup_room() -> Option<u64> {
    let number = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?;
        text.trim().parse().ok()
    };
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

/// Most memory that this process ever had, in bytes.
pub(crate) fn peak_of_this_process() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

fn kibibytes(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(number << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_cores_and_memory() {
        let budget = Budget::of_this_machine();
        assert!(budget.cores > 0 && budget.memory > 0);
    }

    #[test]
    fn an_item_larger_than_the_budget_takes_all_of_it() {
        let all = Budget { cores: 2, memory: 10 };
        let mut free = all;
        let large = all.clip(8, 100);
        assert_eq!(large, all);
        assert!(free.take(large));
        assert!(!free.take(all.clip(1, 1)));
        free.give_back(large);
        assert_eq!(free, all);
    }

    #[test]
    fn proc_files_are_read() {
        assert_eq!(kibibytes("A: 1 kB\nVmHWM:\t  2048 kB\n", "VmHWM:"), Some(2 << 20));
        assert_eq!(kibibytes("A: 1 kB\n", "VmHWM:"), None);
    }
}
