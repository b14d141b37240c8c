//! What a process holds, as Linux accounts for it, and the processor time that it used.

use std::{fs, io, time::Duration};

/// The memory of a process, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All resident pages: the heap, the stacks, and the pages of the program that were touched.
    pub resident: u64,
    /// The resident pages that no file backs: what the process itself allocated.
    pub anonymous: u64,
    /// The most that was ever resident at once, since the start or since [`reset_peak`].
    pub peak: u64,
}

impl Memory {
    /// Reads the memory of process `pid`.
    ///
    /// # Errors
    /// The process is gone, or this is not Linux.
    pub fn of(pid: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        // `status` sums counters that each processor keeps back; the roll-up walks the pages and is exact, but may be
        // forbidden in a sandbox.
        let exact = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        Self::parse(&status, &exact).ok_or_else(|| ended(pid, "status"))
    }

    /// By the kernel's counters alone: quick, and off by some pages, where [`Memory::of`] walks all of them.
    ///
    /// # Errors
    /// As [`Memory::of`].
    pub fn counted(pid: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        Self::parse(&status, "").ok_or_else(|| ended(pid, "status"))
    }

    fn parse(status: &str, exact: &str) -> Option<Self> {
        let resident = field(exact, "Rss:").or_else(|| field(status, "VmRSS:"))?;
        let anonymous = field(exact, "Anonymous:").or_else(|| field(status, "RssAnon:"))?;
        let peak = field(status, "VmHWM:")?;
        Some(Self { resident, anonymous, peak: peak.max(resident) })
    }
}

/// The processor time that process `pid` has used since its start, in user and kernel mode, in steps of 10 ms.
///
/// # Errors
/// The process is gone, or this is not Linux.
pub fn processor_time(pid: u32) -> io::Result<Duration> {
    // Linux counts here in hundredths of a second, whatever its timer does (`USER_HZ`).
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&text).map(|ticks| Duration::from_millis(ticks * 10)).ok_or_else(|| ended(pid, "stat"))
}

/// The fields `utime` and `stime`, the 14th and 15th; the second is the program's name in parentheses, which may have some too.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    Some(fields.next()?? + fields.next()??)
}

fn ended(pid: u32, file: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/{file} does not tell: has it ended?"))
}

/// Forgets the peak of process `pid`, so that the next one can be told from it.
///
/// # Errors
/// The process is gone, belongs to another user, or this is not Linux.
pub fn reset_peak(pid: u32) -> io::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

/// The bytes of the line `name      123 kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tdemo\nVmHWM:\t    5000 kB\nVmRSS:\t    4000 kB\nRssAnon:\t    1000 kB\n";

    #[test]
    fn the_exact_figures_win() {
        let exact = "Rss:                4008 kB\nAnonymous:          1004 kB\n";
        let memory = Memory::parse(STATUS, exact).unwrap();
        assert_eq!(memory, Memory { resident: 4008 << 10, anonymous: 1004 << 10, peak: 5000 << 10 });
    }

    #[test]
    fn without_them_the_counters_do() {
        let memory = Memory::parse(STATUS, "").unwrap();
        assert_eq!(memory, Memory { resident: 4000 << 10, anonymous: 1000 << 10, peak: 5000 << 10 });
        assert_eq!(Memory::parse("Name:\tzombie\n", ""), None);
    }

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "71 (a) b) S 1 71 71 0 -1 4194304 500 0 3 0 25 17 0 0 20 0 3 0 9000 1 2 3";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("71 (a) Z"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_reads_its_own() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(0 < memory.anonymous && memory.anonymous <= memory.resident && memory.resident <= memory.peak);
    }
}
