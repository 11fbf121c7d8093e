//! Deleting, wave by wave against the order of creation, each confirmed before the next.

use futures::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use crate::cluster::{ClusterError, Deletion, Kinds, Propagation};
use crate::converge::applications;
use crate::converge::error::ConvergeError;
use crate::converge::event::{Action, Event};
use crate::converge::failure::{Holder, failure_of};
use crate::converge::foreign;
use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::converge::ready::Patience;
use crate::converge::record::Record;
use crate::converge::run::{LOOKS, Run};
use crate::desired::ownership::inventory_id;
use crate::desired::wave::Wave;
use crate::plan::change::Change;
use crate::plan::decide::is_rewritten;
use crate::plan::diff::is_same;
use crate::plan::live::Live;
use crate::plan::prune;
use crate::plan::workloads::is_set_controller;

/// What a deletion is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// Nobody asks for the object any more.
    Removal,
    /// It is made anew at once.
    Replacement,
    /// Nobody asks for it any more, and what it runs must have ended before anything else goes.
    Halt,
}

impl Purpose {
    /// Whether the object may still go, as it is by now. What is replaced was shown field by field, so that nothing but its
    /// status may be another one.
    fn allows(self, planned: &Live, now: &Live, applyset: &str) -> bool {
        let is_ours = prune::protection(now, applyset).is_none() && !is_rewritten(planned, now);
        is_ours
            && match self {
                Self::Removal | Self::Halt => true,
                Self::Replacement => is_same(planned.body(), now.body()),
            }
    }

    /// The pods of a new StatefulSet have the names of the old one's, and two Deployments at once may be more than a volume
    /// or a quota bears: what a workload owns has to be gone before the new one comes.
    fn propagation(self, live: &Live) -> Propagation {
        let is_workload = matches!(live.id().group_kind.group.as_str(), "apps" | "batch");
        match self {
            Self::Replacement | Self::Halt if is_workload => Propagation::Foreground,
            Self::Replacement | Self::Halt | Self::Removal => Propagation::Background,
        }
    }
}

/// Deletes what the plan deletes.
pub(super) async fn delete_all(
    run: &Run<'_>,
    kinds: &Kinds,
    deletions: Vec<Change>,
    record: &mut Record,
    outcome: &mut Outcome,
) -> Result<(), ConvergeError> {
    let mut waves = waves(deletions);
    let has_sets = waves.iter().any(|(wave, _)| *wave == Wave::ApplicationSets);
    let gone: Vec<String> =
        waves.iter().flat_map(|(_, objects)| objects).map(|live| live.uid().to_owned()).collect();
    if record.is_destroy() && !has_sets && !waves.is_empty() {
        // An earlier destroy may have ended before the Applications of its sets were gone.
        applications::await_gone(run, kinds, &[], true, outcome).await?;
    }
    let mut controllers = if record.is_destroy() { take_set_controllers(&mut waves) } else { Vec::new() };
    for (wave, mut objects) in waves {
        if wave == Wave::Clusters && record.is_destroy() {
            objects = spare_deployed(run, kinds, objects, &mut controllers, outcome).await?;
        } else if wave == Wave::Workloads {
            objects.append(&mut controllers);
        }
        if outcome.must_stop() || run.is_stopped() {
            outcome.not_tried.extend(objects.into_iter().map(|live| live.id().clone()));
            continue;
        }
        let objects = refuse_foreign(run, kinds, wave, objects, &gone, outcome).await?;
        if record.goes() && objects.iter().any(|live| run.owner.is_home(live.id())) {
            // The inventory stands in the namespace; afterwards nobody could tell whether it was deleted or lost.
            record.remove(run, kinds).await?;
        }
        (run.emit)(Event::WaveStarted { name: wave.title(), changes: objects.len() });
        let deleted = delete_wave(run, kinds, objects, Purpose::Removal, outcome).await;
        await_gone(run, kinds, &deleted, outcome).await?;
        if wave == Wave::ApplicationSets {
            applications::await_gone(run, kinds, &deleted, record.is_destroy(), outcome).await?;
        }
    }
    Ok(())
}

