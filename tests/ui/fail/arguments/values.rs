pub struct Missing;

#[lmms::interface(name, grace_period, fast_path_threshold =, crate)]
impl Missing {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct Wrong;

#[lmms::interface(name = wrong, pinned = true, grace_period = "30", fast_path_threshold = 0, crate = "lmms")]
impl Wrong {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct Outside;

#[lmms::interface(name("outside"), pinned(yes), grace_period = -1, fast_path_threshold = 4294967296)]
impl Outside {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct WhenToLoad;

#[lmms::interface(preload = true, snapshot, snapshot = "no", snapshot = yes)]
impl WhenToLoad {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct TooMuch;

#[lmms::interface(name = "too" "much", grace_period = 30 s, crate = ::lmms<u8>)]
impl TooMuch {
    #[load]
    fn load() -> Self {
        Self
    }
}

fn main() {}
