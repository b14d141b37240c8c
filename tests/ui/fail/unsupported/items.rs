#[lmms::interface]
pub struct Tokens;

#[lmms::interface(pinned)]
fn load() {}

#[lmms::interface]
trait Count {
    fn load() -> Self;
}

#[lmms::interface]
mod polygons {}

fn main() {
    let _ = Tokens;
    load();
}
