//! The clock of a function whose idle time is skipped: a library for LD_PRELOAD that adds an offset to what the clocks say.
//!
//! The offset is in a page that all functions of a fleet share, and of which the environment has the path; without it, the clocks
//! are the system's. Compiled by `build.rs`, without `std`: it allocates nothing, takes no lock, and before its constructor has run
//! it asks the kernel itself, so it may be called at any time, by the loader and by signal handlers too.
//!
//! Deadlines go the other way: the kernel knows nothing of the offset, so from a deadline that was made with a clock from here it is
//! taken off, or the wait would be as much longer as was skipped. `std` hands its own to `futex` and `clock_nanosleep`; the others are
//! those of libc's locks, for functions in other languages. What is left as it is: timers of the kernel (`timerfd`) with such deadlines.
#![no_std]

use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr;
use core::sync::atomic::{AtomicI64, AtomicPtr, Ordering};

/// The page, which begins with the offset in nanoseconds.
const PAGE: usize = 4096;
const VARIABLE: &[u8] = b"LMMS_LOCAL_CLOCK\0";

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Timespec {
    seconds: i64,
    nanos: i64,
}

#[repr(C)]
pub struct Timeval {
    seconds: i64,
    micros: i64,
}

const REALTIME: c_int = 0;
const REALTIME_COARSE: c_int = 5;
/// Realtime, monotonic, raw, the coarse ones, boot time, alarms and TAI: all but the clocks of processors, which stand still while
/// their process does.
const SHIFTED: u32 = 0b1011_1111_0011;

const PROT_READ: c_int = 1;
const MAP_SHARED: c_int = 1;
const O_RDONLY: c_int = 0;
const O_CLOEXEC: c_int = 0o2_000_000;
const TIMER_ABSTIME: c_int = 1;
const FUTEX_COMMAND: c_long = 0x7f;
const FUTEX_WAIT_BITSET: c_long = 9;

#[cfg(target_arch = "x86_64")]
mod number {
    pub const CLOCK_GETTIME: i64 = 228;
    pub const CLOCK_NANOSLEEP: i64 = 230;
    pub const FUTEX: i64 = 202;
}
#[cfg(target_arch = "aarch64")]
mod number {
    pub const CLOCK_GETTIME: i64 = 113;
    pub const CLOCK_NANOSLEEP: i64 = 115;
    pub const FUTEX: i64 = 98;
}

#[link(name = "c")]
unsafe extern "C" {
    fn getenv(name: *const c_char) -> *mut c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(file: c_int) -> c_int;
    fn mmap(at: *mut c_void, length: usize, prot: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn abort() -> !;
    fn __errno_location() -> *mut c_int;
}

type ClockGettime = unsafe extern "C" fn(c_int, *mut Timespec) -> c_int;
type Syscall = unsafe extern "C" fn(c_long, c_long, c_long, c_long, c_long, c_long, c_long) -> c_long;

// Relaxed, as all pointers here: the constructor writes them while there is one thread, and each is read for itself.
static OFFSET: AtomicPtr<AtomicI64> = AtomicPtr::new(ptr::null_mut());
static REAL_CLOCK_GETTIME: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());
static REAL_SYSCALL: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = attach;

