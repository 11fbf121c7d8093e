//! Making a profile's clusters: what is missing, what was interrupted, and what is to be made anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use futures::{StreamExt, stream};

use super::{hold, in_the_way, specs, state_folder, tools, warn};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::interrupt::unless;
use crate::cli::prepare::Ready;
use crate::cluster::KubeconfigFiles;
use crate::code::Code;
use crate::converge::interrupt::Interrupt;
use crate::kind::{
    self, Counts, Folder, Found, Info, Made, Making, Mark, Preflight, Problem, Spec, Standing, Step, Tools,
};
use crate::report::style::plain;

/// How many clusters are made at the same time at most: each start takes a processor and a half.
const AT_ONCE: usize = 3;

/// A profile's clusters, and what stands there; the folder of their records is held.
pub(in crate::cli) struct Looked {
    tools: Tools,
    folder: Folder,
    clusters: Vec<(Spec, Found)>,
    info: Info,
    counts: Counts,
}

/// Looks at everything that could be in the way. Changes nothing but which images the engine has.
///
/// # Errors
/// Everything that is in the way.
pub(in crate::cli) async fn look(
    context: &Context,
    ready: &Ready,
    recreate: bool,
    interrupt: &Interrupt,
) -> Result<Looked, CliError> {
    let specs = specs(ready);
    let root = state_folder(context, ready)?;
    let kubeconfig = context.global.kubeconfig.as_deref();
    let (tools, info, warning) = match unless(interrupt, usable(context)).await? {
        Ok(found) => found,
        // What can be looked at without them is told with them.
        Err(missing) => {
            let clusters: Vec<_> = specs.into_iter().map(|spec| (spec, Found::Nothing)).collect();
            let (engine, published) = (None, &BTreeSet::new());
            let preflight =
                Preflight { engine, clusters: &clusters, published, kubeconfig, folder: &root, recreate };
            let more = preflight.problems().await;
            let small = kind::too_small(None, preflight.counts());
            return Err(in_the_way(&[missing, more, small].concat()));
        }
    };
    let folder = hold(context, ready, &tools.engine, &info)?;
    let nodes = unless(interrupt, tools.engine.nodes()).await?.map_err(|problem| in_the_way(&[problem]))?;
    let standing = Standing::new(nodes);
    let names: Vec<_> = specs.iter().map(|spec| spec.name.clone()).collect();
    for name in standing.made_for(&folder).iter().filter(|name| !names.contains(name)) {
        context.ui.status(&format!(
            "kind: {name}: made by an earlier `bridge up`, and no longer in the profile; `bridge down` removes it"
        ));
    }
    let find = |spec: Spec| {
        let found = standing.find(&folder, &spec);
        (spec, found)
    };
    let clusters: Vec<(Spec, Found)> = specs.into_iter().map(find).collect();
    let published = standing.published(&folder);
    let engine = Some((&tools.engine, &info));
    let preflight =
        Preflight { engine, clusters: &clusters, published: &published, kubeconfig, folder: &root, recreate };
    let mut problems = unless(interrupt, preflight.problems()).await?;
    problems.extend(warning);
    if problems.iter().all(|problem| problem.is_warning) {
        problems.extend(pull(context, &tools, &clusters, interrupt).await?);
    }
    let counts = preflight.counts();
    if problems.iter().any(|problem| !problem.is_warning) {
        problems.extend(kind::too_small(engine, counts));
        return Err(in_the_way(&problems));
    }
    warn(context, &problems);
    Ok(Looked { tools, folder, clusters, info, counts })
}

/// Warns where the machine may be too small for the clusters of all profiles together.
pub(in crate::cli) fn warn_of_size(context: &Context, looked: &[Looked]) {
    let counts = looked.iter().map(|looked| looked.counts).sum();
    warn(
        context,
        &kind::too_small(looked.first().map(|looked| (&looked.tools.engine, &looked.info)), counts),
    );
}

/// The tools, with an engine of this machine, and what is to be known about that.
async fn usable(context: &Context) -> Result<(Tools, Info, Option<Problem>), Vec<Problem>> {
    let (tools, info) = tools(context).await?;
    match kind::where_is(&tools.engine, &info, context.environment.is_ci).await {
        Some(problem) if !problem.is_warning => Err(vec![problem]),
        warning => Ok((tools, info, warning)),
    }
}

/// Brings the images of the clusters that are to be made, once for all of them and with an error of its own, and tells which
/// are not pinned.
async fn pull(
    context: &Context,
    tools: &Tools,
    clusters: &[(Spec, Found)],
    interrupt: &Interrupt,
) -> Result<Vec<Problem>, CliError> {
    let new = clusters.iter().filter(|(_, found)| !is_as_wanted(found));
    let images: BTreeSet<&str> = new.filter_map(|(spec, _)| spec.image.as_deref()).collect();
    let mut problems = Vec::new();
    for image in images {
        if !tools.engine.has_image(image).await {
            context.ui.status(&format!("kind: pulling the node image {}", plain(image)));
            problems.extend(unless(interrupt, tools.engine.pull(image)).await?.err());
        }
        problems.extend(kind::unpinned(&tools.engine, image).await);
    }
    Ok(problems)
}

fn is_as_wanted(found: &Found) -> bool {
    matches!(found, Found::Made { differences, .. } if differences.is_empty())
}

