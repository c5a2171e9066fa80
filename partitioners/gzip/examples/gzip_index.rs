//! Indexes a gzip file and says what it found: the whole process is what `benches/gzip-index.sh` measures.
//!
//! `gzip_index FILE.gz [INDEX.gzi [SPACING]]`: with a second argument it writes the index in gztool's format with line
//! numbers; SPACING is in bytes of text. `gzip_index FILE.gz --read AT BYTES INDEX.gzi` writes that text to standard output.
use std::{
    env,
    error::Error,
    io::{self, Read},
    sync::Arc,
};

use object_io::{ReadAt, SequentialReader, Store};
use partition_gzip::{Decoder, GzipIndex, Options, interchange};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let store = Store::new();
    let open = async |path: &str| -> Result<Arc<dyn ReadAt>, Box<dyn Error>> {
        Ok(store.read_at(&store.head(&path.parse()?).await?).await?)
    };
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [file, "--read", at, bytes, index] => {
            let stored = store.get(&index.parse()?).await?;
            read(&open(file).await?, at.parse()?, bytes.parse()?, &stored)
        }
        [file, rest @ ..] if rest.len() < 3 => {
            let source = open(file).await?;
            let mut options = Options::default();
            if let Some(spacing) = rest.get(1) {
                options.spacing = spacing.parse()?;
            }
            let index = GzipIndex::build(&source, &options)?;
            if let Some(path) = rest.first() {
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
        _ => Err("usage: gzip_index FILE.gz [INDEX.gzi [SPACING]] | FILE.gz --read AT BYTES INDEX.gzi".into()),
    }
}

fn read(source: &Arc<dyn ReadAt>, at: u64, bytes: u64, index: &[u8]) -> Result<(), Box<dyn Error>> {
    let index = interchange::gztool::read(index, source.size())?;
    let from = index.checkpoint_before(at).ok_or("no checkpoint before")?;
    let after = index
        .checkpoints
        .iter()
        .find(|checkpoint| checkpoint.text >= at + bytes);
    let range = after.map_or(from.byte()..source.size(), |after| from.bytes_to(after));
    let mut decoder = Decoder::new(from, SequentialReader::new(Arc::clone(source), range))?;
    io::copy(&mut decoder.by_ref().take(at - from.text), &mut io::sink())?;
    io::copy(&mut decoder.take(bytes), &mut io::stdout().lock())?;
    Ok(())
}
