use super::*;

const REASONS: [Reason; 6] = [
    Reason::Pinned,
    Reason::ActiveReference,
    Reason::CacheDependency,
    Reason::HotPath,
    Reason::GracePeriod,
    Reason::MinResident,
];

/// Facts and a floor for which exactly the chosen reasons hold, by the barest margin.
fn facts(holds: [bool; 6]) -> (Facts, Floor) {
    let [pinned, in_use, depended_on, hot, lately_used, few_are_left] = holds;
    let idle = if lately_used { Duration::from_nanos(29_999_999_999) } else { Duration::from_secs(30) };
    let facts = Facts {
        pinned,
        in_use,
        depended_on,
        hot,
        idle,
        grace: Duration::from_secs(30),
        bytes: 1 << 20,
        load_time: Duration::from_millis(5),
        calls: 7,
    };
    (facts, Floor { resident: if few_are_left { 8 } else { 9 }, least: 8 })
}

fn every_combination() -> impl Iterator<Item = [bool; 6]> {
    (0..1_u32 << REASONS.len()).map(|bits| std::array::from_fn(|index| bits >> index & 1 == 1))
}

#[test]
fn the_first_reason_that_holds_is_the_one_reported() {
    for holds in every_combination() {
        let (facts, floor) = facts(holds);
        let first = holds.iter().position(|holds| *holds).map(|index| REASONS[index]);
        assert_eq!(facts.reason_to_stay(floor), first, "{holds:?}");
    }
}

#[test]
fn under_pressure_only_the_first_three_count() {
    for holds in every_combination() {
        let (facts, _) = facts(holds);
        let first = holds[..3].iter().position(|holds| *holds).map(|index| REASONS[index]);
        assert_eq!(facts.reason_to_stay_under_pressure(), first, "{holds:?}");
    }
}

#[test]
fn reasons_go_away_one_by_one_in_their_order() {
    let mut holds = [true; 6];
    for reason in 0..REASONS.len() {
        let (facts, floor) = facts(holds);
        assert_eq!(facts.reason_to_stay(floor), Some(REASONS[reason]));
        holds[reason] = false;
    }
    let (facts, floor) = facts(holds);
    assert_eq!(facts.reason_to_stay(floor), None);
}

#[test]
fn each_reason_has_words_of_its_own() {
    let mut said: Vec<_> = REASONS.iter().chain([&Reason::Disabled]).map(Reason::to_string).collect();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), 7);
}

/// splitmix64: any seed will do, nought included.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ word >> 31
    }

    fn one_in(&mut self, times: u64) -> bool {
        self.next().is_multiple_of(times)
    }

    /// Every magnitude is as likely as the next one, and so are nought and the most.
    fn number(&mut self) -> u64 {
        match self.next() % 6 {
            0 => 0,
            1 => u64::MAX,
            2 => self.next() % 3,
            _ => self.next() >> (self.next() % 64),
        }
    }

    fn duration(&mut self) -> Duration {
        match self.next() % 6 {
            0 => Duration::ZERO,
            1 => Duration::MAX,
            2 => Duration::from_nanos(self.next() % 3),
            _ => Duration::from_nanos(self.number()),
        }
    }

    fn facts(&mut self) -> Facts {
        let idle = self.duration();
        Facts {
            pinned: self.one_in(6),
            in_use: self.one_in(6),
            depended_on: self.one_in(6),
            hot: self.one_in(3),
            idle,
            // Often the very same, which is where it matters.
            grace: if self.one_in(3) { idle } else { self.duration() },
            bytes: self.number(),
            load_time: self.duration(),
            calls: self.number(),
        }
    }

    fn floor(&mut self) -> Floor {
        Floor { resident: (self.next() % 12) as usize, least: (self.next() % 12) as usize }
    }
}

const ROUNDS: usize = 200_000;

