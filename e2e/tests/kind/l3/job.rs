//! `examples/ci/job.sh` as it stands, with the profile beside it: what a CI job does, and that it leaves nothing.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bridge_e2e::bridge_cmd::bridge_binary;
use bridge_e2e::kind::Kind;
use bridge_e2e::manifests::seed_cache;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::beside::GitServer;
use crate::engine;

/// As the profile names them.
const CLUSTERS: [&str; 2] = ["ci-hub", "ci-spoke"];
const PATIENCE: Duration = Duration::from_secs(480);
const POLL: Duration = Duration::from_millis(50);

/// There is one profile, so one job at a time.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn the_job_ends_well_and_leaves_nothing() -> Result<()> {
    let git = GitServer::start("job", None)?;
    let job = Job::new(git.url())?;
    let started = Instant::now();
    let code = job.start()?.wait(&job)?;
    ensure!(code == Some(0), "the job ended with {code:?}:\n{}", job.said());
    eprintln!("the job of examples/ci took {:.0} s", started.elapsed().as_secs_f32());
    let said = job.said();
    ensure!(said.contains("No changes."), "no plan that found nothing to do:\n{said}");
    job.expect_nothing_left()
}

/// Some CI systems end the shell alone, while bridge and kind are at work.
#[test]
fn a_job_whose_shell_is_ended_leaves_nothing() -> Result<()> {
    // Nothing gets as far as the repositories.
    let job = Job::new("http://git.example.com")?;
    let shell = job.start()?;
    let deadline = Instant::now() + PATIENCE;
    while engine::nodes(CLUSTERS[0])?.is_empty() {
        ensure!(Instant::now() < deadline, "no node of {}:\n{}", CLUSTERS[0], job.said());
        std::thread::sleep(POLL);
    }
    shell.signal(Signal::TERM)?;
    let code = shell.wait(&job)?;
    ensure!(code == Some(143), "the job ended with {code:?}:\n{}", job.said());
    job.expect_nothing_left()
}

/// The script while it runs. One that a failed test drops is ended as a CI system would.
struct Shell(Child);

impl Shell {
    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.0.id())?).context("0 is no process")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Its exit code, as its caller sees it.
    fn wait(mut self, job: &Job) -> Result<Option<i32>> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status.code());
            }
            ensure!(Instant::now() < deadline, "the job takes longer than {PATIENCE:?}:\n{}", job.said());
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            let _asked = self.signal(Signal::TERM);
            let _reaped = self.0.wait();
        }
    }
}

/// A runner: a home of its own, and what the job prints.
struct Job {
    home: TempDir,
    git: String,
    #[expect(dead_code, reason = "held until the job is over")]
    turn: MutexGuard<'static, ()>,
}

impl Job {
    fn new(git: &str) -> Result<Self> {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let home = tempfile::Builder::new().prefix("bridge-e2e-job-").tempdir()?;
        seed_cache(&home.path().join("cache"))?;
        Ok(Self { home, git: git.to_owned(), turn })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Starts the script with the environment that a CI system gives it.
    fn start(&self) -> Result<Shell> {
        let kind = Kind::from_environment()?;
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/ci").canonicalize()?;
        let log = std::fs::File::create(self.path("log"))?;
        let mut command = Command::new(example.join("job.sh"));
        command.current_dir(&example).env_remove("KUBECONFIG").env("HOME", self.home.path());
        command.env("TMPDIR", self.home.path()).env("CI", "true").env("BRIDGE", bridge_binary()?);
        command.env("BRIDGE_STATE_DIR", self.path("state")).env("BRIDGE_CACHE_DIR", self.path("cache"));
        command.env("BRIDGE_KIND", kind.binary()).env("BRIDGE_VAR_node_image", kind.node_image());
        command.env("BRIDGE_VAR_git", &self.git);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Shell(command.spawn().context("job.sh cannot be started")?))
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn expect_nothing_left(&self) -> Result<()> {
        for cluster in CLUSTERS {
            engine::expect_gone(cluster).with_context(|| self.said())?;
        }
        let records = self.path("state").join("kind");
        let left: Vec<_> = std::fs::read_dir(&records).into_iter().flatten().flatten().collect();
        ensure!(left.is_empty(), "records are left: {left:?}\n{}", self.said());
        ensure!(!self.path(".kube").exists(), "the user's kubeconfig was written");
        Ok(())
    }
}
