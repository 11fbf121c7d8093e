//! Every line against the published schema.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::code::Code;
use crate::desired::id::GroupKind;
use crate::plan::change::Change;
use crate::plan::live::Live;
use crate::profile::finding::Severity;
use crate::report::late_text;
use crate::report::plan_text::tests::plan_of;

fn id() -> ObjectId {
    ObjectId { group_kind: GroupKind::parse("Secret"), namespace: None, name: "a\nb".into() }
}

fn events() -> Vec<Value> {
    let (message, reason) = ("no".to_owned(), "interrupted".to_owned());
    let took = Duration::from_millis(7);
    [
        Event::Observing { objects: 1 },
        Event::Observed { done: 1, total: 2 },
        Event::WaveStarted { name: "Clusters", changes: 1 },
        Event::Written { id: id(), action: Action::Created, took },
        Event::Replacing { id: id() },
        Event::PutOff { id: id(), longest: took },
        Event::Failed { id: id(), message: message.clone() },
        Event::Skipped { id: id(), reason },
        Event::Waiting { pending: vec![message.clone()], elapsed: took },
        Event::Late(Box::new(late_text::tests::crash_loop())),
        Event::Warning { id: id(), message },
    ]
    .iter()
    .map(event)
    .collect()
}

fn lines() -> Vec<Value> {
    let finding = Finding {
        location: None,
        severity: Severity::Error,
        code: Code::UNREACHABLE,
        message: "no answer".to_owned(),
        fix: String::new(),
    };
    let failures = vec![Failure {
        id: id(),
        message: "no".to_owned(),
        fix: String::new(),
        class: FailureClass::Conflict,
    }];
    let ended = Outcome {
        failures,
        not_tried: vec![id()],
        not_ready: vec![late_text::tests::crash_loop()],
        ..Outcome::default()
    };
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "argocd"}});
    let planned = plan_of(vec![Change::Delete { live: Live::new(secret).unwrap() }]);
    let mut lines = of("bridge.yaml", vec![version(Operation::Apply)]);
    lines.extend(plan(&planned, None, std::iter::empty()));
    lines.extend(events());
    lines.extend([outcome(&ended, 5), error(&[finding], 4)]);
    lines
}

#[test]
fn every_line_follows_the_schema() {
    let schema = schemars::schema_for!(Line);
    let validator = jsonschema::validator_for(schema.as_value()).unwrap();
    for line in lines() {
        let errors: Vec<String> = validator.iter_errors(&line).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
        assert!(line["time"].is_string() && !line.to_string().contains('\n'), "{line}");
    }
    assert!(
        !validator.is_valid(&json!({ "type": "version", "time": "now" })),
        "the schema asks for something"
    );
}

#[test]
fn every_type_of_line_is_known_by_its_name() {
    let types: Vec<String> = lines().iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect();
    let expected = "version planned_change change_summary observing observed wave written replacing put_off failed skipped waiting \
                    late warning complete error";
    assert_eq!(types.join(" "), expected);
}
