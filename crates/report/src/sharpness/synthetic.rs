//! Made-up measurements of sharpness for tests.

use etastar_search::{SharpnessCellRecord, SharpnessRecord};
use etastar_sharpness::NetworkSharpness;
use serde_json::json;

/// Numbers between -1 and 1 that look random and are always the same.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// A grid whose `lambda_1(H)` is `constant (depth * width)^exponent` times
/// noise; `lambda_1(G)` is 0.8 of it and the plain prediction
/// `1 / (1 + depth / width)` of that.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub(crate) dataset: &'static str,
    pub(crate) losses: Vec<&'static str>,
    pub(crate) depths: Vec<usize>,
    pub(crate) widths: Vec<usize>,
    pub(crate) input_rates: Vec<f64>,
    pub(crate) repeats: usize,
    pub(crate) constant: f64,
    pub(crate) exponent: f64,
    /// Largest deviation of a network, in octaves.
    pub(crate) noise: f64,
    pub(crate) bounds: bool,
    pub(crate) prediction: bool,
}

impl Default for Grid {
    fn default() -> Self {
        Self {
            dataset: "digits",
            losses: vec!["squared-error"],
            depths: vec![2, 4],
            widths: vec![16, 64, 256],
            input_rates: vec![1.0, 0.0],
            repeats: 4,
            constant: 0.25,
            exponent: 1.0,
            noise: 0.2,
            bounds: true,
            prediction: true,
        }
    }
}

impl Grid {
    pub(crate) fn records(&self) -> Vec<SharpnessCellRecord> {
        let mut noise = Noise(11);
        let mut records = Vec::new();
        for &loss in &self.losses {
            for &rate in &self.input_rates {
                for &depth in &self.depths {
                    for &width in &self.widths {
                        records.push(self.record(loss, rate, depth, width, &mut noise));
                    }
                }
            }
        }
        records
    }

    fn record(
        &self,
        loss: &str,
        rate: f64,
        depth: usize,
        width: usize,
        noise: &mut Noise,
    ) -> SharpnessCellRecord {
        let exact = self.constant * ((depth * width) as f64).powf(self.exponent);
        let cell = json!({
            "dataset": {"name": self.dataset},
            "hidden": vec![width; depth],
            "bias": false,
            "output_gain": 2.0,
            "input_rate": rate,
            "loss": loss,
            "samples": 256,
            "bounds": self.bounds,
            "prediction": self.prediction,
        });
        let plain = 0.8 * exact / (1.0 + depth as f64 / width as f64);
        SharpnessCellRecord {
            id: format!("{}-{loss}-{rate}-{depth}-{width}", self.dataset),
            cell: serde_json::from_value(cell).unwrap(),
            inputs: 64,
            outputs: 10,
            prediction: self.prediction.then(|| prediction(plain)),
            repeats: (0..self.repeats)
                .map(|repeat| SharpnessRecord {
                    repeat,
                    sharpness: network(exact * (self.noise * noise.next()).exp2(), self.bounds),
                    cheap_rates: None,
                    seconds: 0.5,
                })
                .collect(),
        }
    }
}

fn prediction(plain: f64) -> etastar_sharpness::prediction::KernelPrediction {
    let exact = |mean: f64| json!({"mean": mean, "standard_error": 0.0});
    serde_json::from_value(json!({
        "plain": plain,
        "finite_width": 1.1 * plain,
        "layered": 1.2 * plain,
        "factor": exact(1.1),
        "layered_factor": exact(1.2),
        "estimate": {
            "plain": exact(plain),
            "finite_width": exact(1.1 * plain),
            "layered": exact(1.2 * plain),
        },
        "samples": 256,
    }))
    .unwrap()
}

/// A network of that `lambda_1(H)`, its bounds by fixed factors.
pub(crate) fn network(hessian: f64, bounds: bool) -> NetworkSharpness {
    let gauss_newton = 0.8 * hessian;
    let spectrum = |largest: f64, smallest: Option<f64>| {
        json!({
            "largest": largest,
            "smallest": smallest,
            "residual": 1e-6 * largest,
            "converged": true,
            "products": 30,
        })
    };
    let bounds = bounds.then(|| {
        json!({
            "lower": {
                "gauss_newton": {
                    "gradient": 0.5 * gauss_newton,
                    "trace_over_rank": 0.01 * gauss_newton,
                    "mean_gradient": 0.6 * gauss_newton,
                    "mean_gradients": 0.9 * gauss_newton,
                    "ritz": gauss_newton,
                },
                "hessian": {
                    "gradient": 0.4 * hessian,
                    "trace_over_parameters": 1e-4 * hessian,
                    "ritz": hessian,
                },
            },
            "upper": {
                "gauss_newton": {
                    "frobenius": 8.0 * gauss_newton,
                    "operator_norm": 2.0 * gauss_newton,
                    "weighted": 1.5 * gauss_newton,
                },
                "residual": {
                    "classwise": 4.0 * hessian,
                    "samplewise": 3.0 * hessian,
                    "averaged": 2.0 * hessian,
                    "method": "exact",
                },
                "hessian": 1.5 * gauss_newton + 2.0 * hessian,
            },
        })
    });
    serde_json::from_value(json!({
        "hessian": spectrum(hessian, Some(-0.3 * hessian)),
        "gauss_newton": spectrum(gauss_newton, Some(0.0)),
        "trace": 3.0 * gauss_newton,
        "bounds": bounds,
    }))
    .unwrap()
}
