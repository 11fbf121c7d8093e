//! What the cluster has, beside each desired object: the input of the plan.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use futures::future::{Either, select};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::sync::SetOnce;

use crate::cluster::{Cluster, ClusterError, Kinds};
use crate::converge::error::ConvergeError;
use crate::converge::event::{Emit, Event};
use crate::converge::members::{self, Asked, Members};
use crate::converge::trial::{Creates, Places, Tester};
use crate::converge::wanted::{Wanted, split, wanted};
use crate::converge::{foreign, homes, inventory};
use crate::desired::id::ObjectId;
use crate::desired::object::Object;
use crate::plan::build::{Observed, Owner};
use crate::plan::consent::Consent;
use crate::plan::decide::Seen;
use crate::plan::inventory::{Inventory, Spokes};
use crate::plan::live::Live;
use crate::plan::prune::{self, Rules};

/// What is to be planned.
#[derive(Debug, Clone, Copy)]
pub struct Intent<'a> {
    /// Whose inventory it is.
    pub owner: &'a Owner,
    /// What the user allowed.
    pub consent: &'a Consent,
    /// What happens to objects that do not exist.
    pub creates: Creates,
    /// The spokes that bridge registers and that answer.
    pub spokes: &'a Spokes,
    /// Whether no cluster Secret goes, because of some cluster nobody can tell at the moment which Secret is its own.
    pub keeps_clusters: bool,
}

impl<'a> Intent<'a> {
    /// Without spokes.
    #[must_use]
    pub fn new(owner: &'a Owner, consent: &'a Consent, creates: Creates) -> Self {
        const NONE: &Spokes = &Spokes::new();
        Self { owner, consent, creates, spokes: NONE, keeps_clusters: false }
    }
}

/// Reads everything that a plan needs. Writes nothing.
///
/// # Errors
/// When there are no desired objects, the cluster cannot be asked, or the inventory is not this profile's. What is wrong
/// with the desired objects comes first, whatever was found out first.
pub async fn observe<E: From<ConvergeError>>(
    cluster: &Cluster,
    intent: Intent<'_>,
    desired: impl Future<Output = Result<Vec<Object>, E>>,
    emit: Emit<'_>,
) -> Result<Observed, E> {
    let asked = Arc::new(SetOnce::new());
    let arrive = async {
        let objects = desired.await?;
        emit(Event::Observing { objects: objects.len() });
        // Nobody else sets it.
        asked.set(Asked::new(objects)).unwrap_or_default();
        Ok::<_, E>(())
    };
    let found = match select(pin!(arrive), pin!(look(cluster, intent, &asked))).await {
        Either::Left((arrived, looking)) => {
            arrived?;
            looking.await?
        }
        Either::Right((found, arriving)) => {
            arriving.await?;
            found?
        }
    };
    // Every page has been read, so nobody else holds it.
    let objects = Arc::into_inner(asked).and_then(SetOnce::into_inner).map(|asked| asked.objects);
    // Without them everything would be surplus.
    let is_asked = |objects: &Vec<Object>| !objects.is_empty() || intent.creates == Creates::None;
    let objects = objects.filter(is_asked).ok_or(ConvergeError::NothingAsked)?;
    Ok(compare(cluster, intent, objects, found, emit).await?)
}

/// What the cluster has, as far as it can be known before it is compared with what is asked for.
struct Found {
    kinds: Kinds,
    recorded: Option<(Live, Inventory)>,
    members: Members,
}

async fn look(
    cluster: &Cluster,
    intent: Intent<'_>,
    asked: &Arc<SetOnce<Asked>>,
) -> Result<Found, ConvergeError> {
    let Intent { owner, consent, creates, spokes: _, keeps_clusters: _ } = intent;
    let kinds = cluster.kinds().await?;
    let recorded = inventory::read(cluster, &kinds, owner, consent).await?;
    if recorded.is_none() {
        let is_destroy = creates == Creates::None;
        homes::refuse_second(cluster, &kinds, owner, is_destroy).await?;
        if is_destroy {
            inventory::refuse_lost(cluster, &kinds, owner).await?;
        }
    }
    let inventory = recorded.as_ref().map(|(_, inventory)| inventory);
    let members = members::list(cluster, &kinds, owner, inventory, asked, consent).await?;
    Ok(Found { kinds, recorded, members })
}

