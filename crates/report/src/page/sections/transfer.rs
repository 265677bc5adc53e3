use super::filter_name;
use super::scope::series_name;
use crate::analysis::{AnalysisOptions, Covered, Transferred, transfers};
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{count, counted, interval, octaves, percent, rate, setting};
use crate::page::study::{Study, ascending};
use crate::predict::PredictOptions;
use etastar_search::statistics::quantile;

/// Ends of the buckets of extrapolation factors; the last has no upper end.
const BUCKETS: [f64; 5] = [1.0, 2.0, 4.0, 8.0, 16.0];

/// From which factor on a prediction counts in the finding.
const FAR: f64 = 4.0;

/// The predictions over factors from one number to another.
struct Bucket {
    low: f64,
    high: f64,
    errors: Vec<f64>,
    predictions: Vec<Transferred>,
}

impl Bucket {
    fn of(all: &[Transferred], low: f64, high: f64) -> Self {
        let own = all.iter().copied();
        let predictions: Vec<Transferred> = own
            .filter(|one| low <= one.factor() && one.factor() < high)
            .collect();
        let mut errors: Vec<f64> = predictions.iter().map(|one| one.error.abs()).collect();
        errors.sort_by(f64::total_cmp);
        Self {
            low,
            high,
            errors,
            predictions,
        }
    }

    fn quantile(&self, p: f64) -> Option<f64> {
        quantile(&self.errors, p)
    }

    fn coverage(&self, of: Covered) -> Option<f64> {
        of.share(self.predictions.iter().copied())
    }
}

/// How well small networks predict larger ones: every prediction that the
/// grid allows.
pub(in crate::page) fn transfer(study: &Study<'_>) -> Section {
    let id = format!("{}-transfer", study.id);
    let mut section = Section::new(
        3,
        id.clone(),
        Text::plain("Larger networks from smaller ones"),
    );
    let filter = PredictOptions::default().width_over_depth;
    let records = study.cells.iter().map(|cell| cell.record);
    let confidence = AnalysisOptions::default().confidence;
    let all: Vec<Transferred> = transfers(records, filter, confidence)
        .into_iter()
        .flatten()
        .collect();
    if all.is_empty() {
        section.paragraph(Text::markup(&format!(
            "No split of the cells ({}) by size leaves six architectures to fit and a larger \
                 one to predict.",
            filter_name(filter)
        )));
        return section;
    }
    section.paragraph(finding(&all));
    section.figure(figure(study, &all, id, filter));
    section.table(table(study, &all, filter, confidence));
    section
}

fn finding(all: &[Transferred]) -> Text {
    let far = Bucket::of(all, FAR, f64::INFINITY);
    let (bucket, which) = if far.predictions.is_empty() {
        (Bucket::of(all, 1.0, f64::INFINITY), "all".to_owned())
    } else {
        let which = format!("those over a factor of at least {}", setting(FAR));
        (far, which)
    };
    let number =
        |value: Option<f64>, write: fn(f64) -> String| value.map_or_else(|| "–".to_owned(), write);
    Text::markup(&format!(
        "Laws fitted to small networks predict larger ones: of {}, {} ({}), the median absolute \
         error is {} octaves and the 90\u{a0}% quantile {}; the interval of means holds {} of the \
         measured means, that of one network {} of the repeats.",
        counted(all.len(), "prediction", "predictions"),
        which,
        count(bucket.predictions.len()),
        number(bucket.quantile(0.5), octaves),
        number(bucket.quantile(0.9), octaves),
        number(bucket.coverage(Covered::Mean), percent),
        number(bucket.coverage(Covered::Single), percent),
    ))
}

fn figure(study: &Study<'_>, all: &[Transferred], name: String, filter: f64) -> Figure {
    let rates = ascending(all.iter().map(|one| one.input_rate));
    let mut series: Vec<Series> = rates
        .iter()
        .rev()
        .enumerate()
        .map(|(order, rate)| {
            let own = all.iter().filter(|one| one.input_rate == *rate);
            let points = own.map(|one| Point {
                x: one.factor(),
                y: one.error,
                interval: None,
                note: format!(
                    "depth {}, width {}; fitted up to depth × width {}",
                    one.depth, one.width, one.fitted
                ),
            });
            Series::new(
                &series_name(*rate),
                Style::nth(order),
                Data::Points(points.collect()),
            )
        })
        .collect();
    let farthest = all.iter().map(Transferred::factor).fold(1.0, f64::max);
    series.push(Series {
        in_legend: false,
        ..Series::new(
            "no error",
            Style::neutral(true),
            Data::Line(vec![[1.0, 0.0], [farthest, 0.0]]),
        )
    });
    Figure {
        name,
        caption: Text::markup(&format!(
            "Predicted minus measured log_{{2}} η* of cells of {} ({}) against how far they are \
             beyond the cells fitted: depth × width over the largest one fitted. For each size of \
             the grid that leaves six architectures, laws were fitted to the cells up to that size \
             and the one with the least leave-one-out error among them predicted all larger cells. \
             A cell has a marker for each such fit. {}",
            study.label,
            filter_name(filter),
            study.conditions()
        )),
        x: Axis::new(
            "depth × width over the largest fitted",
            "extrapolation",
            Scale::Log2,
        ),
        y: Axis::new("error, octaves", "error_octaves", Scale::Linear),
        panels: vec![Panel {
            title: Text::default(),
            series,
        }],
    }
}

fn table(study: &Study<'_>, all: &[Transferred], filter: f64, confidence: f64) -> Table {
    let ends = BUCKETS.iter().skip(1).copied().chain([f64::INFINITY]);
    let buckets = BUCKETS.iter().zip(ends);
    let buckets = buckets.map(|(&low, high)| Bucket::of(all, low, high));
    let rows = buckets
        .filter(|bucket| !bucket.predictions.is_empty())
        .map(|bucket| {
            let range = if bucket.high.is_finite() {
                format!("{} to {}", rate(bucket.low), rate(bucket.high))
            } else {
                format!("{} and more", rate(bucket.low))
            };
            let quantiles = [0.5, 0.9].map(|p| Entry::optional(bucket.quantile(p), octaves));
            let [median, most] = quantiles;
            let share = |of| Entry::optional(bucket.coverage(of), percent);
            let mut signed: Vec<f64> = bucket.predictions.iter().map(|one| one.error).collect();
            signed.sort_by(f64::total_cmp);
            let span = signed.first().zip(signed.last());
            vec![
                Entry::number(bucket.low, &range),
                Entry::count(bucket.predictions.len()),
                median,
                most,
                match span {
                    Some((low, high)) => {
                        Entry::text(Text::markup(&interval([*low, *high], octaves)))
                    }
                    None => Entry::text("–"),
                },
                share(Covered::Mean),
                share(Covered::Single),
            ]
        })
        .collect();
    Table {
        caption: Text::markup(&format!(
            "Predictions of larger cells of {} ({}) from smaller ones, by the factor of depth × \
             width beyond the largest one fitted: median and 90\u{a0}% quantile of the absolute \
             error and range of the error, in octaves; share of cells whose geometric mean lies in \
             its {} prediction interval, and of repeats in that of one network.",
            study.label,
            filter_name(filter),
            percent(confidence),
        )),
        columns: vec![
            Text::markup("factor"),
            Text::markup("cells"),
            Text::markup("median"),
            Text::markup("90 %"),
            Text::markup("range"),
            Text::markup("means covered"),
            Text::markup("repeats covered"),
        ],
        rows,
        name: String::new(),
    }
}
