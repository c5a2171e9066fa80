//! Plans windows: finds their blocks in the tables, of which only the rows that are needed are read.
use std::ops::Range;

use object_io::Store;
use plan::{Partition, Plan};

use crate::{
    Block, Cog, Cut, Error, FormatError, Image, Layout, Look, StoredWindow, Window, WindowGrid, WindowScope,
    WindowSize,
    cuts::{self, Axis},
    image::Table,
};

impl Cog {
    /// Cuts the raster into windows: disjoint, in row-major order, together the area asked for.
    ///
    /// Cuts lie on the edges of blocks, so that no block is fetched twice. Reads at most the tables of blocks.
    ///
    /// # Errors
    /// [`Error::Cut`] for an area that the raster does not have, [`Error::Format`] for a raster that is not supported.
    pub async fn plan(&self, store: &Store, cut: &Cut) -> Result<Plan<WindowScope>, Error> {
        let wrong = |source| Error::Cut {
            object: self.object.uri.clone(),
            source,
        };
        let area = self.pixels_of(cut.level, cut.area.as_ref()).map_err(wrong)?;
        let level = self.level(cut.level).map_err(wrong)?;
        let layout = &level.image.layout;
        let (unit_rows, unit_columns) = cut.unit.map_or((1, 1), |unit| (unit.rows.get(), unit.columns.get()));
        let rows = Axis::new(area.rows.clone(), layout.height, layout.block_height, unit_rows);
        let columns = Axis::new(area.columns.clone(), layout.width, layout.block_width, unit_columns);
        let located = self.locate(store, cut.level, &area).await?;
        let windows = match cut.size {
            WindowSize::Grid(WindowGrid {
                rows: down,
                columns: across,
            }) => {
                // No more windows than blocks, so that no number on a command line dictates memory.
                cuts::grid(
                    &rows,
                    &columns,
                    WindowGrid {
                        rows: down,
                        columns: across,
                    },
                )
            }
            WindowSize::Blocks(most) => {
                let weight = |row: u64, run: Range<u64>| {
                    located.count(&Window::new(rows.pixels(&(row..row + 1)), columns.pixels(&run)))
                };
                cuts::runs(&rows, &columns, most.get(), weight)
            }
            WindowSize::Bytes(most) => {
                let weight = |row: u64, run: Range<u64>| {
                    located.bytes(&Window::new(rows.pixels(&(row..row + 1)), columns.pixels(&run)))
                };
                cuts::runs(&rows, &columns, most.get(), weight)
            }
        };
        self.partitions(cut.level, &windows, &located)
    }

    /// A plan of these windows, in this order; they may overlap, and lie anywhere in the level.
    ///
    /// For rasters that are cut as another one was, whatever their blocks.
    ///
    /// # Errors
    /// As [`Cog::plan`].
    pub async fn plan_windows(
        &self,
        store: &Store,
        level: usize,
        windows: &[Window],
    ) -> Result<Plan<WindowScope>, Error> {
        let wrong = |source| Error::Cut {
            object: self.object.uri.clone(),
            source,
        };
        let mut around: Option<Window> = None;
        for window in windows {
            self.pixels_of(level, Some(&crate::Area::Pixels(window.clone())))
                .map_err(wrong)?;
            around = Some(match around {
                None => window.clone(),
                Some(around) => Window {
                    rows: around.rows.start.min(window.rows.start)..around.rows.end.max(window.rows.end),
                    columns: around.columns.start.min(window.columns.start)..around.columns.end.max(window.columns.end),
                },
            });
        }
        let Some(around) = around else {
            return Ok(Plan {
                object: self.object.clone(),
                partitions: Vec::new(),
            });
        };
        let located = self.locate(store, level, &around).await?;
        self.partitions(level, windows, &located)
    }

    async fn locate(&self, store: &Store, level: usize, area: &Window) -> Result<Located, Error> {
        let level = self.level(level).map_err(|source| Error::Cut {
            object: self.object.uri.clone(),
            source,
        })?;
        let image = self.blocks(store, &level.image, area).await?;
        let mask = match &level.mask {
            None => None,
            Some(mask) => Some(self.blocks(store, mask, area).await?),
        };
        Ok(Located { image, mask })
    }

