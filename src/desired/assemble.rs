//! All of it together: the desired state of the hub.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::code::Code;
use crate::desired::object::Object;
use crate::desired::ownership::{PART_OF, inventory_id};
use crate::desired::secrets::Secrets;
use crate::desired::state::Desired;
use crate::desired::wave::Wave;
use crate::desired::{application_set, argocd, cluster_secret, namespace, project, repository_secret};
use crate::profile::finding::Finding;
use crate::profile::location::{Location, Source};
use crate::profile::model::{Install, Profile, Project};
use crate::template::output;

/// Everything that the desired state is made of.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// What the user wants.
    pub profile: &'a Profile,
    /// The documents of the manifest, from [`crate::desired::manifest::parse`]; for the flavor `namespaced` those of the
    /// CRD files too. `None` leaves Argo CD out, for checks where the manifest is not at hand.
    pub manifest: Option<Vec<Value>>,
    /// The files of the user's templates folder.
    pub templates: &'a [Arc<Source>],
    /// The secrets that the profile refers to.
    pub secrets: &'a Secrets,
}

/// An object and where it comes from, for findings.
struct Declared {
    object: Object,
    origin: String,
    at: Option<Location>,
}

/// The objects that the profile asks for, sorted by wave and identity, each with bridge's mark.
///
/// # Errors
/// Every finding of the manifest, the patches and the templates, and two sources for one object; each with a place.
pub fn assemble(inputs: Inputs<'_>) -> Result<Desired, Vec<Finding>> {
    let place = match &inputs.profile.argocd.install {
        Install::Existing => &inputs.profile.hub.at,
        Install::Manifests(manifests) => &manifests.at,
    };
    let placed = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.or_at(place)).collect();
    build(inputs).map_err(placed)
}

fn build(inputs: Inputs<'_>) -> Result<Desired, Vec<Finding>> {
    let Inputs { profile, manifest, templates, secrets } = inputs;
    let (mut declared, mut findings) = (Vec::new(), Vec::new());
    let parts = [
        argo_cd(profile, manifest),
        projects(profile),
        repositories(profile, secrets),
        clusters(profile, secrets),
        application_sets(profile, templates),
    ];
    for part in parts {
        match part {
            Ok(objects) => declared.extend(objects),
            Err(more) => findings.extend(more),
        }
    }
    declared.sort_by_cached_key(|one| (Wave::of(&one.object), one.object.id().clone()));
    findings.extend(duplicates(&declared));
    if !findings.is_empty() {
        findings.sort();
        return Err(findings);
    }
    let part_of = inventory_id(profile.argocd.namespace.as_str());
    let objects = declared.into_iter().map(|one| mark(one, &part_of)).collect::<Result<Vec<_>, _>>()?;
    Ok(Desired {
        objects,
        namespace: profile.argocd.namespace.to_string(),
        profile: profile.name.to_string(),
        installs_argocd: matches!(profile.argocd.install, Install::Manifests(_)),
    })
}

fn argo_cd(profile: &Profile, manifest: Option<Vec<Value>>) -> Result<Vec<Declared>, Vec<Finding>> {
    let install = match &profile.argocd.install {
        Install::Existing => return Ok(Vec::new()),
        Install::Manifests(manifests) => manifests,
    };
    let mut objects = vec![declare(namespace::document(&profile.argocd.namespace), "the profile", None)];
    let documents = manifest
        .map(|documents| argocd::documents(documents, install, profile.argocd.namespace.as_str()))
        .transpose()?;
    objects.extend(documents.into_iter().flatten().map(|document| declare(document, "the manifest", None)));
    // A manifest may bring the namespace itself: then that one counts.
    let brought = objects[1..].iter().flatten().any(|one| same_id(one, &objects[0]));
    collect(objects.into_iter().skip(usize::from(brought)))
}

fn same_id(one: &Declared, other: &Result<Declared, Finding>) -> bool {
    other.as_ref().is_ok_and(|other| one.object.id() == other.object.id())
}

fn projects(profile: &Profile) -> Result<Vec<Declared>, Vec<Finding>> {
    let namespace = profile.argocd.namespace.as_str();
    let place = |one: &Project| Some(one.at.clone());
    let declared = profile.projects.iter().map(|one| (project::document(one, namespace), place(one)));
    let objects = declared.chain(project::default_for_core(profile).map(|document| (document, None)));
    collect(objects.map(|(document, at)| {
        let origin = format!("project `{}`", document["metadata"]["name"].as_str().unwrap_or_default());
        declare(document, &origin, at)
    }))
}

