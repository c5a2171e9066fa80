//! Everything that touches the store.
pub mod cut_evaluation;
pub mod evaluation;
pub mod loss_evaluation;
mod output;
mod positions;
mod publish;
pub mod scenes;
mod scenes_readme;
pub mod simulation;

/// Runs work that computes on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}
