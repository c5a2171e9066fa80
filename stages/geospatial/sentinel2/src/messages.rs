//! What GDAL says. It tells errors to a handler of the whole process, from any of its threads; here they come to whoever
//! asked for the work.
use std::{
    cell::RefCell,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
};

use gdal::errors::CplErrType;

/// Messages that are kept of one conversion; a damaged file can cause millions.
const MOST: usize = 12;
/// Characters of a message.
const LONGEST: usize = 400;

/// What was said during one conversion, each message once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) errors: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

type Sink = Arc<Mutex<Said>>;

/// Those who listen, on any thread.
static LISTENERS: Mutex<Vec<Sink>> = Mutex::new(Vec::new());

thread_local! {
    /// Who listens on this thread.
    static HERE: RefCell<Option<Sink>> = const { RefCell::new(None) };
}

/// Hears what GDAL says while it works on this thread, until dropped.
pub(crate) struct Listener(Sink);

impl Listener {
    pub(crate) fn start() -> Self {
        static HANDLER: Once = Once::new();
        HANDLER.call_once(|| gdal::config::set_error_handler(hear));
        let sink = Sink::default();
        lock(&LISTENERS).push(sink.clone());
        HERE.with(|here| *here.borrow_mut() = Some(sink.clone()));
        Self(sink)
    }

    /// What was said so far.
    pub(crate) fn said(&self) -> Said {
        lock(&self.0).clone()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&LISTENERS).retain(|sink| !Arc::ptr_eq(sink, &self.0));
        HERE.with(|here| *here.borrow_mut() = None);
    }
}

/// A message is one string, whole or not there: a panic of another thread left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Called by GDAL, from code that cannot be unwound: nothing here panics.
fn hear(class: CplErrType, _number: i32, message: &str) {
    let error = matches!(class, CplErrType::Failure | CplErrType::Fatal);
    if !error && class != CplErrType::Warning {
        return;
    }
    let here = HERE
        .try_with(|here| here.try_borrow().ok().and_then(|sink| sink.clone()))
        .ok()
        .flatten();
    match here {
        Some(sink) => lock(&sink).add(error, message),
        // One of GDAL's own threads: it does not say for whom it works, so all are told. Nobody takes a damaged result.
        None if error => lock(&LISTENERS).iter().for_each(|sink| lock(sink).add(error, message)),
        None => {}
    }
}

impl Said {
    fn add(&mut self, error: bool, message: &str) {
        let list = if error { &mut self.errors } else { &mut self.warnings };
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let message: String = message.trim().chars().take(LONGEST).map(plain).collect();
        if list.len() < MOST && !list.contains(&message) {
            list.push(message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thread_hears_its_own_and_all_hear_the_others() {
        let first = Listener::start();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let second = Listener::start();
                hear(CplErrType::Failure, 1, "mine\n");
                hear(CplErrType::Failure, 1, "mine");
                hear(CplErrType::Warning, 1, "careful");
                hear(CplErrType::Debug, 1, "chatter");
                assert_eq!(second.said().errors, ["mine"]);
                assert_eq!(second.said().warnings, ["careful"]);
            });
        });
        assert_eq!(first.said(), Said::default());
        std::thread::scope(|scope| {
            scope.spawn(|| hear(CplErrType::Failure, 1, "disk full"));
            scope.spawn(|| hear(CplErrType::Warning, 1, "nobody's"));
        });
        assert_eq!(first.said().errors, ["disk full"]);
        assert!(first.said().warnings.is_empty());
        for number in 0..100 {
            hear(CplErrType::Failure, 1, &number.to_string());
        }
        assert_eq!(first.said().errors.len(), MOST);
    }
}
