pub struct Missing;

#[lmms::interface]
impl Missing {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached(ttl, weight =), name = "count")]
    fn values(&self) {}

    #[operation(cached(ttl = 60 weight = 4))]
    fn a_comma(&self) {}
}

pub struct Wrong;

#[lmms::interface]
impl Wrong {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached = true)]
    fn flag(&self) {}

    #[operation(cached = 60)]
    fn value(&self) {}

    #[operation(cached[ttl = 60])]
    fn brackets(&self) {}

    #[operation(cached(ttl = 60) for 60)]
    fn more(&self) {}

    #[operation(cached(ttl = 0, weight = 0, errors = true))]
    fn nought(&self) {}

    #[operation(cached(ttl = -1, weight = 1.5, errors(yes)))]
    fn outside(&self) {}

    #[operation(cached(ttl = 4294967296, weight = "4"))]
    fn too_much(&self) {}

    #[operation(cached(ttl = 2h, weight = 4u8))]
    fn units(&self) {}
}

pub struct Unknown;

#[lmms::interface]
impl Unknown {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached(tll = 60, 60, "errors"))]
    fn in_cached(&self) {}

    #[operation(ttl = 60, weight = 4, errors, cached)]
    fn outside_of_it(&self) {}
}

fn main() {}
