//! The rows of the table.

use bridge_e2e::proxy::{Fault, Matcher, Moment};

use super::inject::{
    answer, each, each_deletion, each_first, expired, field_conflict, once, status, unknown_list,
};
use super::table::{Row, Shown, Verdict};

pub const APPLIED: &str = "Apply complete!";

pub const fn row(fault: &'static str, verdict: Verdict, exit: i32, reads: &'static str, shown: Shown) -> Row {
    Row { fault, verdict, exit, reads, shown }
}

/// Faults of the connection and of the server.
pub const HTTP: [Row; 18] = [
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
    row(
        "the answer to the move of the ownership is lost, in an adoption",
        Verdict::Other("not sent again; the next apply ends it, without `--adopt`"),
        4,
        "failed: Secret/argocd/spoke-dev",
        Shown::By("adoptions.rs", "an_ownership_patch_whose_answer_is_lost_is_not_sent_again"),
    ),
    row(
        "502 on the move of the ownership, in an adoption",
        Verdict::Other("not sent again; the same command ends it"),
        1,
        "failed: Secret/argocd/spoke-dev",
        Shown::By("adoptions.rs", "an_ownership_patch_that_a_gateway_answers_is_not_sent_again"),
    ),
];

/// What the API server says no to.
pub const REFUSED: [Row; 14] = [
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
        "a ValidatingAdmissionPolicy denies an object, in the dry run already",
        Verdict::Other("nothing is written; the next run does it once the policy allows it"),
        1,
        "nothing was written",
        Shown::By("bad_surroundings.rs", "a_cluster_that_is_refused_takes_nothing_from_the_others"),
    ),
    row(
        "a ValidatingAdmissionPolicy denies a write, and no dry run",
        Verdict::Other(
            "that object fails, the others of its wave go on; the next run ends it once the policy allows it",
        ),
        1,
        "a rule of this cluster does not allow it",
        Shown::By("bad_surroundings.rs", "a_policy_that_denies_one_write_stops_nothing_beside_it"),
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