extern "C" fn attach() {
    // SAFETY: libc is ready before the libraries that need it, the names end in a zero byte, and the file has a whole page.
    unsafe {
        let next = ptr::without_provenance_mut(usize::MAX); // RTLD_NEXT
        REAL_CLOCK_GETTIME.store(dlsym(next, c"clock_gettime".as_ptr()), Ordering::Relaxed);
        REAL_SYSCALL.store(dlsym(next, c"syscall".as_ptr()), Ordering::Relaxed);
        find_waits(next);
        let path = getenv(VARIABLE.as_ptr().cast());
        if path.is_null() {
            return;
        }
        let file = open(path, O_RDONLY | O_CLOEXEC);
        if file < 0 {
            return;
        }
        let page = mmap(ptr::null_mut(), PAGE, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if page.addr() != usize::MAX {
            OFFSET.store(page.cast(), Ordering::Relaxed);
        }
    }
}

fn is_shifted(id: c_int) -> bool {
    (0..12).contains(&id) && SHIFTED >> id & 1 == 1
}

fn offset() -> i64 {
    let offset = OFFSET.load(Ordering::Relaxed);
    // SAFETY: it is null or the begin of the mapped page, which stays.
    // Relaxed: one number, which nothing else goes with.
    unsafe { offset.as_ref() }.map_or(0, |offset| offset.load(Ordering::Relaxed))
}

impl Timespec {
    fn plus(self, nanos: i64) -> Self {
        const SECOND: i64 = 1_000_000_000;
        let sum = self.nanos + nanos % SECOND;
        Self { seconds: self.seconds + nanos / SECOND + sum.div_euclid(SECOND), nanos: sum.rem_euclid(SECOND) }
    }

    /// The deadline as the kernel knows it; what is past stays past.
    fn for_the_kernel(self) -> Self {
        let real = self.plus(-offset());
        if real.seconds < 0 { Self { seconds: 0, nanos: 0 } } else { real }
    }
}

/// What the system's own function says, by its return value.
unsafe fn real_clock(id: c_int, time: *mut Timespec) -> c_int {
    let real = REAL_CLOCK_GETTIME.load(Ordering::Relaxed);
    if real.is_null() {
        // SAFETY: the caller's pointer is for `clock_gettime` to write to.
        return unsafe {
            or_errno(kernel(number::CLOCK_GETTIME, id.into(), time.expose_provenance() as c_long, 0, 0, 0, 0))
        } as c_int;
    }
    // SAFETY: libc's function of that name has this signature.
    let real = unsafe { core::mem::transmute::<*mut c_void, ClockGettime>(real) };
    // SAFETY: as the caller's.
    unsafe { real(id, time) }
}

/// # Safety
/// As libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(id: c_int, time: *mut Timespec) -> c_int {
    // SAFETY: as the caller's.
    let status = unsafe { real_clock(id, time) };
    if status == 0 && is_shifted(id) {
        // SAFETY: it was just written to.
        unsafe { *time = (*time).plus(offset()) };
    }
    status
}

/// # Safety
/// As libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gettimeofday(time: *mut Timeval, zone: *mut c_void) -> c_int {
    let mut now = Timespec { seconds: 0, nanos: 0 };
    // SAFETY: the pointer is to our own.
    let status = unsafe { clock_gettime(REALTIME, &mut now) };
    // SAFETY: either is null or for us to write to; the zone is two numbers, of no use for long, which glibc leaves zero.
    unsafe {
        if !time.is_null() && status == 0 {
            *time = Timeval { seconds: now.seconds, micros: now.nanos / 1_000 };
        }
        if !zone.is_null() {
            *zone.cast::<[c_int; 2]>() = [0, 0];
        }
    }
    status
}

/// # Safety
/// As libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn time(time: *mut i64) -> i64 {
    let mut now = Timespec { seconds: 0, nanos: 0 };
    // SAFETY: the first pointer is to our own, the other is null or for us to write to.
    unsafe {
        clock_gettime(REALTIME_COARSE, &mut now);
        if !time.is_null() {
            *time = now.seconds;
        }
    }
    now.seconds
}

/// # Safety
/// As libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_nanosleep(
    id: c_int,
    flags: c_int,
    until: *const Timespec,
    left: *mut Timespec,
) -> c_int {
    let real;
    let mut request = until;
    if flags & TIMER_ABSTIME != 0 && !until.is_null() && is_shifted(id) {
        // SAFETY: it is the caller's request.
        real = unsafe { *until }.for_the_kernel();
        request = &raw const real;
    }
    let [request, left] = [request.expose_provenance() as c_long, left.expose_provenance() as c_long];
    // SAFETY: the pointers are the caller's, or to our own.
    let status = unsafe { kernel(number::CLOCK_NANOSLEEP, id.into(), flags.into(), request, left, 0, 0) };
    // It returns its error, and leaves `errno` alone.
    -status as c_int
}

