//! What Argo CD made of a fleet, as the API servers have it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use bridge_e2e::cluster::ControlPlane;
use serde_json::Value;

use super::members::{CHILDREN, Member, ROOTS, applications, objects};
use crate::support::get;

pub const SETS: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets";
pub const APPLICATIONS: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";
/// Only the repositories' own ConfigMaps: API servers and controllers make others.
const OBJECTS: &str = "/api/v1/configmaps?labelSelector=e2e%3Dgitops";

/// ApplicationSets, Applications and what they deploy, all by name.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    sets: BTreeMap<String, Value>,
    applications: BTreeMap<String, Value>,
    /// The API server (0 is the hub), and `NAMESPACE/NAME`.
    objects: BTreeMap<(usize, String), Value>,
}

fn items(list: &Value) -> Vec<Value> {
    list["items"].as_array().cloned().unwrap_or_default()
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn by_name(list: &Value) -> BTreeMap<String, Value> {
    items(list).into_iter().map(|item| (text(&item, "/metadata/name").to_owned(), item)).collect()
}

/// The status of a condition of an ApplicationSet, and what it says.
fn condition<'a>(set: &'a Value, kind: &str) -> (&'a str, &'a str) {
    let mut all = set.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let found = all.rfind(|condition| condition["type"] == kind);
    found.map_or(("", ""), |condition| (text(condition, "/status"), text(condition, "/message")))
}

/// Fails where an ApplicationSet has an error, or has not made all of its Applications yet.
pub fn expect_sets_fine(sets: &BTreeMap<String, Value>) -> Result<()> {
    for (name, set) in sets {
        let (error, message) = condition(set, "ErrorOccurred");
        ensure!(error == "False", "ApplicationSet {name}: ErrorOccurred={error:?}: {message}");
        let (up_to_date, message) = condition(set, "ResourcesUpToDate");
        ensure!(up_to_date == "True", "ApplicationSet {name}: ResourcesUpToDate={up_to_date:?}: {message}");
    }
    Ok(())
}

fn expect_synced(name: &str, application: &Value) -> Result<()> {
    let (sync, health) =
        (text(application, "/status/sync/status"), text(application, "/status/health/status"));
    let phase = text(application, "/status/operationState/phase");
    let conditions = &application["status"]["conditions"];
    // One that finds everything in place has nothing to do.
    let is_done = matches!(phase, "Succeeded" | "");
    ensure!(
        (sync, health) == ("Synced", "Healthy") && is_done && conditions.is_null(),
        "Application {name}: {sync:?}, {health:?}, {phase:?}: {} {conditions}",
        text(application, "/status/operationState/message"),
    );
    Ok(())
}

fn expect_names<T: Ord + std::fmt::Debug>(
    what: &str,
    expected: &BTreeSet<T>,
    found: &BTreeSet<T>,
) -> Result<()> {
    let missing: Vec<_> = expected.difference(found).collect();
    let surplus: Vec<_> = found.difference(expected).collect();
    ensure!(missing.is_empty() && surplus.is_empty(), "{what}: missing {missing:?}, surplus {surplus:?}");
    Ok(())
}

impl Observed {
    /// Asks the hub and the spokes, in this order.
    pub async fn look(apiservers: &[&ControlPlane]) -> Result<Self> {
        let mut observed = Self::default();
        for (index, apiserver) in apiservers.iter().enumerate() {
            for object in items(&get(apiserver, OBJECTS).await?) {
                let name =
                    format!("{}/{}", text(&object, "/metadata/namespace"), text(&object, "/metadata/name"));
                observed.objects.insert((index, name), object);
            }
        }
        observed.sets = by_name(&get(apiservers[0], SETS).await?);
        observed.applications = by_name(&get(apiservers[0], APPLICATIONS).await?);
        Ok(observed)
    }

    /// Everything that the profile and the repositories ask for is there, is fine, and nothing else is. Objects in
    /// namespaces of `left_behind` clusters do not count.
    pub fn expect(&self, members: &[Member], left_behind: &[&str]) -> Result<()> {
        let sets = ROOTS.into_iter().chain(CHILDREN.map(|(set, _)| set)).map(str::to_owned).collect();
        expect_names("ApplicationSets", &sets, &self.sets.keys().cloned().collect())?;
        expect_names("Applications", &applications(members), &self.applications.keys().cloned().collect())?;
        self.expect_all_fine()?;
        let counts = |name: &&(usize, String)| {
            let namespace = name.1.split('/').next().unwrap_or_default();
            !left_behind.iter().any(|cluster| namespace.ends_with(&format!("-{cluster}")))
        };
        expect_names("objects", &objects(members), &self.objects.keys().filter(counts).cloned().collect())
    }

