//! Writing: server-side apply, guarded deletion, and moving the ownership of fields.

use std::time::Duration;

use form_urlencoded::Serializer;
use http::Method;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::kinds::Kinds;
use crate::cluster::read::live;
use crate::cluster::transport::Call;
use crate::desired::id::ObjectId;
use crate::desired::ownership::FIELD_MANAGER;
use crate::plan::live::Live;

/// Which state of an object a write expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// It does not exist.
    Absent,
    /// It is exactly what was read.
    Unmoved {
        /// `metadata.uid`.
        uid: String,
        /// `metadata.resourceVersion`.
        resource_version: String,
    },
}

impl Guard {
    /// The state that was read.
    #[must_use]
    pub fn of(live: &Live) -> Self {
        Self::Unmoved { uid: live.uid().to_owned(), resource_version: live.resource_version().to_owned() }
    }
}

/// A resourceVersion that no object of a real cluster has: etcd's revisions begin with 1, and the API server has written
/// many by the time it answers. The server ignores it where there is no object, and answers 409 where there is one.
const NO_VERSION: &str = "1";

/// What becomes of the objects that a deleted object owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Propagation {
    /// They go after it.
    Background,
    /// They go before it: it is gone only when they are.
    Foreground,
}

impl Propagation {
    fn policy(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
        }
    }
}

/// What came of a deletion that is no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// It is under way, or done. Where there are finalizers, the object is still there.
    Accepted,
    /// The object was gone before.
    WasGone,
}

/// A server-side apply.
#[derive(Debug, Clone)]
pub struct Apply<'a> {
    /// The object: complete, as bridge owns it.
    pub body: &'a Value,
    /// Who it is.
    pub id: &'a ObjectId,
    /// The field manager.
    pub manager: &'a str,
    /// Only try it.
    pub dry_run: bool,
    /// Take fields that others own.
    pub force: bool,
    /// Only if the object is still in this state.
    pub guard: Option<Guard>,
    /// Send it at once, whatever else is in flight, and wait no longer than this.
    pub at_once: Option<Duration>,
}

impl<'a> Apply<'a> {
    /// An apply as bridge's own manager, for real and without force.
    #[must_use]
    pub fn new(id: &'a ObjectId, body: &'a Value) -> Self {
        Self { body, id, manager: FIELD_MANAGER, dry_run: false, force: false, guard: None, at_once: None }
    }

    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("fieldManager", self.manager).append_pair("fieldValidation", "Strict");
        if self.force {
            query.append_pair("force", "true");
        }
        if self.dry_run {
            query.append_pair("dryRun", "All");
        }
        query.finish()
    }

    /// The resourceVersion makes the server answer 409 when the object moved, the uid when it is gone: without the uid an
    /// apply to an absent object would create it.
    fn content(&self) -> Vec<u8> {
        let Some(guard) = &self.guard else { return self.body.to_string().into_bytes() };
        let mut body = self.body.clone();
        match guard {
            Guard::Absent => body["metadata"]["resourceVersion"] = NO_VERSION.into(),
            Guard::Unmoved { uid, resource_version } => {
                body["metadata"]["uid"] = uid.clone().into();
                body["metadata"]["resourceVersion"] = resource_version.clone().into();
            }
        }
        body.to_string().into_bytes()
    }
}

/// What a server-side apply left behind.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The object as the server answered it.
    pub live: Live,
    /// Whether the object did not exist before.
    pub created: bool,
    /// What the server said beside its answer.
    pub warnings: Vec<String>,
}

impl Cluster {
    /// Applies an object, or tries to.
    ///
    /// # Errors
    /// When the server refuses it; [`ClusterError::status`] tells conflicts from the rest.
    pub async fn apply(&self, kinds: &Kinds, apply: &Apply<'_>) -> Result<Applied, ClusterError> {
        let api_version = apply.body.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let path = format!("{}?{}", kinds.object(apply.id, api_version)?, apply.query());
        let resource = format!("{}/{}", kinds.resource(&apply.id.group_kind), apply.id.name);
        let call = Call {
            method: Method::PATCH,
            body: Some(apply.content()),
            content_type: "application/apply-patch+yaml",
            at_once: apply.at_once,
            ..Call::get(&path, "patch", &resource, apply.id.namespace.as_deref())
        };
        let answer = self.transport.send(&call).await?;
        Ok(Applied { live: live(&call, answer.body)?, created: answer.created, warnings: answer.warnings })
    }

