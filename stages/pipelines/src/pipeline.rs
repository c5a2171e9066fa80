//! A pipeline as data: steps in order, each a task and a planner that makes its items.
use std::{collections::HashSet, fmt, pin::Pin, sync::Arc, time::Duration};

use plan::{FaultKind, Uri};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Context, Error, Failure, Item, Json, Load, Section, Tasks};

type Planning<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;
type Planner<T> = Arc<dyn Fn(Context) -> Planning<T> + Send + Sync>;

/// Memory in bytes from a request.
type Estimate = Arc<dyn Fn(&Json) -> Result<u64, Failure> + Send + Sync>;

/// Steps in order. The local engine, the Step Functions generator, the forecast and the progress display read this.
#[derive(Clone)]
pub struct Pipeline {
    /// Its name, as in `tessera run NAME`.
    pub name: &'static str,
    /// What it makes from what, in one sentence.
    pub about: &'static str,
    /// The steps; each sees the responses of all before it.
    pub steps: Vec<Step>,
    /// The tasks that the steps name.
    pub tasks: Tasks,
    pub(crate) outlook: Option<Planner<Vec<Load>>>,
    pub(crate) sections: Option<Planner<Vec<Section>>>,
    pub(crate) publish: Option<Planner<Published>>,
}

/// What a finished run leaves outside its folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Results under the names that the user asked for.
    pub objects: Vec<Uri>,
    /// Where a copy of the report is to go.
    pub report: Option<Uri>,
}

/// How a step runs on a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Each item on a function.
    Map,
    /// One item, or a few, each on a virtual machine of the size it needs.
    Job,
    /// At most one item, on a function.
    Reduce,
}

/// A task applied to the items that a planner makes.
#[derive(Clone)]
pub struct Step {
    /// Its name: lower-case letters, digits and hyphens; also the folder of its outputs.
    pub name: &'static str,
    /// How it runs on a cloud.
    pub kind: Kind,
    /// Name of its task.
    pub task: &'static str,
    /// Estimate of the memory that one item needs.
    pub memory: Memory,
    /// Threads that one item keeps busy.
    pub cpu: u32,
    /// How long one item may take on a Lambda function or VM of the size it asks for.
    pub timeout: Duration,
    /// What it does, for a person.
    pub about: &'static str,
    planner: Planner<Vec<Item>>,
}

/// How much memory an item needs, in bytes.
#[derive(Clone)]
pub enum Memory {
    /// All items the same.
    Fixed(u64),
    /// From the request.
    Request(Estimate),
}

impl Memory {
    /// The estimate for a request.
    pub fn of(&self, request: &Json) -> Result<u64, Failure> {
        match self {
            Self::Fixed(bytes) => Ok(*bytes),
            Self::Request(estimate) => estimate(request),
        }
    }
}

impl Pipeline {
    /// A pipeline without steps.
    pub fn new(name: &'static str, about: &'static str, tasks: Tasks) -> Self {
        Self {
            name,
            about,
            steps: Vec::new(),
            tasks,
            outlook: None,
            sections: None,
            publish: None,
        }
    }

