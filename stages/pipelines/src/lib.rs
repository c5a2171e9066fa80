#![doc = include_str!("../README.md")]

mod context;
mod error;
mod failure;
mod item;
mod load;
mod pipeline;
mod section;
mod task;

pub use context::Context;
pub use error::Error;
pub use failure::{Cause, Failure};
pub use item::{Item, Planned, unnamed};
pub use load::Load;
pub use pipeline::{Kind, Memory, Pipeline, Step};
pub use section::{Block, Section};
pub use task::{Json, Task, Tasks, task};
