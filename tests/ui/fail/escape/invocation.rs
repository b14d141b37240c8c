use lmms::Invocation;

pub struct Tokens(Vec<u32>);

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self(vec![1, 2])
    }
}

fn returned(invocation: Invocation) -> &'static Tokens {
    invocation.get::<Tokens>().unwrap()
}

async fn awaited<'a>() -> &'a Tokens {
    Invocation::enter().get_async::<Tokens>().await.unwrap()
}

fn outlived() -> usize {
    let tokens = {
        let invocation = Invocation::enter();
        invocation.get::<Tokens>().unwrap()
    };
    tokens.0.len()
}

fn dropped() -> u32 {
    let invocation = Invocation::enter();
    let first = &invocation.resident::<Tokens>().unwrap().0[0];
    drop(invocation);
    *first
}

fn from_lease() -> &'static Tokens {
    &Invocation::enter().lease::<Tokens>().unwrap()
}

fn main() {}
