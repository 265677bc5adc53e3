//! Where the numbers come from, and how to get them again.

use super::command::without_places;
use super::lead::distinct;
use crate::figure::Text;
use crate::page::ReportInput;
use crate::page::document::{Entry, Section, Table};
use crate::page::sections::{fields, sessions_table};
use crate::page::study::unique_id;

/// What all stores share once, then each store's own part.
pub(super) fn environment(inputs: &[&ReportInput<'_>], command: &str) -> Vec<Section> {
    let mut section = Section::new(
        2,
        "environment",
        Text::plain("Environment and how to reproduce"),
    );
    section.paragraph(
        "The commands below measure everything again; an interrupted one goes on where it \
         stopped. With the same backend, float type and seed on the same kind of machine the \
         numbers are the same bits, on any number of threads.",
    );
    // The first session's: later ones went on with it.
    let measured = inputs.iter().filter_map(|input| input.measured_by());
    let mut commands: Vec<String> = measured.map(without_places).collect();
    commands.push(command.to_owned());
    section.code(&distinct(commands).join("\n"));
    let all: Vec<Vec<(String, String)>> = inputs
        .iter()
        .map(|input| fields(&input.snapshot.manifest))
        .collect();
    let is_shared = |field: &(String, String)| all.iter().all(|fields| agrees(fields, field));
    let mut shared: Vec<(String, String)> = Vec::new();
    for field in all.iter().flatten() {
        if is_shared(field) && !shared.contains(field) {
            shared.push(field.clone());
        }
    }
    section.table(table("What all stores have in common.", &shared));
    let mut sections = vec![section];
    let mut ids: Vec<String> = Vec::new();
    for (input, fields) in inputs.iter().zip(&all) {
        let own: Vec<(String, String)> =
            std::iter::once(("store".to_owned(), input.store.to_owned()))
                .chain(fields.iter().filter(|field| !is_shared(field)).cloned())
                .collect();
        let name = &input.snapshot.manifest.experiment;
        let id = unique_id(name, |id| ids.iter().any(|other| other == id));
        let title = Text::plain("Store of ").and_code(name.clone());
        let mut section = Section::new(4, format!("environment--{id}"), title).folded();
        ids.push(id);
        section.table(table("What is this store's own.", &own));
        match sessions_table(input.snapshot) {
            Some(sessions) => section.table(sessions),
            None => section.paragraph("No session is recorded."),
        }
        sections.push(section);
    }
    sections
}

/// Whether a store says nothing else about a field. A data file that it does
/// not use is no disagreement.
fn agrees(fields: &[(String, String)], (name, value): &(String, String)) -> bool {
    let own = fields.iter().find(|(other, _)| other == name);
    match own {
        Some((_, other)) => other == value,
        None => name.starts_with("SHA-256 of "),
    }
}

fn table(caption: &str, fields: &[(String, String)]) -> Table {
    Table {
        caption: Text::plain(caption),
        columns: vec![Text::markup("field"), Text::markup("value")],
        rows: fields
            .iter()
            .map(|(name, value)| {
                vec![
                    Entry::text(Text::plain(name.clone())),
                    Entry::text(Text::code(value.clone())),
                ]
            })
            .collect(),
        name: String::new(),
    }
}
