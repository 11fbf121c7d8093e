//! Making a profile's clusters: what is missing, what was interrupted, and what is to be made anew.

use std::collections::BTreeMap;
use std::sync::Mutex;

use futures::{StreamExt, stream};

use super::{hold, in_the_way, specs, tools, warn};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::kind::{self, Folder, Found, Info, Made, Making, Problem, Spec, Standing, Step, Tools};
use crate::report::style::plain;

/// How many clusters are made at the same time at most: each start takes a processor and a half.
const AT_ONCE: usize = 3;

/// Makes the clusters of a profile that are not there, and writes their kubeconfig. What is there stays as it is.
///
/// # Errors
/// Everything that is in the way, before the first cluster is made; then what went wrong with each.
pub(in crate::cli) async fn make(
    context: &Context,
    ready: &Ready,
    recreate: bool,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    let specs = specs(ready)?;
    let (tools, info) = tools(context).await?;
    let folder = hold(context, ready)?;
    let run = Run { context, tools: &tools, folder: &folder, interrupt, said: Mutex::default() };
    let clusters = run.look(specs, info, recreate).await?;
    run.replace(&clusters).await?;
    run.make_all(&clusters).await?;
    run.write_kubeconfig(&clusters).await
}

struct Run<'a> {
    context: &'a Context,
    tools: &'a Tools,
    folder: &'a Folder,
    interrupt: &'a Interrupt,
    /// What was said of each cluster last: what stays the same is said once.
    said: Mutex<BTreeMap<String, String>>,
}

