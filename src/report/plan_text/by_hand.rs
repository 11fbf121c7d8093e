//! How somebody replaces an object that bridge does not replace.

use crate::desired::id::ObjectId;
use crate::plan::summary::ClusterIdentity;
use crate::profile::shell::shell_word;

/// What is to be known before the first of the [`commands`].
pub(in crate::report) fn remarks(cluster: Option<&ClusterIdentity>, id: &ObjectId) -> Vec<&'static str> {
    let is_inside = cluster.is_some_and(|cluster| cluster.kubectl.is_empty());
    let place = is_inside.then_some("in a pod of this cluster, as the ServiceAccount that bridge uses");
    let copy = is_secret(id).then_some("the file holds the secret itself: keep it out of every repository");
    place.into_iter().chain(copy).collect()
}

/// The commands, one a line. The object is kept in a file first: what others wrote into it is in no profile. A Secret's is for
/// nobody else's eyes, is not where a repository may be, and overwrites none.
pub(in crate::report) fn commands(cluster: Option<&ClusterIdentity>, id: &ObjectId) -> [String; 3] {
    let ObjectId { group_kind, namespace, name } = id;
    let kind = group_kind.kind.to_lowercase();
    let group = if group_kind.group.is_empty() { String::new() } else { format!(".{}", group_kind.group) };
    let namespace = namespace.as_ref().map_or(String::new(), |name| format!(" -n {}", shell_word(name)));
    let object = format!("{kind}{group} {}{namespace}", shell_word(name));
    // A deletion by hand must not hit the cluster that another tool has switched to.
    let reach = cluster.map_or("", |cluster| cluster.kubectl.as_str());
    let file = shell_word(&format!("{kind}-{name}.yaml"));
    let keep = match is_secret(id) {
        true => format!("(umask 077; set -C; kubectl{reach} get {object} -o yaml > ~/{file})"),
        false => format!("kubectl{reach} get {object} -o yaml > {file}"),
    };
    [keep, format!("kubectl{reach} delete {object}"), "bridge apply".to_owned()]
}

fn is_secret(id: &ObjectId) -> bool {
    id.group_kind.group.is_empty() && id.group_kind.kind == "Secret"
}
