//! Reading: GET, and LIST page by page.

use std::convert::Infallible;
use std::fmt::Display;
use std::time::Duration;

use form_urlencoded::Serializer;
use futures::future::join;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::kinds::Kinds;
use crate::cluster::page;
use crate::cluster::transport::Call;
use crate::desired::id::{GroupKind, ObjectId};
use crate::desired::object::NotAnObject;
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
        self.pages(&list, &async || {}, list.objects()).await
    }

    /// As [`Self::list`]; of each object only what `keep` makes of it is kept. No page is looked at before `ready`.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub async fn list_each<T: Send + 'static>(
        &self,
        kinds: &Kinds,
        query: &Query,
        ready: &impl AsyncFn(),
        keep: impl Fn(Live) -> T + Clone + Send + 'static,
    ) -> Result<Vec<T>, ClusterError> {
        let Query { group_kind, namespace, selector } = query;
        let list = Listing::new(kinds, group_kind, namespace.as_deref(), ("labelSelector", selector))?;
        let object = list.objects();
        self.pages(&list, ready, move |item| object(item).map(&keep)).await
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
        self.pages(&list, &async || {}, Ok::<_, Infallible>).await
    }

    /// What `keep` makes of the items of all pages of a LIST, of one snapshot. Where that was compacted away before the last
    /// page (410), all is read anew.
    async fn pages<T: Send + 'static, E: Display>(
        &self,
        list: &Listing<'_>,
        ready: &impl AsyncFn(),
        keep: impl Fn(Value) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<Vec<T>, ClusterError> {
        for _ in 0..RESTARTS {
            match self.pages_once(list, ready, &keep).await {
                Err(error) if error.status().is_some_and(|status| status.code == 410) => {}
                outcome => return outcome,
            }
        }
        self.pages_once(list, ready, &keep).await
    }

    async fn pages_once<T: Send + 'static, E: Display>(
        &self,
        list: &Listing<'_>,
        ready: &impl AsyncFn(),
        keep: &(impl Fn(Value) -> Result<T, E> + Clone + Send + 'static),
    ) -> Result<Vec<T>, ClusterError> {
        let (mut all, mut text) = (Vec::new(), self.page(list, None).await?);
        loop {
            let next = page::next(&text).map_err(|error| list.malformed(&error))?;
            let keep = keep.clone();
            // Pages of several kinds come at once, and reading one takes as long as its request.
            let read = async {
                ready().await;
                beside(move || page::items(&text, &keep)).await
            };
            // Both are waited for also where one fails: what reads must not outlive this.
            let (items, following) = match &next {
                Some(next) => {
                    let (items, following) = join(read, self.page(list, Some(next))).await;
                    (items, Some(following?))
                }
                None => (read.await, None),
            };
            all.extend(items.map_err(|error| list.malformed(&error))?);
            match following {
                Some(following) => text = following,
                None => return Ok(all),
            }
        }
    }

    async fn page(&self, list: &Listing<'_>, next: Option<&str>) -> Result<Vec<u8>, ClusterError> {
        let path = page_path(&list.collection, list.selector, next);
        let call = Call { accept: list.accept, ..Call::get(&path, "list", &list.resource, list.namespace) };
        self.transport.send_for_bytes(&call).await
    }
}

/// Does work that keeps a processor busy on a thread of its own.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that ends cancels, and nobody waits any more.
            Err(_) => std::future::pending().await,
        },
    }
}

/// What is listed.
struct Listing<'a> {
    collection: String,
    resource: String,
    api_version: String,
    kind: String,
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
        let api_version = kinds.api_version(group_kind)?;
        let kind = group_kind.kind.clone();
        Ok(Self { collection, resource, api_version, kind, namespace, selector, accept: "application/json" })
    }

    fn malformed(&self, error: &serde_json::Error) -> ClusterError {
        ClusterError::Malformed { request: format!("GET {}", self.collection), cause: error.to_string() }
    }

    /// Items of a LIST carry no `apiVersion` and `kind` of their own.
    fn objects(&self) -> impl Fn(Value) -> Result<Live, NotAnObject> + Clone + Send + use<> {
        let type_meta = [("apiVersion", self.api_version.clone()), ("kind", self.kind.clone())];
        move |mut item: Value| {
            if let Some(fields) = item.as_object_mut() {
                fields.extend(type_meta.iter().map(|(field, text)| ((*field).to_owned(), json!(text))));
            }
            Live::new(item)
        }
    }
}

/// One page's path; a selector is the query's name for it and its text.
fn page_path(collection: &str, (kind, selector): (&str, &str), next: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("limit", &PAGE.to_string());
    if !selector.is_empty() {
        query.append_pair(kind, selector);
    }
    if let Some(next) = next {
        query.append_pair("continue", next);
    }
    format!("{collection}?{}", query.finish())
}

pub(super) fn live(call: &Call<'_>, body: Value) -> Result<Live, ClusterError> {
    Live::new(body).map_err(|error| malformed(call, error.to_string()))
}

fn malformed(call: &Call<'_>, cause: String) -> ClusterError {
    let path = call.path.split('?').next().unwrap_or_default();
    ClusterError::Malformed { request: format!("{} {path}", call.method), cause }
}
