//! A storm: many clients at once on one process, under a memory budget, of which some are killed while they wait.
//!
//! Each answer is held against the one that the same request got before, calmly. Every request ends as one of: answered, killed
//! on purpose, failed, lost.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::draw::Draws;
use crate::play::{self, EAGER, Error, GRACE};
use crate::report::{mib, millis};
use crate::requests;
use crate::variants::Variants;
use lmms_local::container::{Container, Function};
use lmms_local::serve::Front;

/// How long a storm lasts, in seconds, unless it is said.
pub const SECONDS: u64 = 60;
/// The budget, in per cent of what the function holds when everything is loaded.
const SHARE: f64 = 0.4;
/// Of the requests, so many in a thousand are killed.
const KILLED: u64 = 50;
/// A client that is killed waits for less than this.
const PATIENCE: Duration = Duration::from_millis(20);
/// Who waits longer has lost its answer.
const LOST: Duration = Duration::from_secs(120);

/// What kind of storm.
#[derive(Debug, Clone)]
pub struct Storm {
    /// How long it lasts.
    pub duration: Duration,
    /// Clients, and invocations that the function takes at once.
    pub clients: usize,
    /// Different arguments of each operation.
    pub arguments: u64,
    /// The memory that the function may hold, in MiB.
    pub budget_mb: u64,
}

/// What became of a storm.
#[derive(Debug, Default)]
pub struct Stormed {
    /// Requests that were sent.
    pub requests: u64,
    /// Requests with the answer that was expected.
    pub answers: u64,
    /// Requests whose clients were killed.
    pub kills: u64,
    /// Requests that failed, or were answered differently, by what happened.
    pub errors: BTreeMap<String, u64>,
    /// Requests whose clients waited in vain.
    pub lost: u64,
    /// The most that was resident during the storm, in bytes.
    pub peak: u64,
    /// How often interfaces were loaded and unloaded.
    pub loads: u64,
    /// See `loads`.
    pub unloads: u64,
    /// Loads that were not expected to fit the budget.
    pub over_budget_loads: u64,
    /// Of the answers, sorted.
    durations: Vec<Duration>,
}

impl Stormed {
    /// Whether each request was answered rightly or killed on purpose.
    pub fn is_calm(&self) -> bool {
        self.errors.is_empty() && self.lost == 0 && self.requests == self.answers + self.kills
    }

    fn quantile(&self, share: f64) -> Duration {
        let index = (share * self.durations.len() as f64) as usize;
        self.durations.get(index).or(self.durations.last()).copied().unwrap_or_default()
    }

    fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.answers += other.answers;
        self.kills += other.kills;
        self.lost += other.lost;
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self.durations.extend(other.durations);
    }
}

/// Sends a storm of so many seconds and prints what became of it.
///
/// # Errors
/// A request that failed, was answered wrongly or not at all; and whatever keeps the function from starting.
pub async fn storm(function: &Function, seconds: u64) -> Result<(), Error> {
    let eager = Container::start(&play::with(function, &[EAGER])).await?;
    let everything = eager.memory()?.resident;
    eager.stop(GRACE).await?;
    let budget_mb = (mib(everything) * SHARE).floor().max(1.0) as u64;
    println!(
        "Loaded at the start, the function holds {:.1} MiB; the budget is {budget_mb} MiB. {seconds} s of 64 clients follow.",
        mib(everything)
    );
    let storm = Storm { duration: Duration::from_secs(seconds), clients: 64, arguments: 8, budget_mb };
    let stormed = storm.run(function).await?;
    stormed.print(&storm);
    if stormed.is_calm() { Ok(()) } else { Err("the storm did harm: see above".into()) }
}

impl Stormed {
    fn print(&self, storm: &Storm) {
        let per_second = self.answers as f64 / storm.duration.as_secs_f64();
        println!("requests {}, answers {} ({per_second:.0}/s), kills {}", self.requests, self.answers, self.kills);
        println!("lost {} (target 0), errors {} (target 0)", self.lost, self.errors.values().sum::<u64>());
        for (error, count) in &self.errors {
            println!("  {count:>6} {error}");
        }
        let share = mib(self.peak) / storm.budget_mb as f64;
        let verdict = if share <= 1.0 { "met" } else { "MISSED" };
        println!("peak {:.1} MiB, {share:.2} of the budget (target at most 1): {verdict}", mib(self.peak));
        println!(
            "loads {}, unloads {}, loads that were not expected to fit {}",
            self.loads, self.unloads, self.over_budget_loads
        );
        println!("p50 {:.2} ms, p99 {:.2} ms", millis(self.quantile(0.5)), millis(self.quantile(0.99)));
    }
}

/// A request, and the answer that it gets when nothing else goes on.
struct Known {
    title: String,
    path: String,
    body: Bytes,
    answer: (StatusCode, Bytes),
}

