//! NDVI of one or two dates from files: `ndvi_files OUT ROWSxCOLUMNS RED NIR [RED2 NIR2] [--i16] [--no-output]`.
//!
//! Runs the tasks as a pipeline would, one window per thread, and prints where the time went.
use std::{env, num::NonZero, time::Instant};

use object_io::Store;
use partition_cog::{WindowGrid, WindowSize};
use plan::Uri;
use stage_ndvi::{
    AssembleRequest, Date, Encoding, PlanRequest, Product, Scene, ScenePlan, THRESHOLD, WindowRequest, assemble, plan,
    window,
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[expect(clippy::print_stdout, reason = "a program for people")]
fn told(what: &str, since: &mut Instant) {
    println!("{what}: {:.2} s", since.elapsed().as_secs_f64());
    *since = Instant::now();
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let (flags, args): (Vec<String>, Vec<String>) = env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let [out, grid, files @ ..] = &args[..] else {
        return Err("ndvi_files OUT ROWSxCOLUMNS RED NIR [RED2 NIR2] [--i16]".into());
    };
    let (rows, columns) = grid.split_once('x').ok_or("a grid is ROWSxCOLUMNS")?;
    let count = |text: &str| text.parse::<NonZero<u64>>();
    let size = WindowSize::Grid(WindowGrid {
        rows: count(rows)?,
        columns: count(columns)?,
    });
    let mut dates = Vec::new();
    for pair in files.chunks(2) {
        let [red, nir] = pair else {
            return Err("red and NIR come in pairs".into());
        };
        let (red, nir) = (red.parse::<Uri>()?.into(), nir.parse::<Uri>()?.into());
        dates.push(Date {
            red,
            nir,
            offset: 0.0,
            nodata: None,
        });
    }
    let mut dates = dates.into_iter();
    let first = dates.next().ok_or("no date")?;
    let scene = Scene {
        name: "scene".into(),
        first,
        second: dates.next(),
    };
    let encoding = if flags.iter().any(|flag| flag == "--i16") {
        Encoding::I16
    } else {
        Encoding::F32
    };
    let (store, out) = (Store::new(), out.parse::<Uri>()?);
    let mut clock = Instant::now();
    let planned = plan(
        store.clone(),
        PlanRequest {
            scene,
            size,
            encoding,
            out: out.join("plan"),
        },
    )
    .await?;
    let scene = ScenePlan::open(&store, &planned.plan).await?;
    told(
        &format!("plan, {} windows, {} bytes", planned.windows, planned.stored),
        &mut clock,
    );
    let requests = scene
        .windows
        .into_iter()
        .enumerate()
        .map(|(number, window)| WindowRequest {
            only: Vec::new(),
            raster: planned.raster.clone(),
            window,
            threshold: THRESHOLD,
            out: out.join(&format!("windows/{number}")),
        });
    let mut running = tokio::task::JoinSet::new();
    let mut done = Vec::new();
    let threads = std::thread::available_parallelism()?.get();
    for request in requests {
        while running.len() >= threads {
            done.extend(running.join_next().await.transpose()?.transpose()?);
        }
        running.spawn(window(store.clone(), request));
    }
    while let Some(finished) = running.join_next().await {
        done.push(finished??);
    }
    told("windows", &mut clock);
    let products = Product::of(planned.dates as usize);
    let mut joining = tokio::task::JoinSet::new();
    for &product in products {
        let patches = done
            .iter()
            .flat_map(|window| &window.products)
            .filter(|made| made.product == product);
        let request = AssembleRequest {
            scene: planned.scene.clone(),
            raster: planned.raster.clone(),
            product,
            patches: patches.map(|made| made.patch.clone()).collect(),
            out: out.join(product.name()),
        };
        while joining.len() >= threads {
            joining.join_next().await.transpose()?.transpose()?;
        }
        joining.spawn(assemble(store.clone(), request));
    }
    while let Some(finished) = joining.join_next().await {
        finished??;
    }
    told("assembly", &mut clock);
    Ok(())
}
