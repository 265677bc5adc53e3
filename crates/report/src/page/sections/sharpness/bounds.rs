use etastar_sharpness::bounds::DEFAULT_DELTA;

use super::view::View;
use crate::figure::Text;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, rate, setting};
use crate::sharpness::{MEAN_SQUARE_INPUT, Scope, Side, Tightness};

/// How tight every bound is; absent where none was measured.
pub(super) fn bounds(view: &View<'_>) -> Option<Section> {
    let all = &view.series.tightness;
    if !all.iter().any(|bound| bound.scope == Scope::Network) {
        return None;
    }
    let id = format!("{}-bounds", view.id);
    let mut section = Section::new(3, id, Text::plain("Bounds"));
    section.paragraph(Text::markup(&format!(
        "All bounds are proved. Those for each network hold for its own weights and data, up to \
         the rounding of the arithmetic. Those in expectation, and those that hold with \
         probability {} (by Markov's or Chebyshev's inequality from the moments), are computed \
         from the architecture before a network is drawn, for inputs with \
         (1/N) ∑_{{i}} |x_{{i}}|^{{2}} / n_{{0}} = {}, which standardised data have on average. \
         The second kind of each, called sharper, counts the output layer's share of the Jacobian \
         once instead of once an output. The mean of a few networks can lie above its expectation \
         by chance; no bound on the expectation excludes that.",
        probability(),
        setting(MEAN_SQUARE_INPUT)
    )));
    section.list(findings(all));
    section.table(Table {
        caption: Text::markup(&format!(
            "Bound over measured λ_{{1}} of {}, all input rates together. Count: networks, or \
             cells for expectations, which are compared with the mean over repeats. Furthest: the \
             least ratio of a lower bound, the largest of an upper. Wrong side: how often the \
             bound lies on the wrong side of the measured value (by more than a relative 10^{{−4}} \
             of rounding, for single networks). The Ritz value, a lower bound too, is the measured \
             value itself. {}",
            view.series.label,
            view.conditions()
        )),
        columns: vec![
            Text::markup("matrix"),
            Text::markup("side"),
            Text::markup("holds for"),
            Text::markup("bound"),
            Text::markup("count"),
            Text::markup("median"),
            Text::markup("furthest"),
            Text::markup("wrong side"),
        ],
        rows: all.iter().map(row).collect(),
        name: String::new(),
    });
    Some(section)
}

fn row(bound: &Tightness) -> Vec<Entry> {
    vec![
        Entry::text(bound.matrix.symbol()),
        Entry::text(side(bound.side)),
        Entry::text(Text::plain(match bound.scope {
            Scope::Network => "each network".to_owned(),
            Scope::Expectation => "the expectation".to_owned(),
            Scope::Probability => format!("probability {}", probability()),
        })),
        Entry::text(bound.description),
        Entry::count(bound.count),
        Entry::number(bound.median, &rate(bound.median)),
        Entry::number(bound.worst, &rate(bound.worst)),
        Entry::count(bound.violations),
    ]
}

/// With which the probabilistic bounds hold.
fn probability() -> String {
    setting(1.0 - DEFAULT_DELTA)
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Lower => "lower",
        Side::Upper => "upper",
    }
}

/// Violations, and the tightest bounds of each kind.
fn findings(all: &[Tightness]) -> Vec<Text> {
    let of = |scope: Scope| all.iter().filter(move |bound| bound.scope == scope);
    let total = |scope: Scope| {
        of(scope).fold((0, 0), |(wrong, count), bound| {
            (wrong + bound.violations, count + bound.count)
        })
    };
    let mut findings = Vec::new();
    for (scope, what) in [
        (Scope::Network, "bounds for each network".to_owned()),
        (Scope::Expectation, "bounds on the expectation".to_owned()),
        (
            Scope::Probability,
            format!("bounds with probability {}", probability()),
        ),
    ] {
        let (wrong, count) = total(scope);
        if count > 0 {
            findings.push(Text::markup(&format!(
                "{wrong} of {} of {what} with measured values lie on the wrong side.",
                counted(count, "comparison", "comparisons")
            )));
        }
    }
    for matrix in crate::sharpness::Matrix::ALL {
        for which in [Side::Lower, Side::Upper] {
            let own = of(Scope::Network).filter(|b| b.matrix == matrix && b.side == which);
            let distance = |bound: &&Tightness| bound.median.log2().abs();
            let tightest = own
                .filter(|bound| bound.median > 0.0)
                .min_by(|a, b| distance(a).total_cmp(&distance(b)));
            findings.extend(tightest.map(|bound| {
                Text::markup(&format!(
                    "Tightest {} bound on λ_{{1}}({}) of each network by the median: {}, {} times \
                     the measured value in the median, {} times at the furthest.",
                    side(which),
                    matrix.symbol(),
                    bound.description,
                    rate(bound.median),
                    rate(bound.worst)
                ))
            }));
        }
    }
    findings
}
