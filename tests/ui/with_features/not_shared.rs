use std::cell::Cell;
use std::rc::Rc;

pub struct NotSync(Cell<u8>);

#[lmms::interface]
impl NotSync {
    #[load]
    fn load() -> Self {
        Self(Cell::new(0))
    }

    #[operation]
    fn count(&self) -> u8 {
        self.0.get()
    }
}

pub struct NotSend(Rc<u8>);

#[lmms::interface]
impl NotSend {
    #[load]
    fn load() -> Self {
        Self(Rc::new(0))
    }

    #[operation]
    fn count(&self) -> u8 {
        *self.0
    }
}

fn main() {}