/// Waits of libc whose deadline is by a clock from here, as `libc's name: (arguments before the deadline)`.
macro_rules! waits {
    ($($name:ident: ($($argument:ident: $type:ty),*);)*) => {
        /// Looks libc's own up; of several versions that is the newest.
        unsafe fn find_waits(next: *mut c_void) {
            // SAFETY: the names end in a zero byte.
            unsafe { $(real::$name.store(dlsym(next, concat!(stringify!($name), "\0").as_ptr().cast()), Ordering::Relaxed);)* }
        }

        #[allow(non_upper_case_globals)]
        mod real {
            use super::*;
            $(pub static $name: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());)*
        }

        $(
            /// # Safety
            /// As libc's.
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name($($argument: $type,)* until: *const Timespec) -> c_int {
                type Real = unsafe extern "C" fn($($type,)* *const Timespec) -> c_int;
                let real = real::$name.load(Ordering::Relaxed);
                if real.is_null() {
                    // Before the constructor there is nobody to wait for; an older libc does not have them all.
                    return ENOSYS;
                }
                // SAFETY: libc's function of that name has this signature.
                let real = unsafe { core::mem::transmute::<*mut c_void, Real>(real) };
                // SAFETY: it is the caller's deadline, which has to be one; null is libc's to refuse.
                let shifted = unsafe { until.as_ref() }.map(|until| until.for_the_kernel());
                let until = shifted.as_ref().map_or(ptr::null(), ptr::from_ref);
                // SAFETY: as the caller's, with a deadline of ours.
                unsafe { real($($argument,)* until) }
            }
        )*
    };
}

const ENOSYS: c_int = 38;

waits! {
    sem_timedwait: (semaphore: *mut c_void);
    sem_clockwait: (semaphore: *mut c_void, id: c_int);
    pthread_cond_timedwait: (condition: *mut c_void, mutex: *mut c_void);
    pthread_cond_clockwait: (condition: *mut c_void, mutex: *mut c_void, id: c_int);
    pthread_mutex_timedlock: (mutex: *mut c_void);
    pthread_mutex_clocklock: (mutex: *mut c_void, id: c_int);
}

/// `std` waits for its locks and parks its threads by this.
///
/// libc's takes a variable number of arguments. As those are integers, they are where they are when it takes seven, and what the
/// caller did not give is read from registers and a place of the stack that are there, and ignored by the kernel.
///
/// # Safety
/// As libc's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn syscall(
    what: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    if what == number::CLOCK_GETTIME {
        // SAFETY: as the caller's.
        return unsafe { clock_gettime(a as c_int, ptr::with_exposed_provenance_mut(b as usize)) }.into();
    }
    if what == number::FUTEX && b & FUTEX_COMMAND == FUTEX_WAIT_BITSET && d != 0 {
        // SAFETY: of this command the fourth argument is the deadline.
        let until = unsafe { *ptr::with_exposed_provenance::<Timespec>(d as usize) }.for_the_kernel();
        let until = &raw const until;
        // SAFETY: as the caller's, with a deadline of ours.
        return unsafe { or_errno(kernel(what, a, b, c, until.expose_provenance() as c_long, e, f)) };
    }
    let real = REAL_SYSCALL.load(Ordering::Relaxed);
    if real.is_null() {
        // SAFETY: as the caller's.
        return unsafe { or_errno(kernel(what, a, b, c, d, e, f)) };
    }
    // SAFETY: libc's function takes what this one does.
    let real = unsafe { core::mem::transmute::<*mut c_void, Syscall>(real) };
    // SAFETY: as the caller's. The compiler makes this a jump, so that calls that return twice, or on another stack, can.
    unsafe { real(what, a, b, c, d, e, f) }
}

/// As libc reports it.
unsafe fn or_errno(status: c_long) -> c_long {
    if (-4095..0).contains(&status) {
        // SAFETY: the place is this thread's.
        unsafe { *__errno_location() = -status as c_int };
        return -1;
    }
    status
}

/// Asks the kernel, with nothing in between.
#[cfg(target_arch = "x86_64")]
unsafe fn kernel(what: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long {
    let status;
    // SAFETY: this is how it is asked; what the call does is the caller's concern.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") what => status,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    status
}

#[cfg(target_arch = "aarch64")]
unsafe fn kernel(what: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long {
    let status;
    // SAFETY: this is how it is asked; what the call does is the caller's concern.
    unsafe {
        core::arch::asm!(
            "svc 0",
            in("x8") what,
            inlateout("x0") a => status,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    status
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it may be called at any time.
    unsafe { abort() }
}
