//! The origin of every number: program, backend, data, machine.

use etastar_backend::Selection;
use etastar_data::{Dataset, DatasetConfig};
use etastar_search::{
    FORMAT_VERSION, Host, Manifest, NotRun, Provenance, Session, Shard, Strategy, Variant,
    VariantCells,
};

/// The version of this library.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit it was built from, where that is known.
pub const GIT_COMMIT: Option<&str> = option_env!("ETASTAR_GIT_COMMIT");

/// Everything that the numbers depend on besides the configuration.
pub(crate) fn provenance(
    seed: u64,
    backend: Selection,
    datasets: &[(DatasetConfig, Dataset)],
) -> Provenance {
    let fingerprints = datasets
        .iter()
        .flat_map(|(_, dataset)| &dataset.fingerprints);
    Provenance {
        seed,
        backend: backend.device().family(),
        float: backend.name().float().to_owned(),
        datasets: fingerprints
            .map(|(file, hash)| (file.clone(), hash.clone()))
            .collect(),
        strategy: Strategy::Sequential,
    }
}

/// What a store says of itself: the experiment, its question, its variants and its rules.
#[derive(Debug, Clone, Default)]
pub struct Title<'a> {
    /// Name of the experiment.
    pub experiment: &'a str,
    /// What it asks.
    pub question: &'a str,
    /// Profile of the experiment, if it has one.
    pub profile: Option<&'a str>,
    /// Its variants.
    pub variants: &'a [Variant],
    /// Its rules, as they stand in its file.
    pub analysis: serde_json::Value,
    /// What the user has typed or called.
    pub command: String,
}

impl Title<'_> {
    /// The planned cells of each variant that has a name.
    fn variants(&self, provenance: &Provenance, not_run: &[NotRun]) -> Vec<VariantCells> {
        let named = self.variants.iter().filter(|one| !one.name.is_empty());
        let runs = |dataset: &DatasetConfig| {
            let mut missing = not_run.iter();
            missing.all(|one| one.dataset != dataset.title())
        };
        named
            .map(|variant| VariantCells {
                name: variant.name.clone(),
                cells: (variant.cells().iter())
                    .filter(|cell| runs(&cell.dataset))
                    .map(|cell| cell.identity(provenance))
                    .collect(),
            })
            .collect()
    }
}

/// The manifest of a store.
pub(crate) fn manifest(
    title: &Title<'_>,
    provenance: &Provenance,
    backend: Selection,
    configuration_hash: String,
    repeats: usize,
    not_run: &[NotRun],
) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: VERSION.to_owned(),
        git_commit: GIT_COMMIT.map(str::to_owned),
        experiment: title.experiment.to_owned(),
        question: title.question.to_owned(),
        profile: title.profile.map(str::to_owned),
        configuration_hash,
        backend: provenance.backend.clone(),
        float: provenance.float.clone(),
        device: backend.device_description(),
        strategy: provenance.strategy,
        features: features(),
        datasets: provenance.datasets.clone(),
        seed: provenance.seed,
        repeats,
        variants: title.variants(provenance, not_run),
        not_run: not_run.to_vec(),
        analysis: title.analysis.clone(),
    }
}

/// The session that begins now.
pub(crate) fn session(
    command: &str,
    jobs: usize,
    shard: Option<Shard>,
    arithmetic: Option<String>,
) -> Session {
    Session {
        command: command.to_owned(),
        tool_version: VERSION.to_owned(),
        host: host(),
        jobs,
        shard: shard.map(|shard| shard.to_string()),
        arithmetic,
        started_at: now(),
        finished_at: None,
    }
}

/// The time, RFC 3339, UTC, to the second.
pub fn now() -> String {
    jiff::Timestamp::now().strftime("%FT%TZ").to_string()
}

fn features() -> Vec<String> {
    [
        ("flex", cfg!(feature = "flex")),
        ("ndarray", cfg!(feature = "ndarray")),
        ("tch", cfg!(feature = "tch")),
        ("wgpu", cfg!(feature = "wgpu")),
        ("wgpu-autotune", cfg!(feature = "wgpu-autotune")),
        ("wgpu-fusion", cfg!(feature = "wgpu-fusion")),
        ("wgpu-spirv", cfg!(feature = "wgpu-spirv")),
        ("mimalloc", cfg!(feature = "mimalloc")),
    ]
    .into_iter()
    .filter(|(_, enabled)| *enabled)
    .map(|(name, _)| name.to_owned())
    .collect()
}

/// The machine.
fn host() -> Host {
    Host {
        os: std::env::consts::OS.to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        processor: processor(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The machine's name in its network.
pub fn host_name() -> String {
    let of_linux = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let variables = ["HOSTNAME", "COMPUTERNAME"].into_iter();
    let name = of_linux.or_else(|| variables.filter_map(|name| std::env::var(name).ok()).next());
    name.map_or_else(|| "unknown".to_owned(), |name| name.trim().to_owned())
}

/// The processor's model, where Linux tells it.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
