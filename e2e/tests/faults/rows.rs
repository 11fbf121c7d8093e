//! The rows of the table.

use bridge_e2e::proxy::{Fault, Matcher, Moment};

use crate::inject::{
    answer, definitions_late, each, each_deletion, each_first, expired, field_conflict, once, status,
    unknown_list,
};
use crate::table::{MAIN, Row, Shown, Verdict};

const APPLIED: &str = "Apply complete!";

const fn row(fault: &'static str, verdict: Verdict, exit: i32, reads: &'static str, shown: Shown) -> Row {
    Row { fault, verdict, exit, reads, shown }
}

/// Faults of the connection and of the server.
pub const HTTP: [Row; 16] = [
    row(
        "429 with `Retry-After`",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| {
            vec![each(&status(429, "TooManyRequests", "too many requests").header("Retry-After", "1"))]
        }),
    ),
    row(
        "429 with a `Retry-After` of more than a minute",
        Verdict::Partly,
        1,
        "overloaded or unwell: wait, then run the same command again",
        Shown::Change(|| {
            vec![once(
                "spoke-dev",
                &status(429, "TooManyRequests", "too many requests").header("Retry-After", "3600"),
            )]
        }),
    ),
    row(
        "500, 502, 503 or 504 for a moment",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| {
            [500, 502, 503, 504].map(|code| each(&answer(code, "<html>gateway</html>"))).to_vec()
        }),
    ),
    row(
        "500 on one object for good, in a change",
        Verdict::Partly,
        1,
        "failed: Secret/argocd/spoke-dev: etcdserver: request timed out",
        Shown::Change(|| {
            vec![once("spoke-dev", &status(500, "InternalError", "etcdserver: request timed out"))]
        }),
    ),
    row(
        "500 on one object for good, in a first apply",
        Verdict::Partly,
        1,
        "failed: ServiceAccount/argocd/controller: etcdserver: request timed out",
        Shown::First(|| {
            vec![once(
                "serviceaccounts/controller",
                &status(500, "InternalError", "etcdserver: request timed out"),
            )]
        }),
    ),
    row(
        "503 on one deletion of a destroy for good",
        Verdict::Partly,
        1,
        "failed: ApplicationSet/argocd/addons",
        Shown::Destroy(|| vec![once("applicationsets/addons", &answer(503, ""))]),
    ),
    row(
        "the connection is reset before the server sees the request",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| vec![each(&Fault::Reset(Moment::BeforeServer))]),
    ),
    row(
        "the connection is reset after the server did its work, before its answer",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| vec![each(&Fault::Reset(Moment::BeforeAnswer))]),
    ),
    row(
        "the same in a first apply",
        Verdict::Done,
        0,
        APPLIED,
        Shown::First(|| vec![each_first(&Fault::Reset(Moment::BeforeAnswer))]),
    ),
    row(
        "the same in a destroy",
        Verdict::Done,
        0,
        "Destroy complete!",
        Shown::Destroy(|| vec![each_deletion(&Fault::Reset(Moment::BeforeAnswer))]),
    ),
    row(
        "the connection is reset in the middle of an answer",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| vec![each(&Fault::Reset(Moment::DuringBody))]),
    ),
    row(
        "the connection is reset after an answer",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| vec![each(&Fault::Reset(Moment::AfterBody))]),
    ),
    row(
        "the connection ends in the middle of an answer",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| vec![each(&Fault::Truncate)]),
    ),
    row(
        "half a JSON document as an answer",
        Verdict::Nothing,
        1,
        "makes no sense: EOF while parsing",
        Shown::Change(|| {
            vec![unknown_list(&answer(200, r#"{"kind":"SecretList","apiVersion":"v1","items":[{"meta"#))]
        }),
    ),
    row(
        "a server that hangs in a read",
        Verdict::Nothing,
        4,
        "did not answer GET /apis within 60 s",
        Shown::Slow(|| vec![vec![(Matcher::any().path("/apis"), Fault::Hang(Moment::BeforeServer))]]),
    ),
    row(
        "a server that hangs in a write, before or after its work",
        Verdict::Partly,
        4,
        "did not answer PATCH /api/v1/namespaces/argocd/secrets/spoke-dev within 60 s",
        Shown::Slow(|| {
            let hangs = |moment| once("spoke-dev", &Fault::Hang(moment));
            vec![hangs(Moment::BeforeServer), hangs(Moment::BeforeAnswer)]
        }),
    ),
];

/// What the API server says no to.
pub const REFUSED: [Row; 12] = [
    row(
        "409 on the resourceVersion",
        Verdict::Done,
        0,
        APPLIED,
        Shown::Change(|| vec![each(&status(409, "Conflict", "the object has been modified"))]),
    ),
    row(
        "409 on the resourceVersion for good",
        Verdict::Partly,
        5,
        "somebody changed it since it was planned",
        Shown::Change(|| vec![once("spoke-dev", &status(409, "Conflict", "the object has been modified"))]),
    ),
    row(
        "409 with a field conflict that the plan did not see",
        Verdict::Partly,
        5,
        "--force-conflicts Secret/spoke-dev:.metadata.labels.tier",
        Shown::Change(|| vec![once("spoke-dev", &field_conflict())]),
    ),
    row(
        "a field conflict that the plan sees",
        Verdict::Other("nothing is written"),
        5,
        "--force-conflicts Secret/spoke-dev:.metadata.labels.env",
        Shown::By("guards.rs", "conflicts_are_named_and_forced_only_where_allowed"),
    ),
    row("410 on the next page of a list", Verdict::Done, 0, APPLIED, Shown::Change(|| vec![expired(1)])),
    row(
        "410 on the next page of a list for good",
        Verdict::Nothing,
        1,
        "changes faster than it can be read",
        Shown::Change(|| vec![expired(99)]),
    ),
    row(
        "403 on reading one kind",
        Verdict::Other("nothing is written"),
        4,
        "kubectl auth can-i list secrets",
        Shown::By(
            "bad_surroundings.rs",
            "one_kind_that_is_forbidden_names_the_question_for_exactly_that_kind",
        ),
    ),
    row(
        "403 on writing one object",
        Verdict::Partly,
        4,
        "kubectl auth can-i patch secrets/spoke-dev -n argocd",
        Shown::Change(|| {
            vec![once(
                "spoke-dev",
                &status(403, "Forbidden", "secrets \"spoke-dev\" is forbidden: User \"ci\" cannot patch"),
            )]
        }),
    ),
    row(
        "a webhook denies a write",
        Verdict::Partly,
        1,
        "a rule of this cluster does not allow it",
        Shown::Change(|| {
            vec![once(
                "spoke-dev",
                &status(403, "Forbidden", "admission webhook \"policy.example.com\" denied the request: no"),
            )]
        }),
    ),
    row(
        "a webhook denies the dry run",
        Verdict::Nothing,
        1,
        "denied the request: no",
        Shown::Change(|| {
            let denied =
                status(403, "Forbidden", "admission webhook \"policy.example.com\" denied the request: no");
            vec![vec![(Matcher::any().method("PATCH").path_contains("spoke-dev").dry_run(true), denied)]]
        }),
    ),
    row(
        "a webhook that cannot be tried",
        Verdict::Other("who owns the object is seen all the same; nothing is written"),
        5,
        "--adopt helm",
        Shown::By("leftovers.rs", "an_object_that_no_webhook_lets_try_is_still_seen_to_be_somebody_elses"),
    ),
    row(
        "the namespace begins to terminate during the apply",
        Verdict::Partly,
        1,
        "wait until the namespace is gone",
        Shown::Change(|| {
            let words = "secrets \"spoke-flip\" is forbidden: unable to create new content in namespace argocd because it is being terminated";
            vec![once("/secrets/spoke-fl", &status(403, "Forbidden", words))]
        }),
    ),
];

/// What comes of processes, people, clocks and controllers.
pub const SURROUNDINGS: [Row; 25] = [
    row(
        "SIGKILL after any write",
        Verdict::Other("the next apply ends it"),
        0,
        APPLIED,
        Shown::By("killed.rs", "each_write_on_one_object_of_each_kind"),
    ),
    row(
        "SIGKILL between the two writes of an adoption",
        Verdict::Other("the next apply ends it, without `--adopt`"),
        0,
        APPLIED,
        Shown::By("races.rs", "an_adoption_that_is_killed_between_its_writes_is_finished_by_a_plain_apply"),
    ),
    row(
        "SIGKILL between the two writes of a replacement",
        Verdict::Other("the next apply creates it, without `--replace`"),
        0,
        APPLIED,
        Shown::By("replacements.rs", "killed_between_its_two_writes_it_is_made_by_the_next_apply"),
    ),
    row(
        "the second write of a replacement is refused",
        Verdict::Other("it is gone, which is said; the next apply creates it"),
        1,
        "it was deleted to be replaced, and it is not there anew",
        Shown::By("replacements.rs", "a_create_that_is_refused_after_the_deletion_is_said_plainly"),
    ),
    row(
        "the server would refuse the new object of a replacement",
        Verdict::Other("nothing is deleted"),
        1,
        "the server refuses a new object, too",
        Shown::By("replacements_checked.rs", "a_new_object_that_the_server_would_refuse_is_said_in_the_plan"),
    ),
    row(
        "the answer to the deletion of a replacement is lost",
        Verdict::Done,
        0,
        APPLIED,
        Shown::By("replacements_halfway.rs", "a_deletion_whose_answer_was_lost_is_known_as_its_own"),
    ),
    row(
        "the lock is lost between the two writes of a replacement",
        Verdict::Other("it is gone, which is said; nothing is created"),
        5,
        "it is not there anew: somebody else has the lock",
        Shown::By("replacements_halfway.rs", "who_lost_the_lock_makes_nothing_anew"),
    ),
    row(
        "Ctrl-C while the pods of a replaced workload stop",
        Verdict::Other("waits 60 s more to end the replacement; else the next apply ends it"),
        130,
        "its pods are still stopping",
        Shown::By("replacements_halfway.rs", "an_interruption_ends_the_wait_for_pods_after_a_minute"),
    ),
    row(
        "Ctrl-C",
        Verdict::Other("the requests in flight are ended, the rest is not tried; the next apply ends it"),
        130,
        "the rest is not tried",
        Shown::By("interrupted.rs", "an_interrupted_apply_says_what_it_did_and_is_finished_by_the_next"),
    ),
    row(
        "a CustomResourceDefinition is established late, and discovered later still",
        Verdict::Done,
        0,
        APPLIED,
        Shown::First(|| vec![definitions_late()]),
    ),
    row(
        "the namespace is being deleted",
        Verdict::Other("nothing is written"),
        1,
        "being deleted",
        Shown::By("bad_surroundings.rs", "a_namespace_that_is_being_deleted"),
    ),
    row(
        "a stuck finalizer",
        Verdict::Other("waits until `--timeout`, keeps the record; the next apply ends it"),
        6,
        "held by the finalizer example.com/stuck",
        Shown::By(MAIN, "a_stuck_finalizer_is_named_and_the_next_apply_ends_the_deletion"),
    ),
    row(
        "a controller copies bridge's labels to its children",
        Verdict::Other("they survive prune and destroy"),
        0,
        APPLIED,
        Shown::By("guards.rs", "copied_labels_and_other_owners_protect_an_object_from_prune"),
    ),
    row(
        "another ApplySet carries the same label",
        Verdict::Other("its members survive prune and destroy"),
        0,
        APPLIED,
        Shown::By(MAIN, "members_of_another_apply_set_with_the_same_label_survive"),
    ),
    row(
        "an inventory that bridge did not write",
        Verdict::Other("nothing is written"),
        5,
        "BRG3001",
        Shown::By("guards.rs", "a_foreign_inventory_stops_everything"),
    ),
    row(
        "managedFields were stripped",
        Verdict::Other("what was bridge's is neither overwritten nor deleted without consent"),
        5,
        "--adopt before-first-apply",
        Shown::By(MAIN, "an_object_without_its_managers_is_neither_overwritten_nor_deleted"),
    ),
    row(
        "somebody changes an object after the plan",
        Verdict::Other("not overwritten"),
        5,
        "somebody changed it since it was planned",
        Shown::By(
            "races.rs",
            "a_secret_value_that_moves_after_the_plan_is_not_overwritten_although_the_plan_looks_the_same",
        ),
    ),
    row(
        "the address leads to another cluster after the plan",
        Verdict::Other("nothing is written"),
        5,
        "BRG3016",
        Shown::By("races.rs", "a_cluster_that_is_another_one_by_the_first_write_is_not_written"),
    ),
    row(
        "two applies at once",
        Verdict::Other("the second waits, and finds everything done"),
        0,
        APPLIED,
        Shown::By("locks.rs", "a_second_apply_waits_and_finds_everything_done"),
    ),
    row(
        "two applies at once for longer than `--lock-timeout`",
        Verdict::Other("the second writes nothing"),
        5,
        "BRG3017",
        Shown::By("locks.rs", "a_second_apply_is_told_who_holds_the_lock_and_writes_nothing"),
    ),
    row(
        "the answer to the request for the lock is lost",
        Verdict::Other("goes on at once with its own lock"),
        0,
        APPLIED,
        Shown::By("locks.rs", "a_lock_whose_answer_was_lost_is_known_as_its_own"),
    ),
    row(
        "a renewal of the lock hangs, behind a write that hangs",
        Verdict::Other("renewed by the next request"),
        0,
        APPLIED,
        Shown::By("locks.rs", "the_lock_is_renewed_beside_a_write_and_a_renewal_that_hang"),
    ),
    row(
        "the clock of a holder of the lock is an hour wrong",
        Verdict::Other("the lock neither expires early nor stays"),
        0,
        APPLIED,
        Shown::By("locks.rs", "a_clock_that_is_an_hour_wrong_neither_takes_nor_keeps_the_lock"),
    ),
    row(
        "a 404 that is not the API server's",
        Verdict::Other("does not count as gone; the next apply ends it"),
        1,
        "HTTP 404 Not Found",
        Shown::By("leftovers.rs", "a_404_that_is_not_the_api_servers_is_no_proof_that_an_object_is_gone"),
    ),
    row(
        "a part of the API does not answer",
        Verdict::Other("a namespace is not deleted"),
        0,
        "which does not answer",
        Shown::By("leftovers.rs", "a_namespace_is_not_deleted_while_a_part_of_the_api_cannot_be_asked"),
    ),
];
