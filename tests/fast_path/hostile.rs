//! Requests made to be mistaken for each other, or to be learned without end (acceptance 20).

use super::*;

macro_rules! named {
    ($($Name:ident $name:literal $id:literal)*) => {$(
        struct $Name;

        /// With names that begin alike: more than there are routes of one hash.
        #[lmms::interface(name = $name)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            fn operation_of_the_interface_with_the_same_prefix_a(&self) -> &'static str {
                concat!($id, "a")
            }

            #[operation]
            fn operation_of_the_interface_with_the_same_prefix_b(&self) -> &'static str {
                concat!($id, "b")
            }

            #[operation]
            fn operation_of_the_interface_with_the_same_prefix_ab(&self) -> &'static str {
                concat!($id, "ab")
            }

            #[operation]
            fn a(&self) -> &'static str {
                concat!($id, "-a")
            }

            #[operation]
            fn b(&self) -> &'static str {
                concat!($id, "-b")
            }

            #[operation]
            fn aa(&self) -> &'static str {
                concat!($id, "-aa")
            }
        }
    )*};
}

named! {
    // The first forty bytes of a request are the same up to the last letters of the name.
    Same1 "an-interface-with-a-long-name-that-begins-alike-1" "1"
    Same2 "an-interface-with-a-long-name-that-begins-alike-2" "2"
    Same22 "an-interface-with-a-long-name-that-begins-alike-22" "22"
    // As short as names can be: with `"args":`, forty bytes.
    Short "s" "s"
    // 200 characters, so that some routes have just room and others do not.
    Long1 "n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678x" "l1"
    Long2 "n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678y" "l2"
}

const OPERATIONS: [(&str, &str); 6] = [
    ("operation_of_the_interface_with_the_same_prefix_a", "a"),
    ("operation_of_the_interface_with_the_same_prefix_b", "b"),
    ("operation_of_the_interface_with_the_same_prefix_ab", "ab"),
    ("a", "-a"),
    ("b", "-b"),
    ("aa", "-aa"),
];

/// All requests of these interfaces, and the answer of each.
fn requests() -> Vec<(String, String)> {
    let interfaces = [
        (Same1::NAME, "1"),
        (Same2::NAME, "2"),
        (Same22::NAME, "22"),
        (Short::NAME, "s"),
        (Long1::NAME, "l1"),
        (Long2::NAME, "l2"),
    ];
    let mut all = Vec::new();
    for (interface, id) in interfaces {
        for (name, end) in OPERATIONS {
            let answer = format!("\"{id}{end}\"");
            let request = |rest: &str| format!(r#"{{"interface":"{interface}","operation":"{name}"{rest}}}"#);
            all.push((request(r#","args":{}"#), answer.clone()));
            all.push((request(r#", "args":{}"#), answer.clone()));
            // Shorter than any whose names could be learned.
            all.push((request(""), answer));
        }
    }
    all
}

use lmms::Interface;

#[test]
fn names_that_begin_alike_are_never_mistaken_for_each_other() {
    let _turn = Turn::take();
    let gateway = start(threshold(keeping(), 1));
    let requests = requests();
    assert!(requests.iter().any(|(request, _)| request.len() < 40));
    assert!(requests.iter().any(|(request, _)| request.len() > 290));
    // One after the other, and then mixed, so that routes are learned where others are.
    for round in 0..40 {
        for index in 0..requests.len() {
            let (request, expected) = &requests[index * (2 * round + 1) % requests.len()];
            assert_eq!(ask(&gateway, request), Ok(expected.clone()), "{request}");
        }
    }
    let fast: u64 = gateway.stats().zafp_hits;
    assert!(fast > 1_000, "{fast}");
}

#[test]
fn names_that_nothing_has_are_not_mistaken_for_those_that_are_hot() {
    let turn = Turn::take();
    let gateway = start(keeping());
    let hot = Operation::new(Same2::NAME, "a", "{}");
    turn.bring(&gateway, &hot, Tier::Hot);
    hot.call(&gateway, 3);
    let request = hot.request();
    for (from, to, code) in [
        ("alike-2", "alike-", "unknown_interface"),
        ("alike-2", "alike-23", "unknown_interface"),
        ("alike-2", "alike-2 ", "unknown_interface"),
        (r#""a""#, r#""""#, "unknown_operation"),
        (r#""a""#, r#""A""#, "unknown_operation"),
        (r#""a""#, r#""a ""#, "unknown_operation"),
        ("args", "arg", "bad_request"),
        ("operation", "operatiom", "bad_request"),
        ("{}}", "{}", "bad_request"),
        (":{}", ":", "bad_request"),
        (":{}", "{}", "bad_request"),
    ] {
        let wrong = request.replacen(from, to, 1);
        assert_ne!(wrong, request);
        let told = ask(&gateway, &wrong).expect_err(&wrong);
        assert!(told.contains(code), "{wrong}: {told}");
    }
    assert_eq!(ask(&gateway, request), Ok("\"2-a\"".to_owned()));
}

/// A spelling of a request for `plain.double`, of which no two are the same, but for what they ask.
fn spelling(number: usize) -> String {
    let space: String = (0..20).map(|bit| if number >> bit & 1 == 0 { ' ' } else { '\t' }).collect();
    format!(r#"{{"interface":{space}"plain",{space}"operation":"double"{space},{space}"args":{{"number":{number}}}}}"#)
}

#[test]
#[cfg(target_os = "linux")]
fn thousands_of_spellings_are_answered_right_and_hold_no_more_than_some() {
    let turn = Turn::take();
    let gateway = start(keeping());
    turn.bring(&gateway, &DOUBLE, Tier::Blazing);
    let ask_for = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            let (request, expected) = (spelling(number), Ok((number * 2).to_string()));
            assert_eq!((ask(&gateway, &request), ask(&gateway, &request)), (expected.clone(), expected));
        }
    };
    ask_for(0..5_000);
    let before = common::rss();
    // 140 bytes of names each: 5 MiB, if all were kept.
    ask_for(5_000..45_000);
    let grown = common::rss().saturating_sub(before);
    assert!(grown < 2 << 20, "{grown} bytes");
    // And what is written the usual way is answered as before.
    assert_eq!(ask(&gateway, DOUBLE.request()), Ok("14".to_owned()));
}

#[test]
fn each_thread_learns_for_itself_and_all_answer_the_same() {
    let _turn = Turn::take();
    let gateway = start(threshold(keeping(), 1));
    let requests = requests();
    let answers: Vec<Vec<Answer>> = std::thread::scope(|scope| {
        let ask_all = || {
            let rounds = (0..5).flat_map(|_| requests.iter());
            rounds.map(|(request, _)| ask(&gateway, request)).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask_all)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for answers in answers {
        for ((request, expected), answer) in requests.iter().cycle().zip(answers) {
            assert_eq!(answer, Ok(expected.clone()), "{request}");
        }
    }
}
