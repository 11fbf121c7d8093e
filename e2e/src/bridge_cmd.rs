//! The real `bridge` binary, in an environment that holds nothing of the person who runs the tests.

use anyhow::{Context, Result, bail};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Far above any command of a test; it only keeps a hang from being silent.
const TIMEOUT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(2);

/// One invocation of `bridge`, built step by step.
#[must_use = "run it, or spawn it"]
#[derive(Debug)]
pub struct Bridge {
    command: Command,
    home: TempDir,
    stdin: Vec<u8>,
    timeout: Duration,
    victim: Victim,
}

impl Bridge {
    /// The binary `BRIDGE_BIN`, else `bridge` in the folder that the running test was built into.
    pub fn new() -> Result<Self> {
        Self::of_binary(&bridge_binary()?)
    }

    /// Another binary, in the same kind of environment.
    ///
    /// HOME and the working folder are new and empty; only PATH is kept. Neither KUBECONFIG nor `CI` is set.
    pub fn of_binary(binary: &Path) -> Result<Self> {
        let home = tempfile::Builder::new().prefix("bridge-e2e-home-").tempdir()?;
        let mut command = Command::new(binary);
        command.env_clear().current_dir(home.path());
        command.env("HOME", home.path()).env("TMPDIR", home.path()).env("LC_ALL", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("BRIDGE_CACHE_DIR", home.path().join("cache"));
        Ok(Self { command, home, stdin: Vec::new(), timeout: TIMEOUT, victim: Victim::default() })
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets one environment variable; `CI` is one of them.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The kubeconfig file.
    pub fn kubeconfig(self, path: &Path) -> Self {
        self.env("KUBECONFIG", path)
    }

    /// The cache folder, such as one that [`crate::manifests::seed_cache`] filled.
    pub fn cache(self, folder: &Path) -> Self {
        self.env("BRIDGE_CACHE_DIR", folder)
    }

    /// The working folder, instead of the empty home.
    pub fn current_dir(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What it reads on stdin, instead of nothing.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// How long it may take, instead of two minutes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Lets a hook of the proxy kill this process.
    pub fn victim(mut self, victim: &Victim) -> Self {
        self.victim = victim.clone();
        self
    }

    /// Its home folder, to put files into before it runs.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Starts it and waits for its end.
    pub fn run(self) -> Result<Outcome> {
        self.spawn()?.wait()
    }

    /// Starts it.
    pub fn spawn(mut self) -> Result<Running> {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let arguments = self.command.get_args().map(OsStr::to_owned).collect();
        let child = self.command.spawn();
        let mut child = child.with_context(|| format!("cannot start {:?}", self.command.get_program()))?;
        self.victim.0.store(child.id(), Ordering::SeqCst);
        let mut stdin = child.stdin.take().context("no stdin")?;
        let input = self.stdin;
        // A thread: a child that reads nothing must not block the test. It may close its stdin early, too.
        std::thread::spawn(move || stdin.write_all(&input));
        let stdout = collect(child.stdout.take().context("no stdout")?);
        let stderr = collect(child.stderr.take().context("no stderr")?);
        let deadline = Instant::now() + self.timeout;
        Ok(Running { child, arguments, stdout, stderr, deadline, timeout: self.timeout, _home: self.home })
    }
}

/// A `bridge` that was started and not yet waited for; killed if it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    arguments: Vec<OsString>,
    stdout: Arc<Stream>,
    stderr: Arc<Stream>,
    deadline: Instant,
    timeout: Duration,
    _home: TempDir,
}

impl Running {
    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) -> Result<()> {
        signal(self.pid(), rustix::process::Signal::INT)
    }

    /// What it has written to stdout so far.
    pub fn stdout_so_far(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to stderr so far.
    pub fn stderr_so_far(&self) -> String {
        self.stderr.text()
    }

    /// Waits for its end; kills it and fails when its time is up.
    pub fn wait(mut self) -> Result<Outcome> {
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() > self.deadline {
                let _already_gone = self.child.kill();
                let _reaped = self.child.wait();
                let (seconds, arguments) = (self.timeout.as_secs(), self.arguments.join(OsStr::new(" ")));
                bail!(
                    "bridge {} ran longer than {seconds} s; stderr:\n{}",
                    arguments.display(),
                    self.stderr.finish()
                );
            }
            std::thread::sleep(POLL);
        };
        let arguments = std::mem::take(&mut self.arguments);
        Ok(Outcome::new(arguments, status, self.stdout.finish(), self.stderr.finish()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// How a command ended, and what it said.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The exit code; nothing if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Data.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Outcome {
    fn new(arguments: Vec<OsString>, status: ExitStatus, stdout: String, stderr: String) -> Self {
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        Self { arguments, code: status.code(), signal, stdout, stderr }
    }
}

/// The whole story, for the message of an assertion.
impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { arguments, code, signal, stdout, stderr } = self;
        let arguments = arguments.join(OsStr::new(" "));
        writeln!(formatter, "bridge {} -> exit {code:?}, signal {signal:?}", arguments.display())?;
        write!(formatter, "--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}

/// A process that a hook may kill, known before it starts.
#[derive(Clone, Debug, Default)]
pub struct Victim(Arc<AtomicU32>);

impl Victim {
    /// Kills the process with SIGKILL; `false` when none was started.
    pub fn kill(&self) -> bool {
        let pid = self.0.load(Ordering::SeqCst);
        pid != 0 && signal(pid, rustix::process::Signal::KILL).is_ok()
    }
}

fn signal(pid: u32, signal: rustix::process::Signal) -> Result<()> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid)?).context("0 is no process")?;
    Ok(rustix::process::kill_process(pid, signal)?)
}

/// One of the child's output streams, readable while it still grows.
#[derive(Debug, Default)]
struct Stream {
    bytes: std::sync::Mutex<Vec<u8>>,
    reader: std::sync::Mutex<Option<JoinHandle<()>>>,
}

impl Stream {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("reader never panics")).into_owned()
    }

    fn finish(&self) -> String {
        if let Some(reader) = self.reader.lock().expect("no panic while held").take() {
            let _finished = reader.join();
        }
        self.text()
    }
}

fn collect(mut source: impl Read + Send + 'static) -> Arc<Stream> {
    let stream = Arc::new(Stream::default());
    let shared = Arc::clone(&stream);
    let reader = std::thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(count @ 1..) = source.read(&mut buffer) {
            shared.bytes.lock().expect("no panic while held").extend_from_slice(&buffer[..count]);
        }
    });
    *stream.reader.lock().expect("no panic while held") = Some(reader);
    stream
}

/// The binary under test: `BRIDGE_BIN`, else the one that was built beside this executable.
///
/// `target/debug/deps/harness-1f…` stands below `target/debug/bridge`.
pub fn bridge_binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("BRIDGE_BIN").filter(|path| !path.is_empty()) {
        // Tests change the working folder.
        return Ok(std::path::absolute(path)?);
    }
    let test = std::env::current_exe()?;
    let beside =
        test.ancestors().skip(1).take(2).map(|folder| folder.join("bridge")).find(|path| path.is_file());
    beside.context("no `bridge` beside this test: run `cargo build` first, or set BRIDGE_BIN")
}
