//! What the end-to-end tests share: finding the tools, owning their processes, a bare HTTP client.
//!
//! A test that lacks its tool says so and passes, except with `CI=true`, where it fails.

#![allow(dead_code)] // each test binary uses a part

use std::{
    env, fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The tool that the environment names, or `None` after saying that the test is skipped.
pub fn tool(variable: &str) -> Option<PathBuf> {
    let missing = match env::var_os(variable).map(PathBuf::from) {
        Some(path) if path.is_file() => return Some(path),
        Some(path) => format!("{variable}={} is not a file", path.display()),
        None => format!("set {variable} to run this test"),
    };
    assert!(env::var("CI").as_deref() != Ok("true"), "with CI=true nothing is skipped: {missing}");
    eprintln!("skipped: {missing}");
    None
}

/// A port of 127.0.0.1 that is free at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// A process with everything that it starts; stopped when dropped. What it prints goes to a file.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own.
    pub fn start(mut command: Command) -> Self {
        let log =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("e2e-{}-{}.log", std::process::id(), free_port()));
        let file = fs::File::create(&log).expect("a log file");
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a log file")).stderr(file).process_group(0);
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { child, log }
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until something listens on `port`.
    pub fn wait_for_port(&mut self, port: u16, limit: Duration) {
        let deadline = Instant::now() + limit;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = self.child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "it ended, {ended:?}, and printed:\n{}", self.log());
            assert!(
                Instant::now() < deadline,
                "nothing listens on {port} after {limit:?}; it printed:\n{}",
                self.log()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it as a user does (SIGTERM), and asserts that nothing of it is left.
    pub fn stop(mut self) -> ExitStatus {
        let started = descendants(self.child.id());
        self.signal("TERM");
        let status =
            self.wait(Duration::from_secs(10)).unwrap_or_else(|| panic!("not stopped by SIGTERM:\n{}", self.log()));
        let deadline = Instant::now() + Duration::from_secs(5);
        while started.iter().any(Pid::is_alive) {
            assert!(Instant::now() < deadline, "it left processes behind: {started:?}");
            thread::sleep(Duration::from_millis(20));
        }
        status
    }

    fn signal(&self, name: &str) {
        // Negative: the group, whose number is the leader's. The leader is not reaped, so nobody else has it.
        signal(name, &format!("-{}", self.child.id()));
    }

    fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            match self.child.try_wait().expect("a child can be waited for") {
                None if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                ended => return ended,
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // Both tools put the function into a group of its own: it is not reached through theirs.
            let started = descendants(self.child.id());
            self.signal("TERM");
            if self.wait(Duration::from_secs(5)).is_none() {
                self.signal("KILL");
                let _ = self.child.wait();
            }
            for process in started.iter().filter(|process| process.is_alive()) {
                signal("KILL", &process.number.to_string());
            }
        }
        if thread::panicking() {
            eprintln!("--- it printed:\n{}", self.log());
        }
        let _ = fs::remove_file(&self.log);
    }
}

/// The standard library sends no signals but SIGKILL; a shell does.
fn signal(name: &str, target: &str) {
    let _ = Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\"", name, target]).stderr(Stdio::null()).status();
}

/// A process, told from a later one of the same number by its start.
#[derive(Debug)]
struct Pid {
    number: u32,
    start: String,
}

impl Pid {
    fn is_alive(&self) -> bool {
        stat(self.number).is_some_and(|stat| stat.start == self.start && stat.state != "Z")
    }
}

struct Stat {
    state: String,
    parent: u32,
    start: String,
}

fn stat(pid: u32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may contain anything.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(Stat {
        state: (*fields.first()?).to_owned(),
        parent: fields.get(1)?.parse().ok()?,
        start: (*fields.get(19)?).to_owned(),
    })
}

/// The processes that `ancestor` started, and those that they did.
fn descendants(ancestor: u32) -> Vec<Pid> {
    let all: Vec<_> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, stat(pid)?)))
        .collect();
    let mut found = vec![ancestor];
    let mut descendants = Vec::new();
    while let Some(parent) = found.pop() {
        for (number, stat) in all.iter().filter(|(_, stat)| stat.parent == parent) {
            found.push(*number);
            descendants.push(Pid { number: *number, start: stat.start.clone() });
        }
    }
    descendants
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

/// Posts `body` to 127.0.0.1 and reads the answer, which may take as long as `limit`.
pub fn post(port: u16, path: &str, body: &str, limit: Duration) -> Answer {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&addr, limit).expect("a connection");
    stream.set_read_timeout(Some(limit)).expect("a timeout");
    stream.set_write_timeout(Some(limit)).expect("a timeout");
    let length = body.len();
    // One write, and HTTP/1.0: the end of the connection is the end of the answer, and nobody sends chunks.
    let request = format!(
        "POST {path} HTTP/1.0\r\nHost: {addr}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("a request can be sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap_or_else(|error| panic!("no whole answer from {addr}{path}: {error}"));
    let answer = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not HTTP: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer { status: status.unwrap_or_else(|| panic!("no status in {head:?}")), body: body.to_owned() }
}
