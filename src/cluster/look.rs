//! Looking at what stands behind an object: the events about it, and the logs of a pod.

use form_urlencoded::Serializer;

use crate::cluster::Cluster;
use crate::cluster::error::ClusterError;
use crate::cluster::kinds::Kinds;
use crate::cluster::transport::Call;
use crate::desired::id::GroupKind;
use crate::plan::live::Live;
use crate::plan::pod::LogOf;

/// The last lines of a log that are asked for.
const LINES: usize = 10;
/// The most of them, in bytes: a container that writes one endless line must not fill the memory.
const BYTES: usize = 16 * 1024;

impl Cluster {
    /// The Warning events about one object, by its uid.
    ///
    /// # Errors
    /// When the cluster cannot be asked.
    pub async fn warnings_about(&self, kinds: &Kinds, live: &Live) -> Result<Vec<Live>, ClusterError> {
        let namespace = live.id().namespace.as_deref();
        let fields = format!("involvedObject.uid={},type=Warning", live.uid());
        self.list_fields(kinds, &GroupKind::parse("Event"), namespace, &fields).await
    }

    /// The last lines of a container's log, at most ten and only whole ones.
    ///
    /// # Errors
    /// When the cluster or the node's kubelet cannot be asked. It is asked once: a log is worth no long wait.
    pub async fn log(&self, kinds: &Kinds, pod: &Live, of: &LogOf) -> Result<Vec<String>, ClusterError> {
        let mut query = Serializer::new(String::new());
        query.append_pair("container", &of.container).append_pair("tailLines", &LINES.to_string());
        query.append_pair("limitBytes", &BYTES.to_string());
        if of.previous {
            query.append_pair("previous", "true");
        }
        let path = format!("{}/log?{}", kinds.object(pod.id(), "v1")?, query.finish());
        let call = Call {
            accept: "*/*",
            repeatable: false,
            ..Call::get(&path, "get", "pods/log", pod.id().namespace.as_deref())
        };
        Ok(whole_lines(&self.transport.send_for_text(&call).await?))
    }
}

/// Of a line that was cut nobody could tell whether a secret is in it.
fn whole_lines(log: &str) -> Vec<String> {
    let cut = if log.len() < BYTES { log } else { log.rsplit_once('\n').map_or("", |(whole, _)| whole) };
    let lines: Vec<&str> = cut.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_one_that_was_cut_is_not() {
        let log: String = (0..20).map(|number| format!("line {number}\n\n")).collect();
        assert_eq!(whole_lines(&log).first().unwrap(), "line 10");
        assert_eq!(whole_lines(&log).last().unwrap(), "line 19");
        let cut = format!("whole\n{}", "x".repeat(BYTES));
        assert_eq!(whole_lines(&cut), ["whole"]);
        assert!(whole_lines(&"x".repeat(BYTES)).is_empty());
    }
}
