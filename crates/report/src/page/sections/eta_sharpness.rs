use etastar_search::Snapshot;
use etastar_search::statistics::Bootstrap;

use super::rate_name;
use super::scope::{intervals, written};
use crate::analysis::{
    AnalysisOptions, DatasetCells, Effect, JoinedCell, Relation, SharpnessKind, Slope, datasets,
    relations,
};
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, fixed, setting};
use crate::page::study::{ascending, conditions, unique_id};

/// Claim C3: eta\* against the sharpness at initialisation, a section for each
/// dataset that has both.
pub(in crate::page) fn eta_sharpness(snapshot: &Snapshot) -> Vec<(String, Section)> {
    let mut ids: Vec<String> = Vec::new();
    datasets(snapshot)
        .iter()
        .filter_map(|cells| {
            let (kind, relations) = related(cells)?;
            let id = unique_id(&format!("{}-eta-sharpness", cells.label), |id| {
                ids.iter().any(|other| other == id)
            });
            ids.push(id.clone());
            let title = "η* against sharpness at initialisation";
            let mut section = Section::new(3, id.clone(), Text::markup(title));
            section.list(relations.iter().map(|own| sentence(own, kind)).collect());
            section.figure(figure(snapshot, &cells.label, id, &relations, kind));
            section.table(table(&relations, kind));
            Some((cells.label.clone(), section))
        })
        .collect()
}

/// The relations to the preconditioned sharpness or, where that is not
/// measured, to the plain one.
fn related<'a>(cells: &DatasetCells<'a>) -> Option<(SharpnessKind, Vec<Relation<'a>>)> {
    let options = AnalysisOptions::default();
    [SharpnessKind::Preconditioned, SharpnessKind::Plain]
        .into_iter()
        .find_map(|kind| Some((kind, relations(cells, kind, &options).ok()?)))
}

fn three(value: f64) -> String {
    fixed(value, 3)
}

fn sentence(relation: &Relation<'_>, kind: SharpnessKind) -> Text {
    let [across, within] = &relation.slopes;
    let across = match across {
        Ok(own) => format!(
            "across {}, η* ∝ s^{{p}} with s = {} has p = {} (R^{{2}} = {}){}",
            counted(relation.cells(), "cell", "cells"),
            kind.symbol(),
            written(&own.slope, three),
            three(own.r_squared.value),
            inverse(&own.slope),
        ),
        Err(reason) => format!("across cells, not measured: {reason}"),
    };
    let within = match within {
        Ok(own) => format!(
            "within cells, across the networks of one cell, p = {} (R^{{2}} = {})",
            written(&own.slope, three),
            three(own.r_squared.value),
        ),
        Err(reason) => format!("within cells, not measured: {reason}"),
    };
    Text::markup(&format!(
        "{}: {across}; {within}.",
        rate_name(relation.input_rate)
    ))
}

/// Whether the slope may be -1.
fn inverse(slope: &Effect) -> &'static str {
    match slope.interval {
        Some([low, high]) if low > -1.0 || high < -1.0 => {
            ": inverse proportionality, p = −1, is excluded"
        }
        Some(_) => ": inverse proportionality, p = −1, is not excluded",
        None => ": too few architectures to tell it from inverse proportionality, p = −1",
    }
}

