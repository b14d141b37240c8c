//! What is in use stays: operations in flight, and leases (acceptance 7).

use super::*;

#[test]
fn an_operation_in_flight_keeps_its_interface_until_it_ends_in_whatever_way() {
    let turn = Turn::take();
    let gateway = gateway();
    let arguments = |end: &str| format!(r#"{{"end":"{end}"}}"#).into_bytes();
    for end in ["ok", "error", "panic", "cancelled"] {
        touch::<Worker>();
        (0..8).for_each(touch_plain);
        assert_eq!(resident(&gateway).len(), 9);
        let arguments = arguments(end);
        let mut operation = Box::pin(gateway.execute_operation("worker", "work", &arguments));
        assert!(poll(operation.as_mut()).is_pending());
        turn.pass(31_000);
        blocked::<Worker>(&gateway, Reason::ActiveReference);
        // Else one of them would go when it ends, and the floor would keep it.
        (0..8).for_each(touch_plain);
        match end {
            "cancelled" => drop(operation),
            _ => {
                GATE.add_permits(1);
                let Poll::Ready(outcome) = poll(operation.as_mut()) else { panic!("it may end") };
                let code = outcome.map_err(|error| error.code());
                match end {
                    "ok" => assert_eq!(code.unwrap(), b"7"),
                    "error" => assert_eq!(code.unwrap_err(), ErrorCode::OperationFailed),
                    _ => assert_eq!(code.unwrap_err(), ErrorCode::OperationPanicked),
                }
            }
        }
        blocked::<Worker>(&gateway, Reason::GracePeriod);
        turn.pass(29_999);
        blocked::<Worker>(&gateway, Reason::GracePeriod);
        turn.pass(1);
        unloaded::<Worker>(&gateway);
    }
}

struct Worker;

static GATE: Semaphore = Semaphore::const_new(0);

#[lmms::interface]
impl Worker {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    async fn work(&self, end: &str) -> Result<u8, String> {
        GATE.acquire().await.unwrap().forget();
        match end {
            "ok" => Ok(7),
            "error" => Err("on purpose".to_owned()),
            _ => panic!("on purpose"),
        }
    }
}

#[test]
fn a_lease_keeps_its_interface_until_it_is_dropped() {
    let turn = Turn::take();
    let gateway = gateway();
    (1..9).for_each(touch_plain);
    let lease = Invocation::enter().lease::<A>().unwrap();
    turn.pass(31_000);
    blocked::<A>(&gateway, Reason::ActiveReference);
    let again = lease.clone();
    drop(lease);
    blocked::<A>(&gateway, Reason::ActiveReference);
    // A sweep passes over it as well, and takes one that was used later.
    sweeps(&gateway, &["b"]);
    touch::<B>();

    // Its end is a use.
    drop(again);
    blocked::<A>(&gateway, Reason::GracePeriod);
    turn.pass(30_000);
    unloaded::<A>(&gateway);
}

#[test]
fn a_sweep_returns_to_what_was_in_use() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    let invocation = Invocation::enter();
    invocation.get::<A>().unwrap();
    let lease = Invocation::enter().lease::<B>().unwrap();
    turn.pass(MINUTE);
    sweeps(&gateway, &[]);
    drop(invocation);
    turn.pass(1_000);
    drop(lease);
    // Nothing says that they ended but the time of their last use.
    turn.pass(28_999);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["a"]);
    turn.pass(999);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["b"]);
}
