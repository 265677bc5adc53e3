//! Tests of axes, texts, pictures and the numbers behind them.

use proptest::prelude::*;

use super::axis::{Domain, labels, ticks};
use super::model::Interval;
use super::*;

fn point(x: f64, y: f64, interval: Option<Interval>) -> Point {
    Point {
        x,
        y,
        interval,
        note: String::new(),
    }
}

fn series(name: &str, style: Style, points: Vec<Point>) -> Series {
    Series::new(name, style, Data::Points(points))
}

/// Two panels: one with a band, points and a line, one without data.
fn small() -> Figure {
    let points = |shift: f64| {
        let point = |x: f64| Point {
            note: "5 of 5 repeats".to_owned(),
            ..point(x, shift / x, Some([0.8 * shift / x, 1.3 * shift / x]))
        };
        [64.0, 256.0, 1024.0].map(point).to_vec()
    };
    let band = Data::Band(vec![[64.0, 0.1, 0.2], [1024.0, 0.01, 0.02]]);
    let line = Data::Line(vec![[64.0, 0.125], [1024.0, 0.0078125]]);
    Figure {
        name: "small".to_owned(),
        caption: Text::markup("η* & more"),
        x: Axis::new("depth × width", "depth_times_width", Scale::Log2),
        y: Axis::new("η*", "eta_star", Scale::Log2),
        panels: vec![
            Panel {
                title: Text::markup("μ_{in} = 1"),
                series: vec![
                    Series::new("95 % band", Style::nth(0), band),
                    series("depth 2", Style::nth(0), points(8.0)),
                    series("depth 4", Style::nth(1), points(9.0)),
                    Series::new("fit", Style::neutral(true), line),
                ],
            },
            Panel {
                title: Text::markup("μ_{in} = 0.1"),
                series: Vec::new(),
            },
        ],
    }
}

/// The first panel of [`small`] with other data.
fn with_series(series: Vec<Series>) -> Figure {
    let mut figure = small();
    figure.panels.truncate(1);
    figure.panels[0].series = series;
    figure
}

fn names(label: &str, column: &str) -> Axis {
    let names = ["first", "second"].map(str::to_owned).to_vec();
    Axis::new(label, column, Scale::Names(names))
}

/// The number that follows `key="`.
fn attribute(text: &str, key: &str) -> f64 {
    let rest = text.split(&format!("{key}=\"")).nth(1).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}

#[test]
fn the_standalone_picture_is_as_it_was() {
    insta::assert_snapshot!(small().svg());
}

/// A picture that is opened on its own is read as XML, where every element has to be closed.
#[test]
fn the_standalone_picture_is_well_formed() {
    let picture = small().svg();
    let mut open: Vec<&str> = Vec::new();
    for tag in picture.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let name = tag.split_whitespace().next().unwrap();
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{tag}"),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn every_plotted_number_is_in_the_csv() {
    insta::assert_snapshot!(small().csv());
}

#[test]
fn names_with_commas_and_quotes_survive_the_csv() {
    let mut figure = small();
    figure.panels[0].title = Text::plain("a, \"b\"");
    let csv = figure.csv();
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let first = reader.records().next().unwrap().unwrap();
    assert_eq!(&first[0], "a, \"b\"");
}

#[test]
fn the_inline_picture_has_no_style_of_its_own() {
    let svg = small().inline_svg();
    assert!(!svg.contains("<style>"));
    assert!(svg.contains("id=\"small-clip-0\"") && svg.contains("id=\"small-clip-1\""));
    assert!(small().svg().contains(STYLE_SHEET));
}

#[test]
fn every_marker_has_a_hover_title() {
    let svg = small().svg();
    // Six markers, one line, one band.
    assert_eq!(svg.matches("<title>").count(), 8);
    for text in [
        "depth 2: depth × width = 64, η* = 0.125 [0.1, 0.1625]; 5 of 5 repeats",
        "η* &amp; more",
        "no data",
    ] {
        assert!(svg.contains(text), "{text}");
    }
}

fn single(values: &[[f64; 2]], scale: &Scale) -> String {
    let points = values.iter().map(|&[x, y]| point(x, y, None)).collect();
    Figure {
        x: Axis::new("x", "x", scale.clone()),
        y: Axis::new("y", "y", scale.clone()),
        ..with_series(vec![series("s", Style::nth(8), points)])
    }
    .svg()
}

