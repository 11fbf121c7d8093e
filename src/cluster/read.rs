//! Reading: GET, and LIST page by page.

use std::time::Duration;

use form_urlencoded::Serializer;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::kinds::Kinds;
use crate::cluster::transport::Call;
use crate::desired::id::{GroupKind, ObjectId};
use crate::plan::live::Live;

/// Objects in one page of a LIST: large enough for few requests, small enough for the API server's memory.
const PAGE: usize = 500;
/// How often a LIST is begun again whose pages went away while they were read.
const RESTARTS: u32 = 3;
/// Answers of a LIST with the metadata only.
const METADATA_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// What a LIST asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The kind.
    pub group_kind: GroupKind,
    /// The namespace; `None` for all of them, or a kind that has none.
    pub namespace: Option<String>,
    /// The labels that the objects carry.
    pub selector: String,
}

impl Cluster {
    /// Reads one object; `None` when it does not exist.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn get(
        &self,
        kinds: &Kinds,
        id: &ObjectId,
        api_version: &str,
    ) -> Result<Option<Live>, ClusterError> {
        self.get_within(None, kinds, id, api_version).await
    }

    /// The same; with a limit it is sent at once, whatever else is in flight, and waited for no longer than that.
    ///
    /// # Errors
    /// As for [`Cluster::get`].
    pub async fn get_within(
        &self,
        limit: Option<Duration>,
        kinds: &Kinds,
        id: &ObjectId,
        api_version: &str,
    ) -> Result<Option<Live>, ClusterError> {
        let path = kinds.object(id, api_version)?;
        let resource = format!("{}/{}", kinds.resource(&id.group_kind), id.name);
        let call = Call { at_once: limit, ..Call::get(&path, "get", &resource, id.namespace.as_deref()) };
        match self.transport.send(&call).await {
            Ok(answer) => live(&call, answer.body).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lists the objects of a kind that carry the labels of the selector.
    ///
    /// The resourceVersion is left unset, so that the answer is consistent: a member that was just written is in it.
    ///
    /// # Errors
    /// When the cluster cannot be asked; also when the collection changes faster than it can be read.
    pub async fn list(
        &self,
        kinds: &Kinds,
        group_kind: &GroupKind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<Live>, ClusterError> {
        self.list_where(kinds, group_kind, namespace, ("labelSelector", selector)).await
    }

    /// Lists the objects of a kind whose fields are as the selector says.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub(super) async fn list_fields(
        &self,
        kinds: &Kinds,
        group_kind: &GroupKind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<Live>, ClusterError> {
        self.list_where(kinds, group_kind, namespace, ("fieldSelector", selector)).await
    }

    async fn list_where(
        &self,
        kinds: &Kinds,
        group_kind: &GroupKind,
        namespace: Option<&str>,
        selector: (&str, &str),
    ) -> Result<Vec<Live>, ClusterError> {
        let list = Listing::new(kinds, group_kind, namespace, selector)?;
        self.pages(&list, &async || {}, &|page| list.objects(page, group_kind)).await
    }

    /// As [`Self::list`]; of each object only what `keep` makes of it is kept. No page is looked at before `ready`.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn list_each<T>(
        &self,
        kinds: &Kinds,
        query: &Query,
        ready: &impl AsyncFn(),
        keep: &impl Fn(Live) -> T,
    ) -> Result<Vec<T>, ClusterError> {
        let Query { group_kind, namespace, selector } = query;
        let list = Listing::new(kinds, group_kind, namespace.as_deref(), ("labelSelector", selector))?;
        let read = |page| Ok(list.objects(page, group_kind)?.into_iter().map(keep).collect());
        self.pages(&list, ready, &read).await
    }

    /// The metadata of all objects of a kind in a namespace, or in all of them: to tell what is there.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn peek(
        &self,
        kinds: &Kinds,
        group_kind: &GroupKind,
        namespace: Option<&str>,
    ) -> Result<Vec<Value>, ClusterError> {
        let list = Listing {
            accept: METADATA_ONLY,
            ..Listing::new(kinds, group_kind, namespace, ("labelSelector", ""))?
        };
        self.pages(&list, &async || {}, &|page| Ok(items(page))).await
    }

    /// What `read` makes of all pages of a LIST, of one snapshot. Where that was compacted away before the last page (410),
    /// all is read anew.
    async fn pages<T>(
        &self,
        list: &Listing<'_>,
        ready: &impl AsyncFn(),
        read: &impl Fn(Value) -> Result<Vec<T>, ClusterError>,
    ) -> Result<Vec<T>, ClusterError> {
        for _ in 0..RESTARTS {
            match self.pages_once(list, ready, read).await {
                Err(error) if error.status().is_some_and(|status| status.code == 410) => {}
                outcome => return outcome,
            }
        }
        self.pages_once(list, ready, read).await
    }

    async fn pages_once<T>(
        &self,
        list: &Listing<'_>,
        ready: &impl AsyncFn(),
        read: &impl Fn(Value) -> Result<Vec<T>, ClusterError>,
    ) -> Result<Vec<T>, ClusterError> {
        let (mut all, mut next) = (Vec::new(), String::new());
        loop {
            let path = page(&list.collection, list.selector, &next);
            let call =
                Call { accept: list.accept, ..Call::get(&path, "list", &list.resource, list.namespace) };
            let unread = self.transport.send_unread(&call).await?;
            ready().await;
            let body = unread.read(&call)?.body;
            check_list(&call, &body)?;
            next = body.pointer("/metadata/continue").and_then(Value::as_str).unwrap_or_default().to_owned();
            all.extend(read(body)?);
            if next.is_empty() {
                return Ok(all);
            }
        }
    }
}

