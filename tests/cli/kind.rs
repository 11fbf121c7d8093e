//! `bridge up` and `bridge down` before and beside the real thing: words, exit codes, and which commands are run at all. The
//! engine and kind are scripts here; level L3 has the real ones.
#![cfg(unix)]

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::env::{Run, TestEnv};

const PROFILE: &str = "apiVersion: bridge.gitops/v1alpha1
kind: Profile
metadata: { name: acme }
argocd: { version: v3.5.3, manifests: { path: manifest.yaml } }
clusters:
  - { name: hub, role: hub, provider: kind, kind: { image: 'kindest/node:v1.36.1', ports: [{ host: PORT, node: 30443 }] } }
  - { name: dev, provider: kind }
";

/// Keeps what `kind` made as the engine would show it, in `containers/NAME`, and notes each call.
pub(super) const KIND: &str = r#"#!/bin/sh
echo "kind $*" >> calls
case "$1 $2" in
  "version ") echo "kind v0.33.0 go1.26.1 linux/amd64" ;;
  "create cluster")
    echo " • Preparing nodes  ..." >&2
    if [ -e kind-fails ]; then echo "ERROR: failed to create cluster: $(cat kind-fails)" >&2; exit 1; fi
    record=$(sed -n 's/.*"hostPath": "\([^"]*\)".*/\1/p' | head -n 1)
    sh make "$4" "$record" running ;;
  "export kubeconfig") echo "kind: Config" > "$6" ;;
esac
"#;

const DOCKER: &str = r#"#!/bin/sh
echo "docker $*" >> calls
case "$1" in
  --version) echo "Docker version 28.2.2, build e6534b4" ;;
  info) printf '{"ID":"%s","MemTotal":25769803776,"CgroupVersion":"2"}' "$(cat engine 2>/dev/null)" ;;
  context) cat endpoint 2>/dev/null || echo unix:///var/run/docker.sock ;;
  ps) ls containers ;;
  inspect)
    shift 3
    if [ -s coming ]; then sed -i 1d coming; echo "Error: No such container: $1" >&2; exit 1; fi
    printf '['; first=yes
    for name; do [ $first = yes ] || printf ','; first=no; cat "containers/$name"; done
    printf ']' ;;
  start) sed -i 's/"exited"/"running"/' "containers/${2%-control-plane}" ;;
  rm) shift 3; for id; do rm "containers/${id#id-}"; done ;;
  image)
    [ -e has-image ] || exit 1
    case "$4" in *RepoDigests*) cat digests 2>/dev/null || echo null ;; esac ;;
  pull) if [ -e has-no-registry ]; then echo "manifest unknown" >&2; exit 1; fi ;;
esac
"#;

/// A container as `inspect` shows it: cluster, folder of the record, state.
const MAKE: &str = r#"mkdir -p containers
place=${2:+/etc/bridge}
cat > "containers/$1" <<END
{"Id":"id-$1","Name":"/$1-control-plane","State":{"Status":"$3"},"Config":{"Labels":{"io.x-k8s.kind.cluster":"$1"}},
 "Mounts":[{"Source":"$2","Destination":"${place:-/var}"}]}
END
"#;

pub(super) fn script(env: &TestEnv, name: &str, text: &str) {
    env.write(&format!("bin/{name}"), text);
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(env.path(&format!("bin/{name}")), mode).unwrap();
}

/// An engine without containers, and kind.
pub(super) fn env() -> TestEnv {
    let env = bare();
    script(&env, "kind", KIND);
    script(&env, "docker", DOCKER);
    env
}

