//! Who works on a run. A courtesy between processes, not a lock: records and outputs are named by content and written
//! once, so that two processes at work on one run waste time but change nothing.
use std::{fs, process, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Error, Run, clock, run_folder::line};

/// How often the holder says that it is still there.
pub(crate) const RENEWAL: Duration = Duration::from_secs(10);
/// A holder on another host that has been silent for so long is taken for dead.
const EXPIRY: Duration = Duration::from_mins(1);

/// `lease.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// Name of the process; also the `worker` of its events and records.
    pub(crate) worker: String,
    host: String,
    pid: u32,
    /// When the process was started, as the kernel counts; tells it from a later one with the same number.
    started: u64,
    /// When it last said that it was there: milliseconds since 1970-01-01 UTC.
    renewed: u64,
}

impl Lease {
    /// A lease of this process. Each engine has its own name.
    pub(crate) fn new() -> Self {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let (host, pid, renewed) = (host(), process::id(), clock::now());
        Self {
            worker: format!("{host}-{pid}-{:x}{number:x}", renewed % (1 << 24)),
            host,
            pid,
            started: started(pid).unwrap_or(0),
            renewed,
        }
    }

    /// The lease of a process other than this one that is, as far as can be told, still at work.
    pub(crate) async fn of_another(run: &Run) -> Result<Option<Self>, Error> {
        let found: Option<Self> = run.get_json(&run.file("lease.json"), "the lease").await?;
        Ok(found.filter(Self::is_alive))
    }

    /// Takes the run for this process.
    ///
    /// # Errors
    /// [`Error::Busy`] while another process works on it.
    pub(crate) async fn take(&self, run: &Run) -> Result<(), Error> {
        match Self::of_another(run).await? {
            Some(other) if other.worker != self.worker => Err(other.busy(run)),
            _ => self.renew(run).await,
        }
    }

    /// Says that this process is still there.
    pub(crate) async fn renew(&self, run: &Run) -> Result<(), Error> {
        let now = Self {
            renewed: clock::now(),
            ..self.clone()
        };
        run.put(&run.file("lease.json"), line(&now)?).await
    }

    /// Leaves the run to others.
    pub(crate) async fn release(&self, run: &Run) -> Result<(), Error> {
        let held: Option<Self> = run.get_json(&run.file("lease.json"), "the lease").await?;
        if held.is_some_and(|held| held.worker == self.worker) {
            run.store.delete(&run.file("lease.json")).await?;
        }
        Ok(())
    }

    pub(crate) fn busy(&self, run: &Run) -> Error {
        Error::Busy {
            run: run.about.id.clone(),
            host: self.host.clone(),
            pid: self.pid,
            seconds: clock::now().saturating_sub(self.renewed) / 1000,
        }
    }

    fn is_alive(&self) -> bool {
        // Without /proc even this process cannot be told to be alive; then only time tells.
        if self.host == host() && started(process::id()).is_some() {
            return started(self.pid) == Some(self.started);
        }
        clock::now().saturating_sub(self.renewed) < EXPIRY.as_millis() as u64
    }
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    match name.trim() {
        "" => "localhost".into(),
        name => name.chars().map(plain).collect(),
    }
}

/// Start time of a process in clock ticks since boot, if it is there and no zombie.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold anything; after it come state (field 3) and, as field 22, the start time.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18))??.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_its_successor_is_another() {
        let lease = Lease::new();
        assert!(lease.is_alive());
        assert!(
            !Lease {
                started: lease.started + 1,
                ..lease.clone()
            }
            .is_alive()
        );
        assert_ne!(lease.worker, Lease::new().worker);
    }

    #[test]
    fn a_silent_holder_on_another_host_expires() {
        let other = Lease {
            host: "elsewhere".into(),
            pid: 1,
            ..Lease::new()
        };
        assert!(other.is_alive());
        let silent = Lease {
            renewed: clock::now() - 61_000,
            ..other
        };
        assert!(!silent.is_alive());
    }
}
