//! Sorts an imzML: `sort_imzml DATA.imzML OUT [memory in MiB] [vm|functions]`.
#![allow(clippy::print_stdout, reason = "a program that prints")]
use std::num::NonZero;

use object_io::Store;
use partition_peaks::{
    Input,
    sort_task::{self, Request, Size, Strategy},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [imzml, out, rest @ ..] = &arguments[..] else {
        return Err("sort_imzml DATA.imzML OUT [memory in MiB] [vm|functions]".into());
    };
    let size = Size::Segments(NonZero::new(64).ok_or("64")?);
    let mut request = Request::new(Input::Imzml(imzml.parse()?), size, out.parse()?);
    if let Some(memory) = rest.first() {
        request.memory = memory.parse::<u64>()? << 20;
    }
    if rest.get(1).is_some_and(|strategy| strategy == "functions") {
        request.strategy = Strategy::Functions;
    }
    let done = sort_task::run(Store::new(), request).await?;
    println!("{} peaks, {} segments", done.sorted.peaks, done.sorted.segments.len());
    Ok(())
}
