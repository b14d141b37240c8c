pub struct Tokens;

#[lmms::interface(pinned, name = "tokens", name = "tokens", pinned, grace_period = 1, grace_period = 2)]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached, name = "count", cached, name = "count")]
    fn count(
        &self,
        #[default]
        #[default = 2]
        _least: u8,
    ) {
    }
}

pub struct Polygons;

#[lmms::interface(crate = ::lmms, crate = ::lmms, fast_path_threshold = 1, fast_path_threshold = 1, preload, snapshot = true, preload, snapshot = false)]
impl Polygons {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached(ttl = 1, weight = 1, errors, ttl = 1, weight = 1, errors), cached(ttl = 0))]
    fn count(&self) {}
}

fn main() {}
