//! Anchors and figures of an experiment on a page of several.

use crate::page::document::{Block, Section};
use crate::page::study::unique_id;

/// Puts the experiment's name before the anchors and figure names of its
/// sections. Names have single hyphens, so that the double one keeps those of
/// one experiment apart from those of any other.
pub(super) fn place(sections: &mut [Section], experiment: &str) {
    let mut anchors: Vec<String> = Vec::new();
    let mut figures: Vec<String> = Vec::new();
    for section in sections {
        section.id = placed(&section.id, experiment, &mut anchors);
        for block in &mut section.blocks {
            if let Block::Figure(figure) = block {
                figure.name = placed(&figure.name, experiment, &mut figures);
            }
        }
    }
}

fn placed(name: &str, experiment: &str, taken: &mut Vec<String>) -> String {
    let own = unique_id(name, |id| taken.iter().any(|other| other == id));
    let name = format!("{experiment}--{own}");
    taken.push(own);
    name
}

/// The first figure of a section.
pub(super) fn first_figure(section: &Section) -> Option<&str> {
    section.blocks.iter().find_map(|block| match block {
        Block::Figure(figure) => Some(figure.name.as_str()),
        _ => None,
    })
}
