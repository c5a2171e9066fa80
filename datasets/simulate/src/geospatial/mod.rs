//! Laser-scanned points and satellite images of places that are known.
pub(crate) mod cog;
pub(crate) mod cut;
pub(crate) mod field;
pub(crate) mod imagery;
pub(crate) mod lidar;
pub(crate) mod loss;

pub use imagery::Imagery;
pub use lidar::{Lidar, PointFormat};
