use lmms::Load;

pub struct WithSelf;

#[lmms::interface]
impl WithSelf {
    #[load]
    fn load(&self) -> Self {
        Self
    }
}

pub struct WithoutResult;

#[lmms::interface]
impl WithoutResult {
    #[load]
    fn load() {}
}

pub struct ForeignParams;

#[lmms::interface]
impl ForeignParams {
    #[load]
    async fn load(_path: &str, _load: &Load<'_>, _size: usize) -> Self {
        Self
    }
}

pub struct OwnedLoad;

#[lmms::interface]
impl OwnedLoad {
    #[load]
    fn load(_load: Load<'_>) -> Self {
        Self
    }
}

fn main() {}
