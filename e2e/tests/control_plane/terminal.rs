//! A person at a terminal: the question before anything is written, Ctrl-C, and the spinner.

use std::io::{Read, Write};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use crate::support::{Profile, World};
use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::bridge_binary;
use bridge_e2e::cluster::User;
use bridge_e2e::kubeconfig::Kubeconfig;
use pty_process::blocking::{Command, Pty, open};

/// Far above any command of a test; it only keeps a hang from being silent.
const TIMEOUT: Duration = Duration::from_secs(120);

/// bridge on a terminal of its own.
struct Terminal {
    pty: Arc<Pty>,
    child: Child,
    screen: Arc<(Mutex<String>, Condvar)>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Terminal {
    fn start(world: &World, args: &[&str]) -> Result<Self> {
        let (pty, pts) = open()?;
        pty.resize(pty_process::Size::new(24, 100))?;
        let command = Command::new(bridge_binary()?).args(args).current_dir(world.folder.path()).env_clear();
        let command = command.env("HOME", world.folder.path()).env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
        let command =
            command.env("KUBECONFIG", &world.kubeconfig).env("BRIDGE_CACHE_DIR", world.path("cache"));
        let child = command.env("PLANTED_TOKEN", "planted-t0ken-value").spawn(pts)?;
        let (pty, screen) = (Arc::new(pty), Arc::new((Mutex::new(String::new()), Condvar::new())));
        let reader = std::thread::spawn({
            let (pty, screen) = (Arc::clone(&pty), Arc::clone(&screen));
            move || collect(&pty, &screen)
        });
        Ok(Self { pty, child, screen, reader: Some(reader) })
    }

    /// Waits until the screen has shown a text, and after it one of these.
    fn wait_for(&self, before: &str, texts: &[&str]) -> Result<()> {
        let (shown, more) = &*self.screen;
        let is_missing = |shown: &mut String| {
            let after = shown.split_once(before).map(|(_, after)| after);
            !after.is_some_and(|after| texts.iter().any(|text| after.contains(text)))
        };
        let shown = shown.lock().expect("reader never panics");
        let (shown, waited) =
            more.wait_timeout_while(shown, TIMEOUT, is_missing).expect("reader never panics");
        ensure!(!waited.timed_out(), "none of {texts:?} was shown:\n{shown}");
        Ok(())
    }

    fn type_in(&self, keys: &str) -> Result<()> {
        Ok((&*self.pty).write_all(keys.as_bytes())?)
    }

    /// Its exit code, and everything that was shown.
    fn end(mut self) -> Result<(Option<i32>, String)> {
        let code = self.child.wait()?.code();
        // The terminal has no other end any more, so the reader ends too.
        self.reader.take().map(std::thread::JoinHandle::join);
        let shown = self.screen.0.lock().expect("reader never panics").clone();
        Ok((code, shown))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn collect(mut pty: &Pty, (shown, more): &(Mutex<String>, Condvar)) {
    let mut buffer = [0; 8192];
    while let Ok(count @ 1..) = pty.read(&mut buffer) {
        shown.lock().expect("no panic while held").push_str(&String::from_utf8_lossy(&buffer[..count]));
        more.notify_all();
    }
}

/// Answers the question of a command.
fn answer(world: &World, args: &[&str], keys: &str) -> Result<(Option<i32>, String)> {
    let terminal = Terminal::start(world, args)?;
    terminal.wait_for("Do you ", &["Enter a value:"])?;
    terminal.type_in(keys)?;
    terminal.end()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_yes_writes_and_everything_else_cancels() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let apply = ["apply", "--no-wait"];
    // Ctrl-D is the end of the input.
    for keys in ["y\r", "YES\r", "yes please\r", "no\r", "\r", "\u{4}"] {
        let (code, shown) = answer(&world, &apply, keys)?;
        ensure!(code == Some(1) && shown.contains("BRG4007"), "{keys:?}: {code:?}\n{shown}");
        ensure!(shown.contains("nothing was written") && world.proxy.writes().is_empty(), "{shown}");
    }
    // Ctrl-C at the question.
    let (code, shown) = answer(&world, &apply, "\u{3}")?;
    ensure!(code == Some(130) && shown.contains("nothing was written"), "{code:?}\n{shown}");
    ensure!(world.proxy.writes().is_empty(), "{shown}");
    let (code, shown) = answer(&world, &apply, "yes\r")?;
    ensure!(code == Some(0) && shown.contains("Apply complete!"), "{code:?}\n{shown}");
    let question = shown.split("Do you want to perform these actions?").nth(1).context("no question")?;
    let plan = shown.split("Plan: ").nth(1).and_then(|rest| rest.split('.').next()).context("no plan")?;
    ensure!(question.contains("context hub  server https://127.0.0.1") && question.contains(plan), "{shown}");
    world.expect_no_changes()?;

    world.proxy.reset();
    let (code, shown) = answer(&world, &["destroy"], "no\r")?;
    ensure!(code == Some(1) && world.proxy.writes().is_empty(), "{code:?}\n{shown}");
    let (code, shown) = answer(&world, &["destroy"], "yes\r")?;
    ensure!(code == Some(0) && shown.contains("Destroy complete!"), "{code:?}\n{shown}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn several_profiles_are_shown_one_by_one_and_asked_about_once() -> Result<()> {
    let mut world = World::start().await?;
    let other = World::on(world.hub.sibling().await?).await?;
    world.kubeconfig = world.path("kubeconfig");
    let kubeconfig = Kubeconfig::new().context("hub", world.proxy.access(User::Admin));
    kubeconfig.context("other", other.proxy.access(User::Admin)).write(&world.kubeconfig)?;
    world.profile(&Profile::small())?;
    let text = Profile { name: "other".to_owned(), ..Profile::small() }.text();
    world.write("other.yaml", &text.replace("{ context: hub }", "{ context: other }"))?;
    let both = ["-f", "bridge.yaml", "-f", "other.yaml"];
    let apply = [&["apply", "--no-wait"], both.as_slice()].concat();
    let (code, shown) = answer(&world, &apply, "no\r")?;
    ensure!(code == Some(1) && shown.matches("Enter a value:").count() == 1, "{code:?}\n{shown}");
    ensure!(world.proxy.writes().is_empty() && other.proxy.writes().is_empty(), "{shown}");
    let question = shown.split("Do you want to perform these actions?").nth(1).context("no question")?;
    for (path, context) in [("bridge.yaml", "context hub "), ("other.yaml", "context other ")] {
        let line = question.split_once(path).map(|(_, after)| after).context("not asked about")?;
        ensure!(line.contains("to add, 0 to change, 0 to destroy") && line.contains(context), "{shown}");
    }
    let (code, shown) = answer(&world, &apply, "yes\r")?;
    ensure!(code == Some(0) && shown.matches("Apply complete!").count() == 2, "{code:?}\n{shown}");
    // Only what is left is asked about, as for one profile.
    other.expect_foreign_untouched()?;
    world.profile(&Profile::small().spoke("spoke-dev", "    labels: { tier: gold }\n"))?;
    let (code, shown) = answer(&world, &apply, "yes\r")?;
    ensure!(code == Some(0) && shown.contains("0 to add, 1 to change, 0 to destroy."), "{code:?}\n{shown}");
    let (code, shown) = answer(&world, &[&["destroy"], both.as_slice()].concat(), "yes\r")?;
    ensure!(code == Some(0) && shown.matches("Destroy complete!").count() == 2, "{code:?}\n{shown}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spinner_turns_while_a_request_is_in_flight_and_leaves_nothing_behind() -> Result<()> {
    let world = World::start().await?;
    world.profile(&Profile::small())?;
    let (go_on, hold) = mpsc::channel::<()>();
    world.proxy.on_write(1, move || {
        let _ = hold.recv();
    });
    let terminal = Terminal::start(&world, &["apply", "--no-wait", "--auto-approve"])?;
    let spinner = ["⠁", "⠂", "⠄", "⡀", "⢀", "⠠", "⠐", "⠈"];
    terminal.wait_for("Plan: ", &spinner)?;
    go_on.send(())?;
    let (code, shown) = terminal.end()?;
    ensure!(code == Some(0), "{code:?}\n{shown}");
    let last = shown.split("Apply complete!").nth(1).context("no summary")?;
    ensure!(!spinner.iter().any(|glyph| last.contains(glyph)), "{shown}");
    Ok(())
}
