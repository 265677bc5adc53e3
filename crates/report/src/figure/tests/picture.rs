use super::super::{
    Axis, BandPoint, Data, Figure, Marker, Panel, Point, Scale, Series, Style, Text, stylesheet,
};

pub(super) fn small() -> Figure {
    let points = |shift: f64| {
        [64.0, 256.0, 1024.0]
            .into_iter()
            .map(|x: f64| Point {
                x,
                y: shift / x,
                interval: Some([0.8 * shift / x, 1.3 * shift / x]),
                note: "5 of 5 repeats".to_owned(),
            })
            .collect()
    };
    Figure {
        name: "small".to_owned(),
        title: Some(Text::markup("η* & more")),
        caption: Text::plain("caption"),
        x: Axis::new("depth × width", "depth_times_width", Scale::Log2),
        y: Axis::new("η*", "eta_star", Scale::Log2),
        panels: vec![
            Panel {
                title: Text::markup("μ_{in} = 1"),
                series: vec![
                    Series::new(
                        "95 % band",
                        Style::nth(0),
                        Data::Band(vec![
                            BandPoint {
                                x: 64.0,
                                low: 0.1,
                                high: 0.2,
                            },
                            BandPoint {
                                x: 1024.0,
                                low: 0.01,
                                high: 0.02,
                            },
                        ]),
                    ),
                    Series::new("depth 2", Style::nth(0), Data::Points(points(8.0))),
                    Series::new("depth 4", Style::nth(1), Data::Points(points(9.0))),
                    Series::new(
                        "fit",
                        Style::neutral(true),
                        Data::Line(vec![[64.0, 0.125], [1024.0, 0.0078125]]),
                    ),
                ],
            },
            Panel {
                title: Text::markup("μ_{in} = 0.1"),
                series: Vec::new(),
            },
        ],
    }
}

#[test]
fn the_standalone_picture_is_as_it_was() {
    insta::assert_snapshot!(small().svg());
}

#[test]
fn the_inline_picture_has_no_style_of_its_own() {
    let svg = small().inline_svg();
    assert!(!svg.contains("<style>"));
    assert!(svg.contains("id=\"small-clip-0\"") && svg.contains("id=\"small-clip-1\""));
    assert!(small().svg().contains(&stylesheet()));
}

#[test]
fn every_marker_has_a_hover_title() {
    let svg = small().svg();
    // Six markers, one line, one band.
    assert_eq!(svg.matches("<title>").count(), 8);
    assert!(svg.contains("depth 2: depth × width = 64, η* = 0.125 [0.1, 0.1625]; 5 of 5 repeats"));
    assert!(svg.contains("η* &amp; more"));
    assert!(svg.contains("no data"));
}

fn single(values: &[[f64; 2]], scale: &Scale) -> String {
    let points = values
        .iter()
        .map(|&[x, y]| Point {
            x,
            y,
            interval: None,
            note: String::new(),
        })
        .collect();
    Figure {
        name: "single".to_owned(),
        title: None,
        caption: Text::default(),
        x: Axis::new("x", "x", scale.clone()),
        y: Axis::new("y", "y", scale.clone()),
        panels: vec![Panel {
            title: Text::default(),
            series: vec![Series::new("s", Style::nth(8), Data::Points(points))],
        }],
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
            for bad in ["NaN", "inf", "\"--"] {
                let drawing = svg.split("</style>").nth(1).unwrap();
                assert!(
                    !drawing.contains(&format!("{bad}\"")) && !drawing.contains(&format!(" {bad}")),
                    "{scale:?} {values:?}: {svg}"
                );
            }
        }
    }
}

#[test]
fn values_without_a_place_are_counted() {
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
    let mut figure = small();
    figure.y = Axis::new(
        "repeat",
        "repeat",
        Scale::Names(vec!["first".to_owned(), "second".to_owned()]),
    );
    figure.panels.truncate(1);
    figure.panels[0].series = vec![Series::new(
        "success",
        Style::with_marker(2, Marker::Ring),
        Data::Points(
            (0..2)
                .map(|row| Point {
                    x: 1.0,
                    y: f64::from(row),
                    interval: None,
                    note: String::new(),
                })
                .collect(),
        ),
    )];
    let svg = figure.svg();
    assert!(svg.find(">first<").unwrap() < svg.find(">second<").unwrap());
    let rows: Vec<&str> = svg.split("cy=\"").skip(2).collect();
    let y = |part: &str| part.split('"').next().unwrap().parse::<f64>().unwrap();
    assert!(y(rows[0]) < y(rows[1]));
}

#[test]
fn arrows_stay_inside_and_do_not_widen_the_axis() {
    let mut figure = small();
    let plain = figure.ordinates();
    figure.panels[0].series.push(Series::new(
        "below",
        Style::with_marker(6, Marker::ArrowDown),
        Data::Points(vec![Point {
            x: 64.0,
            y: 1e-9,
            interval: None,
            note: String::new(),
        }]),
    ));
    assert_eq!(figure.ordinates(), plain);
    assert!(figure.csv().contains("below,point,64,1e-9"));
    assert!(figure.svg().contains("η* = 1e-9"));
    // The panel is 280 high, and the arrow needs 18.
    assert!(figure.svg().contains(" 262L"));
}

#[test]
fn intervals_of_named_rows_lie_along_them() {
    let mut figure = small();
    let names = ["first", "second"].map(str::to_owned).to_vec();
    figure.x = Axis::new("shift", "shift", Scale::Linear);
    figure.y = Axis::new("", "variant", Scale::Names(names));
    figure.panels.truncate(1);
    figure.panels[0].series = vec![Series::new(
        "digits",
        Style::nth(0),
        Data::Points(vec![Point {
            x: 1.0,
            y: 1.0,
            interval: Some([-2.0, 4.0]),
            note: String::new(),
        }]),
    )];
    assert_eq!(figure.abscissae(), [1.0, -2.0, 4.0]);
    assert_eq!(figure.ordinates(), [1.0]);
    let csv = figure.csv();
    assert!(csv.contains("shift_low,shift_high"), "{csv}");
    assert!(csv.contains("digits,point,1,1,-2,4,"), "{csv}");
    // A horizontal bar: both of its ends at one height, apart in width.
    let svg = figure.svg();
    let bar = svg.split("class=\"bar\" ").nth(1).unwrap();
    let value = |key: &str| -> f64 {
        let rest = bar.split(&format!("{key}=\"")).nth(1).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    };
    assert_eq!(value("y1"), value("y2"));
    assert!(value("x2") > value("x1") + 100.0);
}

#[test]
fn joined_markers_stay_on_their_line_and_others_stand_side_by_side() {
    let series = |name: &str, order| {
        let point = Point {
            x: 4.0,
            y: 1.0 + order as f64,
            interval: None,
            note: String::new(),
        };
        Series::new(
            name,
            Style::with_marker(order, Marker::Ring),
            Data::Points(vec![point]),
        )
    };
    let places = |figure: &Figure| -> Vec<String> {
        let svg = figure.svg();
        let parts = svg.split("cx=\"").skip(1);
        // The legend's markers come first.
        parts
            .skip(2)
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect()
    };
    let mut figure = small();
    figure.panels.truncate(1);
    figure.panels[0].series = vec![series("a", 0), series("b", 1)];
    let apart = places(&figure);
    assert_ne!(apart[0], apart[1]);
    let line = Data::Line(vec![[4.0, 1.0], [8.0, 2.0]]);
    figure.panels[0]
        .series
        .push(Series::new("a", Style::nth(0), line));
    let joined = places(&figure);
    assert_eq!(joined[0], joined[1]);
}