    /// Appends a step.
    #[must_use]
    pub fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Says how to foresee the load of each step from the spec and the input objects alone, without running anything.
    #[must_use]
    pub fn outlook<F>(mut self, outlook: impl Fn(Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<Load>, Failure>> + Send + 'static,
    {
        self.outlook = Some(Arc::new(move |context| Box::pin(outlook(context))));
        self
    }

    /// Adds the pipeline's own sections to the report of a finished run.
    #[must_use]
    pub fn sections<F>(mut self, sections: impl Fn(Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<Section>, Failure>> + Send + 'static,
    {
        self.sections = Some(Arc::new(move |context| Box::pin(sections(context))));
        self
    }

    /// Says how to copy results to [`Context::destination`]. Called when all steps are done, by whatever process finishes
    /// the run, and again when a finished run is resumed, so it must be able to be repeated; not called for a run
    /// without destination.
    #[must_use]
    pub fn publish<F>(mut self, publish: impl Fn(Context) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Published, Failure>> + Send + 'static,
    {
        self.publish = Some(Arc::new(move |context| Box::pin(publish(context))));
        self
    }

    /// Refuses a definition that cannot run: a task that is missing, a step name that is used twice or is no file name.
    pub fn check(&self) -> Result<(), Error> {
        let refuse = |what: String| {
            Err(Error::Definition {
                pipeline: self.name.into(),
                what,
            })
        };
        let mut seen = HashSet::new();
        for step in &self.steps {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if step.name.is_empty() || !step.name.chars().all(plain) {
                return refuse(format!("the step name {:?} is not of a-z, 0-9 and -", step.name));
            }
            if !seen.insert(step.name) {
                return refuse(format!("two steps are called {}", step.name));
            }
            if self.tasks.get(step.task).is_none() {
                return refuse(format!(
                    "step {} names the task {}, which is not there",
                    step.name, step.task
                ));
            }
        }
        Ok(())
    }
}

impl Step {
    fn new<F>(
        name: &'static str,
        kind: Kind,
        task: &'static str,
        planner: impl Fn(Context) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<Item>, Failure>> + Send + 'static,
    {
        Self {
            name,
            kind,
            task,
            memory: Memory::Fixed(512 << 20),
            cpu: 1,
            timeout: Duration::from_mins(15),
            about: "",
            planner: Arc::new(move |context| Box::pin(planner(context))),
        }
    }

    /// A step whose items run on functions, in any order and at once.
    pub fn map<F>(
        name: &'static str,
        task: &'static str,
        planner: impl Fn(Context) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<Item>, Failure>> + Send + 'static,
    {
        Self::new(name, Kind::Map, task, planner)
    }

    /// A step whose item runs on a virtual machine.
    pub fn job<F>(
        name: &'static str,
        task: &'static str,
        planner: impl Fn(Context) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<Item>, Failure>> + Send + 'static,
    {
        Self::new(name, Kind::Job, task, planner)
    }

    /// A step of at most one item, run on a function.
    pub fn reduce<F>(
        name: &'static str,
        task: &'static str,
        planner: impl Fn(Context) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<Item>, Failure>> + Send + 'static,
    {
        Self::new(name, Kind::Reduce, task, planner)
    }

    /// Sets the memory that every item needs, in bytes; 512 MiB unless said.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = Memory::Fixed(bytes);
        self
    }

    /// Estimates the memory in bytes from the request.
    #[must_use]
    pub fn memory_of<Request: DeserializeOwned>(
        mut self,
        estimate: impl Fn(&Request) -> u64 + Send + Sync + 'static,
    ) -> Self {
        let step = self.name;
        self.memory = Memory::Request(Arc::new(move |request| match serde_json::from_str(request.get()) {
            Ok(request) => Ok(estimate(&request)),
            Err(error) => Err(Failure::from_error(FaultKind::Internal, &error).context(format!(
                "the planner of step {step} made a request of another form than its task takes"
            ))),
        }));
        self
    }

    /// Sets the threads that one item keeps busy; 1 unless said.
    #[must_use]
    pub fn cpu(mut self, threads: u32) -> Self {
        self.cpu = threads.max(1);
        self
    }

    /// Sets how long one item may take; 15 minutes, the limit of Lambda, unless said.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Says what the step does, for a person.
    #[must_use]
    pub fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// The items, from the spec and the earlier steps' responses.
    pub async fn plan(&self, context: Context) -> Result<Vec<Item>, Failure> {
        let items = (self.planner)(context).await?;
        if self.kind == Kind::Reduce && items.len() > 1 {
            let message = format!("the reduce step {} was planned with {} items", self.name, items.len());
            return Err(Failure::new(FaultKind::Internal, message));
        }
        Ok(items)
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?} of {})", self.name, self.kind, self.task)
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.steps)
    }
}

impl Kind {
    /// The word a person reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Job => "job",
            Self::Reduce => "reduce",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task;

    fn tasks() -> Tasks {
        Tasks::new().with(task("work", 1, async |_, (): ()| Ok::<_, object_io::Error>(())))
    }

    fn step(name: &'static str, task: &'static str) -> Step {
        Step::map(name, task, async |_: Context| Ok(Vec::new()))
    }

    #[test]
    fn a_definition_that_cannot_run_is_refused() {
        let pipeline = |steps: Vec<Step>| Pipeline {
            steps,
            ..Pipeline::new("toy", "", tasks())
        };
        pipeline(vec![step("a", "work"), step("b", "work")]).check().unwrap();
        let said = |steps| pipeline(steps).check().unwrap_err().to_string();
        assert_eq!(
            said(vec![step("a", "work"), step("a", "work")]),
            "pipeline toy: two steps are called a"
        );
        assert_eq!(
            said(vec![step("a", "play")]),
            "pipeline toy: step a names the task play, which is not there"
        );
        assert_eq!(
            said(vec![step("a/b", "work")]),
            "pipeline toy: the step name \"a/b\" is not of a-z, 0-9 and -"
        );
    }
}
