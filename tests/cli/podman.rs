//! `bridge up` and `bridge down` with podman, which is a script here that answers as podman 4.3.1 does: bridge's own runs with
//! that podman and kind 0.33 saw these shapes and words.
#![cfg(unix)]

use crate::support::env::{Run, TestEnv};

use super::kind::{KIND, bare, script};

fn up(env: &TestEnv) -> Run {
    env.run(&["up", "--timeout", "1s"])
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
