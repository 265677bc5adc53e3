//! Figures as data: the picture ([`Figure::svg`]) and the numbers behind it ([`Figure::csv`]) are
//! made from the same structure, so that they cannot disagree.

mod axis;
mod canvas;
mod csv;
mod layout;
mod model;
mod svg;
mod text;

pub(crate) use axis::{Axis, Scale};
pub(crate) use canvas::STYLE_SHEET;
pub(crate) use csv::{neutral, to_csv};
pub(crate) use model::{Data, Figure, Marker, Panel, Point, Series, Style};
pub use text::is_hidden;
pub(crate) use text::{Span, Text, Tone, visible};

#[cfg(test)]
mod tests;