/// Neither engine nor kind.
pub(super) fn bare() -> TestEnv {
    let env = TestEnv::with_profile();
    let env = {
        let path = format!("{}:/usr/bin:/bin", env.path("bin").display());
        let state = env.path("state").display().to_string();
        env.set("PATH", &path).set("BRIDGE_STATE_DIR", &state).set("KIND_EXPERIMENTAL_PROVIDER", "docker")
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    env.write("bridge.yaml", &PROFILE.replace("PORT", &free.to_string()));
    env.write("make", MAKE);
    env.write("has-image", "");
    std::fs::create_dir_all(env.path("containers")).unwrap();
    env
}

/// Puts a container there as somebody else would have made it.
fn container(env: &TestEnv, cluster: &str, record: &str, status: &str) {
    let args = ["make", cluster, record, status];
    let made = std::process::Command::new("sh").args(args).current_dir(env.path(".")).status().unwrap();
    assert!(made.success());
}

fn up(env: &TestEnv) -> Run {
    env.run(&["up", "--timeout", "1s"])
}

pub(super) fn called(env: &TestEnv, what: &str) -> bool {
    let calls = std::fs::read_to_string(env.path("calls")).unwrap_or_default();
    calls.lines().any(|line| line.starts_with(what))
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let env = bare().set("BRIDGE_KIND", "nowhere/kind").set("KIND_EXPERIMENTAL_PROVIDER", "no-such-engine");
    let run = up(&env).expect(1);
    let names = "names `no-such-engine`, and there is no such command";
    for said in ["error[BRG5001]", "go install sigs.k8s.io/kind@", "error[BRG5002]", names] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    assert!(!env.path("state").exists(), "{run}");
}

#[test]
fn an_old_kind_and_a_socket_of_somebody_else_are_named_with_what_helps() {
    let env = bare();
    script(&env, "kind", "#!/bin/sh\necho 'kind v0.26.0 go1.23.0 linux/amd64'\n");
    script(&env, "docker", "#!/bin/sh\necho 'permission denied while trying to connect' >&2\nexit 1\n");
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("bridge needs v0.27 or newer"), "{run}");
    assert!(run.stderr.contains("sudo usermod -aG docker"), "{run}");
}

#[test]
fn a_cluster_of_somebody_else_is_left_alone() {
    let env = env();
    container(&env, "hub", "", "running");
    let run = up(&env).expect(5);
    assert!(run.stderr.contains("error[BRG5003]") && run.stderr.contains("did not make it"), "{run}");
    container(&env, "hub", "/elsewhere/clusters/hub/made/0123456789abcdef", "running");
    let run = up(&env).expect(5);
    assert!(run.stderr.contains("bridge made it for another profile (its record is /elsewhere/"), "{run}");
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(
        run.stderr.contains("kind: hub: stays") && run.stderr.contains("/elsewhere/clusters/hub"),
        "{run}"
    );
    assert!(!called(&env, "kind create") && !called(&env, "docker rm"), "{}", env.read("calls"));
}

#[test]
fn a_port_a_folder_and_an_image_that_are_not_to_be_had_come_before_the_first_cluster() {
    let env = env();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let profile = PROFILE.replace("PORT", &port);
    let mount = "provider: kind, kind: { mounts: [{ host: charts, node: /charts }] } }\n";
    env.write("bridge.yaml", &profile.replace("provider: kind }\n", mount));
    let run = up(&env).expect(1);
    let ss = format!("sport = :{port}");
    for said in ["error[BRG5005]", &ss, "error[BRG5006]", "mkdir -p $TEST_ENV/charts"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    drop(taken);
    env.write("charts/x", "");
    env.write("has-no-registry", "");
    std::fs::remove_file(env.path("has-image")).unwrap();
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("error[BRG5009]") && run.stderr.contains("manifest unknown"), "{run}");
    assert!(!called(&env, "kind create"), "{}", env.read("calls"));
}

#[test]
fn what_kind_says_last_is_the_error_and_the_next_run_begins_again() {
    let env = env();
    env.write("kind-fails", "no luck");
    let run = up(&env).expect(1);
    assert!(
        run.stderr.contains("could not make the cluster `hub`: ERROR: failed to create cluster: no luck"),
        "{run}"
    );
    assert!(run.stderr.contains("could not make the cluster `dev`"), "{run}");
    std::fs::remove_file(env.path("kind-fails")).unwrap();
    // Of a kubeconfig that says nothing, nothing becomes ready.
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("error[BRG5011]") && run.stderr.contains("journalctl -u kubelet"), "{run}");
    assert!(env.path("containers/hub").exists() && env.path("containers/dev").exists(), "{run}");
}