/// Looks once more into what takes everything in it along: since the plan, something foreign may have come.
async fn refuse_foreign(
    run: &Run<'_>,
    kinds: &Kinds,
    wave: Wave,
    objects: Vec<Live>,
    gone: &[String],
    outcome: &mut Outcome,
) -> Result<Vec<Live>, ConvergeError> {
    if !matches!(wave, Wave::Namespaces | Wave::Definitions) {
        return Ok(objects);
    }
    let found = foreign::find(run.cluster, kinds, &run.owner, &objects, gone, &run.settings.consent).await?;
    let (refused, objects): (Vec<Live>, Vec<Live>) =
        objects.into_iter().partition(|live| found.contains_key(live.id()));
    outcome.failures.extend(refused.iter().map(|live| Failure {
        id: live.id().clone(),
        message: format!("{} would go with it", found.get(live.id()).map_or("", String::as_str)),
        fix: "move it elsewhere, or delete it first".to_owned(),
        class: FailureClass::Conflict,
    }));
    Ok(objects)
}

/// The order of the plan is kept: ApplicationSets first, namespaces last.
fn waves(deletions: Vec<Change>) -> Vec<(Wave, Vec<Live>)> {
    let mut waves: Vec<(Wave, Vec<Live>)> = Vec::new();
    for change in deletions {
        if let Change::Delete { live } = change {
            let wave = Wave::of(live.object());
            match waves.last_mut() {
                Some((last, members)) if *last == wave => members.push(live),
                Some(_) | None => waves.push((wave, vec![live])),
            }
        }
    }
    waves
}

/// Takes the controllers of ApplicationSets out of their wave.
fn take_set_controllers(waves: &mut [(Wave, Vec<Live>)]) -> Vec<Live> {
    let workloads = waves.iter_mut().filter(|(wave, _)| *wave == Wave::Workloads);
    workloads
        .flat_map(|(_, objects)| {
            objects.extract_if(.., |live| is_set_controller(live.object())).collect::<Vec<_>>()
        })
        .collect()
}

/// Where ApplicationSets stay, sees to it that they do not take along what they deployed when the cluster Secrets go.
///
/// Those that the repositories brought stay with `preserveResourcesOnDeletion`. Their controller ends first, with its pods;
/// where it is not bridge's, the Secret stays for which it would delete something ([`applications::refuse_cascading`]).
async fn spare_deployed(
    run: &Run<'_>,
    kinds: &Kinds,
    clusters: Vec<Live>,
    controllers: &mut Vec<Live>,
    outcome: &mut Outcome,
) -> Result<Vec<Live>, ConvergeError> {
    let sets = applications::living_sets(run, kinds).await?;
    if sets.is_empty() || outcome.must_stop() || run.is_stopped() {
        return Ok(clusters);
    }
    if !controllers.is_empty() {
        (run.emit)(Event::WaveStarted { name: Wave::Workloads.title(), changes: controllers.len() });
        let deleted = delete_wave(run, kinds, std::mem::take(controllers), Purpose::Halt, outcome).await;
        await_gone(run, kinds, &deleted, outcome).await?;
    }
    if outcome.must_stop() || !applications::may_set_controller_live(run, kinds).await? {
        return Ok(clusters);
    }
    Ok(applications::refuse_cascading(run, kinds, clusters, &sets, outcome).await?)
}

async fn delete_wave(
    run: &Run<'_>,
    kinds: &Kinds,
    objects: Vec<Live>,
    purpose: Purpose,
    outcome: &mut Outcome,
) -> Vec<Live> {
    let mut requests = stream::iter(objects)
        .map(|live| async move {
            if run.is_stopped() || run.is_away() {
                return (live, None);
            }
            let answer = delete_one(run, kinds, &live, purpose).await;
            (live, Some(answer))
        })
        .buffer_unordered(run.cluster.parallelism());
    let mut deleted = Vec::new();
    while let Some((live, answer)) = requests.next().await {
        match answer {
            None => outcome.not_tried.push(live.id().clone()),
            Some(Ok(Deletion::Accepted | Deletion::WasGone)) => deleted.push(live),
            Some(Err(error)) => {
                run.see(&error);
                let failure = failure_of(live.id().clone(), &error);
                (run.emit)(Event::Failed { id: failure.id.clone(), message: failure.message.clone() });
                outcome.failures.push(failure);
            }
        }
    }
    deleted
}

