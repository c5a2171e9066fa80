//! The user's wish that a run stop.
use tokio::sync::watch;

/// A handle by which a shell stops an engine: items that run are let finish, no new one is started. Clones are one.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stop {
    /// Not stopped yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was stopped.
    pub fn is_stopped(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is stopped.
    pub(crate) async fn stopped(&self) {
        let mut stopped = self.0.subscribe();
        // The sender is in `self`, so that waiting cannot fail.
        let _ = stopped.wait_for(|&stopped| stopped).await;
    }
}
