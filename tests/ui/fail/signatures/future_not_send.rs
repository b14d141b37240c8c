use std::rc::Rc;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    async fn count(&self) -> usize {
        let local = Rc::new(1);
        std::future::ready(()).await;
        *local
    }
}

pub struct Polygons;

#[lmms::interface]
impl Polygons {
    #[load]
    async fn load() -> Self {
        let local = Rc::new(Self);
        std::future::ready(()).await;
        drop(local);
        Self
    }
}

fn main() {}
