//! What stands beside every number: program, backend, data, machine.

use std::collections::BTreeMap;

use etastar_backend::Selection;
use etastar_data::{DataFolders, Dataset, DatasetConfig};
use etastar_search::{FORMAT_VERSION, Host, Manifest, Provenance, Session};

use crate::error::CliError;

/// The program's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Loads datasets, each once.
pub(crate) fn load_datasets<'a>(
    configs: impl Iterator<Item = &'a DatasetConfig>,
    folders: &DataFolders,
) -> Result<Vec<(DatasetConfig, Dataset)>, CliError> {
    let mut loaded: Vec<(DatasetConfig, Dataset)> = Vec::new();
    for config in configs {
        if loaded.iter().all(|(known, _)| known != config) {
            loaded.push((config.clone(), Dataset::load(config, folders)?));
        }
    }
    Ok(loaded)
}

/// What the numbers depend on besides the configuration.
pub(crate) fn provenance(
    seed: u64,
    backend: Selection,
    datasets: &[(DatasetConfig, Dataset)],
) -> Provenance {
    let fingerprints: BTreeMap<String, String> = datasets
        .iter()
        .flat_map(|(_, dataset)| dataset.fingerprints.clone())
        .collect();
    Provenance {
        seed,
        backend: backend.name().feature().to_owned(),
        float: backend.name().float().to_owned(),
        datasets: fingerprints,
    }
}

/// What an experiment is called and asks.
pub(crate) struct Title<'a> {
    pub(crate) experiment: &'a str,
    pub(crate) question: &'a str,
    pub(crate) profile: Option<&'a str>,
}

/// The manifest of a store.
pub(crate) fn manifest(
    title: &Title<'_>,
    provenance: &Provenance,
    backend: Selection,
    configuration_hash: String,
    repeats: usize,
) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: VERSION.to_owned(),
        git_commit: option_env!("ETASTAR_GIT_COMMIT").map(str::to_owned),
        experiment: title.experiment.to_owned(),
        question: title.question.to_owned(),
        profile: title.profile.map(str::to_owned),
        configuration_hash,
        backend: provenance.backend.clone(),
        float: provenance.float.clone(),
        device: backend.device().to_owned(),
        features: features(),
        datasets: provenance.datasets.clone(),
        seed: provenance.seed,
        repeats,
        variants: Vec::new(),
        not_run: Vec::new(),
        analysis: serde_json::Value::Null,
    }
}

/// The session that begins now.
pub(crate) fn session(jobs: usize) -> Session {
    Session {
        command: command_line(),
        tool_version: VERSION.to_owned(),
        host: host(),
        jobs,
        started_at: now(),
        finished_at: None,
    }
}

/// The time, RFC 3339, UTC, to the second.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second())
        .unwrap_or(now)
        .to_string()
}

/// The command line, quoted for a shell.
pub(crate) fn command_line() -> String {
    let mut words = vec!["etastar".to_owned()];
    words.extend(std::env::args().skip(1).map(|word| quoted(&word)));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn features() -> Vec<String> {
    [
        ("flex", cfg!(feature = "flex")),
        ("ndarray", cfg!(feature = "ndarray")),
        ("mimalloc", cfg!(feature = "mimalloc")),
    ]
    .into_iter()
    .filter(|(_, enabled)| *enabled)
    .map(|(name, _)| name.to_owned())
    .collect()
}

/// The machine.
pub(crate) fn host() -> Host {
    Host {
        os: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        processor: processor(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The processor's model, where Linux tells it.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("--width=64"), "--width=64");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
