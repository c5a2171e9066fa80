//! How often, and how long, to wait for what may get better.
use std::time::Duration;

use object_io::Result;
use plan::Fault;

/// When a transient failure is tried again.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// Times that an item is tried again after its first attempt.
    pub most: u32,
    /// The first wait; each further one is twice as long.
    pub base: Duration,
    /// The longest wait.
    pub longest: Duration,
}

impl Default for Retries {
    /// Four times, after about 0.25, 0.5, 1 and 2 seconds.
    fn default() -> Self {
        Self {
            most: 4,
            base: Duration::from_millis(250),
            longest: Duration::from_secs(20),
        }
    }
}

impl Retries {
    /// The wait after the `attempt`-th failure (from 1), or none if that was the last attempt.
    ///
    /// Jitter spreads waits over 0.5 to 1.5 times the nominal one, so that items that failed together do not return
    /// together. It is a hash of `seed` and attempt, not chance: a run is the same each time it is run.
    pub fn wait(&self, attempt: u32, seed: &str) -> Option<Duration> {
        if attempt > self.most {
            return None;
        }
        let nominal = self
            .base
            .saturating_mul(1 << (attempt.max(1) - 1).min(16))
            .min(self.longest);
        Some(nominal.mul_f64(0.5 + jitter(seed, attempt)))
    }

    /// Calls the store until it answers, or fails for good.
    pub(crate) async fn persist<T, F: Future<Output = Result<T>>>(
        &self,
        seed: &str,
        call: impl Fn() -> F,
    ) -> Result<T> {
        let mut attempt = 1;
        loop {
            match call().await {
                Err(error) if error.is_transient() => match self.wait(attempt, seed) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(error),
                },
                done => return done,
            }
            attempt += 1;
        }
    }
}

/// FNV-1a of seed and attempt, mixed, as a number in 0..1.
fn jitter(seed: &str, attempt: u32) -> f64 {
    let hash = seed
        .bytes()
        .chain(attempt.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_with_jitter_and_end() {
        let retries = Retries::default();
        for attempt in 1..=4 {
            let nominal = 0.25 * f64::from(1 << (attempt - 1));
            let wait = retries.wait(attempt, "key").unwrap().as_secs_f64();
            assert!(
                (0.5 * nominal..=1.5 * nominal).contains(&wait),
                "attempt {attempt}: {wait}"
            );
        }
        assert_eq!(retries.wait(5, "key"), None);
    }

    #[test]
    fn jitter_spreads_over_the_whole_interval() {
        let mut values: Vec<f64> = (0..1000).map(|n| jitter(&format!("item {n}"), 1)).collect();
        values.sort_by(f64::total_cmp);
        for (rank, value) in values.iter().enumerate() {
            assert!((value - rank as f64 / 1000.0).abs() < 0.06, "rank {rank}: {value}");
        }
    }
}
