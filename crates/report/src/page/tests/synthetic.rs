//! Made-up sweeps.

use etastar_data::{DatasetConfig, DatasetName};
use etastar_search::statistics::Estimate;
use etastar_search::{
    Cell, CellRecord, EtaStar, Host, Manifest, Outcome, Protocol, RepeatRecord, Session, Snapshot,
    TrialRecord,
};

use crate::fit::{Exponent, Fit, Law};
use crate::page::{Report, ReportError, ReportInput};

pub(super) const COMMAND: &str = "etastar report results/sweep.db";

/// Numbers between 0 and 1 that look random and are always the same.
pub(super) struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

pub(super) fn protocol() -> Protocol {
    serde_json::from_value(serde_json::json!({
        "loss": "cross-entropy",
        "batch_size": 128,
        "budget": 256,
        "evaluate_every": 16,
        "threshold": 0.25,
        "search": {
            "method": "octaves", "start": 3.0, "lowest": -10.0, "highest": 6.0, "tolerance": 0.125
        },
        "ladder": [-2.0, -1.0, 0.5]
    }))
    .unwrap()
}

/// A sweep over the product of its lists.
pub(super) struct Sweep {
    pub(super) datasets: Vec<DatasetName>,
    pub(super) depths: Vec<usize>,
    pub(super) widths: Vec<usize>,
    pub(super) rates: Vec<f64>,
    pub(super) repeats: usize,
}

impl Sweep {
    pub(super) fn small() -> Self {
        Self {
            datasets: vec![DatasetName::Digits],
            depths: vec![2, 4],
            widths: vec![16, 64, 256],
            rates: vec![0.01, 1.0],
            repeats: 2,
        }
    }

    pub(super) fn realistic() -> Self {
        Self {
            datasets: vec![DatasetName::Digits],
            depths: vec![2, 4, 8, 16],
            widths: vec![16, 32, 64, 128, 256],
            rates: vec![0.01, 0.1, 1.0],
            repeats: 5,
        }
    }

    pub(super) fn large() -> Self {
        Self {
            datasets: vec![DatasetName::Digits, DatasetName::FashionMnist],
            depths: vec![1, 2, 3, 4, 6, 8, 12, 16, 32],
            widths: vec![16, 32, 64, 128, 256, 512, 1024],
            rates: vec![0.001, 0.01, 0.1, 0.5, 1.0],
            repeats: 24,
        }
    }

    /// The snapshot; its last cell is unfinished, its first has only
    /// censored repeats.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut noise = Noise(7);
        let mut cells = Vec::new();
        for &name in &self.datasets {
            for &rate in &self.rates {
                for &depth in &self.depths {
                    for &width in &self.widths {
                        cells.push(self.cell(name, depth, width, rate, &mut noise));
                    }
                }
            }
        }
        if let Some(first) = cells.first_mut() {
            for repeat in &mut first.repeats {
                let lowest = (-10f64).exp2();
                repeat.eta_star = EtaStar::NothingSucceeds { lowest };
                for trial in &mut repeat.trials {
                    trial.outcome = Outcome::Exhausted;
                }
            }
        }
        if let Some(last) = cells.last_mut() {
            last.repeats.clear();
        }
        Snapshot {
            manifest: manifest(self.repeats),
            sessions: vec![session(None), session(Some("2026-01-02T04:05:06Z"))],
            cells,
            sharpness: Vec::new(),
        }
    }

    fn cell(
        &self,
        name: DatasetName,
        depth: usize,
        width: usize,
        rate: f64,
        noise: &mut Noise,
    ) -> CellRecord {
        let ratio = width as f64 / depth as f64;
        let size = rate * 64.0 + (depth * width) as f64;
        let narrow = (4.0 - ratio.log2()).max(0.0);
        let repeats = (0..self.repeats)
            .map(|repeat| {
                let log2 = 5.0 - 0.85 * size.log2() - 0.4 * narrow + 0.3 * noise.normal();
                search(repeat, log2, noise.uniform() < 0.12 * narrow)
            })
            .collect();
        CellRecord {
            id: format!("{name:?}-{depth}-{width}-{rate}"),
            cell: Cell {
                dataset: DatasetConfig {
                    name,
                    train: None,
                    validation: Some(360),
                    gaussians: None,
                },
                hidden: vec![width; depth],
                bias: false,
                output_gain: 2.0,
                input_rate: rate,
                protocol: protocol(),
                checkpoint: None,
                vary: Default::default(),
            },
            inputs: 64,
            outputs: 10,
            repeats,
        }
    }
}

fn search(repeat: usize, log2: f64, broken: bool) -> RepeatRecord {
    let star = (log2 * 8.0).round() / 8.0;
    let offsets = [-2.0, -1.0, -0.5, 0.0, 0.125, 0.25, 0.5, 1.0, 2.0];
    let trials = offsets
        .into_iter()
        .map(|offset: f64| TrialRecord {
            learning_rate: (star + offset).exp2(),
            outcome: match offset {
                offset if offset == -1.0 && broken => Outcome::Exhausted,
                offset if offset <= 0.0 => Outcome::Success,
                offset if offset < 0.3 => Outcome::Exhausted,
                _ => Outcome::NonFinite,
            },
            steps: 32,
            last_loss: Some(1.5),
            curve: Vec::new(),
            seconds: 0.1,
        })
        .collect();
    RepeatRecord {
        repeat,
        eta_star: EtaStar::Found {
            eta_star: star.exp2(),
            upper: (star + 0.125).exp2(),
        },
        monotone: !broken,
        trials,
    }
}

