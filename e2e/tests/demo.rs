//! The transcript in the README is what the demo prints, but for what differs from run to run.

use anyhow::{Result, ensure};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
const BEGIN: &str = "<!-- demo: begin -->\n```console\n";
const END: &str = "```\n<!-- demo: end -->";

#[tokio::test]
async fn the_readme_shows_what_the_demo_prints() -> Result<()> {
    let mut printed = Vec::new();
    bridge_e2e::demo::play(&mut printed).await?;
    let printed = stable(&String::from_utf8(printed)?);
    let readme = std::fs::read_to_string(README)?;
    let (before, rest) = readme.split_once(BEGIN).unwrap_or_default();
    let (shown, after) = rest.split_once(END).unwrap_or_default();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(README, format!("{before}{BEGIN}{printed}{END}{after}"))?;
        return Ok(());
    }
    ensure!(
        shown == printed,
        "README.md shows another transcript; UPDATE_GOLDEN=1 writes this one:\n{printed}"
    );
    Ok(())
}

/// Without ports, uids and durations, without waits, and with long lists shortened.
fn stable(text: &str) -> String {
    let lines: Vec<String> = text.lines().filter(|line| !line.starts_with('◎')).map(stable_line).collect();
    let runs = lines.chunk_by(|a, b| listed(a).is_some() && listed(a) == listed(b));
    runs.flat_map(shortened).map(|line| line + "\n").collect()
}

/// The bullet of a line that names one object of many.
fn listed(line: &str) -> Option<&str> {
    ["  + ", "  - ", "+ ", "- "].into_iter().find(|bullet| line.starts_with(bullet))
}

/// Requests run side by side, so objects end in any order.
fn shortened(run: &[String]) -> Vec<String> {
    let mut run = run.to_vec();
    let Some(bullet) = run.first().and_then(|line| listed(line)).map(str::to_owned) else { return run };
    run.sort();
    if run.len() > 4 {
        let more = run.len() - 2;
        run.truncate(2);
        run.push(format!("{}… and {more} more", bullet.replace(['+', '-'], " ")));
    }
    run
}

fn stable_line(line: &str) -> String {
    let without_time = match line.rsplit_once(" (") {
        Some((before, time)) if time.ends_with("s)") && time.starts_with(|c: char| c.is_ascii_digit()) => {
            before
        }
        _ => line,
    };
    without_time.split(' ').map(stable_word).collect::<Vec<_>>().join(" ")
}

fn stable_word(word: &str) -> String {
    let is_uid = |text: &str| text.len() == 36 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if is_uid(bare) {
        return word.replace(bare, "00000000-0000-0000-0000-000000000000");
    }
    if let Some((host, port)) = bare.rsplit_once(':')
        && host.ends_with("127.0.0.1")
        && port.chars().all(|c| c.is_ascii_digit())
    {
        return word.replace(bare, &format!("{host}:6443"));
    }
    word.to_owned()
}
