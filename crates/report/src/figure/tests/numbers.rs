use super::super::{Domain, Span, Text};
use super::picture::small;
use crate::figure::{Axis, Scale, tick_label, ticks};

#[test]
fn every_plotted_number_is_in_the_csv() {
    let csv = small().csv();
    insta::assert_snapshot!(csv);
}

#[test]
fn names_with_commas_and_quotes_survive_the_csv() {
    let mut figure = small();
    figure.panels[0].title = Text::plain("a, \"b\"");
    let csv = figure.csv();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let first = reader.records().next().unwrap().unwrap();
    assert_eq!(&first[0], "a, \"b\"");
}

#[test]
fn markup_is_read_and_unclosed_marks_are_text() {
    let text = Text::markup("μ_{in}·n^{2} `a_{b}` c_{");
    assert_eq!(
        text.spans(),
        [
            Span::Plain("μ".into()),
            Span::Sub("in".into()),
            Span::Plain("·n".into()),
            Span::Sup("2".into()),
            Span::Plain(" ".into()),
            Span::Code("a_{b}".into()),
            Span::Plain(" c_{".into()),
        ]
    );
    assert_eq!(text.flat(), "μ_in·n^2 a_{b} c_{");
}

fn labels(scale: &Scale, low: f64, high: f64) -> Vec<String> {
    let marks = ticks(scale, low, high, 8).major;
    tick_label::labels(scale, &marks)
        .iter()
        .map(Text::flat)
        .collect()
}

#[test]
fn widths_are_labelled_as_integers_and_small_rates_as_powers() {
    assert_eq!(labels(&Scale::Log2, 15.0, 140.0), ["16", "32", "64", "128"]);
    assert_eq!(
        labels(&Scale::Log2, 0.06, 0.6),
        ["2^−4", "2^−3", "2^−2", "2^−1"]
    );
    assert_eq!(
        labels(&Scale::Log2, 0.55, 0.95),
        ["0.6", "0.7", "0.8", "0.9"]
    );
    assert_eq!(labels(&Scale::Log10, 0.9, 300.0), ["1", "10", "100"]);
    assert_eq!(
        labels(&Scale::Log10, 0.02, 0.3),
        ["0.02", "0.05", "0.1", "0.2"]
    );
    assert_eq!(
        labels(&Scale::Log10, 1e-9, 1e9),
        ["10^−9", "10^−6", "10^−3", "10^0", "10^3", "10^6", "10^9"]
    );
    assert_eq!(
        labels(&Scale::Linear, -1.0, 0.5),
        ["−1", "−0.8", "−0.6", "−0.4", "−0.2", "0", "0.2", "0.4"]
    );
}

#[test]
fn domains_cope_with_equal_missing_and_unplaceable_values() {
    let axis = Axis::new("x", "x", Scale::Log2);
    let one = Domain::covering(&axis, &[4.0]);
    let [low, high] = one.ends();
    assert!(low < 4.0 && 4.0 < high);
    assert!((one.fraction(4.0).unwrap() - 0.5).abs() < 1e-12);
    assert!(Domain::covering(&axis, &[]).is_empty());
    assert!(Domain::covering(&axis, &[0.0, -1.0, f64::NAN, f64::INFINITY]).is_empty());
    assert_eq!(one.fraction(0.0), None);
    let fixed = Axis {
        range: Some([1.0, 16.0]),
        ..axis
    };
    assert_eq!(Domain::covering(&fixed, &[4.0]).ends(), [1.0, 16.0]);
}