impl Run<'_> {
    /// Looks at everything before anything is changed.
    async fn look(
        &self,
        specs: Vec<Spec>,
        info: Info,
        recreate: bool,
    ) -> Result<Vec<(Spec, Found)>, CliError> {
        let standing = Standing::new(self.nodes().await?);
        let names: Vec<_> = specs.iter().map(|spec| spec.name.clone()).collect();
        for name in standing.made_for(self.folder).iter().filter(|name| !names.contains(name)) {
            self.say(
                name.as_str(),
                "made by an earlier `bridge up`, and no longer in the profile; `bridge down` removes it",
            );
        }
        let clusters: Vec<(Spec, Found)> = specs
            .into_iter()
            .map(|spec| (standing.find(self.folder, &spec), spec))
            .map(|(f, s)| (s, f))
            .collect();
        let mut problems = kind::preflight(&self.tools.engine, info, &clusters, recreate).await;
        if problems.iter().all(|problem| problem.is_warning) {
            problems.extend(self.pull(&clusters).await?);
        }
        if problems.iter().any(|problem| !problem.is_warning) {
            return Err(in_the_way(&problems));
        }
        warn(self.context, &problems);
        Ok(clusters)
    }

    /// Brings the images of the clusters that are to be made: once for all of them, and with an error of its own.
    async fn pull(&self, clusters: &[(Spec, Found)]) -> Result<Vec<Problem>, CliError> {
        let new = clusters
            .iter()
            .filter(|(_, found)| !matches!(found, Found::Made { differences, .. } if differences.is_empty()));
        let mut images: Vec<&str> = new.filter_map(|(spec, _)| spec.image.as_deref()).collect();
        images.sort_unstable();
        images.dedup();
        let mut problems = Vec::new();
        for image in images {
            if self.tools.engine.has_image(image).await {
                continue;
            }
            self.context.ui.status(&format!("kind: pulling the node image {}", plain(image)));
            problems.extend(self.unless(self.tools.engine.pull(image)).await?.err());
        }
        Ok(problems)
    }

    /// Deletes what the user allowed to be made anew.
    async fn replace(&self, clusters: &[(Spec, Found)]) -> Result<(), CliError> {
        for (spec, found) in clusters {
            if matches!(found, Found::Made { differences, .. } if !differences.is_empty()) {
                self.say(spec.name.as_str(), "deleting it, to make it anew");
                kind::delete(self.tools, self.folder, &spec.name)
                    .await
                    .map_err(|problem| in_the_way(&[problem]))?;
            }
        }
        Ok(())
    }

    /// Makes what is missing, several at once. What fails does not hold up the others.
    async fn make_all(&self, clusters: &[(Spec, Found)]) -> Result<(), CliError> {
        let at_once = self.context.global.parallelism.min(AT_ONCE);
        let made = stream::iter(clusters).map(|(spec, found)| self.one(spec, found)).buffered(at_once);
        let mut problems = Vec::new();
        let mut is_interrupted = false;
        for made in made.collect::<Vec<_>>().await {
            match made {
                Ok(Made::Ready) => {}
                Ok(Made::Interrupted) => is_interrupted = true,
                Err(problem) => problems.push(problem),
            }
        }
        if !problems.is_empty() {
            return Err(in_the_way(&problems));
        }
        if is_interrupted {
            let message = "interrupted; a cluster that was not complete is removed again";
            return Err(CliError::new(Code::INTERRUPTED, Exit::Interrupted, message)
                .hinted("`bridge up` goes on; `bridge down` removes what is there"));
        }
        Ok(())
    }

    async fn one(&self, spec: &Spec, found: &Found) -> Result<Made, Problem> {
        let making = Making {
            tools: self.tools,
            folder: self.folder,
            timeout: self.context.global.timeout,
            interrupt: self.interrupt,
            say: &|spec, step| self.step(spec, step),
        };
        let name = spec.name.as_str();
        match found {
            Found::Made { node, differences } if differences.is_empty() => {
                kind::wake(&making, spec, node).await
            }
            _ if self.interrupt.is_requested() => Ok(Made::Interrupted),
            _ => {
                self.say(
                    name,
                    &format!("making it ({})", spec.image.as_deref().unwrap_or("kind's own node image")),
                );
                let made = kind::create(&making, spec).await?;
                if made == Made::Ready {
                    self.say(name, "ready");
                }
                Ok(made)
            }
        }
    }

    /// The hub's context comes last, and so becomes the current one.
    async fn write_kubeconfig(&self, clusters: &[(Spec, Found)]) -> Result<(), CliError> {
        let problem = |problem| in_the_way(&[problem]);
        let (kind, engine) = (&self.tools.kind, &self.tools.engine);
        let temporary = self.folder.temporary().map_err(problem)?;
        let file = temporary.path().join("kubeconfig");
        let others = self.context.global.kubeconfig.as_deref();
        for (spec, _) in clusters.iter().rev() {
            for file in [Some(file.as_path()), others].into_iter().flatten() {
                kind.export_kubeconfig(engine, &spec.name, file).await.map_err(problem)?;
            }
        }
        self.folder.replace_kubeconfig(&file).map_err(problem)
    }

    async fn nodes(&self) -> Result<Vec<kind::Node>, CliError> {
        self.unless(self.tools.engine.nodes()).await?.map_err(|problem| in_the_way(&[problem]))
    }

    async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, CliError> {
        crate::cli::interrupt::unless(self.interrupt, work).await
    }

    fn step(&self, spec: &Spec, step: Step<'_>) {
        let words = match step {
            Step::Starts => "starting its node, which was stopped".to_owned(),
            Step::CleansUp => "removing what an interrupted or failed run left of it".to_owned(),
            Step::WaitsForKind => {
                "waiting for the kind of an interrupted run, which is still at work".to_owned()
            }
            Step::Kind(words) => plain(words),
            Step::NotReady(why) => format!("waiting: {}", plain(why)),
        };
        self.say(spec.name.as_str(), &words);
    }

    /// Says something of a cluster, once.
    fn say(&self, name: &str, words: &str) {
        let Ok(mut said) = self.said.lock() else { return };
        if said.insert(name.to_owned(), words.to_owned()).as_deref() != Some(words) {
            self.context.ui.status(&format!("kind: {name}: {words}"));
        }
    }
}
