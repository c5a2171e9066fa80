use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::{Method, Request};

/// What goes wrong. The README's table says what a client sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// This HTTP status and S3 error code, such as 503 `SlowDown`.
    Answer(u16, &'static str),
    /// Reset before the request is applied.
    Reset,
    /// Applied, then reset.
    ResetAfter,
    /// The body breaks off after so many bytes.
    Truncate(usize),
    /// The body stops after so many bytes and the connection stays open.
    Stall(usize),
    /// Answered later.
    Delay(Duration),
}

/// Which requests go wrong, and how.
#[derive(Clone, Debug)]
pub struct Rule {
    fault: Fault,
    method: Option<Method>,
    target: String,
    skip: usize,
    every: usize,
    times: usize,
    met: usize,
    hits: usize,
}

impl Rule {
    /// Every request, for ever, unless narrowed down.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            method: None,
            target: String::new(),
            skip: 0,
            every: 1,
            times: usize::MAX,
            met: 0,
            hits: 0,
        }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(self, method: Method) -> Self {
        Self {
            method: Some(method),
            ..self
        }
    }

    /// Only requests whose path and query contain this.
    #[must_use]
    pub fn target(self, part: &str) -> Self {
        Self {
            target: part.to_owned(),
            ..self
        }
    }

    /// Not the first so many of these.
    #[must_use]
    pub fn skip(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// Only every n-th of these.
    #[must_use]
    pub fn every(self, every: usize) -> Self {
        Self { every, ..self }
    }

    /// At most so many times.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    fn strikes(&mut self, method: &Method, target: &str) -> bool {
        let fits = self.method.as_ref().is_none_or(|wanted| wanted == method) && target.contains(&self.target);
        if !fits || self.hits == self.times {
            return false;
        }
        self.met += 1;
        let strikes = self.met > self.skip && (self.met - self.skip - 1).is_multiple_of(self.every);
        self.hits += usize::from(strikes);
        strikes
    }
}

/// The rules in force.
#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Vec<Rule>>>);

impl Faults {
    pub(crate) fn add(&self, rule: Rule) {
        self.with(|rules| rules.push(rule));
    }

    /// Ends all of them; says how often they struck.
    pub(crate) fn clear(&self) -> usize {
        self.with(|rules| rules.drain(..).map(|rule| rule.hits).sum())
    }

    /// The fault for this request: of the first rule that strikes.
    pub(crate) fn pick<B>(&self, request: &Request<B>) -> Option<Fault> {
        let target = request
            .uri()
            .path_and_query()
            .map(ToString::to_string)
            .unwrap_or_default();
        self.with(|rules| {
            let mut striking = rules
                .iter_mut()
                .filter_map(|rule| rule.strikes(request.method(), &target).then(|| rule.fault.clone()));
            striking.next()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Rule>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_strikes_where_it_says() {
        let mut rule = Rule::new(Fault::Reset)
            .method(Method::PUT)
            .target("/a")
            .skip(1)
            .every(2)
            .times(2);
        let mut strikes = |method: Method, target: &str| rule.strikes(&method, target);
        assert!(!strikes(Method::GET, "/a"));
        assert!(!strikes(Method::PUT, "/b"));
        let struck: Vec<bool> = (0..6).map(|_| strikes(Method::PUT, "/x/a?y")).collect();
        assert_eq!(struck, [false, true, false, true, false, false]);
    }
}