/// Makes the clusters of a profile that are not there, and writes their kubeconfig. What is there stays as it is.
///
/// # Errors
/// What went wrong with each; the kubeconfig has the others.
pub(in crate::cli) async fn make(
    context: &Context,
    looked: &Looked,
    interrupt: &Interrupt,
) -> Result<(), CliError> {
    let run = Run { context, looked, interrupt, said: Mutex::default() };
    run.replace().await?;
    let (ready, result) = run.make_all().await;
    // Of a hub that is there, `bridge status` can say something although a spoke failed.
    let written = run.write_kubeconfig(&ready).await;
    result.and(written)
}

struct Run<'a> {
    context: &'a Context,
    looked: &'a Looked,
    interrupt: &'a Interrupt,
    /// What was said of each cluster last: what stays the same is said once.
    said: Mutex<BTreeMap<String, String>>,
}

impl Run<'_> {
    /// Deletes what the user allowed to be made anew.
    async fn replace(&self) -> Result<(), CliError> {
        let Looked { tools, folder, clusters, .. } = self.looked;
        for (spec, found) in clusters {
            if matches!(found, Found::Made { .. }) && !is_as_wanted(found) && !self.interrupt.is_requested() {
                self.say(spec.name.as_str(), "deleting it, to make it anew");
                let deleted = kind::delete(tools, folder, &spec.name).await;
                deleted.map_err(|problem| in_the_way(&[problem]))?;
            }
        }
        Ok(())
    }

    /// Makes what is missing, several at once. What fails does not hold up the others. Those that are ready come with it.
    async fn make_all(&self) -> (Vec<&Spec>, Result<(), CliError>) {
        let at_once = self.context.global.parallelism.min(AT_ONCE);
        let clusters = &self.looked.clusters;
        let made = stream::iter(clusters).map(|(spec, found)| self.one(spec, found)).buffered(at_once);
        let (mut ready, mut problems) = (Vec::new(), Vec::new());
        for ((spec, _), made) in clusters.iter().zip(made.collect::<Vec<_>>().await) {
            match made {
                Ok(Made::Ready) => ready.push(spec),
                Ok(Made::Interrupted) => {}
                Err(problem) => problems.push(problem),
            }
        }
        let result = if !problems.is_empty() {
            Err(in_the_way(&problems))
        } else if ready.len() < clusters.len() {
            let message = "interrupted; a cluster that was not complete is removed again";
            Err(CliError::new(Code::INTERRUPTED, Exit::Interrupted, message)
                .hinted("`bridge up` goes on; `bridge down` removes what is there"))
        } else {
            Ok(())
        };
        (ready, result)
    }

    async fn one(&self, spec: &Spec, found: &Found) -> Result<Made, Problem> {
        let Looked { tools, folder, .. } = self.looked;
        let making = Making {
            tools,
            folder,
            timeout: self.context.global.timeout,
            interrupt: self.interrupt,
            say: &|spec, step| self.step(spec, step),
        };
        let name = spec.name.as_str();
        if self.interrupt.is_requested() {
            return Ok(Made::Interrupted);
        }
        let made = match found {
            Found::Made { node, differences } if differences.is_empty() => {
                kind::wake(&making, spec, node).await?
            }
            _ => {
                let image = spec.image.as_deref().unwrap_or("kind's own node image");
                self.say(name, &format!("making it ({})", plain(image)));
                kind::create(&making, spec).await?
            }
        };
        match made {
            Made::Ready if is_as_wanted(found) => self.say(name, "is there, as the profile wants it"),
            Made::Ready => self.say(name, "ready"),
            Made::Interrupted => {}
        }
        Ok(made)
    }

    /// The hub's context comes last, and so becomes the current one.
    async fn write_kubeconfig(&self, ready: &[&Spec]) -> Result<(), CliError> {
        if ready.is_empty() {
            return Ok(());
        }
        let Looked { tools: Tools { kind, engine }, folder, .. } = self.looked;
        let problem = |problem| in_the_way(&[problem]);
        let temporary = folder.temporary().map_err(problem)?;
        let file = temporary.path().join("kubeconfig");
        for spec in ready.iter().rev() {
            kind.export_kubeconfig(engine, &spec.name, &file).await.map_err(problem)?;
        }
        folder.replace_kubeconfig(&file).map_err(problem)?;
        match &self.context.global.kubeconfig {
            Some(asked) => self.write_into(asked, ready).await,
            None => Ok(()),
        }
    }

    /// Writes the contexts into the user's file, unless there is something of somebody else's under their names by now.
    async fn write_into(&self, file: &Path, ready: &[&Spec]) -> Result<(), CliError> {
        let Looked { tools: Tools { kind, engine }, folder, .. } = self.looked;
        let problem = |problem| in_the_way(&[problem]);
        let own = KubeconfigFiles::new(vec![folder.kubeconfig()]);
        for spec in ready.iter().rev() {
            let name = spec.name.context();
            // kind does not wait.
            kind::wait_for_lock(file).await;
            // A file that cannot be read by now is kind's to tell of.
            if let Ok(Some(foreign)) = kind::foreign(file, folder.root(), [&spec.name]) {
                return Err(problem(foreign));
            }
            let made = own.entries(&name)?;
            // Before it is written, so that `bridge down` knows of it however this ends.
            if let Some(mark) = Mark::of(&made) {
                folder.note_written(file, &name, &mark).map_err(problem)?;
            }
            let there = KubeconfigFiles::new(vec![file.to_path_buf()]).entries(&name).unwrap_or_default();
            // What is there already keeps its place, and the user's current context.
            if there.context.is_none() || there.cluster != made.cluster {
                kind.export_kubeconfig(engine, &spec.name, file).await.map_err(problem)?;
            }
        }
        Ok(())
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