/// What is listed.
struct Listing<'a> {
    collection: String,
    resource: String,
    namespace: Option<&'a str>,
    /// The query's name for the selector, and its text.
    selector: (&'a str, &'a str),
    accept: &'static str,
}

impl<'a> Listing<'a> {
    fn new(
        kinds: &Kinds,
        group_kind: &GroupKind,
        namespace: Option<&'a str>,
        selector: (&'a str, &'a str),
    ) -> Result<Self, ClusterError> {
        let collection = kinds.collection(group_kind, None, namespace)?;
        let resource = kinds.resource(group_kind);
        Ok(Self { collection, resource, namespace, selector, accept: "application/json" })
    }

    /// Items of a LIST carry no `apiVersion` and `kind` of their own.
    fn objects(&self, page: Value, group_kind: &GroupKind) -> Result<Vec<Live>, ClusterError> {
        let call = Call::get(&self.collection, "list", &self.resource, self.namespace);
        let api_version = page.get("apiVersion").cloned().unwrap_or(Value::Null);
        let object = |mut item: Value| {
            if let Some(fields) = item.as_object_mut() {
                fields.insert("apiVersion".to_owned(), api_version.clone());
                fields.insert("kind".to_owned(), Value::String(group_kind.kind.clone()));
            }
            live(&call, item)
        };
        items(page).into_iter().map(object).collect()
    }
}

/// A list of nothing may have `items: null`.
fn items(mut page: Value) -> Vec<Value> {
    page.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default()
}

/// One page's path; a selector is the query's name for it and its text.
fn page(collection: &str, (kind, selector): (&str, &str), next: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &PAGE.to_string());
    if !selector.is_empty() {
        query.append_pair(kind, selector);
    }
    if !next.is_empty() {
        query.append_pair("continue", next);
    }
    format!("{collection}?{}", query.finish())
}

/// An answer that is no list must not be taken for an empty one: on the word of that, a namespace would be deleted.
fn check_list(call: &Call<'_>, body: &Value) -> Result<(), ClusterError> {
    match body.get("items") {
        Some(Value::Array(_) | Value::Null) => Ok(()),
        Some(_) | None => Err(malformed(call, "it is no list".to_owned())),
    }
}

pub(super) fn live(call: &Call<'_>, body: Value) -> Result<Live, ClusterError> {
    Live::new(body).map_err(|error| malformed(call, error.to_string()))
}

fn malformed(call: &Call<'_>, cause: String) -> ClusterError {
    let path = call.path.split('?').next().unwrap_or_default();
    ClusterError::Malformed { request: format!("{} {path}", call.method), cause }
}
