//! Signals to a function's process: it is frozen and thawed as Lambda does, and asked to end.
//!
//! Invariant: no other process is ever reached. On Linux the handle is a descriptor of the process, which stays its own
//! when the number is taken again; elsewhere the number has to do.

use std::{io, sync::Arc};

use tokio::process::Child;

/// A process that can be frozen. Clones are of the same one.
#[derive(Clone, Debug)]
pub struct Process {
    pid: u32,
    handle: Arc<imp::Handle>,
}

impl Process {
    /// Of a child that nobody has waited for yet.
    ///
    /// # Errors
    /// The process is gone, or this system has no such handles.
    pub(crate) fn of(child: &Child) -> io::Result<Self> {
        let pid = child.id().ok_or(io::ErrorKind::NotFound)?;
        imp::Handle::open(pid).map(|handle| Self { pid, handle: Arc::new(handle) })
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Stops it where it is (SIGSTOP), with all its threads. Time goes on, for it as well.
    ///
    /// # Errors
    /// It is gone.
    pub fn freeze(&self) -> io::Result<()> {
        self.handle.send(imp::STOP)
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// It is gone.
    pub fn thaw(&self) -> io::Result<()> {
        self.handle.send(imp::CONT)
    }

    /// Asks it to end (SIGTERM), also when it is frozen.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        self.handle.send(imp::TERM)?;
        self.thaw()
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::{io, os::fd::OwnedFd};

    use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    pub(crate) const STOP: Signal = Signal::STOP;
    pub(crate) const CONT: Signal = Signal::CONT;
    pub(crate) const TERM: Signal = Signal::TERM;

    #[derive(Debug)]
    pub(crate) struct Handle(OwnedFd);

    impl Handle {
        pub(crate) fn open(pid: u32) -> io::Result<Self> {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
            Ok(Self(pidfd_open(pid, PidfdFlags::empty())?))
        }

        pub(crate) fn send(&self, signal: Signal) -> io::Result<()> {
            Ok(pidfd_send_signal(&self.0, signal)?)
        }
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod imp {
    use std::io;

    use rustix::process::{Pid, Signal, kill_process};

    pub(crate) const STOP: Signal = Signal::STOP;
    pub(crate) const CONT: Signal = Signal::CONT;
    pub(crate) const TERM: Signal = Signal::TERM;

    #[derive(Debug)]
    pub(crate) struct Handle(Pid);

    impl Handle {
        pub(crate) fn open(pid: u32) -> io::Result<Self> {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            Ok(Self(pid.ok_or(io::ErrorKind::NotFound)?))
        }

        pub(crate) fn send(&self, signal: Signal) -> io::Result<()> {
            Ok(kill_process(self.0, signal)?)
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::io;

    pub(crate) const STOP: () = ();
    pub(crate) const CONT: () = ();
    pub(crate) const TERM: () = ();

    #[derive(Debug)]
    pub(crate) struct Handle;

    impl Handle {
        pub(crate) fn open(_: u32) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn send(&self, (): ()) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }
    }
}
