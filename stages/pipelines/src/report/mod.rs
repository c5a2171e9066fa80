//! `report.html`: one file that says what was asked, what was found, how the run went and what it would cost on AWS.
mod blocks;
mod costs;
pub(crate) mod format;
mod histogram;
mod page;
mod timeline;

use plan::Uri;

use crate::{Block, Context, Error, Forecast, Pipeline, Prices, Run, Section, State, forecast, stats};

/// What a page is made of.
pub(crate) struct Material<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) run: &'a Run,
    pub(crate) ending: Option<crate::Ending>,
    pub(crate) stats: Vec<stats::StepStats>,
    pub(crate) bars: Vec<stats::Bar>,
    pub(crate) sections: Vec<Section>,
    pub(crate) forecast: Option<Forecast>,
    pub(crate) prices: &'a Prices,
}

impl Run {
    /// Renders the report of this run of `pipeline`, finished or not.
    pub async fn report(&self, pipeline: &Pipeline, prices: &Prices) -> Result<String, Error> {
        let (stats, bars) = stats::read(pipeline, self).await?;
        let ending = self.ending().await?;
        let is_finished = ending.as_ref().is_some_and(|ending| ending.state == State::Finished);
        let sections = match &pipeline.sections {
            Some(sections) if is_finished => match sections(Context::of_run(pipeline, self).await?).await {
                Ok(sections) => sections,
                // A report without its results still tells how the run went.
                Err(failure) => {
                    let text = format!("This part could not be made: {}", failure.chain().join("; because: "));
                    vec![Section::new("Results").with(Block::Text(text))]
                }
            },
            _ => Vec::new(),
        };
        let budget = crate::Budget::of_this_machine();
        // A report without its forecast is still a report.
        let forecast = forecast(pipeline, &self.about.spec, &self.store, budget, prices)
            .await
            .ok();
        Ok(page::page(&Material {
            pipeline,
            run: self,
            ending,
            stats,
            bars,
            sections,
            forecast,
            prices,
        }))
    }

    /// Renders the report and writes it to the run folder.
    pub async fn write_report(&self, pipeline: &Pipeline, prices: &Prices) -> Result<Uri, Error> {
        let uri = self.file("report.html");
        self.put(&uri, self.report(pipeline, prices).await?).await?;
        Ok(uri)
    }
}
