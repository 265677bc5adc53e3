//! Tests of the search, on made-up outcomes.

use etastar_model::Loss;
use proptest::prelude::*;

use super::*;

/// The search of a protocol; one from the kernel starts at 2^-1.5.
fn of(protocol: &Protocol) -> Search<'_> {
    Search::new(protocol, || -1.5)
}

fn next(protocol: &Protocol, tried: &Tried) -> Plan {
    of(protocol).next(tried)
}

fn ahead(protocol: &Protocol, tried: &Tried, count: usize) -> Vec<f64> {
    of(protocol).ahead(tried, count)
}

fn protocol(search: SearchMethod) -> Protocol {
    Protocol {
        search,
        ..Protocol::default()
    }
}

fn octaves(tolerance: f64) -> Protocol {
    protocol(SearchMethod::Octaves {
        start: 3.0,
        lowest: -20.0,
        highest: 10.0,
        tolerance,
    })
}

fn from_kernel(tolerance: f64) -> Protocol {
    protocol(SearchMethod::FromKernel {
        start: None,
        lowest: -20.0,
        highest: 10.0,
        tolerance,
    })
}

/// Runs a search to its end; gives the answer and what was tried.
fn search(protocol: &Protocol, mut succeeds: impl FnMut(f64) -> bool) -> (EtaStar, Tried) {
    let mut tried = Tried::new();
    for _ in 0..10_000 {
        match next(protocol, &tried) {
            Plan::Done(answer) => return (answer, tried),
            Plan::Try(rate) => {
                assert!(tried.outcome(rate).is_none(), "{rate} is tried twice");
                tried.insert(rate, succeeds(rate));
            }
        }
    }
    panic!("the search does not end");
}

#[test]
fn the_default_protocol_is_the_documented_one() {
    let protocol = Protocol::default();
    assert_eq!(protocol.loss, Loss::CrossEntropy);
    assert_eq!(protocol, from_kernel(0.125));
}

#[test]
fn nothing_succeeds_and_nothing_fails_are_answers() {
    let (answer, tried) = search(&octaves(0.125), |_| false);
    let lowest = f64::exp2(-20.0);
    assert_eq!(answer, EtaStar::NothingSucceeds { lowest });
    assert_eq!(tried.len(), 24);
    let (answer, _) = search(&octaves(0.125), |_| true);
    assert_eq!(answer, EtaStar::NothingFails { highest: 1024.0 });

    // At -1.5, -2, -3, .. -20, then at -1, 0, .. 10.
    let (answer, tried) = search(&from_kernel(0.125), |_| false);
    assert_eq!(answer, EtaStar::NothingSucceeds { lowest });
    assert_eq!(tried.len(), 20 + 12);
    let (answer, _) = search(&from_kernel(0.125), |_| true);
    assert_eq!(answer, EtaStar::NothingFails { highest: 1024.0 });

    let paper = protocol(SearchMethod::Arithmetic {
        low: 0.001,
        high: 1.0,
        tolerance: 0.01,
    });
    let (answer, _) = search(&paper, |_| false);
    assert_eq!(answer, EtaStar::NothingSucceeds { lowest: 0.001 });
    let (answer, _) = search(&paper, |_| true);
    assert_eq!(answer, EtaStar::NothingFails { highest: 1.0 });
    // A lower end that is too slow for the budget says nothing of the edge.
    let (answer, tried) = search(&paper, |rate| (0.05..0.3).contains(&rate));
    let EtaStar::Found { eta_star, upper } = answer else {
        panic!("{answer:?}")
    };
    assert!(eta_star < 0.3 && upper >= 0.3 && upper - eta_star <= 0.01);
    assert_eq!(tried.outcome(0.001), None);
}

#[test]
fn a_range_that_is_no_whole_number_of_octaves_is_searched_to_its_end() {
    let protocol = protocol(SearchMethod::Octaves {
        start: 0.3,
        lowest: -2.5,
        highest: 1.9,
        tolerance: 0.125,
    });
    let (answer, _) = search(&protocol, |_| false);
    let lowest = f64::exp2(-2.5);
    assert_eq!(answer, EtaStar::NothingSucceeds { lowest });
    let (answer, _) = search(&protocol, |rate| rate < f64::exp2(-2.2));
    let EtaStar::Found { eta_star, upper } = answer else {
        panic!("{answer:?}")
    };
    assert!(eta_star < f64::exp2(-2.2) && f64::exp2(-2.2) <= upper);
}

