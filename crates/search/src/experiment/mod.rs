//! Experiments: TOML files that spell out a grid, a protocol, variants of
//! either, profiles, and what is to be concluded.
//!
//! Everything in a file is a setting in a layer. The layers of an experiment
//! are, from the bottom: the file that `base` names, the experiment's own
//! file, the chosen profile of the base and of the file, and one of the
//! `variants`. What a later layer says stands.
//!
//! Reading is strict: an unknown key or a value out of range is an error that
//! points to its line and column; a setting that no layer gives is named.

mod error;
mod layer;
mod resolve;
mod variant;

pub use error::ExperimentError;
pub use variant::{GridSettings, Measure, Network, SharpnessGrid, Variant};

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;

use crate::random::{content_hash, hexadecimal};
use crate::scale::Request;
use crate::{Cell, Protocol, Provenance};
use layer::Layer;
pub(crate) use layer::experiment_settings;
pub use layer::{Depths, InputRates, Losses, RepeatCount, Seed, Train, Widths};

/// Most bytes of a file: more than anybody writes, or a file of another kind.
const MOST_BYTES: u64 = 1 << 20;

/// An experiment in which every setting is settled.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Experiment {
    /// Short name; stores are called after it.
    pub name: String,
    /// The question it answers, in a sentence.
    pub question: String,
    /// Master seed of all random numbers.
    pub seed: u64,
    /// Searches in every cell, each with its own initialisation and batch
    /// order.
    pub repeats: usize,
    /// The variants, at least one.
    pub variants: Vec<Variant>,
    /// What is concluded from the numbers and by which rule, as the file says
    /// it; null where it does not. Its meaning is for whoever analyses.
    pub analysis: serde_json::Value,
}

impl Experiment {
    /// Reads an experiment file, and its base, and applies a profile.
    ///
    /// # Errors
    /// If a file cannot be read, is not a valid experiment, or has no such
    /// profile.
    pub fn read(path: &Path, profile: Option<&str>) -> Result<Self, ExperimentError> {
        let file = read_layer(path)?;
        let base = match &file.base {
            None => None,
            Some(name) => {
                let base = path.with_file_name(name);
                let layer = read_layer(&base).map_err(|error| ExperimentError::Base {
                    path: path.to_owned(),
                    error: Box::new(error),
                })?;
                if layer.base.is_some() {
                    let error = ExperimentError::BaseOfBase;
                    return Err(error.in_file(&base));
                }
                Some(layer)
            }
        };
        let resolved = resolve::resolve(base, file, profile).and_then(Self::checked);
        resolved.map_err(|error| error.in_file(path))
    }

    /// Parses an experiment that has no base, and applies a profile.
    ///
    /// # Errors
    /// If the text is not a valid experiment, or has no such profile.
    pub fn parse(text: &str, profile: Option<&str>) -> Result<Self, ExperimentError> {
        let file: Layer = toml::from_str(text)?;
        if file.base.is_some() {
            return Err(ExperimentError::BaseOfText);
        }
        Self::checked(resolve::resolve(None, file, profile)?)
    }

    fn checked(self) -> Result<Self, ExperimentError> {
        if !is_plain(&self.name) {
            return Err(ExperimentError::Name(self.name));
        }
        for variant in &self.variants {
            variant.validate().map_err(|error| {
                if variant.name.is_empty() {
                    error
                } else {
                    error.in_variant(&variant.name)
                }
            })?;
        }
        self.request().check()?;
        Ok(self)
    }

    /// What it asks for; cells that are listed twice count twice.
    fn request(&self) -> Request {
        let variants = || self.variants.iter();
        let depths = variants().flat_map(|variant| &variant.grid.depths);
        let protocols = variants().filter_map(|variant| variant.protocol.as_ref());
        Request {
            cells: variants()
                .map(Variant::listed)
                .fold(0, usize::saturating_add),
            repeats: self.repeats,
            depth: depths.copied().max().unwrap_or(0),
            trials: protocols.map(Protocol::most_trials).max().unwrap_or(1),
        }
    }

    /// Every cell, each once: those of eta\* first, each kind by variant and
    /// then as in [`Variant::cells`].
    pub fn cells(&self) -> Vec<Cell> {
        let all = variant::distinct(self.variants.iter().flat_map(Variant::cells));
        let (searched, others): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|cell| cell.protocol().is_some());
        [searched, others].concat()
    }

    /// Hash of everything the results depend on, and of the rules by which
    /// they are judged.
    pub fn configuration_hash(&self, provenance: &Provenance) -> String {
        hexadecimal(&content_hash(&(self, provenance)))
    }
}

/// Whether a name can be part of a file name.
fn is_plain(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '-';
    !name.is_empty() && name.chars().all(plain)
}

fn read_layer(path: &Path) -> Result<Layer, ExperimentError> {
    let failed = |source| ExperimentError::Read {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    let file = File::open(path).map_err(failed)?;
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text);
    if read.map_err(failed)? as u64 > MOST_BYTES {
        return Err(ExperimentError::TooLong(path.to_owned()));
    }
    toml::from_str(&text).map_err(|error| ExperimentError::from(error).in_file(path))
}

#[cfg(test)]
mod tests;
