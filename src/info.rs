//! `tessera info`: what an object is, told from its first bytes.
use object_io::Store;
use plan::Uri;

use crate::show;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The object: a path or s3://BUCKET/KEY.
    object: Uri,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments, store: &Store) -> anyhow::Result<()> {
    let object = store.head(&arguments.object).await?;
    if arguments.json {
        return show::json(&object);
    }
    Ok(show::print(format!("{}  {}", object.uri, show::bytes(object.size)))?)
}