/// Too low a rate does not reach the threshold within the budget.
#[test]
fn a_start_below_all_rates_that_succeed_finds_them() {
    let window = |rate: f64| (3.0..=5.3).contains(&rate.log2());
    let (answer, _) = search(&from_kernel(0.125), window);
    let (from_above, _) = search(
        &protocol(SearchMethod::Octaves {
            start: 8.0,
            lowest: -20.0,
            highest: 10.0,
            tolerance: 0.125,
        }),
        window,
    );
    assert_eq!(answer, from_above);
}

#[test]
fn the_ladder_sees_success_above_the_edge_and_keeps_the_answer() {
    let mut with_ladder = octaves(0.125);
    with_ladder.ladder = vec![-1.0, -0.5, 0.5, 1.0];
    let island = |rate: f64| rate <= 0.1 || (0.19..0.21).contains(&rate);
    let (plain, without) = search(&octaves(0.125), island);
    let (answer, tried) = search(&with_ladder, island);
    assert_eq!(answer, plain);
    assert!(
        without.monotone(),
        "the search alone does not meet the island"
    );
    let EtaStar::Found { eta_star, .. } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(tried.outcome(2.0 * eta_star), Some(island(2.0 * eta_star)));
    assert_eq!(tried.monotone(), !island(2.0 * eta_star));
}

#[test]
fn monotone_means_no_failure_below_a_success() {
    let mut tried = Tried::new();
    assert!(tried.monotone());
    tried.insert(0.1, true);
    tried.insert(1.0, false);
    assert!(tried.monotone());
    tried.insert(2.0, true);
    assert!(!tried.monotone());
}

proptest! {
    #[test]
    fn a_sharp_edge_is_bracketed_within_the_tolerance(
        edge in -19.5..9.5f64,
        bisections in 1..6i32,
    ) {
        let tolerance = f64::from(-bisections).exp2();
        let (answer, tried) = search(&octaves(tolerance), |rate| rate.log2() <= edge);
        let EtaStar::Found { eta_star, upper } = answer else {
            return Err(TestCaseError::fail(format!("{answer:?}")));
        };
        prop_assert!(eta_star.log2() <= edge && edge < upper.log2());
        prop_assert!(upper.log2() - eta_star.log2() <= tolerance + 1e-12);
        prop_assert!(tried.monotone());
        let octaves_away = (3.0 - edge).abs().ceil() as usize + 1;
        prop_assert!(tried.len() <= octaves_away + 1 + bisections as usize);
    }

    /// Where success is monotone the start is of no account, bit for bit.
    #[test]
    fn from_the_kernel_or_by_octaves_it_is_the_same_answer(
        edge in -19.0..9.0f64,
        bisections in 1..6i32,
        half_octaves in -12..12i32,
    ) {
        let tolerance = f64::from(-bisections).exp2();
        let start = 0.5 * f64::from(half_octaves);
        let protocol = from_kernel(tolerance);
        let informed = Search::new(&protocol, || start);
        let succeeds = |rate: f64| rate.log2() <= edge;
        let (answer, _) = search(&octaves(tolerance), succeeds);
        let mut tried = Tried::new();
        while let Plan::Try(rate) = informed.next(&tried) {
            tried.insert(rate, succeeds(rate));
        }
        prop_assert_eq!(informed.next(&tried), Plan::Done(answer));
        let octaves_away = (start - edge).abs().ceil() as usize;
        prop_assert!(tried.len() <= 3 + octaves_away + bisections as usize);
    }

    #[test]
    fn the_paper_s_form_brackets_a_sharp_edge(edge in 0.002..0.99f64) {
        let paper = protocol(SearchMethod::Arithmetic { low: 0.001, high: 1.0, tolerance: 1e-3 });
        let (answer, _) = search(&paper, |rate| rate <= edge);
        let EtaStar::Found { eta_star, upper } = answer else {
            return Err(TestCaseError::fail(format!("{answer:?}")));
        };
        prop_assert!(eta_star <= edge && edge < upper && upper - eta_star <= 1e-3);
    }

    /// Whatever the trials answer, the search ends, never tries a rate twice,
    /// and its answer agrees with what was tried.
    #[test]
    fn any_outcomes_end_in_a_consistent_answer(coins in prop::collection::vec(any::<bool>(), 64)) {
        let mut toss = coins.iter().cycle().copied();
        let mut with_ladder = octaves(0.125);
        with_ladder.ladder = vec![-0.75, 0.25, 0.5];
        let (answer, tried) = search(&with_ladder, |_| toss.next().unwrap_or(false));
        if let EtaStar::Found { eta_star, upper } = answer {
            prop_assert_eq!(tried.outcome(eta_star), Some(true));
            prop_assert_eq!(tried.outcome(upper), Some(false));
        }
    }

    /// A search resumed from any prefix of its trials goes on as it would have.
    #[test]
    fn a_search_resumes_from_what_was_tried(edge in -15.0..8.0f64, known in 0..12usize) {
        let protocol = octaves(0.125);
        let mut tried = Tried::new();
        let mut sequence = Vec::new();
        while let Plan::Try(rate) = next(&protocol, &tried) {
            sequence.push(rate);
            tried.insert(rate, rate.log2() <= edge);
        }
        let known = known.min(sequence.len());
        let mut resumed = Tried::new();
        for &rate in &sequence[..known] {
            resumed.insert(rate, rate.log2() <= edge);
        }
        let expected = sequence.get(known).map_or_else(|| next(&protocol, &tried), |&rate| Plan::Try(rate));
        prop_assert_eq!(next(&protocol, &resumed), expected);
    }
}

