use etastar_search::{CellRecord, SharpnessCellRecord, Snapshot};

use super::scope::series_name;
use crate::analysis::{Proxy, ProxyCell, ProxyQuality, proxy_cells};
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{counted, fixed, octaves, rate};
use crate::page::study::{Study, ascending};

/// What predicts eta\* at initialisation, how well, and at what cost.
pub(in crate::page) fn proxies(study: &Study<'_>, snapshot: &Snapshot) -> Section {
    let id = format!("{}-proxies", study.id);
    let title = Text::plain("What predicts η* at initialisation");
    let mut section = Section::new(3, id.clone(), title);
    let records: Vec<&CellRecord> = study.cells.iter().map(|cell| cell.record).collect();
    let sharpness: Vec<&SharpnessCellRecord> = snapshot.sharpness.iter().collect();
    let groups = proxy_cells(&records, &sharpness, 0.0);
    let mut ranked: Vec<ProxyQuality> = Proxy::ALL
        .into_iter()
        .filter_map(|proxy| ProxyQuality::of(proxy, &groups))
        .collect();
    ranked.sort_by(|a, b| a.rmse.total_cmp(&b.rmse));
    let (Some(best), Some(search)) = (ranked.first(), search_cost(&groups)) else {
        section.paragraph("No cell has an η* and something that predicts it.");
        return section;
    };
    section.paragraph(finding(best, &ranked, search));
    section.figure(figure(study, &ranked, &groups, id));
    section.table(table(study, &ranked, search));
    section
}

/// Mean gradients of the search of one network.
fn search_cost(groups: &[Vec<ProxyCell>]) -> Option<f64> {
    let costs: Vec<f64> = groups.iter().flatten().map(|c| c.search_cost).collect();
    etastar_search::statistics::mean(&costs)
}

fn finding(best: &ProxyQuality, ranked: &[ProxyQuality], search: f64) -> Text {
    let others = ranked.iter().filter(|quality| quality.cost > 0.0);
    let measured = others.min_by(|a, b| a.rmse.total_cmp(&b.rmse));
    let measured = measured.map_or_else(
        || "Nothing that is measured on the network itself was recorded.".to_owned(),
        |quality| {
            format!(
                "Of what is measured on the network itself, the {} is nearest: {} octaves ({} \
                 after one constant), for {} mini-batch gradients, where the search for η* takes \
                 {}.",
                quality.proxy.name(),
                octaves(quality.rmse),
                calibrated(quality),
                rate(quality.cost),
                rate(search)
            )
        },
    );
    Text::markup(&format!(
        "The least rms error as it stands has the {}: {} octaves over {}. {measured}",
        best.proxy.name(),
        octaves(best.rmse),
        counted(best.cells, "cell", "cells"),
    ))
}

fn calibrated(quality: &ProxyQuality) -> String {
    quality
        .calibrated_rmse
        .map_or_else(|| "–".to_owned(), octaves)
}

fn figure(
    study: &Study<'_>,
    ranked: &[ProxyQuality],
    groups: &[Vec<ProxyCell>],
    name: String,
) -> Figure {
    let cells: Vec<&ProxyCell> = groups.iter().flatten().collect();
    let rates = ascending(cells.iter().map(|cell| cell.input_rate));
    let of = |proxy: Proxy| cells.iter().filter_map(move |cell| cell.value(proxy));
    // Over all panels, so that every one shows the line of equality whole.
    let ends = ranked
        .iter()
        .flat_map(|quality| of(quality.proxy).map(|value| value.log2))
        .chain(cells.iter().map(|cell| cell.measured))
        .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], value| {
            [low.min(value), high.max(value)]
        })
        .map(f64::exp2);
    let panels = ranked
        .iter()
        .map(|quality| {
            let mut series = vec![Series::new(
                "equality",
                Style::neutral(true),
                Data::Line(ends.map(|end| [end, end]).to_vec()),
            )];
            for (order, rate) in rates.iter().rev().enumerate() {
                let own = cells.iter().filter(|cell| cell.input_rate == *rate);
                let points = own.filter_map(|cell| {
                    Some(Point {
                        x: cell.value(quality.proxy)?.log2.exp2(),
                        y: cell.measured.exp2(),
                        interval: None,
                        note: format!("depth {}, width {}", cell.depth, cell.width),
                    })
                });
                series.push(Series::new(
                    &series_name(*rate),
                    Style::nth(order),
                    Data::Points(points.collect()),
                ));
            }
            Panel {
                title: Text::markup(quality.proxy.name()),
                series,
            }
        })
        .collect();
    Figure {
        name,
        caption: Text::markup(&format!(
            "Measured η* of the cells of {} against what predicts it, best first; both are \
             geometric means over repeats. λ_{{1}} is that of the Hessian preconditioned with the \
             cell's input rate; laws are fitted without the architecture they predict. {}",
            study.label,
            study.conditions()
        )),
        x: Axis::new("predicted η*", "predicted", Scale::Log2),
        y: Axis::new("measured η*", "eta_star", Scale::Log2),
        panels,
    }
}

fn table(study: &Study<'_>, ranked: &[ProxyQuality], search: f64) -> Table {
    let mut rows: Vec<Vec<Entry>> = ranked
        .iter()
        .map(|quality| {
            vec![
                Entry::text(Text::markup(quality.proxy.name())),
                Entry::count(quality.cells),
                Entry::number(quality.rmse, &octaves(quality.rmse)),
                Entry::optional(quality.calibrated_rmse, octaves),
                Entry::number(quality.bias, &octaves(quality.bias)),
                Entry::number(quality.r_squared, &fixed(quality.r_squared, 3)),
                Entry::number(quality.cost, &rate(quality.cost)),
            ]
        })
        .collect();
    let mut own = vec![Entry::text("the search for η* itself")];
    own.extend((0..5).map(|_| Entry::text("–")));
    own.push(Entry::number(search, &rate(search)));
    rows.push(own);
    Table {
        caption: Text::markup(&format!(
            "What predicts η* of {}, best first, all in octaves: rms error as it stands; the same \
             after one constant, fitted to all other architectures, is added; bias, the mean of \
             measured minus predicted; R^{{2}} with the bias taken off. Cost for a new network in \
             gradients of one mini-batch of the protocol's size: a forward pass counts as a third, \
             a Hessian-vector product as two, other numbers of samples in proportion; validation \
             is not counted, and a law costs nothing once it is fitted.",
            study.label
        )),
        columns: vec![
            Text::markup("predicted from"),
            Text::markup("cells"),
            Text::markup("rmse"),
            Text::markup("rmse, one constant"),
            Text::markup("bias"),
            Text::markup("R^{2}"),
            Text::markup("cost"),
        ],
        rows,
        name: String::new(),
    }
}