async fn compare(
    cluster: &Cluster,
    intent: Intent<'_>,
    objects: Vec<Object>,
    found: Found,
    emit: Emit<'_>,
) -> Result<Observed, ConvergeError> {
    let Intent { owner, consent, creates, spokes, keeps_clusters } = intent;
    let Found { kinds, recorded, mut members } = found;
    let inventory = recorded.as_ref().map(|(_, inventory)| inventory);
    let unserved = inventory.into_iter().flat_map(|inventory| inventory.group_kinds.iter().cloned());
    let unserved = unserved.filter(|group_kind| !kinds.serves(group_kind)).collect();
    let wanted = wanted(objects, &mut members, owner, consent)?;
    let (known, mut surplus) = split(members.others, &wanted, owner);
    surplus.retain(|live| !(keeps_clusters && live.is_cluster_secret()));
    let places = Places::of(&wanted);
    let mut tester = Tester::new(cluster, &kinds, consent, places, &known).await?;
    // Beside what is there already every create is tried: one that is refused must not follow the changes that count on it,
    // such as a label that moves to a new cluster and takes the old one's Applications along.
    if creates == Creates::Written && known.is_empty() && wanted.iter().all(Wanted::is_open) {
        tester = tester.without_trying_creates(&wanted).await?;
    }
    let desired = try_all(cluster, &tester, wanted, known, emit).await?;
    let gone = gone(owner, &surplus, inventory, consent);
    let foreign = foreign::find(cluster, &kinds, owner, &surplus, &gone, consent).await?;
    let abandoned = homes::abandoned(cluster, &kinds, owner, &desired).await?;
    let cluster = cluster.identity().clone();
    let spokes = spokes.clone();
    Ok(Observed { cluster, recorded, unserved, desired, surplus, abandoned, spokes, foreign })
}

/// The uids of what goes for a reason of its own, before it is known what is in the namespaces that go.
fn gone(owner: &Owner, surplus: &[Live], recorded: Option<&Inventory>, consent: &Consent) -> Vec<String> {
    let recorded = recorded.map(|inventory| inventory.group_kinds.clone()).unwrap_or_default();
    let rules = Rules { recorded: &recorded, foreign: &BTreeMap::new(), consent, owner };
    let going = surplus.iter().filter(|live| prune::reason_to_keep(live, &rules).is_none());
    going.map(|live| live.uid().to_owned()).collect()
}

async fn try_all(
    cluster: &Cluster,
    tester: &Tester<'_>,
    wanted: Vec<Wanted>,
    mut known: BTreeMap<ObjectId, Live>,
    emit: Emit<'_>,
) -> Result<Vec<Seen>, ClusterError> {
    let total = wanted.len();
    let with_live: Vec<(Wanted, Option<Live>)> = wanted
        .into_iter()
        .map(|wanted| (known.remove(wanted.id()), wanted))
        .map(|(live, wanted)| (wanted, live))
        .collect();
    let try_one = async |(wanted, live): (Wanted, Option<Live>)| match wanted {
        Wanted::Unchanged { unchanged, defines: _ } => Ok(Seen::Unchanged(unchanged)),
        Wanted::Open { name: _, object } => tester.observe(object, live).await,
    };
    let mut tried = stream::iter(with_live).map(try_one).buffered(cluster.parallelism());
    let mut seen = Vec::with_capacity(total);
    while let Some(one) = tried.try_next().await? {
        seen.push(one);
        emit(Event::Observed { done: seen.len(), total });
    }
    Ok(seen)
}