/// It was not there when bridge looked: another profile's `bridge up` was faster.
#[test]
fn a_cluster_that_somebody_makes_at_the_same_time_is_theirs() {
    let env = env();
    env.write("kind-fails", "node(s) already exist for a cluster with the name \"hub\"");
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("run `bridge up` again, which says who"), "{run}");
    assert!(!run.stderr.contains("removed again") && !called(&env, "docker rm"), "{run}");
}

/// The clusters of the profile, as far as kind is concerned.
fn made() -> TestEnv {
    let env = env();
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("error[BRG5011]"), "{run}");
    std::fs::remove_file(env.path("calls")).unwrap();
    env
}

#[test]
fn what_is_there_is_neither_made_again_nor_changed() {
    let env = made();
    let _ = up(&env).expect(1);
    assert!(!called(&env, "kind create") && !called(&env, "docker rm"), "{}", env.read("calls"));
    let profile = env.read("bridge.yaml");
    env.write("bridge.yaml", &profile.replace("v1.36.1", "v1.35.0"));
    let run = up(&env).expect(5);
    assert!(run.stderr.contains("error[BRG5004]"), "{run}");
    assert!(run.stderr.contains(r#"image: "kindest/node:v1.36.1" -> "kindest/node:v1.35.0""#), "{run}");
    assert!(!called(&env, "docker rm"), "{}", env.read("calls"));
    let run = env.run(&["up", "--recreate", "--timeout", "1s"]).expect(1);
    let calls = env.read("calls");
    assert!(calls.contains("docker rm --force --volumes id-hub"), "{run}{calls}");
    assert!(!calls.contains("docker rm --force --volumes id-dev"), "{run}{calls}");
}

#[test]
fn what_an_interrupted_run_left_is_removed_before_it_is_made_again() {
    let env = made();
    let folder = std::fs::read_dir(env.path("state/kind")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(folder.join("clusters/dev/finished")).unwrap();
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("kind: dev: removing what an interrupted or failed run left of it"), "{run}");
    let calls = env.read("calls");
    let (gone, again) =
        (calls.find("docker rm --force --volumes id-dev"), calls.find("kind create cluster --name dev"));
    assert!(gone.is_some() && gone < again, "{calls}");
    assert!(!calls.contains("docker rm --force --volumes id-hub"), "{calls}");
}

#[test]
fn a_paused_node_is_left_as_somebody_wanted_it() {
    let env = made();
    let folder = env.read("containers/hub").replace("running", "paused");
    env.write("containers/hub", &folder);
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("docker unpause hub-control-plane"), "{run}");
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(
        run.stderr.contains("kind: hub: deleting it") && run.stderr.contains("kind: dev: deleting it"),
        "{run}"
    );
    assert!(!env.path("containers/hub").exists() && env.path("calls").exists(), "{run}");
    let left = std::fs::read_dir(env.path("state/kind")).unwrap().count();
    assert_eq!(left, 0, "{run}");
}

#[test]
fn a_node_that_was_stopped_is_started_and_waited_for() {
    let env = made();
    env.write("containers/hub", &env.read("containers/hub").replace("running", "exited"));
    let run = up(&env).expect(1);
    let starting = run.stderr.find("kind: hub: starting its node, which was stopped");
    let waiting = run.stderr.find("kind: hub: waiting: ");
    assert!(starting.is_some() && starting < waiting, "{run}");
    assert!(!run.stderr.contains("kind: dev: starting its node"), "{run}");
    let calls = env.read("calls");
    let (start, export) =
        (calls.find("docker start hub-control-plane"), calls.find("kind export kubeconfig --name hub"));
    assert!(start.is_some() && start < export, "{calls}");
    assert!(!calls.contains("kind create") && !calls.contains("docker rm"), "{calls}");
    let again = up(&env).expect(1);
    assert!(!again.stderr.contains("starting its node"), "{again}");
}

#[test]
fn a_node_image_that_has_only_a_tag_is_told_how_to_be_pinned_when_it_is_used() {
    let env = env();
    env.write("digests", r#"["other/node@sha256:00","docker.io/kindest/node@sha256:4521"]"#);
    let run = up(&env).expect(1);
    assert_eq!(run.stderr.matches("warning[BRG5019]").count(), 1, "{run}");
    assert!(run.stderr.contains("image: \"kindest/node:v1.36.1@sha256:4521\""), "{run}");
    assert!(called(&env, "kind create"), "{run}");
    // The cluster is there: its image is decided.
    let again = up(&env).expect(1);
    assert!(!again.stderr.contains("BRG5019"), "{again}");
}

#[test]
fn a_node_image_that_is_pinned_or_of_no_registry_is_nothing_to_warn_of() {
    let of = |image: &str, digests: &str| {
        let env = env();
        env.write("bridge.yaml", &env.read("bridge.yaml").replace("kindest/node:v1.36.1", image));
        env.write("digests", digests);
        let run = up(&env).expect(1);
        assert!(called(&env, "kind create") && !run.stderr.contains("BRG5019"), "{image}: {run}");
    };
    let digest = "sha256:4521000000000000000000000000000000000000000000000000000000000000";
    let known = format!("[\"kindest/node@{digest}\"]");
    of(&format!("kindest/node:v1.36.1@{digest}"), &known);
    of("kindest/node:v1.36.1", "[]");
    // Only its name here is another one's.
    of("acme/node:v1.36.1", &known);
    of("localhost/node:v1.36.1", &format!("[\"localhost/node@{digest}\"]"));
}

/// It is listed from the moment that the engine begins to make it, and can be inspected only when that is done.
#[test]
fn a_container_that_is_just_being_made_is_waited_for() {
    let env = made();
    env.write("coming", "1\n2\n3\n4\n5\n");
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(!env.path("containers/hub").exists() && !env.path("containers/dev").exists(), "{run}");
}

#[test]
fn down_asks_and_knows_clusters_that_the_profile_no_longer_names() {
    let env = made();
    let profile = env.read("bridge.yaml");
    let shorter = profile
        .lines()
        .filter(|line| !line.contains("name: dev"))
        .fold(String::new(), |all, line| all + line + "\n");
    env.write("bridge.yaml", &shorter);
    let run = env.run(&["down"]).expect(3);
    assert!(run.stderr.contains("--auto-approve") && env.path("containers/dev").exists(), "{run}");
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("kind: dev: made by an earlier `bridge up`"), "{run}");
    let _ = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(!env.path("containers/dev").exists());
}

#[test]
fn down_names_what_stays_on_clusters_of_somebody_else() {
    let env = made();
    let spoke = "  - { name: prod, connection: { context: prod-admin } }\n";
    env.write("bridge.yaml", &(env.read("bridge.yaml") + spoke));
    let run = env.run(&["up", "--timeout", "1s"]).expect(3);
    assert!(run.stderr.contains("--auto-approve") && !called(&env, "kind create"), "{run}");
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(
        run.stderr.contains("prod: is no cluster of bridge's") && run.stderr.contains("`bridge destroy`"),
        "{run}"
    );
}

#[test]
fn a_copy_of_the_profile_owns_nothing_of_the_first_one() {
    let env = made();
    env.write("copy/bridge.yaml", &env.read("bridge.yaml"));
    env.write("copy/manifest.yaml", &env.read("manifest.yaml"));
    let run = env.run(&["up", "-f", "copy/bridge.yaml"]).expect(5);
    let first = "bridge made it for $TEST_ENV/bridge.yaml (its record is $TEST_ENV/state/kind/bridge-";
    for said in ["error[BRG5003]", first, "`bridge down -f $TEST_ENV/bridge.yaml` first"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    let run = env.run(&["down", "-f", "copy/bridge.yaml", "--auto-approve"]).expect(0);
    assert!(run.stderr.contains("kind: hub: stays; bridge made it for $TEST_ENV/bridge.yaml"), "{run}");
    assert!(env.path("containers/hub").exists(), "{run}");
}

#[test]
fn two_profiles_of_one_run_cannot_have_the_same_cluster() {
    let env = env();
    env.write("copy/bridge.yaml", &env.read("bridge.yaml"));
    env.write("copy/manifest.yaml", &env.read("manifest.yaml"));
    let run = env.run(&["up", "-f", "bridge.yaml", "-f", "copy/bridge.yaml"]).expect(3);
    for said in ["error[BRG1284]", "`bridge.yaml` and `copy/bridge.yaml`", "a kind cluster `hub`"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    // One port of two clusters with other names.
    env.write(
        "copy/bridge.yaml",
        &env.read("bridge.yaml").replace("name: hub,", "name: hub2,").replace("name: dev", "name: dev2"),
    );
    let run = env.run(&["up", "-f", "bridge.yaml", "-f", "copy/bridge.yaml"]).expect(3);
    for said in ["error[BRG1288]", "both want the port 127.0.0.1:", "`kind.ports`"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    // A link is another profile, with the same record.
    std::os::unix::fs::symlink("bridge.yaml", env.path("link.yaml")).unwrap();
    let run = env.run(&["up", "-f", "bridge.yaml", "-f", "link.yaml"]).expect(3);
    assert!(run.stderr.contains("`bridge.yaml` and `link.yaml` are the same file"), "{run}");
    assert!(!env.path("calls").exists(), "{run}");
    let run = env.run(&["up", "--timeout", "1s", "-f", "bridge.yaml", "-f", "./bridge.yaml"]).expect(1);
    assert!(run.stderr.contains("`./bridge.yaml` is the same file as `bridge.yaml`: read once"), "{run}");
    assert!(called(&env, "kind create"), "{run}");
}

/// The other profile's records are in a folder that this run does not look into.
#[test]
fn the_line_that_removes_a_cluster_of_another_state_folder_names_it() {
    let env = made();
    env.write("copy/bridge.yaml", &env.read("bridge.yaml"));
    env.write("copy/manifest.yaml", &env.read("manifest.yaml"));
    let other = env.path("other state").display().to_string();
    let env = env.set("BRIDGE_STATE_DIR", &other);
    let run = env.run(&["up", "-f", "copy/bridge.yaml"]).expect(5);
    let line = "`BRIDGE_STATE_DIR=$TEST_ENV/state bridge down -f $TEST_ENV/bridge.yaml` first";
    assert!(run.stderr.contains("error[BRG5003]") && run.stderr.contains(line), "{run}");
}

/// What is made anew takes what it had.
#[test]
fn clusters_that_are_made_anew_are_no_more_clusters() {
    let env = env();
    let small = DOCKER.replace("25769803776", "1048576");
    script(&env, "docker", &small);
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("warning[BRG5007]: 2 kind cluster(s) with Argo CD"), "{run}");
    env.write("bridge.yaml", &env.read("bridge.yaml").replace("v1.36.1", "v1.35.0"));
    let run = env.run(&["up", "--recreate", "--timeout", "1s"]).expect(1);
    assert!(called(&env, "docker rm") && !run.stderr.contains("with Argo CD take"), "{run}");
}

#[test]
fn another_engine_is_not_asked_what_became_of_the_first_ones_clusters() {
    let env = made();
    env.write("engine", "another");
    std::fs::remove_dir_all(env.path("containers")).unwrap();
    std::fs::create_dir_all(env.path("containers")).unwrap();
    for args in [&["up"][..], &["down", "--auto-approve"]] {
        let run = env.run(args).expect(5);
        assert!(run.stderr.contains("error[BRG5017]") && run.stderr.contains("DOCKER_HOST"), "{run}");
    }
    assert!(!called(&env, "kind create"), "{}", env.read("calls"));
}

/// What is mounted would be a folder of that machine, and kind's kubeconfig would lead to a port of this one.
#[test]
fn an_engine_of_another_machine_makes_no_cluster_and_still_removes_them() {
    let env = made();
    for (endpoint, fix) in [
        ("ssh://me@build.invalid", "run `bridge up` on build.invalid"),
        ("ssh://me@build.invalid", "unset DOCKER_HOST"),
        ("tcp://no-such-service:2375", "dockerd in the job's own container"),
    ] {
        env.write("endpoint", endpoint);
        // It is told with everything else.
        let run = env.run(&["up", "--kubeconfig", "bin"]).expect(1);
        for said in ["error[BRG5018]", "docker leads to another machine", fix, "error[BRG5012]"] {
            assert!(run.stderr.contains(said), "{said}: {run}");
        }
    }
    assert!(!called(&env, "kind create") && !called(&env, "docker ps"), "{}", env.read("calls"));
    let run = env.run(&["down", "--auto-approve"]).expect(0);
    assert!(!env.path("containers/hub").exists(), "{run}");
    env.write("endpoint", "tcp://127.0.0.1:2375");
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("error[BRG5011]") && called(&env, "kind create"), "{run}");
}

/// Its service gives itself another id at each call, so the clusters would be another engine's a moment later.
#[test]
fn podmans_socket_behind_dockers_client_is_no_engine() {
    let env = env();
    script(
        &env,
        "docker",
        &DOCKER.replace("  start)", "  version) echo 'Podman Engine Conmon' ;;\n  start)"),
    );
    let run = up(&env).expect(1);
    for said in ["error[BRG5002]", "podman's socket", "export KIND_EXPERIMENTAL_PROVIDER=podman"] {
        assert!(run.stderr.contains(said), "{said}: {run}");
    }
    assert!(!called(&env, "kind create"), "{}", env.read("calls"));
}

#[test]
fn paths_in_hints_are_words_of_a_shell() {
    let env = env();
    let state = env.path("my state").display().to_string();
    let env = env.set("BRIDGE_STATE_DIR", &state);
    let _ = up(&env).expect(1);
    env.write("engine", "another");
    let run = up(&env).expect(5);
    assert!(run.stderr.contains("`rm -r '$TEST_ENV/my state/kind/bridge-"), "{run}");
}

#[test]
fn a_docker_that_answers_with_errors_only_is_none() {
    let env = bare();
    script(&env, "kind", KIND);
    let dead = r#"#!/bin/sh
echo '{"ID":"","ServerErrors":["Cannot connect to the Docker daemon at unix:///var/run/docker.sock."]}'
"#;
    script(&env, "docker", dead);
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("error[BRG5002]") && run.stderr.contains("systemctl start docker"), "{run}");
}

#[test]
fn the_cluster_of_a_pod_is_nothing_that_up_applies_to() {
    let env = env();
    let run = env.run(&["up", "--in-cluster"]).expect(3);
    assert!(run.stderr.contains("`bridge apply`") && !env.path("calls").exists(), "{run}");
    let run = env.run(&["up", "--context", "prod"]).expect(3);
    assert!(run.stderr.contains("kind-hub") && !env.path("calls").exists(), "{run}");
}

#[test]
fn a_half_made_cluster_does_not_take_its_own_port() {
    let env = made();
    let profile = env.read("bridge.yaml");
    let port = profile.split("host: ").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let _proxy = TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    let bindings =
        format!(r#""HostConfig":{{"PortBindings":{{"30443/tcp":[{{"HostPort":"{port}"}}]}}}},"Config""#);
    env.write("containers/hub", &env.read("containers/hub").replace("\"Config\"", &bindings));
    let folder = std::fs::read_dir(env.path("state/kind")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(folder.join("clusters/hub/finished")).unwrap();
    let run = up(&env).expect(1);
    assert!(!run.stderr.contains("BRG5005") && called(&env, "docker rm --force --volumes id-hub"), "{run}");
}

#[test]
fn a_profile_without_a_kind_hub_and_clusters_that_are_not_up_say_so() {
    let env = env();
    let run = env.run(&["plan"]).expect(4);
    assert!(run.stderr.contains("error[BRG5015]") && run.stderr.contains("`bridge up`"), "{run}");
    let with_context = TestEnv::with_profile();
    let run = with_context.run(&["up"]).expect(3);
    assert!(run.stderr.contains("error[BRG5016]"), "{run}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let env = env();
    env.write("state", "a file");
    let run = up(&env).expect(1);
    assert!(run.stderr.contains("error[BRG5013]") && run.stderr.contains("BRIDGE_STATE_DIR"), "{run}");
    assert!(!called(&env, "kind create"), "{run}");
}