impl Storm {
    /// Sends it.
    ///
    /// # Errors
    /// Whatever keeps the function from starting, or a calm request from being answered.
    pub async fn run(&self, function: &Function) -> Result<Stormed, Error> {
        let known = Arc::new(self.ask_calmly(function).await?);
        let budget = self.budget_mb.to_string();
        let function = play::with(function, &[("LMMS_MEMORY_BUDGET_MB", &budget)]).concurrency(self.clients);
        let function = function.initialization("lambda-managed-instances").env("LMMS_PRELOAD", "none");
        // As the README has it for functions whose loads run on several threads: glibc returns no heap but the first.
        let function = function.env("MALLOC_ARENA_MAX", "1");
        let container = Container::start(&function).await?;
        let served = Served::start(&container).await?;
        let until = Instant::now() + self.duration;
        let clients: JoinSet<_> =
            (0..self.clients as u64).map(|seed| client(served.addr, seed, until, Arc::clone(&known))).collect();
        let mut stormed = Stormed::default();
        for of_one in clients.join_all().await {
            stormed.add(of_one);
        }
        // The kernel's own account, which misses nothing as looks in between would.
        stormed.peak = container.memory()?.peak;
        stormed.durations.sort_unstable();
        let stats = play::stats(&container).await?;
        (stormed.loads, stormed.unloads) = (stats.ligs_loads, stats.lugs_unloads);
        stormed.over_budget_loads = stats.over_budget_loads;
        served.stop().await?;
        container.stop(GRACE).await?;
        Ok(stormed)
    }

    /// The requests of the storm with their answers; without those that are answered differently each time.
    async fn ask_calmly(&self, function: &Function) -> Result<Vec<Known>, Error> {
        let calm = [("LMMS_MEMORY_BUDGET_MB", "0"), ("LMMS_RESULT_CACHE_MB", "0")];
        let container = Container::start(&play::with(function, &calm)).await?;
        let served = Served::start(&container).await?;
        let mut connection = Connection::open(served.addr).await?;
        let mut known = Vec::new();
        for variants in requests::all()?.iter().filter_map(Variants::of) {
            for number in 0..self.arguments {
                let (path, body) = variants.http(number);
                let answer = connection.send(&path, body.clone()).await?;
                if connection.send(&path, body.clone()).await? == answer {
                    known.push(Known { title: variants.title.clone(), path, body, answer });
                } else {
                    println!("left out, for its answers differ: {}", variants.title);
                }
            }
        }
        drop(connection);
        served.stop().await?;
        container.stop(GRACE).await?;
        Ok(known)
    }
}

/// The function behind its URL.
struct Served {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Result<(), lmms_local::answer::Failure>>,
}

impl Served {
    async fn start(container: &Container) -> Result<Self, Error> {
        let front = Front::bind(0, Arc::clone(container.api())).await?;
        let addr = front.url().trim_start_matches("http://").parse()?;
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(front.run_until(async { _ = stopped.await }));
        Ok(Self { addr, stop, serving })
    }

    async fn stop(self) -> Result<(), Error> {
        // Refused when the function has ended, which is what it then returns.
        let _ = self.stop.send(());
        Ok(self.serving.await??)
    }
}

/// One client: a request after the other, until it is time.
async fn client(addr: SocketAddr, seed: u64, until: Instant, known: Arc<Vec<Known>>) -> Stormed {
    let mut stormed = Stormed::default();
    let mut random = Random::new(seed);
    let mut connection = None;
    // The same draws for each, but from other places on.
    let mut draws = Draws::new(known.len(), 0).skip(seed as usize * 1_000);
    while Instant::now() < until {
        let Some(asked) = draws.next().and_then(|draw| known.get(draw.operation)) else { break };
        stormed.requests += 1;
        let begun = Instant::now();
        let is_killed = random.below(1_000) < KILLED;
        let patience = if is_killed { PATIENCE.mul_f64(random.below(1_000) as f64 / 1_000.0) } else { LOST };
        let open = match connection.take() {
            Some(open) => Ok(open),
            None => Connection::open(addr).await,
        };
        let answered = match open {
            Ok(mut open) => match timeout(patience, open.send(&asked.path, asked.body.clone())).await {
                Ok(Ok(answer)) => {
                    connection = Some(open);
                    Ok(answer)
                }
                Ok(Err(error)) => Err(format!("{}: {error}", asked.title)),
                // The connection goes with what waits on it.
                Err(_) if is_killed => {
                    stormed.kills += 1;
                    continue;
                }
                Err(_) => {
                    stormed.lost += 1;
                    continue;
                }
            },
            Err(error) => Err(format!("no connection: {error}")),
        };
        match answered {
            Ok(answer) if answer == asked.answer => {
                stormed.answers += 1;
                stormed.durations.push(begun.elapsed());
            }
            Ok((status, body)) => {
                let body: String = String::from_utf8_lossy(&body).chars().take(160).collect();
                *stormed.errors.entry(format!("{}: {status} {body}", asked.title)).or_default() += 1;
            }
            Err(error) => *stormed.errors.entry(error).or_default() += 1,
        }
    }
    stormed
}

/// A client's connection, closed when it is dropped.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Connection {
    async fn open(addr: SocketAddr) -> Result<Self, Error> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its errors are those of the requests.
        let driver = tokio::spawn(async { _ = connection.await });
        Ok(Self { sender, driver })
    }

    async fn send(&mut self, path: &str, body: Bytes) -> Result<(StatusCode, Bytes), Error> {
        self.sender.ready().await?;
        let request = Request::post(path).header("host", "localhost").header("content-type", "application/json");
        let reply = self.sender.send_request(request.body(Full::new(body))?).await?;
        let status = reply.status();
        Ok((status, reply.into_body().collect().await?.to_bytes()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(0x9e37_79b9_7f4a_7c15 ^ (seed + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9))
    }

    /// Up to a bound: xorshift.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
