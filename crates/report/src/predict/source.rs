use etastar_search::{Cell, Snapshot};

use super::PredictError;
use crate::fit::{Series, constants, kebab, series};

/// The series of a store that predicts: the only one with a finished repeat
/// or, with a name, the one whose label it is, or the only one of the dataset
/// of that name.
///
/// # Errors
/// If there is none, or if there are several.
pub fn source<'a>(
    snapshot: &'a Snapshot,
    dataset: Option<&str>,
) -> Result<Series<'a>, PredictError> {
    let measured: Vec<Series<'a>> = series(snapshot)
        .into_iter()
        .filter(|series| series.cells.iter().any(|cell| !cell.repeats.is_empty()))
        .collect();
    if measured.is_empty() {
        return Err(PredictError::NothingMeasured);
    }
    let known = names(&measured);
    let Some(name) = dataset else {
        return only(measured).ok_or(PredictError::SeveralDatasets { known });
    };
    if let Some(named) = measured.iter().find(|series| series.label == name) {
        return Ok(named.clone());
    }
    let namesakes: Vec<Series<'a>> = measured
        .into_iter()
        .filter(|series| {
            let mut cells = series.cells.iter();
            cells.any(|record| kebab(&record.cell.dataset.name) == name)
        })
        .collect();
    if namesakes.is_empty() {
        return Err(PredictError::UnknownDataset {
            name: name.to_owned(),
            known,
        });
    }
    let known = names(&namesakes);
    only(namesakes).ok_or(PredictError::SeveralDatasets { known })
}

/// The measured series of a store whose cells are defined as `cell` is, but
/// for widths, input-layer rate and the way eta\* is searched for.
pub fn matching_series<'a>(snapshot: &'a Snapshot, cell: &Cell) -> Option<Series<'a>> {
    // The start of a search does not move the edge that it looks for.
    let wanted = |cell: &Cell| {
        let mut alike = cell.clone();
        alike.protocol.search = etastar_search::Protocol::default().search;
        alike.protocol.ladder.clear();
        constants(&alike, "")
    };
    series(snapshot).into_iter().find(|series| {
        let measured = series.cells.iter().any(|record| !record.repeats.is_empty());
        let mut cells = series.cells.iter();
        measured && cells.any(|record| wanted(&record.cell) == wanted(cell))
    })
}

fn only(series: Vec<Series<'_>>) -> Option<Series<'_>> {
    <[Series<'_>; 1]>::try_from(series).ok().map(|[only]| only)
}

fn names(series: &[Series<'_>]) -> String {
    let quoted: Vec<String> = series.iter().map(|s| format!("`{}`", s.label)).collect();
    quoted.join(", ")
}
