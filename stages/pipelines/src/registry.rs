//! The pipelines of this toolkit, by name.
use crate::{Error, Pipeline, Tasks};

/// Every pipeline. A new one is a module of its own and a line here.
const PIPELINES: &[fn() -> Pipeline] = &[
    crate::variant_calling::pipeline,
    crate::ndvi::pipeline,
    crate::sentinel2_cog::pipeline,
];

/// Every pipeline.
pub fn all() -> impl Iterator<Item = Pipeline> {
    PIPELINES.iter().map(|pipeline| pipeline())
}

/// The pipeline `name`, as a run's `spec.json` names it.
pub fn by_name(name: &str) -> Result<Pipeline, Error> {
    all()
        .find(|pipeline| pipeline.name == name)
        .ok_or_else(|| Error::NoSuchPipeline {
            name: name.into(),
            known: all().map(|pipeline| pipeline.name).collect::<Vec<_>>().join(", "),
        })
}

/// The tasks of all pipelines: what a Lambda handler or a VM job is asked for by name.
pub fn tasks() -> Tasks {
    let mut tasks = Tasks::new();
    tasks.extend(all().flat_map(|pipeline| pipeline.tasks));
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pipeline_can_run() {
        for pipeline in all() {
            pipeline.check().unwrap();
            assert_eq!(by_name(pipeline.name).unwrap().steps.len(), pipeline.steps.len());
        }
        assert!(by_name("no such").is_err());
    }
}
