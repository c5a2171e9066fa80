//! A pipeline's own part of a report.

/// A titled part of a report: what was found, not how the run went.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What it shows, in order.
    pub blocks: Vec<Block>,
}

/// Something that a section shows. All texts are escaped, except [`Block::Html`].
#[derive(Clone, Debug)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// Figures side by side: what, and how much.
    Figures(Vec<(String, String)>),
    /// A table; cells that are figures are set flush right.
    Table {
        /// The column titles.
        header: Vec<String>,
        /// The rows, each as long as the header.
        rows: Vec<Vec<String>>,
    },
    /// A picture, kept inside the report.
    Png {
        /// The file's bytes.
        bytes: Vec<u8>,
        /// What it shows, also for who cannot see it.
        caption: String,
    },
    /// A fragment of HTML, put in as it is; the pipeline answers for its escaping.
    Html(String),
}

impl Section {
    /// An empty section.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            blocks: Vec::new(),
        }
    }

    /// Appends a block.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}
