//! Argo CD's install manifest as objects of this profile.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::code::Code;
use crate::desired::id::GroupKind;
use crate::desired::images;
use crate::desired::normalize::normalize;
use crate::desired::ownership::PART_OF;
use crate::desired::patches;
use crate::desired::scope::Scopes;
use crate::profile::finding::Finding;
use crate::profile::model::{Flavor, Manifests};

/// What every flavor needs: its CustomResourceDefinitions and its controller, which is a Deployment where clusters are
/// distributed dynamically.
const REQUIRED: &[(&[&str], &str)] = &[
    (&["CustomResourceDefinition"], "applications.argoproj.io"),
    (&["CustomResourceDefinition"], "applicationsets.argoproj.io"),
    (&["CustomResourceDefinition"], "appprojects.argoproj.io"),
    (&["StatefulSet", "Deployment"], "argocd-application-controller"),
];

/// Secrets that Argo CD generates when it starts. The manifest's `argocd-secret` is another matter: it is there, empty,
/// and server-side apply leaves the keys alone that Argo CD adds to it.
const GENERATED: &[&str] = &["argocd-initial-admin-secret", "argocd-redis"];

/// The documents of the manifest as the profile wants them: complete, in the namespace, with its images and patches.
///
/// # Errors
/// Every finding about the manifest and the patches.
pub fn documents(
    mut documents: Vec<Value>,
    manifests: &Manifests,
    namespace: &str,
) -> Result<Vec<Value>, Vec<Finding>> {
    let findings = refuse(&documents, manifests);
    if !findings.is_empty() {
        return Err(findings);
    }
    let accounts = set_namespaces(&mut documents, namespace);
    for document in &mut documents {
        set_subjects(document, &accounts, namespace);
        normalize(document);
        images::rewrite(document, &manifests.images);
    }
    if !manifests.patches.is_empty() {
        patches::apply(&mut documents, &manifests.patches)?;
        documents.iter_mut().for_each(normalize);
    }
    Ok(documents)
}

fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn group_kind(document: &Value) -> GroupKind {
    let group = text(document, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
    GroupKind { group: group.to_owned(), kind: text(document, "/kind").to_owned() }
}

fn refuse(documents: &[Value], manifests: &Manifests) -> Vec<Finding> {
    let generated = documents.iter().filter_map(refuse_generated);
    let foreign = documents.iter().filter_map(refuse_member);
    generated.chain(foreign).chain(refuse_incomplete(documents, manifests)).collect()
}

fn refuse_generated(document: &Value) -> Option<Finding> {
    let name = text(document, "/metadata/name");
    let is_generated = text(document, "/kind") == "Secret" && GENERATED.contains(&name);
    is_generated.then(|| {
        let message = format!("the manifest declares Secret `{name}`, which Argo CD creates itself");
        Finding::without_location(Code::MANIFEST_RUNTIME_OBJECT, message, "remove it from the manifest")
    })
}

fn refuse_member(document: &Value) -> Option<Finding> {
    let member = document.pointer("/metadata/labels")?.get(PART_OF)?;
    let (kind, name) = (text(document, "/kind"), text(document, "/metadata/name"));
    let message = format!("{kind} `{name}` of the manifest already carries the label {PART_OF}: {member}");
    Some(Finding::without_location(Code::FOREIGN_MEMBER, message, "remove the label from the manifest"))
}

fn refuse_incomplete(documents: &[Value], manifests: &Manifests) -> Option<Finding> {
    let has = |(kinds, name): &&(&[&str], &str)| {
        documents.iter().any(|d| kinds.contains(&text(d, "/kind")) && text(d, "/metadata/name") == *name)
    };
    let missing: Vec<String> = REQUIRED
        .iter()
        .filter(|one| !has(one))
        .map(|(kinds, name)| format!("{} `{name}`", kinds[0]))
        .collect();
    let fix = match manifests.flavor {
        Flavor::Namespaced => {
            "the flavor `namespaced` needs the three CRD files beside namespace-install.yaml"
        }
        Flavor::Standard | Flavor::Ha | Flavor::Core => {
            "the file was cut off, or is another one: fetch it again"
        }
    };
    (!missing.is_empty()).then(|| {
        Finding::without_location(
            Code::MANIFEST_INCOMPLETE,
            format!("the manifest lacks {}", missing.join(", ")),
            fix,
        )
    })
}

/// Puts every namespaced object that names no namespace into Argo CD's. Returns the ServiceAccounts among them.
fn set_namespaces(documents: &mut [Value], namespace: &str) -> BTreeSet<String> {
    let scopes = Scopes::of(documents);
    let mut accounts = BTreeSet::new();
    for document in documents {
        let group_kind = group_kind(document);
        let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) else { continue };
        if !scopes.is_namespaced(&group_kind) {
            continue;
        }
        let own = metadata.entry("namespace").or_insert_with(|| Value::from(namespace));
        let is_account = group_kind.group.is_empty() && group_kind.kind == "ServiceAccount";
        if is_account && own == namespace {
            accounts.extend(metadata.get("name").and_then(Value::as_str).map(str::to_owned));
        }
    }
    accounts
}

/// Points bindings at the ServiceAccounts where they really are: the manifest writes the namespace `argocd` into them.
fn set_subjects(document: &mut Value, accounts: &BTreeSet<String>, namespace: &str) {
    if !matches!(text(document, "/kind"), "ClusterRoleBinding" | "RoleBinding") {
        return;
    }
    let subjects = document.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten();
    for subject in subjects {
        let is_own = text(subject, "/kind") == "ServiceAccount" && accounts.contains(text(subject, "/name"));
        if let Some(own) = subject.get_mut("namespace").filter(|_| is_own) {
            *own = Value::from(namespace);
        }
    }
}