fn figure(
    snapshot: &Snapshot,
    label: &str,
    name: String,
    relations: &[Relation<'_>],
    kind: SharpnessKind,
) -> Figure {
    let cells = || {
        relations
            .iter()
            .flat_map(|own| own.joined.groups.iter().flatten())
    };
    let depths = ascending(cells().map(|joined| joined.rates.cell.depth() as f64));
    let panels = relations
        .iter()
        .filter(|own| own.input_rate.is_some() || relations.len() == 1)
        .rev()
        .map(|own| Panel {
            title: Text::markup(&rate_name(own.input_rate)),
            series: lines(own)
                .into_iter()
                .chain(markers(own, &depths))
                .collect(),
        })
        .collect();
    let example = cells().next().map(|joined| &joined.rates.cell);
    Figure {
        name,
        caption: Text::markup(&format!(
            "η* of every measured cell of {label} against {} of the same networks at \
             initialisation: geometric means over repeats, with {} of η* over repeats. Solid: \
             least squares of log_{{2}} η* on log_{{2}} {}. Dashed: slope −1 through the mean, \
             which is inverse proportionality. {}",
            kind.symbol(),
            percentages(),
            kind.symbol(),
            conditions(&snapshot.manifest, example),
        )),
        x: Axis::new(kind.symbol(), "sharpness", Scale::Log2),
        y: Axis::new("η*", "eta_star", Scale::Log2),
        panels,
    }
}

/// What the error bars of cells are.
fn percentages() -> String {
    let confidence = AnalysisOptions::default().confidence;
    format!("{} intervals", crate::page::number::percent(confidence))
}

fn lines(relation: &Relation<'_>) -> Vec<Series> {
    let means = relation.means();
    let ends = ascending(means.iter().map(|[x, _]| *x));
    let (Some(&low), Some(&high)) = (ends.first(), ends.last()) else {
        return Vec::new();
    };
    let fitted = relation.slopes.first().and_then(|own| own.as_ref().ok());
    let fit = fitted.map(|own: &Slope| {
        let at = |x: f64| [x.exp2(), own.line.at(x).exp2()];
        let line = Data::Line(vec![at(low), at(high)]);
        Series::new("least squares", Style::neutral(false), line)
    });
    let n = means.len() as f64;
    let (x, y) = means.iter().fold((0.0, 0.0), |(x, y), mean| {
        (x + mean[0] / n, y + mean[1] / n)
    });
    let at = |end: f64| [end.exp2(), (y - (end - x)).exp2()];
    let inverse = Series::new(
        "slope −1",
        Style::neutral(true),
        Data::Line(vec![at(low), at(high)]),
    );
    fit.into_iter().chain([inverse]).collect()
}

fn markers(relation: &Relation<'_>, depths: &[f64]) -> Vec<Series> {
    let cells = || relation.joined.groups.iter().flatten();
    depths
        .iter()
        .enumerate()
        .map(|(order, &depth)| {
            let own = cells().filter(|joined| joined.rates.cell.depth() as f64 == depth);
            Series::new(
                &format!("depth {depth}"),
                Style::nth(order),
                Data::Points(own.filter_map(point).collect()),
            )
        })
        .collect()
}

fn point(joined: &JoinedCell<'_>) -> Option<Point> {
    let [x, y] = joined.means()?;
    let values: Vec<f64> = joined.log2_rates.iter().map(|(_, value)| *value).collect();
    let confidence = AnalysisOptions::default().confidence;
    let interval = Bootstrap::default().interval_of_mean(&values, confidence);
    Some(Point {
        x: x.exp2(),
        y: y.exp2(),
        interval: interval.map(|ends| ends.map(f64::exp2)),
        note: format!(
            "depth {}, width {}, input rate {}; {}",
            joined.rates.cell.depth(),
            joined.width(),
            setting(joined.rates.cell.input_rate),
            counted(values.len(), "search", "searches"),
        ),
    })
}

fn table(relations: &[Relation<'_>], kind: SharpnessKind) -> Table {
    let number = |own: Option<&Effect>| match own {
        Some(effect) => Entry::number(effect.value, &written(effect, three)),
        None => Entry::text("–"),
    };
    let rows = relations.iter().map(|relation| {
        let [across, within] = &relation.slopes;
        let (across, within) = (across.as_ref().ok(), within.as_ref().ok());
        vec![
            match relation.input_rate {
                Some(rate) => Entry::number(rate, &setting(rate)),
                None => Entry::text("all"),
            },
            Entry::count(relation.cells()),
            number(across.map(|own| &own.slope)),
            number(across.map(|own| &own.r_squared)),
            Entry::count(relation.networks()),
            number(within.map(|own| &own.slope)),
            number(within.map(|own| &own.r_squared)),
        ]
    });
    Table {
        caption: Text::markup(&format!(
            "Slope p of log_{{2}} η* on log_{{2}} {}, with {}: across the geometric means of \
             cells, and across the networks of each cell about its own mean. Sharpness is measured \
             on a sample of the data, whose noise brings the slope within cells closer to 0.",
            kind.symbol(),
            intervals()
        )),
        columns: vec![
            Text::markup("μ_{in}"),
            Text::markup("cells"),
            Text::markup("p across cells"),
            Text::markup("R^{2}"),
            Text::markup("networks"),
            Text::markup("p within cells"),
            Text::markup("R^{2}"),
        ],
        rows: rows.collect(),
        name: String::new(),
    }
}
