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

/// Without ports, uids and durations.
fn stable(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.split(' ').map(stable_word);
        words.collect::<Vec<_>>().join(" ")
    });
    lines.map(|line| line + "\n").collect()
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