#[test]
fn awkward_data_still_make_a_picture() {
    for scale in [Scale::Linear, Scale::Log2, Scale::Log10] {
        for values in [
            &[][..],
            &[[1.0, 1.0]],
            &[[2.0, 3.0], [2.0, 3.0]],
            &[[1e-300, 1e-300], [1e300, 1e300]],
            &[[f64::NAN, 1.0], [f64::INFINITY, 1.0]],
            &[[0.0, 0.0], [-1.0, 1.0]],
            &[[1e307, f64::MIN_POSITIVE], [-1e307, 5e-324]],
        ] {
            let svg = single(values, &scale);
            let drawing = svg.split("</style>").nth(1).unwrap();
            for bad in ["NaN", "inf", "\"--"] {
                assert!(
                    !drawing.contains(&format!("{bad}\"")) && !drawing.contains(&format!(" {bad}")),
                    "{scale:?} {values:?}: {svg}"
                );
            }
        }
    }
    assert!(single(&[[0.0, 1.0], [1.0, 1.0]], &Scale::Log2).contains("1 not drawn"));
}

#[test]
fn nine_series_have_nine_colours_and_nine_shapes() {
    let styles: Vec<Style> = (0..9).map(Style::nth).collect();
    for (index, a) in styles.iter().enumerate() {
        for b in &styles[..index] {
            assert_ne!(a.colour, b.colour);
            assert_ne!(a.marker, b.marker);
        }
    }
}

#[test]
fn named_rows_run_from_the_top() {
    let points = vec![point(1.0, 0.0, None), point(1.0, 1.0, None)];
    let ring = Style::with_marker(2, Marker::Ring);
    let mut figure = with_series(vec![series("success", ring, points)]);
    figure.y = names("repeat", "repeat");
    let svg = figure.svg();
    assert!(svg.find(">first<").unwrap() < svg.find(">second<").unwrap());
    // The legend's marker comes first.
    let rows: Vec<&str> = svg.split("<circle").skip(2).collect();
    assert!(attribute(rows[0], "cy") < attribute(rows[1], "cy"));
}

#[test]
fn intervals_of_named_rows_lie_along_them() {
    let points = vec![point(1.0, 1.0, Some([-2.0, 4.0]))];
    let mut figure = with_series(vec![series("digits", Style::nth(0), points)]);
    figure.x = Axis::new("shift", "shift", Scale::Linear);
    figure.y = names("", "variant");
    assert_eq!(figure.abscissae(), [1.0, -2.0, 4.0]);
    assert_eq!(figure.ordinates(), [1.0]);
    let csv = figure.csv();
    assert!(csv.contains("shift_low,shift_high"), "{csv}");
    assert!(csv.contains("digits,point,1,1,-2,4,"), "{csv}");
    // A horizontal bar: both of its ends at one height, apart in width.
    let svg = figure.svg();
    let bar = svg.split("class=\"bar\" ").nth(1).unwrap();
    assert_eq!(attribute(bar, "y1"), attribute(bar, "y2"));
    assert!(attribute(bar, "x2") > attribute(bar, "x1") + 100.0);
}

#[test]
fn arrows_stay_inside_and_do_not_widen_the_axis() {
    let mut figure = small();
    let plain = figure.ordinates();
    let arrow = Style::with_marker(6, Marker::ArrowDown);
    let below = series("below", arrow, vec![point(64.0, 1e-9, None)]);
    figure.panels[0].series.push(below);
    assert_eq!(figure.ordinates(), plain);
    assert!(figure.csv().contains("below,point,64,1e-9"));
    assert!(figure.svg().contains("η* = 1e-9"));
    // The panel is 280 high, and the arrow needs 18.
    assert!(figure.svg().contains(" 262L"));
}

