//! Bytes per second to and from a store: `throughput read|sequential|write|copy URI [MiB]`.
//!
//! S3 is found as the environment says. `read` fetches the object with one call, `sequential` through the blocking
//! reader, `write` makes an object of so many MiB.
use std::{env, error::Error, io::BufRead, time::Instant};

use object_io::Store;
use plan::Uri;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a tool for a person")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [work, uri, rest @ ..] = arguments.as_slice() else {
        return Err("usage: throughput read|sequential|write URI [MiB]".into());
    };
    let (store, uri): (Store, Uri) = (Store::new(), uri.parse()?);
    let mebibytes: u64 = rest.first().map_or(Ok(512), |text| text.parse())?;
    let start = Instant::now();
    let bytes = match work.as_str() {
        "read" => store.get(&uri).await?.len() as u64,
        "sequential" => {
            let object = store.head(&uri).await?;
            let mut reader = store.sequential(&object, 0..object.size).await?;
            tokio::task::spawn_blocking(move || {
                let mut total = 0;
                loop {
                    let length = reader.fill_buf()?.len();
                    if length == 0 {
                        return Ok::<u64, std::io::Error>(total);
                    }
                    reader.consume(length);
                    total += length as u64;
                }
            })
            .await??
        }
        "write" => {
            let block = vec![7; 1 << 20];
            let mut writer = store.writer(&uri).await?;
            for _ in 0..mebibytes {
                writer.write(block.clone()).await?;
            }
            writer.finish().await?.size
        }
        other => return Err(format!("{other}: not read, sequential or write").into()),
    };
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{work}: {bytes} bytes in {seconds:.3} s, {:.0} MB/s",
        bytes as f64 / seconds / 1e6
    );
    Ok(())
}
