//! BRG5000-5999: local clusters that bridge makes with kind.

super::codes! {
    NO_KIND = 5001, "the command kind is missing or too old",
        "`bridge up` and `bridge down` run the command `kind`: the one on PATH, or the one that BRIDGE_KIND names. Versions before v0.27 do not set up containerd for mirrors.\n\n    go install sigs.k8s.io/kind@v0.33.0";
    NO_ENGINE = 5002, "no container engine answers",
        "kind's nodes are containers. The engine is the one that KIND_EXPERIMENTAL_PROVIDER names (docker, podman, nerdctl), else the first of them that answers. Either it does not run, or you may not use its socket, or DOCKER_HOST or podman's CONTAINER_HOST leads elsewhere. docker's command on podman's socket is none of them: podman gives itself another id at each call there, and bridge could not tell later which engine has the clusters; podman's own command works.\n\n    docker info\n    KIND_EXPERIMENTAL_PROVIDER=podman bridge up";
    FOREIGN_KIND_CLUSTER = 5003, "a kind cluster of that name was not made by bridge for this profile",
        "bridge mounts a folder of its own, read-only, on each node that it makes, and changes or deletes no cluster whose nodes do not carry the folder of this very profile file. The cluster was made by hand, by another profile, or by this one at another place or with another BRIDGE_STATE_DIR, which `bridge down` then needs as well.\n\n    docker inspect NAME-control-plane --format '{{json .Mounts}}'";
    KIND_DRIFT = 5004, "a kind cluster was made from another configuration than the profile's",
        "Image, ports, mounts, mirrors and labels are given to the node when it is made and cannot be changed later. bridge never deletes a cluster to change them without being told.\n\n    bridge up --recreate";
    PORT_TAKEN = 5005, "a port that a kind cluster wants is taken",
        "Another process of this machine listens on a port of `kind.ports`, or a container that stays publishes it.";
    NO_MOUNT = 5006, "a folder that a kind cluster is to see does not exist",
        "The engine would make an empty folder in its place that belongs to root. `host` counts from the profile's folder.";
    KIND_RESOURCES = 5007, "the machine may be too small for the kind clusters",
        "A node takes about 0.45 GiB of memory, Argo CD about 0.8 GiB more, and the workloads their own: those of all profiles of the run together are compared with all memory of the engine's machine and, where that is this one, with what is available. Too few inotify instances show up as `too many open files` in pods. It is a warning: the clusters are made all the same.\n\n    sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288";
    CGROUP_V1 = 5008, "the kubelet of the node image refuses control groups of version 1",
        "From Kubernetes v1.35 on a kubelet does not start where the kernel offers control groups of version 1 only, unless it is told to. Boot the machine with `systemd.unified_cgroup_hierarchy=1`, or take an older node image.";
    NO_NODE_IMAGE = 5009, "a node image cannot be had",
        "The engine has no such image and cannot pull it: the name or the digest is wrong, the registry is not reachable, or it limits how much you pull. A network without the registry needs the image loaded beforehand.\n\n    docker load --input node.tar";
    KIND_FAILED = 5010, "kind failed",
        "The message has kind's last words. What it had made is removed again, so that the next `bridge up` begins at the same place.";
    KIND_NOT_READY = 5011, "a kind cluster is not ready",
        "Its API server does not answer, its node does not become ready, or somebody paused it. The kubelet's log on the node says why.\n\n    docker exec NAME-control-plane journalctl -u kubelet --no-pager";
    KIND_KUBECONFIG = 5012, "the kubeconfig of the kind clusters cannot be written",
        "bridge keeps a kubeconfig of its own for the clusters that it makes, and touches yours only where `--kubeconfig` names it. That one it looks at before the first cluster is made: the file, its folder, the lock `FILE.lock` that kind and kubectl take, whether others can read it (a warning), and whether somebody else has a context, cluster or user `kind-NAME` in it, which kind would overwrite. `bridge down` takes out again what is still as it was written and no other context needs, and says what it leaves; what it cannot take out it remembers for the next `bridge down`.\n\n    kubectl --kubeconfig FILE config get-contexts";
    KIND_FOLDER = 5013, "bridge's folder for kind clusters cannot be written",
        "bridge keeps what it made the clusters from, and their kubeconfig, in $XDG_STATE_HOME/bridge (else ~/.local/state/bridge), or in the folder that BRIDGE_STATE_DIR names.";
    KIND_BUSY = 5014, "another bridge is at work on the same kind clusters",
        "Only one `bridge up` or `bridge down` at a time works on the clusters of a profile.";
    KIND_NOT_UP = 5015, "the kind clusters of the profile are not there",
        "The profile's hub is a cluster that `bridge up` makes, and it has not been made here, or was removed.\n\n    bridge up";
    NO_KIND_CLUSTER = 5016, "no cluster of the profile is made with kind",
        "`bridge up` and `bridge down` are for profiles whose hub has `provider: kind`. A cluster that is there already is brought to the profile by `bridge apply`.";
    KIND_OTHER_ENGINE = 5017, "the kind clusters were made with another container engine",
        "bridge notes which engine has the clusters of a profile. Of another one it cannot say whether they are gone, so it neither makes a second set nor forgets the first. DOCKER_HOST, a docker context, KIND_EXPERIMENTAL_PROVIDER, sudo, or an engine that does not run are the usual reasons.\n\n    docker info --format '{{.ID}}'";
    REMOTE_ENGINE = 5018, "the container engine is on another machine",
        "The record by which bridge knows its clusters, mirrors and mounts are folders of this machine; the engine would make empty ones on its own. Ports would be published there, and the kubeconfig of a kind cluster leads to 127.0.0.1. Run `bridge up` where the engine is; `bridge down` works from here too. A name that leads to this very machine is this machine. In a CI job these work: dockerd in the job's own container, which is privileged; an executor where the service shares the job's network, such as GitLab's for Kubernetes; a runner with an engine of its own. It is a warning where bridge runs in a container and the socket may be its host's.\n\n    docker context inspect --format '{{.Endpoints.docker.Host}}'";
    UNPINNED_IMAGE = 5019, "the node image is named by a tag alone",
        "An image that was built on this machine may be told of, too, because some engines give it a digest; it need not be pinned. A registry may give a tag to another image at any time, and another machine may have another one under it, so that the same profile makes another cluster there. It is a warning: the cluster is made all the same. With the digest behind the tag it is always the same image; a cluster that is there already is then one of another configuration, which `bridge up --recreate` makes anew.\n\n    kind: { image: \"kindest/node:v1.36.1@sha256:...\" }";
    OLD_PODMAN = 5020, "podman's nodes do not find each other at every try",
        "Argo CD reaches a spoke by the name of its node. podman before v4.5 writes the machine's name servers beside its own into a node, and the cluster's DNS asks any of them, of which only podman's knows the nodes. It is a warning: the clusters are made all the same, and a profile of one cluster needs no such name.\n\n    podman --version";
}
