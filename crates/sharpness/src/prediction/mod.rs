//! `lambda_1` of the Gauss-Newton matrix at initialisation predicted from the
//! data alone, through the infinite-width tangent kernel: no network is drawn.
//!
//! # What is proved and what is conjecture
//! - *Proved* (Jacot, Gabriel and Hongler, arXiv:1806.07572; Cho and Saul, NIPS
//!   2009): with the depth fixed and the widths going to infinity, the tangent
//!   kernel of the network tends to the recursion of file `kernel`. For
//!   the squared error the nonzero spectrum of `G` is that of the tangent
//!   kernel divided by `N`, so [`Estimate::plain`] is the limit; for
//!   cross-entropy `G` depends on the outputs, which tend to independent
//!   Gaussian processes, so the limit is random and its mean over drawn
//!   outputs is estimated.
//! - *Conjecture*, ours, to our knowledge not in the literature: at finite width
//!   the top eigenvalue is larger mainly because the class Gram matrix of the
//!   backward vectors, `B_k . B_k'`, is a random (Wishart) matrix instead of the
//!   identity. [`Estimate::finite_width`] scales the part of the kernel that
//!   passes through backward vectors with one Wishart factor,
//!   [`Estimate::layered`] with the factor of a chain of them, one a layer
//!   (file `factor`). Neither has a proof; judge them by measured networks.
//!
//! # Evidence
//! For the **squared error** the layered factor is the one to use, for **cross-entropy** the plain
//! kernel, which both factors overestimate. The measured table is in the book, chapter *Sharpness*.
//!
//! # Cost
//! `O(N^2 (n_0 + L))` time and two `N x N` matrices in double precision (the
//! cross-entropy needs a third while it draws outputs). The
//! `N K x N K` matrix is never formed. Results do not depend on the number of
//! threads, bit for bit.

mod eigenvalue;
mod factor;
mod gaussian;
mod kernel;

pub use factor::MeanEstimate;
pub use kernel::{PredictionError, Samples, TangentKernel};

use etastar_model::{Architecture, Loss};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use eigenvalue::ScaledKernel;
use factor::{class_gram_factor, layered_factor};
use gaussian::draw_probabilities;

/// How to predict.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PredictionSettings {
    /// Threads; at least 1 is used. Changes no result.
    pub threads: usize,
    /// Seed of all random draws.
    pub seed: u64,
    /// Draws of the outputs for cross-entropy.
    pub output_draws: usize,
    /// Draws of class Gram matrices for the finite-width factors.
    pub factor_draws: usize,
    /// Samples, evenly spaced over those given, from which the layered factor
    /// is computed.
    pub layered_samples: usize,
}

impl Default for PredictionSettings {
    fn default() -> Self {
        Self {
            threads: 1,
            seed: 0,
            output_draws: 4,
            factor_draws: 1_000,
            layered_samples: 192,
        }
    }
}

/// The three predictions of a top eigenvalue with their Monte-Carlo standard
/// errors (0 where nothing is drawn), which say nothing of the spread over
/// networks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The infinite-width kernel.
    pub plain: MeanEstimate,
    /// `K_last + w K_hidden` with the factor of one Wishart matrix.
    pub finite_width: MeanEstimate,
    /// `K_last + w K_hidden` with the factor of a chain of Wishart matrices.
    pub layered: MeanEstimate,
}

/// The top eigenvalue of the Gauss-Newton matrix predicted from data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KernelPrediction {
    /// From the infinite-width kernel: the limit.
    pub plain: f64,
    /// From the kernel with one finite-width factor: a hypothesis, for the
    /// squared error only.
    pub finite_width: f64,
    /// From the kernel with a layered finite-width factor: a hypothesis, for
    /// the squared error only.
    pub layered: f64,
    /// The factor `w` of `finite_width`.
    pub factor: MeanEstimate,
    /// The factor `w` of `layered`.
    pub layered_factor: MeanEstimate,
    /// The three predictions again, with standard errors.
    pub estimate: Estimate,
    /// Samples, `N`.
    pub samples: usize,
}

impl KernelPrediction {
    /// Predicts the top eigenvalue of the (preconditioned) Gauss-Newton matrix
    /// of a bias-free network on `samples`, the input layer learning
    /// `input_rate` times as fast as the others.
    ///
    /// # Errors
    /// If the architecture is invalid or has biases, a number is out of range,
    /// or the numerical methods fail (they name how).
    pub fn new(
        architecture: &Architecture,
        loss: Loss,
        input_rate: f64,
        samples: &Samples,
        settings: PredictionSettings,
    ) -> Result<Self, PredictionError> {
        let kernel = TangentKernel::new(architecture, input_rate, samples, settings.threads)?;
        let draws = settings.factor_draws;
        let stream = |number: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
            rng.set_stream(number);
            rng
        };
        let last_width = architecture.hidden.last().copied().unwrap_or(1);
        let factor = class_gram_factor(architecture.outputs, last_width, draws, &mut stream(1))?;
        let layered_factor = layered_factor(
            architecture,
            input_rate,
            &samples.spread(settings.layered_samples),
            draws,
            &mut stream(2),
        )?;
        let outputs = match loss {
            Loss::SquaredError => None,
            Loss::CrossEntropy => Some(draw_probabilities(
                &kernel,
                architecture,
                settings.output_draws,
                &mut stream(3),
            )?),
        };
        let estimate = |factor: MeanEstimate| {
            let scaled = ScaledKernel::new(&kernel, factor.mean, settings.threads);
            match &outputs {
                None => squared_error(scaled, factor),
                Some(drawn) => cross_entropy(scaled, factor, drawn, architecture.outputs),
            }
        };
        let plain = estimate(MeanEstimate::exact(1.0))?;
        let finite_width = estimate(factor)?;
        let layered = estimate(layered_factor)?;
        Ok(Self {
            plain: plain.mean,
            finite_width: finite_width.mean,
            layered: layered.mean,
            factor,
            layered_factor,
            estimate: Estimate {
                plain,
                finite_width,
                layered,
            },
            samples: kernel.samples(),
        })
    }
}

/// `lambda_max(K_last + w K_hidden) / N` for a factor `w`.
fn squared_error(
    kernel: ScaledKernel<'_>,
    factor: MeanEstimate,
) -> Result<MeanEstimate, PredictionError> {
    let (value, slope) = kernel.squared_error_top()?;
    Ok(MeanEstimate {
        mean: value,
        standard_error: slope * factor.standard_error,
    })
}

/// The mean over drawn outputs, given as probabilities.
fn cross_entropy(
    kernel: ScaledKernel<'_>,
    factor: MeanEstimate,
    drawn: &[Vec<f64>],
    outputs: usize,
) -> Result<MeanEstimate, PredictionError> {
    let mut values = Vec::with_capacity(drawn.len());
    let mut slopes = 0.0;
    for probabilities in drawn {
        let (value, slope) = kernel.cross_entropy_top(probabilities, outputs)?;
        values.push(value);
        slopes += slope / drawn.len() as f64;
    }
    let over_draws = MeanEstimate::from_draws(&values)?;
    let over_factors = slopes * factor.standard_error;
    Ok(MeanEstimate {
        mean: over_draws.mean,
        standard_error: over_draws.standard_error.hypot(over_factors),
    })
}
