//! Whether a call by name costs the same however many interfaces are registered, and however many invocations are open.
#![allow(missing_docs)]

mod asked;
mod interfaces;
mod invocations;

fn main() {
    if !lmms_benches::is_bench() {
        return;
    }
    let mut programs = asked::start();
    interfaces::run(&mut programs);
    invocations::run(&mut programs[1]);
    programs.into_iter().for_each(asked::Programmed::end);
}