    /// Where the blocks of an area are.
    async fn blocks(&self, store: &Store, image: &Image, area: &Window) -> Result<Blocks, Error> {
        let layout = &image.layout;
        let format = |source| Error::Format {
            object: self.object.uri.clone(),
            source,
        };
        if let Some(feature) = layout.unsupported() {
            return Err(format(FormatError::Unsupported {
                ifd: image.ifd,
                feature,
            }));
        }
        let rows = layout.blocks_of(area).rows;
        let (across, down) = (layout.blocks_across(), layout.blocks_down());
        let mut stored = Vec::new();
        for plane in 0..layout.planes() {
            let first = plane * down * across;
            let numbers = first + rows.start * across..first + rows.end * across;
            let offsets = self.numbers(store, image, &image.offsets, &numbers).await?;
            let counts = match &image.counts {
                Some(table) => self.numbers(store, image, table, &numbers).await?,
                None => rows
                    .clone()
                    .flat_map(|row| vec![layout.block_bytes(row); across as usize])
                    .collect(),
            };
            // GDAL marks a block that is not stored by both being 0; some writers leave an offset.
            stored.extend(offsets.into_iter().zip(counts).map(|(offset, count)| {
                if offset == 0 { Block(0, 0) } else { Block(offset, count) }
            }));
        }
        Ok(Blocks {
            layout: layout.clone(),
            rows,
            stored,
        })
    }

    async fn numbers(
        &self,
        store: &Store,
        image: &Image,
        table: &Table,
        numbers: &Range<u64>,
    ) -> Result<Vec<u64>, Error> {
        let order = image.layout.order;
        let Some(range) = table.bytes(numbers) else {
            return Ok(table.numbers(numbers, &[], order));
        };
        let bytes = if range.end <= self.head.len() as u64 {
            self.head.slice(range.start as usize..range.end as usize)
        } else {
            store.read(&self.object, range).await?
        };
        Ok(table.numbers(numbers, &bytes, order))
    }

    fn partitions(&self, level: usize, windows: &[Window], located: &Located) -> Result<Plan<WindowScope>, Error> {
        let wrong = |source| Error::Cut {
            object: self.object.uri.clone(),
            source,
        };
        let geo = self.geo_of(level).map_err(wrong)?;
        let image = &self.level(level).map_err(wrong)?.image;
        let look = Look {
            // Decoded luminance and chrominance is RGB.
            photometric: if image.photometric == 6 { 2 } else { image.photometric },
            extra_samples: image.extra_samples.clone(),
            color_map: image.color_map.clone(),
        };
        let partition = |(window, number): (&Window, u64)| {
            let scope = WindowScope {
                window: window.clone(),
                level,
                geo: geo.window(window),
                nodata: self.nodata,
                image: located.image.of(window),
                mask: located.mask.as_ref().map(|mask| mask.of(window)),
                look: look.clone(),
            };
            Partition {
                object: self.object.clone(),
                number,
                bytes: scope.stored_bytes(),
                scope,
            }
        };
        Ok(Plan {
            object: self.object.clone(),
            partitions: windows.iter().zip(0..).map(partition).collect(),
        })
    }
}

/// The blocks of an area, of image and mask.
struct Located {
    image: Blocks,
    mask: Option<Blocks>,
}

impl Located {
    fn bytes(&self, window: &Window) -> u64 {
        let images = std::iter::once(&self.image).chain(&self.mask);
        images
            .flat_map(|blocks| blocks.in_window(window))
            .map(|block| block.1)
            .fold(0, u64::saturating_add)
    }

    fn count(&self, window: &Window) -> u64 {
        let touched = self.image.layout.blocks_of(window);
        touched.height() * touched.width()
    }
}

/// The blocks in some rows of blocks.
struct Blocks {
    layout: Layout,
    rows: Range<u64>,
    stored: Vec<Block>,
}

impl Blocks {
    fn in_window<'a>(&'a self, window: &Window) -> impl Iterator<Item = Block> + use<'a> {
        let touched = self.layout.blocks_of(window);
        let (across, down) = (self.layout.blocks_across(), self.rows.end - self.rows.start);
        let first = self.rows.start;
        let rows = (0..self.layout.planes()).flat_map(move |plane| {
            let rows = touched.rows.clone();
            let columns = touched.columns.clone();
            rows.map(move |row| {
                let start = (plane * down + row - first) * across;
                (start + columns.start) as usize..(start + columns.end) as usize
            })
        });
        rows.flat_map(|run| self.stored[run].iter().copied())
    }

    fn of(&self, window: &Window) -> StoredWindow {
        StoredWindow {
            layout: self.layout.clone(),
            blocks: self.in_window(window).collect(),
        }
    }
}