/// Deletes the object in the state in which it was judged. Where a controller touched it meanwhile, it is judged again.
/// An object whose deletion has begun, by us or by somebody else, only has to be waited for.
pub(super) async fn delete_one(
    run: &Run<'_>,
    kinds: &Kinds,
    planned: &Live,
    purpose: Purpose,
) -> Result<Deletion, ClusterError> {
    let applyset = inventory_id(&run.owner.namespace);
    let (mut live, mut gone) = (planned.clone(), Deletion::WasGone);
    for attempt in 1..=LOOKS {
        if live.is_terminating() {
            return Ok(Deletion::Accepted);
        }
        match run.cluster.delete(kinds, &live, purpose.propagation(planned)).await {
            Err(ClusterError::Api(status)) if status.is_stale() && attempt < LOOKS => {
                gone = if status.may_be_own { Deletion::Accepted } else { gone };
            }
            answer => return answer,
        }
        let now = run.cluster.get(kinds, live.id(), live.object().api_version()).await?;
        match now.filter(|now| now.uid() == planned.uid()) {
            None => return Ok(gone),
            // Also where only its status moved since: the answer to our own request may have been lost.
            Some(now) if now.is_terminating() => return Ok(Deletion::Accepted),
            Some(now) if purpose.allows(planned, &now, &applyset) => live = now,
            // Asked once more in the state that was planned, the server says what is in the way.
            Some(_) => return run.cluster.delete(kinds, planned, purpose.propagation(planned)).await,
        }
    }
    Ok(gone)
}

/// Waits until the objects are gone: an answered DELETE only begins the deletion where there are finalizers.
async fn await_gone(
    run: &Run<'_>,
    kinds: &Kinds,
    deleted: &[Live],
    outcome: &mut Outcome,
) -> Result<(), ConvergeError> {
    let started = std::time::Duration::ZERO;
    let mut patience = Patience::new(run);
    let mut pending: Vec<Live> = deleted.to_vec();
    loop {
        let still_there = still_there(run, kinds, &pending).await?;
        for live in pending.iter().filter(|live| !still_there.iter().any(|other| other.id() == live.id())) {
            (run.emit)(Event::Written { id: live.id().clone(), action: Action::Deleted, took: started });
            outcome.destroyed += 1;
        }
        pending = still_there;
        let lines: Vec<String> = pending.iter().map(|live| format!("{} is still there", live.id())).collect();
        if pending.is_empty() || !patience.goes_on(lines).await {
            break;
        }
    }
    outcome.remaining.extend(pending.iter().map(|live| (live.id().clone(), holder(live).words())));
    Ok(())
}

pub(super) async fn still_there(
    run: &Run<'_>,
    kinds: &Kinds,
    objects: &[Live],
) -> Result<Vec<Live>, ClusterError> {
    let read = |live: &Live| {
        let (id, uid, version) =
            (live.id().clone(), live.uid().to_owned(), live.object().api_version().to_owned());
        async move {
            match run.cluster.get(kinds, &id, &version).await {
                Ok(now) => Ok(now.filter(|now| now.uid() == uid)),
                // Its CustomResourceDefinition is gone, and the object with it.
                Err(ClusterError::NoSuchKind { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        }
    };
    let reads: Vec<_> = objects.iter().map(read).collect();
    let found: Vec<Option<Live>> =
        stream::iter(reads).buffered(run.cluster.parallelism()).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

/// What holds an object that is being deleted. Nobody clears the finalizer of a deletion in the foreground: the garbage
/// collector does, when all is gone that the object owns.
pub(super) fn holder(live: &Live) -> Holder {
    let finalizers = live.body().pointer("/metadata/finalizers").and_then(Value::as_array);
    let names: Vec<&str> = finalizers.into_iter().flatten().filter_map(Value::as_str).collect();
    let (foreground, others): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| *name == "foregroundDeletion");
    match (foreground.is_empty(), others.is_empty()) {
        (_, false) => Holder::Finalizers(others.into_iter().map(str::to_owned).collect()),
        (false, true) => Holder::Owned,
        (true, true) => Holder::Nothing,
    }
}
