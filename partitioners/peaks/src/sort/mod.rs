//! Spectra to sorted m/z segments, in two steps: split each spectrum's runs into buckets, then sort each bucket.
pub(crate) mod arrays;
pub(crate) mod bounds;
pub(crate) mod bucket;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod run;
