//! What an invocation costs a request that loads nothing: entered by hand, and by the layer.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll};

use lmms::{Config, Gateway, Invocation, InvocationLayer};
use lmms_benches::calls::now;
use lmms_benches::contest::{self, Contest};
use lmms_benches::table::Target::{AtMost, Told};
use tower_layer::Layer;
use tower_service::Service;

/// As small as a service can be, so that what is around it shows.
#[derive(Clone)]
struct Bare;

impl Service<u64> for Bare {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    #[inline(never)]
    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(black_box(request)))
    }
}

/// The loop that all rivals share.
fn sum<S: Service<u64, Response = u64, Error = Infallible>>(calls: u64, service: &mut S) -> u64 {
    (0..calls).fold(0, |sum, request| {
        let Ok(answer) = now(service.call(black_box(request)));
        sum.wrapping_add(answer)
    })
}

fn main() {
    let gateway = Arc::new(Gateway::new(Config::default()).expect("nothing is linked twice"));
    let (mut bare, mut layered) = (Bare, InvocationLayer::new().layer(Bare));
    let mut sweeping = InvocationLayer::with_sweep(gateway).layer(Bare);
    let mut nested = InvocationLayer::new().layer(InvocationLayer::new().layer(Bare));
    // So that nothing is due but what the requests make so.
    sum(1, &mut sweeping);
    let contest =
        Contest::new("layer", "a service that returns its request, called and polled once; nothing is loaded")
            .rival("bare", move |calls| sum(calls, &mut bare))
            .rival("invocation by hand", move |calls| {
                let mut bare = Bare;
                (0..calls).fold(0, |sum, request| {
                    let invocation = Invocation::enter();
                    let Ok(answer) = now(bare.call(black_box(request)));
                    drop(black_box(invocation));
                    sum.wrapping_add(answer)
                })
            })
            .rival("layer", move |calls| sum(calls, &mut layered))
            .rival("layer in a layer", move |calls| sum(calls, &mut nested))
            .rival("layer that sweeps", move |calls| sum(calls, &mut sweeping));
    contest::run([contest
        .promise("layer", AtMost(1_000.0))
        .promise("layer that sweeps", AtMost(1_000.0))
        .claim("layer", "invocation by hand", Told)
        .claim("layer", "bare", Told)]);
}
