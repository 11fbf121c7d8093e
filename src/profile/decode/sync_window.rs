//! Sync windows of a project. The CustomResourceDefinition checks none of this, and Argo CD only logs what it cannot read.

use serde_json::{Map, Value as Json};

use crate::code::Code;
use crate::profile::decode::decoder::{Decoder, Fields};
use crate::profile::decode::keys;
use crate::profile::decode::projects::{write_text, write_text_list};
use crate::profile::node::Node;

/// Decodes one window.
pub(crate) fn sync_window(node: &Node, d: &mut Decoder) -> Option<Json> {
    let fields = d.fields(node, keys::SYNC_WINDOW)?;
    let mut window = Map::new();
    for key in ["kind", "schedule", "duration"] {
        fields.require(d, key);
        write_text(&fields, key, d, &mut window);
    }
    for key in ["applications", "namespaces", "clusters"] {
        write_text_list(&fields, key, d, &mut window);
    }
    for key in ["manualSync", "andOperator", "syncOverrun"] {
        let flag = fields.get(key).and_then(|node| d.boolean(node, &format!("`{key}`")));
        window.extend(flag.map(|flag| (key.to_owned(), flag.into())));
    }
    write_text(&fields, "timeZone", d, &mut window);
    write_text(&fields, "description", d, &mut window);
    check(&fields, d);
    Some(Json::Object(window))
}

fn check(fields: &Fields<'_>, d: &mut Decoder) {
    if let Some(node) = fields.get("kind") {
        d.choice(node, "kind of sync window", &[("allow", ()), ("deny", ())]);
    }
    let mut check_text = |key: &str, code: Code, problem: fn(&str) -> Option<String>, fix: &str| {
        if let Some(node) = fields.get(key)
            && let Some(text) = node.text()
            && let Some(problem) = problem(text)
        {
            d.error(code, &node.location, format!("`{key}: {text}`: {problem}"), fix);
        }
    };
    let schedule_fix = "write five fields: minute hour day month weekday, such as `0 22 * * 1-5`";
    check_text("schedule", Code::SYNC_WINDOW_SCHEDULE, cron_problem, schedule_fix);
    check_text("duration", Code::SYNC_WINDOW_DURATION, duration_problem, "write a duration such as `1h30m`");
    check_text(
        "timeZone",
        Code::SYNC_WINDOW_TIME_ZONE,
        zone_problem,
        "write a name such as `Europe/Berlin` or `UTC`",
    );
    if fields.present(&["applications", "namespaces", "clusters"]).is_empty() {
        let message = "the sync window selects nothing";
        let fix = "add `applications: [\"*\"]`, or `namespaces` or `clusters`";
        d.error(Code::SYNC_WINDOW_SELECTOR, fields.at, message, fix);
    }
}

/// The five fields: what each is called, and its bounds and names.
const CRON: [(&str, u32, u32, &[&str]); 5] = [
    ("minute", 0, 59, &[]),
    ("hour", 0, 23, &[]),
    ("day of the month", 1, 31, &[]),
    ("month", 1, 12, &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
    ("day of the week", 0, 6, &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]),
];

/// What the cron parser of Argo CD (robfig/cron, without seconds and `@` words) refuses.
fn cron_problem(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != CRON.len() {
        return Some(format!("a schedule has five fields, and this has {}", fields.len()));
    }
    let broken = fields.iter().zip(CRON).find(|(field, (_, low, high, names))| {
        field.split(',').any(|part| !is_cron_part(part, *low, *high, names))
    });
    broken.map(|(field, (what, low, high, _))| format!("`{field}` is no {what} ({low} to {high})"))
}

fn is_cron_part(part: &str, low: u32, high: u32, names: &[&str]) -> bool {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let step_is_valid =
        step.is_none_or(|step| is_digits(step) && step.parse::<u32>().is_ok_and(|step| step > 0));
    let value = |text: &str| {
        let by_name = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = by_name.and_then(|index| u32::try_from(index).ok()).map(|index| index + low);
        let number = is_digits(text).then(|| text.parse::<u32>().ok()).flatten();
        named.or(number).filter(|value| (low..=high).contains(value))
    };
    let range_is_valid = matches!(range, "*" | "?")
        || match range.split_once('-') {
            Some((from, to)) => value(from).zip(value(to)).is_some_and(|(from, to)| from <= to),
            None => value(range).is_some(),
        };
    step_is_valid && range_is_valid
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// What Go's `time.ParseDuration` refuses, and what is no length of a window.
fn duration_problem(text: &str) -> Option<String> {
    let mut rest = text;
    let mut is_positive = false;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let unit = ["ns", "us", "µs", "ms", "s", "m", "h"].into_iter().filter(|unit| after.starts_with(unit));
        let unit = unit.max_by_key(|unit| unit.len());
        let (Ok(number), Some(unit)) = (number.parse::<f64>(), unit) else {
            return Some("this is no duration".to_owned());
        };
        is_positive |= number > 0.0;
        rest = &after[unit.len()..];
    }
    (!is_positive).then(|| "a window needs some length".to_owned())
}

/// Only the syntax: the zones that exist are known to Argo CD's image, not to bridge.
fn zone_problem(text: &str) -> Option<String> {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c))
    };
    let has_area = text.contains('/') || matches!(text, "UTC" | "GMT" | "Local");
    let is_old_name = text.len() <= 7 && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    let is_zone = text.split('/').all(is_part) && (has_area || is_old_name);
    (!is_zone).then(|| "this is no name of a time zone".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{cron_problem, duration_problem, zone_problem};

    #[test]
    fn schedules_are_read_as_argo_cd_reads_them() {
        for valid in
            ["* * * * *", "0 22 * * 1-5", "*/15 8-18 1,15 JAN-jun mon", "0 0 ? * SUN", "5/10 * * * *"]
        {
            assert_eq!(cron_problem(valid), None, "{valid}");
        }
        for broken in [
            "",
            "* * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "@daily",
            "* * * * 7",
            "* * * * * *",
            "a * * * *",
            "1,,2 * * * *",
        ] {
            assert!(cron_problem(broken).is_some(), "{broken}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for valid in ["1h", "1h30m", "90s", "1.5h"] {
            assert_eq!(duration_problem(valid), None, "{valid}");
        }
        for broken in ["", "1", "1d", "h", "0s", "-1h", "1h 30m", "one hour", "."] {
            assert!(duration_problem(broken).is_some(), "{broken}");
        }
    }

    #[test]
    fn time_zones_look_like_names() {
        for valid in ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "CET", "EST5EDT"]
        {
            assert_eq!(zone_problem(valid), None, "{valid}");
        }
        for broken in ["", "Berlin", "+02:00", "Europe/", "Europe Berlin"] {
            assert!(zone_problem(broken).is_some(), "{broken}");
        }
    }
}