    /// Tries to create an object, in a dry run. It asks for the right to create and for nothing else.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn try_create(&self, kinds: &Kinds, id: &ObjectId, body: &Value) -> Result<(), ClusterError> {
        let version = body.get("apiVersion").and_then(Value::as_str).and_then(|text| text.rsplit('/').next());
        let collection = kinds.collection(&id.group_kind, version, id.namespace.as_deref())?;
        let path = format!("{collection}?fieldManager={FIELD_MANAGER}&fieldValidation=Strict&dryRun=All");
        let resource = kinds.resource(&id.group_kind);
        let call = Call {
            method: Method::POST,
            body: Some(body.to_string().into_bytes()),
            ..Call::get(&path, "create", &resource, id.namespace.as_deref())
        };
        self.transport.send(&call).await.map(drop)
    }

    /// Deletes an object that is still exactly what was read.
    ///
    /// # Errors
    /// When the server refuses it. An object that is gone already is no error. After an error that
    /// [may be delivered](ClusterError::may_be_delivered), the object may be gone all the same.
    pub async fn delete(
        &self,
        kinds: &Kinds,
        object: &Live,
        propagation: Propagation,
    ) -> Result<Deletion, ClusterError> {
        let id = object.id();
        let path = kinds.object(id, object.object().api_version())?;
        let resource = format!("{}/{}", kinds.resource(&id.group_kind), id.name);
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": propagation.policy(),
            "preconditions": { "uid": object.uid(), "resourceVersion": object.resource_version() },
        });
        let call = Call {
            method: Method::DELETE,
            body: Some(options.to_string().into_bytes()),
            ..Call::get(&path, "delete", &resource, id.namespace.as_deref())
        };
        match self.transport.send(&call).await {
            Ok(_) => Ok(Deletion::Accepted),
            Err(error) if error.is_not_found() => {
                let is_own = error.status().is_some_and(|status| status.may_be_own);
                Ok(if is_own { Deletion::Accepted } else { Deletion::WasGone })
            }
            Err(error) => Err(error),
        }
    }

    /// Says anew who owns which fields of an object that is still exactly what was read, and changes nothing else.
    ///
    /// As client-go's csaupgrade does it: a JSON patch of managedFields that fails when the object moved.
    ///
    /// # Errors
    /// When the server refuses it.
    pub async fn set_owners(
        &self,
        kinds: &Kinds,
        object: &Live,
        managed_fields: &[Value],
    ) -> Result<Live, ClusterError> {
        let id = object.id();
        let path =
            format!("{}?fieldManager={FIELD_MANAGER}", kinds.object(id, object.object().api_version())?);
        let resource = format!("{}/{}", kinds.resource(&id.group_kind), id.name);
        let patch = json!([
            { "op": "replace", "path": "/metadata/uid", "value": object.uid() },
            { "op": "add", "path": "/metadata/managedFields", "value": managed_fields },
            { "op": "replace", "path": "/metadata/resourceVersion", "value": object.resource_version() },
        ]);
        let call = Call {
            method: Method::PATCH,
            body: Some(patch.to_string().into_bytes()),
            content_type: "application/json-patch+json",
            repeatable: false,
            ..Call::get(&path, "patch", &resource, id.namespace.as_deref())
        };
        let answer = self.transport.send(&call).await?;
        live(&call, answer.body)
    }

    /// Reads one key of a Secret.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn secret_value(
        &self,
        namespace: &str,
        name: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, ClusterError> {
        use base64::Engine;
        let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
        let resource = format!("secrets/{name}");
        let call = Call::get(&path, "get", &resource, Some(namespace));
        let body = match self.transport.send(&call).await {
            Ok(answer) => answer.body,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let encoded = body.get("data").and_then(|data| data.get(key)).and_then(Value::as_str);
        Ok(encoded.and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok()))
    }
}