fn manifest(repeats: usize) -> Manifest {
    Manifest {
        format_version: 1,
        tool_version: "0.1.0".to_owned(),
        git_commit: Some("0123abc".to_owned()),
        experiment: "power-law".to_owned(),
        question: "Does η* follow a power law in depth × width? <b>&| *really*".to_owned(),
        profile: Some("quick".to_owned()),
        configuration_hash: "c0ffee".to_owned(),
        backend: "flex".to_owned(),
        float: "f32".to_owned(),
        device: "cpu".to_owned(),
        strategy: Default::default(),
        features: vec!["flex".to_owned()],
        datasets: [("digits/digits.csv".to_owned(), "ab12".to_owned())].into(),
        seed: 42,
        repeats,
        variants: Vec::new(),
        not_run: Vec::new(),
        analysis: serde_json::Value::Null,
    }
}

fn session(finished_at: Option<&str>) -> Session {
    Session {
        command: "etastar sweep experiments/power-law.toml".to_owned(),
        tool_version: "0.1.0".to_owned(),
        host: Host {
            os: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            processor: None,
            cores: 8,
        },
        jobs: 4,
        shard: None,
        started_at: "2026-01-02T03:04:05Z".to_owned(),
        arithmetic: Some("0123456789ab".to_owned()),
        finished_at: finished_at.map(str::to_owned),
    }
}

/// Estimates with normal intervals, good enough to be drawn.
pub(super) fn estimates(snapshot: &Snapshot) -> Vec<Estimate> {
    snapshot
        .cells
        .iter()
        .map(|cell| {
            let logs: Vec<f64> = cell
                .repeats
                .iter()
                .filter_map(|repeat| match repeat.eta_star {
                    EtaStar::Found { eta_star, .. } => Some(eta_star.log2()),
                    _ => None,
                })
                .collect();
            let count = logs.len() as f64;
            let mean = (!logs.is_empty()).then(|| logs.iter().sum::<f64>() / count);
            let half = 1.96 * 0.3 / count.sqrt();
            Estimate {
                log2_eta_star: mean,
                eta_star: mean.map(f64::exp2),
                interval: mean.map(|mean| [(mean - half).exp2(), (mean + half).exp2()]),
                confidence: 0.95,
                found: logs.len(),
                nothing_succeeds: cell.repeats.len() - logs.len(),
                nothing_fails: 0,
            }
        })
        .collect()
}

/// Straight lines in log2 for the two joint laws, and a made-up third.
pub(super) fn fits(snapshot: &Snapshot, estimates: &[Estimate]) -> Vec<Fit> {
    let mut rates: Vec<Option<f64>> = vec![None];
    for cell in &snapshot.cells {
        if !rates.contains(&Some(cell.cell.input_rate)) {
            rates.push(Some(cell.cell.input_rate));
        }
    }
    let mut fits = Vec::new();
    for rate in rates {
        for filter in [0.0, 8.0] {
            for law in [Law::DepthWidth, Law::Separate, Law::EffectiveSize] {
                fits.push(fit(snapshot, estimates, law, rate, filter));
            }
        }
    }
    fits
}

fn fit(
    snapshot: &Snapshot,
    estimates: &[Estimate],
    law: Law,
    input_rate: Option<f64>,
    filter: f64,
) -> Fit {
    let points: Vec<(f64, f64)> = snapshot
        .cells
        .iter()
        .zip(estimates)
        .filter(|(cell, _)| input_rate.is_none_or(|rate| cell.cell.input_rate == rate))
        .filter(|(cell, _)| {
            cell.cell.constant_width().unwrap() as f64 >= filter * cell.cell.depth() as f64
        })
        .filter_map(|(cell, estimate)| {
            let size: usize = cell.cell.hidden.iter().sum();
            let input = match law {
                Law::EffectiveSize => cell.cell.input_rate * cell.inputs as f64,
                _ => 0.0,
            };
            Some(((size as f64 + input).log2(), estimate.log2_eta_star?))
        })
        .collect();
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let xy: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let xx: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    let yy: f64 = points.iter().map(|p| (p.1 - y).powi(2)).sum();
    let slope = xy / xx;
    let rest = (yy - slope * xy).max(0.0);
    let exponent = Some(Exponent {
        value: -slope,
        interval: Some([-slope - 0.05, -slope + 0.05]),
    });
    let joint = law != Law::Separate;
    Fit {
        law,
        dataset: "digits".to_owned(),
        input_rate,
        width_over_depth: filter,
        log2_constant: y - slope * x,
        joint: exponent.filter(|_| joint),
        depth: exponent.filter(|_| !joint),
        width: exponent.filter(|_| !joint),
        confidence: 0.95,
        r_squared: 1.0 - rest / yy,
        rmse_octaves: (rest / count).sqrt(),
        loo_rmse_octaves: 1.1 * (rest / count).sqrt(),
        aicc: Some(count * (rest / count).ln() + 5.0),
        cells: points.len(),
        cells_without_eta_star: 1,
        censored_repeats: 2,
    }
}

pub(super) fn report(snapshot: &Snapshot) -> Result<Report, ReportError> {
    let estimates = estimates(snapshot);
    let fits = fits(snapshot, &estimates);
    Report::build(
        &[ReportInput {
            store: "results/sweep.db",
            snapshot,
            estimates: &estimates,
            fits: &fits,
            not_fitted: &[],
            sharpness: &[],
            analysis: None,
            findings: &[],
            interval_method: "percentile bootstrap over repeats, 2000 resamples",
        }],
        COMMAND,
    )
}
