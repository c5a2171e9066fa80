//! Opens the rasters of a scene, checks that they fit each other, and cuts them into the same windows.
use std::num::NonZero;

use object_io::Store;
use partition_cog::{Cog, Cut, SampleType, WindowGrid};
use plan::{Partition, Uri};

use crate::{
    Band, Date, Error, Place, PlanRequest, PlanResponse, PlannedBand, PlannedDate, PlannedWindow, Raster, ScenePlan,
    differences, nodata_of, request::default_block,
};

/// A band whose raster has been opened.
struct Opened {
    cog: Cog,
    /// 1-based.
    band: u64,
    nodata: Option<f64>,
}

impl Opened {
    async fn open(store: &Store, band: &Band, nodata: Option<f64>) -> Result<Self, Error> {
        let cog = Cog::open(store, &band.raster).await?;
        let layout = cog.layout();
        let raster = || band.raster.clone();
        let number = match band.band {
            None if layout.bands == 1 => 1,
            Some(number) if (1..=layout.bands).contains(&number) => number,
            asked => {
                return Err(Error::Band {
                    raster: raster(),
                    bands: layout.bands,
                    asked,
                });
            }
        };
        // What is not supported is told, with its name, when the windows are planned.
        let sample = layout.sample().unwrap_or(SampleType::F64);
        let nodata = nodata_of(nodata, cog.nodata, sample, cog.levels[0].mask.is_some());
        Ok(Self {
            band: number,
            nodata,
            cog,
        })
    }

    fn place(&self) -> Place {
        let layout = self.cog.layout();
        Place {
            height: layout.height,
            width: layout.width,
            georeference: self.cog.geo.clone(),
        }
    }
}

impl ScenePlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`Error::Plan`] if it is something else.
    pub async fn open(store: &Store, uri: &Uri) -> Result<Self, Error> {
        let text = store.get(uri).await?;
        serde_json::from_slice(&text).map_err(|source| Error::Plan {
            uri: uri.clone(),
            source,
        })
    }
}

/// Cuts a scene into windows.
///
/// # Errors
/// Rasters of other size, place or CRS than the red band of the first date, a band that is not there, a raster that cannot
/// be read.
pub async fn plan(store: Store, request: PlanRequest) -> Result<PlanResponse, Error> {
    let PlanRequest {
        scene,
        size,
        encoding,
        out,
    } = request;
    let dates: Vec<&Date> = std::iter::once(&scene.first).chain(&scene.second).collect();
    let mut bands: Vec<Opened> = Vec::with_capacity(4);
    for date in &dates {
        if !date.offset.is_finite() {
            return Err(Error::Number {
                what: "offset",
                value: date.offset,
            });
        }
        for band in [&date.red, &date.nir] {
            let opened = Opened::open(&store, band, date.nodata).await?;
            if let Some(first) = bands.first() {
                let differences = differences(&first.place(), &opened.place());
                if !differences.is_empty() {
                    return Err(Error::Disagree {
                        scene: scene.name,
                        first: first.cog.object.uri.clone(),
                        other: opened.cog.object.uri.clone(),
                        differences,
                    });
                }
            }
            bands.push(opened);
        }
    }
    let unit = NonZero::new(default_block()).map(|block| WindowGrid {
        rows: block,
        columns: block,
    });
    let cut = Cut { unit, ..Cut::of(size) };
    let first = bands[0].cog.plan(&store, &cut).await?;
    let windows: Vec<_> = first.partitions.iter().map(|part| part.scope.window.clone()).collect();
    let mut plans = vec![first.partitions];
    for band in &bands[1..] {
        plans.push(band.cog.plan_windows(&store, 0, &windows).await?.partitions);
    }
    let stored = plans.iter().flatten().map(bytes_of).sum();
    let mut plans: Vec<_> = plans.into_iter().map(Vec::into_iter).collect();
    let Place {
        height,
        width,
        georeference,
    } = bands[0].place();
    let raster = Raster {
        height,
        width,
        georeference,
        encoding,
        block: default_block(),
    };
    let mut planned = |at: usize| {
        let partition = plans[at].next().expect("each plan has all windows");
        PlannedBand {
            partition,
            band: bands[at].band,
            nodata: bands[at].nodata.filter(|nodata| nodata.is_finite()),
        }
    };
    let windows: Vec<PlannedWindow> = windows
        .into_iter()
        .map(|window| {
            let date = |(number, date): (usize, &&Date)| PlannedDate {
                red: planned(2 * number),
                nir: planned(2 * number + 1),
                offset: date.offset,
            };
            let dates = dates.iter().enumerate().map(date).collect();
            PlannedWindow { window, dates }
        })
        .collect();
    let plan = ScenePlan {
        scene: scene.name.clone(),
        raster: raster.clone(),
        windows,
    };
    let uri = out.with_suffix(".json");
    let text = serde_json::to_vec(&plan).map_err(|source| Error::Plan {
        uri: uri.clone(),
        source,
    })?;
    store.put(&uri, text).await?;
    Ok(PlanResponse {
        scene: plan.scene,
        plan: uri,
        windows: plan.windows.len() as u64,
        dates: dates.len() as u64,
        raster,
        stored,
        nodata: bands
            .iter()
            .map(|band| band.nodata.filter(|nodata| nodata.is_finite()))
            .collect(),
    })
}

/// Stored bytes of a part.
fn bytes_of<S>(partition: &Partition<S>) -> u64 {
    partition.bytes.iter().map(|range| range.end - range.start).sum()
}