/// The search in rounds: `count` rates looked ahead at once. Gives the answer,
/// the rounds, and what was tried.
fn in_rounds(
    protocol: &Protocol,
    count: usize,
    mut succeeds: impl FnMut(f64) -> bool,
) -> (EtaStar, usize, Tried) {
    let mut tried = Tried::new();
    for rounds in 0..10_000 {
        if let Plan::Done(answer) = next(protocol, &tried) {
            assert!(ahead(protocol, &tried, count).is_empty());
            return (answer, rounds, tried);
        }
        let rates = ahead(protocol, &tried, count);
        assert!((1..=count).contains(&rates.len()));
        for rate in rates {
            assert!(tried.outcome(rate).is_none(), "{rate} is tried twice");
            tried.insert(rate, succeeds(rate));
        }
    }
    panic!("the search does not end");
}

proptest! {
    /// Whatever succeeds, monotone or not, and by whatever method.
    #[test]
    fn looking_ahead_changes_no_answer(
        edge in -15.0f64..9.0,
        odd_octave in -15i32..9,
        count in 1usize..40,
        method in 0..3,
    ) {
        let method = match method {
            0 => protocol(SearchMethod::Arithmetic { low: 0.001, high: 1.0, tolerance: 0.01 }),
            1 => octaves(0.125),
            _ => from_kernel(0.125),
        };
        let method = Protocol { ladder: vec![-1.0, 0.5, 2.0], ..method };
        let succeeds = |rate: f64| {
            (rate.log2() <= edge) != (rate.log2().floor() == f64::from(odd_octave))
        };
        let (one_by_one, tried) = search(&method, succeeds);
        let (answer, rounds, more) = in_rounds(&method, count, succeeds);
        prop_assert_eq!(answer, one_by_one);
        prop_assert!(tried.len() <= method.most_trials());
        prop_assert!(rounds <= tried.len());
        prop_assert!(more.len() <= rounds * count);
    }
}

#[test]
fn one_rate_ahead_is_the_search_itself() {
    let succeeds = |rate: f64| rate <= 0.3;
    let (_, tried) = search(&octaves(0.125), succeeds);
    let (_, rounds, same) = in_rounds(&octaves(0.125), 1, succeeds);
    assert_eq!((rounds, same), (tried.len(), tried));
}

/// Far from the edge the search goes down octave by octave, and so does the
/// look ahead; the last octave is halved three times, 7 rates.
#[test]
fn a_round_of_many_rates_saves_rounds() {
    let (_, tried) = search(&octaves(0.125), |rate| rate <= 0.003);
    let rounds = |count| in_rounds(&octaves(0.125), count, |rate| rate <= 0.003).1;
    assert_eq!(tried.len(), 16);
    assert_eq!([1, 7, 16, 32].map(rounds), [16, 3, 2, 2]);
}
