//! `bridge up` and `bridge down` with podman, which is a script here that answers as podman 4.3.1 does: bridge's own runs with
//! that podman and kind 0.33 saw these shapes and words.
#![cfg(unix)]

use crate::support::env::{Run, TestEnv};

use super::kind::{KIND, bare, called, script};

/// Containers are in `containers/ID`, volumes in `volumes/NAME`.
const PODMAN: &str = r#"#!/bin/sh
echo "podman $*" >> calls
case "$1" in
  info) cat <<END
{
  "host": {"arch": "amd64", "cgroupManager": "systemd", "cgroupVersion": "v2", "hostname": "laptop", "memTotal": 25276514304,
           "networkBackend": "netavark", "serviceIsRemote": false, "security": {"rootless": false}},
  "store": {"graphDriverName": "overlay", "graphRoot": "/var/lib/containers/storage", "runRoot": "/run/containers/storage"},
  "version": {"APIVersion": "$(cat version)", "Version": "$(cat version)", "OsArch": "linux/amd64"}
}
END
  ;;
  ps) ls containers ;;
  inspect)
    shift 3
    printf '[\n'; first=yes
    for id; do [ $first = yes ] || printf ','; first=no; cat "containers/$id"; done
    printf ']\n' ;;
  rm) shift 3; for id; do rm "containers/$id"; done ;;
  volume)
    if [ ! -e "volumes/$3" ]; then echo "Error: no volume with name \"$3\" found: no such volume" >&2; exit 1; fi
    if [ -e in-use ]; then echo "Error: volume $3 is being used by the following container(s): 7d3c" >&2; exit 2; fi
    rm "volumes/$3" ;;
  image)
    if [ ! -e has-image ]; then echo "Error: inspecting object: $5: image not known" >&2; exit 125; fi
    case "$4" in *RepoDigests*) echo '[]' ;; *) echo 5f8852489b5f ;; esac ;;
esac
"#;

/// A node as podman shows it: no slash before its name, and a volume with a name.
const MAKE: &str = r#"mkdir -p containers volumes
touch "volumes/volume-$1"
cat > "containers/id-$1" <<END
{"Id": "id-$1", "Name": "$1-control-plane", "State": {"Status": "$3", "Running": true, "Paused": false},
 "Config": {"Labels": {"io.x-k8s.kind.cluster": "$1", "io.x-k8s.kind.role": "control-plane"}},
 "HostConfig": {"PortBindings": {"6443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "36203"}]}},
 "Mounts": [
  {"Type": "volume", "Name": "volume-$1", "Source": "/volumes/volume-$1/_data", "Destination": "/var", "Driver": "local",
   "Mode": "", "Options": ["suid", "exec", "dev", "rbind"], "RW": true, "Propagation": "rprivate"},
  {"Type": "bind", "Source": "$2", "Destination": "/etc/bridge", "Driver": "", "Mode": "", "Options": ["rbind"], "RW": false}]}
END
"#;

fn env() -> TestEnv {
    let env = bare().set("KIND_EXPERIMENTAL_PROVIDER", "podman");
    script(&env, "kind", KIND);
    script(&env, "podman", PODMAN);
    env.write("make", MAKE);
    env.write("version", "5.4.2");
    env
}

fn up(env: &TestEnv) -> Run {
    env.run(&["up", "--timeout", "1s"])
}

fn down(env: &TestEnv) -> Run {
    env.run(&["down", "--auto-approve"])
}

/// The clusters of the profile. Of kind's kubeconfig, which says nothing here, nothing becomes ready.
fn made() -> TestEnv {
    let env = env();
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("error[BRG5011]") && env.path("containers/id-hub").exists(), "{run}");
    env
}

/// kind makes them with `podman volume create`, and `podman rm --volumes` removes only those that no command made.
#[test]
fn the_volumes_of_the_nodes_go_with_them_and_no_other() {
    let env = made();
    env.write("volumes/volume-of-somebody", "");
    let _ = down(&env).expect(0);
    let calls = env.read("calls");
    for gone in ["containers/id-hub", "containers/id-dev", "volumes/volume-hub", "volumes/volume-dev"] {
        assert!(!env.path(gone).exists(), "{gone}: {calls}");
    }
    assert!(env.path("volumes/volume-of-somebody").exists(), "{calls}");
    let container = calls.find("podman rm --force --volumes id-hub");
    assert!(container.is_some() && container < calls.find("podman volume rm volume-hub"), "{calls}");
}

#[test]
fn a_volume_that_is_gone_is_no_failure_and_one_that_stays_is_named() {
    let env = made();
    std::fs::remove_file(env.path("volumes/volume-dev")).unwrap();
    let _ = down(&env).expect(0);
    let env = made();
    env.write("in-use", "");
    let run = down(&env).expect(1);
    for said in
        ["the cluster `hub` cannot be deleted", "is being used by", "run `podman volume rm volume-hub`"]
    {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
}

/// As kind does: what a short name leads to is podman's own configuration, and mostly nothing.
#[test]
fn images_are_asked_for_by_their_full_names() {
    let env = env();
    let digest = "sha256:4521000000000000000000000000000000000000000000000000000000000000";
    let pinned = format!("kindest/node:v1.36.1@{digest}");
    env.write("bridge.yaml", &env.read("bridge.yaml").replace("kindest/node:v1.36.1", &pinned));
    std::fs::remove_file(env.path("has-image")).unwrap();
    let _ = up(&env).expect(1);
    let pull = format!("podman pull --quiet docker.io/kindest/node@{digest}");
    assert!(called(&env, &pull) && called(&env, "kind create"), "{}", env.read("calls"));
}

#[test]
fn a_podman_whose_nodes_ask_the_machines_name_servers_too_is_told_of() {
    let env = env();
    env.write("version", "4.3.1");
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("warning[BRG5020]") && run.stderr.contains("update podman to 4.5"), "{run}");
    assert!(called(&env, "kind create"), "{run}");
    // The clusters are there: nothing is decided any more.
    let again = up(&env).expect(1);
    assert!(!again.stderr.contains("BRG5020"), "{again}");
}

#[test]
fn a_podman_that_does_not_answer_has_remedies_of_its_own() {
    let env = bare().set("KIND_EXPERIMENTAL_PROVIDER", "podman");
    script(&env, "kind", KIND);
    let words = "Error: unable to connect to Podman socket: connect: no route to host";
    script(&env, "podman", &format!("#!/bin/sh\necho '{words}' >&2\nexit 125\n"));
    let run = up(&env).expect(1);
    for said in ["error[BRG5002]", words, "podman machine start", "CONTAINER_HOST"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    assert!(!run.stderr.contains("systemctl start docker"), "{run}");
}
