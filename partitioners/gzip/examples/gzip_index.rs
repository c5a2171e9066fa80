//! Indexes a gzip file and says what it found: the whole process is what `benches/gzip-index.sh` measures.
//!
//! `gzip_index FILE.gz [INDEX.gzi]`: with a second argument it writes the index in gztool's format with line numbers.
use std::{env, error::Error, sync::Arc};

use object_io::Store;
use partition_gzip::{GzipIndex, Options, interchange};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let file = arguments
        .next()
        .ok_or("usage: gzip_index FILE.gz [INDEX.gzi]")?
        .parse()?;
    let store = Store::new();
    let source = store.read_at(&store.head(&file).await?).await?;
    let index = GzipIndex::build(&Arc::clone(&source), &Options::default())?;
    if let Some(path) = arguments.next() {
        let mut stored = Vec::new();
        interchange::gztool::write(&index, &*source, &mut stored)?;
        store.put(&path.parse()?, stored).await?;
    }
    let lines = index.lines.as_ref().map_or(0, |lines| lines.total);
    eprintln!(
        "{} bytes of text, {lines} lines, {} checkpoints",
        index.text_size,
        index.checkpoints.len()
    );
    Ok(())
}
