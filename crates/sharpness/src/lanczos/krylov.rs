use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::LanczosError;
use super::tridiagonal::eigenpairs;
use crate::operator::LinearOperator;

/// An off-diagonal entry below this part of the operator's size is rounding:
/// the Krylov space is invariant.
const INVARIANT: f64 = 1e-13;

/// The Lanczos process: an orthonormal basis of the Krylov space and the
/// operator's tridiagonal matrix in it.
///
/// ```text
/// w = A q_j - beta_{j-1} q_{j-1},   alpha_j = q_j . w,   w <- w - alpha_j q_j,
/// w orthogonalised twice against all q,   beta_j = |w|,   q_{j+1} = w / beta_j
/// ```
///
/// Full reorthogonalisation keeps the basis orthonormal to rounding, so no
/// spurious copies of eigenvalues appear.
pub(super) struct Krylov {
    basis: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    off_diagonal: Vec<f64>,
    /// The next basis vector; none once the space is invariant.
    next: Option<Vec<f64>>,
}

impl Krylov {
    /// Starts from a uniformly random direction.
    pub(super) fn start(dimension: usize, rng: &mut ChaCha8Rng) -> Self {
        let mut start: Vec<f64> = (0..dimension)
            .map(|_| StandardNormal.sample(&mut *rng))
            .collect();
        normalise(&mut start);
        Self {
            basis: Vec::new(),
            diagonal: Vec::new(),
            off_diagonal: Vec::new(),
            next: Some(start),
        }
    }

    /// The same, from a seed.
    pub(super) fn seeded(dimension: usize, seed: u64) -> Self {
        Self::start(dimension, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    /// Number of basis vectors, and of products taken.
    pub(super) fn steps(&self) -> usize {
        self.basis.len()
    }

    /// Whether the operator maps the space into itself.
    pub(super) fn is_invariant(&self) -> bool {
        self.next.is_none()
    }

    /// Adds one basis vector and takes one product. Does nothing in an
    /// invariant space.
    pub(super) fn extend(&mut self, operator: &impl LinearOperator) -> Result<(), LanczosError> {
        let Some(current) = self.next.take() else {
            return Ok(());
        };
        let mut image = operator.apply(&current);
        if image.iter().any(|value| !value.is_finite()) {
            return Err(LanczosError::NotFinite(self.steps() + 1));
        }
        if let (Some(previous), Some(&beta)) = (self.basis.last(), self.off_diagonal.last()) {
            subtract(&mut image, beta, previous);
        }
        let alpha = dot(&current, &image);
        subtract(&mut image, alpha, &current);
        self.basis.push(current);
        self.diagonal.push(alpha);
        for _ in 0..2 {
            for vector in &self.basis {
                let overlap = dot(vector, &image);
                subtract(&mut image, overlap, vector);
            }
        }
        let beta = normalise(&mut image);
        let exhausted = self.steps() == self.basis[0].len();
        if exhausted || beta <= INVARIANT * self.size().max(beta) {
            return Ok(());
        }
        self.off_diagonal.push(beta);
        self.next = Some(image);
        Ok(())
    }

    /// Ritz values with the Ritz vectors' coordinates in the basis, smallest
    /// value first.
    pub(super) fn ritz(&self) -> Vec<(f64, Vec<f64>)> {
        eigenpairs(&self.diagonal, self.inner_off_diagonal())
    }

    /// `|A v - theta v|` of a Ritz pair in exact arithmetic.
    pub(super) fn residual_estimate(&self, coordinates: &[f64]) -> f64 {
        if self.is_invariant() {
            return 0.0;
        }
        let beta = self.off_diagonal.last().copied().unwrap_or(0.0);
        beta * coordinates.last().copied().unwrap_or(0.0).abs()
    }

    /// The vector with these coordinates in the basis.
    pub(super) fn vector(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut sum = vec![0.0; self.basis.first().map_or(0, Vec::len)];
        for (vector, &coordinate) in self.basis.iter().zip(coordinates) {
            subtract(&mut sum, -coordinate, vector);
        }
        normalise(&mut sum);
        sum
    }

    fn inner_off_diagonal(&self) -> &[f64] {
        let inner = self.steps().saturating_sub(1);
        &self.off_diagonal[..inner.min(self.off_diagonal.len())]
    }

    /// Largest entry of the tridiagonal matrix: the operator's size, up to a
    /// small factor.
    fn size(&self) -> f64 {
        let entries = self.diagonal.iter().chain(&self.off_diagonal);
        entries.fold(0.0, |size: f64, entry| size.max(entry.abs()))
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `vector -= factor * other`
fn subtract(vector: &mut [f64], factor: f64, other: &[f64]) {
    for (value, other) in vector.iter_mut().zip(other) {
        *value -= factor * other;
    }
}

/// Scales a vector to norm 1, unless it is zero; its norm before.
fn normalise(vector: &mut [f64]) -> f64 {
    let norm = dot(vector, vector).sqrt();
    if norm > 0.0 {
        let inverse = 1.0 / norm;
        vector.iter_mut().for_each(|value| *value *= inverse);
    }
    norm
}