fn repositories(profile: &Profile, secrets: &Secrets) -> Result<Vec<Declared>, Vec<Finding>> {
    let namespace = profile.argocd.namespace.as_str();
    collect(profile.repositories.iter().map(|repository| {
        let origin = format!("repository `{}`", repository.name);
        let object = repository_secret::object(repository, namespace, secrets);
        let at = Some(repository.at.clone());
        object.map(|object| Declared { object, origin, at }).map_err(|error| broken(&error))
    }))
}

fn clusters(profile: &Profile, secrets: &Secrets) -> Result<Vec<Declared>, Vec<Finding>> {
    collect(profile.clusters().map(|cluster| {
        let name = cluster.name.as_str();
        if cluster_secret::is_reserved(name) {
            let message = format!("`{name}` is the name of a Secret of Argo CD itself");
            return Err(Finding::error(Code::RESERVED_SECRET, &cluster.at, message, "choose another name"));
        }
        let object = cluster_secret::object(profile, cluster, secrets).map_err(|error| broken(&error))?;
        Ok(Declared { object, origin: format!("cluster `{name}`"), at: Some(cluster.at.clone()) })
    }))
}

fn application_sets(profile: &Profile, templates: &[Arc<Source>]) -> Result<Vec<Declared>, Vec<Finding>> {
    let rendered = output::render(profile, templates)?;
    collect(rendered.into_iter().map(|one| {
        let mut document = one.document;
        document["metadata"]["namespace"] = Value::from(profile.argocd.namespace.as_str());
        application_set::complete(&mut document);
        let origin = format!("template {}", one.at.source.path);
        declare(document, &origin, Some(one.at))
    }))
}

fn collect(objects: impl Iterator<Item = Result<Declared, Finding>>) -> Result<Vec<Declared>, Vec<Finding>> {
    let (mut declared, mut findings) = (Vec::new(), Vec::new());
    for object in objects {
        match object {
            Ok(object) => declared.push(object),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(declared) } else { Err(findings) }
}

fn declare(document: Value, origin: &str, at: Option<Location>) -> Result<Declared, Finding> {
    let object = Object::new(document).map_err(|error| broken(&error))?;
    if has_foreign_mark(&object) {
        let message = format!("{} of {origin} already carries the label {PART_OF}", object.id());
        return Err(Finding {
            location: at,
            ..Finding::without_location(Code::FOREIGN_MEMBER, message, "remove the label")
        });
    }
    Ok(Declared { object, origin: origin.to_owned(), at })
}

fn has_foreign_mark(object: &Object) -> bool {
    object.metadata("labels").is_some_and(|labels| labels.get(PART_OF).is_some())
}

fn broken(error: &crate::desired::object::NotAnObject) -> Finding {
    Finding::without_location(Code::MANIFEST_INVALID, error.to_string(), "")
}

/// The objects are sorted, but one identity may stand in two waves: a Secret of Argo CD and a cluster's.
fn duplicates(declared: &[Declared]) -> Vec<Finding> {
    let mut by_id: Vec<&Declared> = declared.iter().collect();
    by_id.sort_by(|a, b| a.object.id().cmp(b.object.id()));
    let pairs = by_id.windows(2).filter(|pair| pair[0].object.id() == pair[1].object.id());
    pairs.map(|pair| duplicate(pair[0], pair[1])).collect()
}

fn duplicate(first: &Declared, second: &Declared) -> Finding {
    let message = format!("{} is declared by {} and by {}", first.object.id(), first.origin, second.origin);
    let location = second.at.clone().or_else(|| first.at.clone());
    Finding { location, ..Finding::without_location(Code::DUPLICATE_OBJECT, message, "rename one of them") }
}

fn mark(declared: Declared, part_of: &str) -> Result<Object, Vec<Finding>> {
    let label = |mut body: Value| {
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
            let others = labels.as_object_mut().map(std::mem::take).unwrap_or_default();
            let part_of = (PART_OF.to_owned(), Value::from(part_of));
            // Collected anew, because a map that grows by one doubles its memory.
            *labels = others.into_iter().chain(std::iter::once(part_of)).collect();
        }
        body
    };
    declared.object.map(label).map_err(|error| vec![broken(&error)])
}