#[test]
fn nothing_that_a_reason_protects_goes_and_all_else_does() {
    let mut random = Random(1);
    let mut gone = 0;
    for _ in 0..ROUNDS {
        let (facts, floor) = (random.facts(), random.floor());
        let protects = |reason| match reason {
            Reason::Pinned => facts.pinned,
            Reason::ActiveReference => facts.in_use,
            Reason::CacheDependency => facts.depended_on,
            Reason::HotPath => facts.hot,
            Reason::GracePeriod => facts.grace.checked_sub(facts.idle).is_some_and(|left| !left.is_zero()),
            Reason::MinResident => !(floor.least + 1..).contains(&floor.resident),
            Reason::Disabled => false,
        };
        match facts.reason_to_stay(floor) {
            Some(reason) => {
                let place = REASONS.iter().position(|known| *known == reason).unwrap();
                assert!(protects(reason), "{facts:?} {floor:?}: {reason:?}");
                assert!(!REASONS[..place].iter().any(|before| protects(*before)), "{facts:?} {floor:?}: {reason:?}");
            }
            None => {
                gone += 1;
                assert!(!REASONS.into_iter().any(protects), "{facts:?} {floor:?}");
                assert_eq!(facts.reason_to_stay_under_pressure(), None, "pressure protects nothing more");
            }
        }
    }
    // Else the generator would have shown nothing.
    assert!(gone > ROUNDS / 50, "{gone}");
}

#[test]
fn who_goes_before_whom_is_a_total_order() {
    let mut random = Random(2);
    let mut ties = 0;
    for _ in 0..ROUNDS {
        let [a, b, c] = std::array::from_fn(|_| random.facts());
        let order = |a: &Facts, b: &Facts| a.goes_before(b);
        assert_eq!(order(&a, &a), Ordering::Equal, "{a:?}");
        assert_eq!(order(&a, &b), order(&b, &a).reverse(), "{a:?} {b:?}");
        if order(&a, &b).is_le() && order(&b, &c).is_le() {
            assert!(order(&a, &c).is_le(), "{a:?} {b:?} {c:?}");
        }
        if order(&a, &b).is_eq() {
            ties += 1;
            assert_eq!(order(&a, &c), order(&b, &c), "{a:?} {b:?} {c:?}");
        }
        assert!(a.worth() >= 0.0 && a.worth().is_finite(), "{a:?}");
    }
    assert!(ties > 0);
}

#[test]
fn what_is_hot_goes_last_whatever_it_holds() {
    let mut random = Random(3);
    for _ in 0..ROUNDS {
        let (a, b) = (random.facts(), random.facts());
        let (cold, hot) = (Facts { hot: false, ..a }, Facts { hot: true, ..b });
        assert_eq!(cold.goes_before(&hot), Ordering::Less, "{cold:?} {hot:?}");
    }
}

#[test]
fn what_costs_less_to_have_back_goes_first() {
    let (usual, _) = facts([false; 6]);
    let cheaper = [
        Facts { bytes: 2 << 20, ..usual },
        Facts { load_time: Duration::from_millis(4), ..usual },
        Facts { load_time: Duration::ZERO, ..usual },
        Facts { idle: Duration::from_secs(31), ..usual },
        Facts { calls: 6, ..usual },
    ];
    for cheaper in cheaper {
        assert_eq!(cheaper.goes_before(&usual), Ordering::Less, "{cheaper:?}");
    }
}

#[test]
fn as_many_go_as_are_needed_and_none_that_is_not() {
    let mut random = Random(5);
    for _ in 0..ROUNDS {
        let holds: Vec<u64> = (0..random.next() % 7).map(|_| random.next() % 5).collect();
        let short = 1 + random.next() % 12;
        // As the budget goes on: one after the other, each time by what is short then.
        let (mut left, mut gone, mut still) = (holds.clone(), Vec::new(), short);
        while still > 0
            && let Some(index) = first_to_go(&left, still)
        {
            let bytes = left.remove(index);
            gone.push(bytes);
            still = still.saturating_sub(bytes);
        }
        let sum = gone.iter().sum::<u64>();
        if holds.iter().sum::<u64>() < short {
            assert_eq!(left, [0; 0], "{holds:?} for {short}");
            continue;
        }
        assert!(sum >= short, "{gone:?} of {holds:?} for {short}");
        assert!(gone.iter().all(|bytes| sum - bytes < short), "{gone:?} of {holds:?} for {short}");
        // From the front: nobody goes for whom those in front would have done.
        let enough = (1..=holds.len()).find(|count| holds[..*count].iter().sum::<u64>() >= short).unwrap();
        assert_eq!(left[left.len() - (holds.len() - enough)..], holds[enough..], "{gone:?} of {holds:?} for {short}");
    }
    assert_eq!(first_to_go(&[], 1), None);
    assert_eq!(first_to_go(&[u64::MAX, u64::MAX], u64::MAX), Some(0));
}
