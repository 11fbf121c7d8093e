//! Deleting, wave by wave against the order of creation, each confirmed before the next.

use futures::{StreamExt, TryStreamExt, stream};

use crate::cluster::{ClusterError, Kinds};
use crate::converge::apply::Run;
use crate::converge::error::ConvergeError;
use crate::converge::event::{Action, Event};
use crate::converge::outcome::Outcome;
use crate::converge::ready::Patience;
use crate::converge::record::Record;
use crate::converge::write::{LOOKS, failure_of};
use crate::desired::id::GroupKind;
use crate::desired::wave::Wave;
use crate::plan::change::Change;
use crate::plan::live::Live;
use crate::plan::prune;

/// Deletes what the plan deletes.
pub(super) async fn delete_all(
    run: &Run<'_>,
    kinds: &Kinds,
    deletions: Vec<Change>,
    record: &mut Record,
    outcome: &mut Outcome,
) -> Result<(), ConvergeError> {
    for (wave, objects) in waves(deletions) {
        if outcome.must_stop() || run.interrupt.is_requested() {
            outcome.not_tried.extend(objects.into_iter().map(|live| live.id().clone()));
            continue;
        }
        if wave == Wave::Namespaces && record.goes() {
            // The inventory stands in the namespace; afterwards nobody could tell whether it was deleted or lost.
            record.remove(run, kinds).await?;
        }
        (run.emit)(Event::WaveStarted { name: wave.title(), changes: objects.len() });
        let deleted = delete_wave(run, kinds, objects, outcome).await;
        await_gone(run, kinds, &deleted, outcome).await?;
        if wave == Wave::ApplicationSets {
            await_applications(run, kinds, &deleted, outcome).await?;
        }
    }
    Ok(())
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

async fn delete_wave(run: &Run<'_>, kinds: &Kinds, objects: Vec<Live>, outcome: &mut Outcome) -> Vec<Live> {
    let mut requests = stream::iter(objects)
        .map(|live| async move {
            if run.interrupt.is_requested() {
                return (live, None);
            }
            let answer = delete_one(run, kinds, &live).await;
            (live, Some(answer))
        })
        .buffer_unordered(run.cluster.parallelism());
    let mut deleted = Vec::new();
    while let Some((live, answer)) = requests.next().await {
        match answer {
            None => outcome.not_tried.push(live.id().clone()),
            Some(Ok(())) => deleted.push(live),
            Some(Err(error)) => {
                let failure = failure_of(live.id().clone(), &error);
                (run.emit)(Event::Failed { id: failure.id.clone(), message: failure.message.clone() });
                outcome.failures.push(failure);
            }
        }
    }
    deleted
}

/// Deletes the object in the state in which it was judged. Where a controller touched it meanwhile, it is judged again.
async fn delete_one(run: &Run<'_>, kinds: &Kinds, planned: &Live) -> Result<(), ClusterError> {
    let mut live = planned.clone();
    for _ in 1..LOOKS {
        match run.cluster.delete(kinds, &live).await {
            Err(ClusterError::Api(status)) if status.is_stale() => {}
            answer => return answer,
        }
        let now = run.cluster.get(kinds, live.id(), live.object().api_version()).await?;
        match now.filter(|now| now.uid() == planned.uid() && !now.is_terminating()) {
            Some(now) if prune::protection(&now).is_none() => live = now,
            Some(_) | None => break,
        }
    }
    run.cluster.delete(kinds, &live).await
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
    outcome.remaining.extend(pending.iter().map(|live| (live.id().clone(), what_holds(live))));
    Ok(())
}

async fn still_there(run: &Run<'_>, kinds: &Kinds, objects: &[Live]) -> Result<Vec<Live>, ClusterError> {
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

fn what_holds(live: &Live) -> String {
    let finalizers = live.body().pointer("/metadata/finalizers").and_then(serde_json::Value::as_array);
    let names: Vec<&str> = finalizers.into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
    if names.is_empty() {
        "it is still being deleted".to_owned()
    } else {
        format!("held by the finalizer {}", names.join(", "))
    }
}

/// Waits until the Applications of deleted ApplicationSets are gone, while the controllers that remove them still run.
async fn await_applications(
    run: &Run<'_>,
    kinds: &Kinds,
    sets: &[Live],
    outcome: &mut Outcome,
) -> Result<(), ConvergeError> {
    let mut patience = Patience::new(run);
    loop {
        let applications = applications(run, kinds, sets).await?;
        let lines: Vec<String> =
            applications.iter().map(|live| format!("{} is still there", live.id())).collect();
        if applications.is_empty() || !patience.goes_on(lines).await {
            outcome.remaining.extend(applications.iter().map(|live| (live.id().clone(), what_holds(live))));
            return Ok(());
        }
    }
}

async fn applications(run: &Run<'_>, kinds: &Kinds, sets: &[Live]) -> Result<Vec<Live>, ClusterError> {
    let group_kind = GroupKind::parse("Application.argoproj.io");
    let Some(namespace) =
        sets.first().and_then(|set| set.id().namespace.clone()).filter(|_| kinds.serves(&group_kind))
    else {
        return Ok(Vec::new());
    };
    let all = run.cluster.list(kinds, &group_kind, Some(&namespace), "").await?;
    Ok(all.into_iter().filter(|live| is_owned_by(live, sets)).collect())
}

fn is_owned_by(live: &Live, sets: &[Live]) -> bool {
    live.owner_references().iter().any(|owner| sets.iter().any(|set| owner["uid"] == set.uid()))
}