    /// Whether a set is in error because its controller does not know a cluster yet.
    pub fn is_refused_as_unknown_cluster(&self) -> bool {
        self.sets.values().any(|set| {
            let (error, message) = condition(set, "ErrorOccurred");
            error == "True" && message.contains("application destination spec is invalid")
        })
    }

    /// The names of all Applications.
    pub fn applications(&self) -> impl Iterator<Item = &str> {
        self.applications.keys().map(String::as_str)
    }

    /// The uid of the object that an Application deploys: `SET-CLUSTER/SET`; nothing where it is not there.
    pub fn deployed(&self, application: &str) -> Option<&Value> {
        let of = |name: &str| name.split_once('/').is_some_and(|(namespace, _)| namespace == application);
        let (_, object) = self.objects.iter().find(|((_, name), _)| of(name))?;
        object.pointer("/metadata/uid")
    }

    /// The uid of an object on one of the API servers, `NAMESPACE/NAME`; nothing where it is not there.
    pub fn uid(&self, name: &str) -> Option<&Value> {
        let (_, object) = self.objects.iter().find(|((_, other), _)| other == name)?;
        object.pointer("/metadata/uid")
    }

    /// Fails where an Application is not there, or its cluster has not what git has. One that takes over what is there already
    /// never syncs.
    pub fn expect_in_sync(&self, name: &str) -> Result<()> {
        let application = self.applications.get(name).with_context(|| format!("{name} is not there"))?;
        let sync = text(application, "/status/sync/status");
        ensure!(sync == "Synced", "Application {name}: {sync:?}: {}", application["status"]["conditions"]);
        Ok(())
    }

    /// Whether an object is on one of the API servers.
    pub fn has_object(&self, name: &str) -> bool {
        self.objects.keys().any(|(_, other)| other == name)
    }

    /// Every ApplicationSet is without an error, and every Application is synced.
    pub fn expect_all_fine(&self) -> Result<()> {
        expect_sets_fine(&self.sets)?;
        self.applications.iter().try_for_each(|(name, application)| expect_synced(name, application))
    }

    /// None of these objects is there any more.
    pub fn expect_none_of(&self, objects: &BTreeSet<(usize, String)>) -> Result<()> {
        let left: Vec<_> = self.objects.keys().filter(|name| objects.contains(*name)).collect();
        ensure!(left.is_empty(), "still there: {left:?}");
        Ok(())
    }

    /// No Application waits to be deleted: whoever installs Argo CD again would carry that out.
    pub fn expect_none_is_going(&self) -> Result<()> {
        for (name, application) in &self.applications {
            let deleted = &application["metadata"]["deletionTimestamp"];
            ensure!(deleted.is_null(), "Application {name} is to be deleted since {deleted}");
        }
        Ok(())
    }

    /// What is here and there is the same: neither made anew nor changed. Gives the names of the Applications that
    /// are only here and those that are only there.
    pub fn expect_rest_untouched(&self, after: &Self) -> Result<(Vec<String>, Vec<String>)> {
        let identity =
            |value: &Value| (value["metadata"]["uid"].clone(), value["spec"].clone(), value["data"].clone());
        for (name, before) in &self.applications {
            let now = after.applications.get(name);
            ensure!(
                now.is_none_or(|now| identity(now) == identity(before)),
                "Application {name} was changed: {now:?}"
            );
        }
        for (name, before) in &self.objects {
            let now = after.objects.get(name);
            ensure!(now.is_none_or(|now| identity(now) == identity(before)), "{name:?} was changed: {now:?}");
        }
        let only = |one: &Self, other: &Self| {
            one.applications.keys().filter(|name| !other.applications.contains_key(*name)).cloned().collect()
        };
        Ok((only(self, after), only(after, self)))
    }
}

/// The ApplicationSets of the hub, by name.
pub async fn sets(hub: &ControlPlane) -> Result<BTreeMap<String, Value>> {
    Ok(by_name(&get(hub, SETS).await?))
}
