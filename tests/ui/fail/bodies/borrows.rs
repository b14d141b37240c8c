use std::sync::Mutex;

pub struct Tokens(Vec<usize>);

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self(Vec::new())
    }

    #[operation]
    fn of_a_local(&self) -> &str {
        let text = String::new();
        &text
    }

    #[operation]
    fn of_a_temporary(&self) {
        use std::mem::drop;
        let text: &String;
        text = &String::new();
        drop(text);
    }

    #[operation]
    fn of_what_is_shared(&self) {
        self.0.push(1);
    }

    #[operation]
    fn after_a_move(&self, text: String) -> String {
        drop(text);
        text
    }

    #[operation]
    fn of_a_lock(&self) -> &usize {
        let all = Mutex::new(1);
        &*all.lock().unwrap()
    }
}

fn main() {}