#[test]
fn joined_markers_stay_on_their_line_and_others_stand_side_by_side() {
    let ring = |name: &str, order: usize| {
        let style = Style::with_marker(order, Marker::Ring);
        series(name, style, vec![point(4.0, 1.0 + order as f64, None)])
    };
    let places = |figure: &Figure| -> Vec<f64> {
        let svg = figure.svg();
        // The legend's markers come first.
        let circles = svg.split("<circle").skip(3);
        circles.map(|circle| attribute(circle, "cx")).collect()
    };
    let mut figure = with_series(vec![ring("a", 0), ring("b", 1)]);
    let apart = places(&figure);
    assert_ne!(apart[0], apart[1]);
    let line = Data::Line(vec![[4.0, 1.0], [8.0, 2.0]]);
    let line = Series::new("a", Style::nth(0), line);
    figure.panels[0].series.push(line);
    let joined = places(&figure);
    assert_eq!(joined[0], joined[1]);
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

#[test]
fn widths_are_labelled_as_integers_and_small_rates_as_powers() {
    let cases: [(Scale, f64, f64, &[&str]); 7] = [
        (Scale::Log2, 15.0, 140.0, &["16", "32", "64", "128"]),
        (Scale::Log2, 0.06, 0.6, &["2^−4", "2^−3", "2^−2", "2^−1"]),
        (Scale::Log2, 0.55, 0.95, &["0.6", "0.7", "0.8", "0.9"]),
        (Scale::Log10, 0.9, 300.0, &["1", "10", "100"]),
        (Scale::Log10, 0.02, 0.3, &["0.02", "0.05", "0.1", "0.2"]),
        (
            Scale::Log10,
            1e-9,
            1e9,
            &["10^−9", "10^−6", "10^−3", "10^0", "10^3", "10^6", "10^9"],
        ),
        (
            Scale::Linear,
            -1.0,
            0.5,
            &["−1", "−0.8", "−0.6", "−0.4", "−0.2", "0", "0.2", "0.4"],
        ),
    ];
    for (scale, low, high, expected) in cases {
        let labels = labels(&scale, &ticks(&scale, low, high, 8).major);
        let labels: Vec<String> = labels.iter().map(Text::flat).collect();
        assert_eq!(labels, expected);
    }
}

#[test]
fn domains_cope_with_equal_missing_and_unplaceable_values() {
    let axis = Axis::new("x", "x", Scale::Log2);
    let one = Domain::covering(&axis, &[4.0]);
    let [low, high] = one.ends();
    assert!(low < 4.0 && 4.0 < high);
    assert!((one.fraction(4.0).unwrap() - 0.5).abs() < 1e-12);
    assert!(Domain::covering(&axis, &[]).is_empty);
    assert!(Domain::covering(&axis, &[0.0, -1.0, f64::NAN, f64::INFINITY]).is_empty);
    assert_eq!(one.fraction(0.0), None);
    let fixed = Axis {
        range: Some([1.0, 16.0]),
        ..axis
    };
    assert_eq!(Domain::covering(&fixed, &[4.0]).ends(), [1.0, 16.0]);
}

fn scales() -> impl Strategy<Value = Scale> {
    prop_oneof![Just(Scale::Linear), Just(Scale::Log2), Just(Scale::Log10)]
}

fn positive() -> impl Strategy<Value = f64> {
    (-300.0..300.0f64).prop_map(|power| 10f64.powf(power))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn two_to_twelve_ticks_inside_any_positive_range(
        scale in scales(),
        low in positive(),
        octaves in prop_oneof![1e-12..1e-3f64, 1e-3..1.0f64, 1.0..30.0f64, 30.0..900.0f64],
        most in 0usize..40,
    ) {
        let high = low * octaves.exp2();
        prop_assume!(high.is_finite() && high > low);
        let found = ticks(&scale, low, high, most);
        prop_assert!((2..=12).contains(&found.major.len()), "{found:?}");
        prop_assert!(found.major.len() <= most.clamp(2, 12), "{found:?}");
        for marks in [&found.major, &found.minor] {
            prop_assert!(marks.windows(2).all(|pair| pair[0] < pair[1]), "{marks:?}");
            prop_assert!(marks.iter().all(|mark| (low..=high).contains(mark)), "{marks:?}");
        }
        prop_assert!(found.minor.iter().all(|mark| !found.major.contains(mark)));
    }

    #[test]
    fn linear_ticks_also_around_zero(low in -1e9..1e9f64, span in 1e-6..1e9f64) {
        let found = ticks(&Scale::Linear, low, low + span, 8);
        prop_assert!((2..=8).contains(&found.major.len()), "{found:?}");
        prop_assert!(found.major.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn every_positive_value_lies_inside_its_domain(
        scale in scales(),
        values in proptest::collection::vec(positive(), 1..20),
    ) {
        let domain = Domain::covering(&Axis::new("x", "x", scale), &values);
        prop_assert!(!domain.is_empty);
        let [low, high] = domain.ends();
        prop_assert!(low.is_finite() && high.is_finite() && low < high);
        for value in values {
            let fraction = domain.fraction(value).unwrap();
            prop_assert!((-0.01..=1.01).contains(&fraction), "{fraction}");
        }
    }

    #[test]
    fn positions_keep_the_order_of_values(a in positive(), ratio in 1.001..1e6f64) {
        let b = a * ratio;
        for scale in [Scale::Log2, Scale::Log10] {
            let domain = Domain::covering(&Axis::new("x", "x", scale), &[a, b]);
            prop_assert!(domain.fraction(a) < domain.fraction(b));
        }
    }
}

#[test]
fn csv_has_neither_formulas_nor_hidden_characters() {
    use super::neutral;
    assert_eq!(neutral("=1+1".to_owned()), "'=1+1");
    assert_eq!(neutral("-2.5".to_owned()), "-2.5");
    assert_eq!(
        neutral("a\u{1b}[31m\u{202e}b\u{0}".to_owned()),
        "a\u{fffd}[31m\u{fffd}b\u{fffd}"
    );
}
