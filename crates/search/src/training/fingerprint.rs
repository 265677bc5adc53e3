//! How a device rounds, told by a fingerprint.

use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_model::{Architecture, Batch, InitialWeights, LayerRates, Loss, Mlp};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;
use sha2::{Digest, Sha256};

/// The probe: wide enough that sums are split as the processor's caches ask.
const INPUTS: usize = 784;
const HIDDEN: [usize; 2] = [256, 128];
const CLASSES: usize = 10;
const SAMPLES: usize = 128;
const STEPS: usize = 2;
const LEARNING_RATE: f64 = 0.125;

/// A fingerprint of how a device rounds: of the bits of the losses and weights
/// of a fixed network in its first steps, as 12 hexadecimal digits.
///
/// Kernels are chosen at run time, for the instructions and caches of the
/// machine, and libraries change from version to version. Where two
/// fingerprints are equal, the numbers of two machines may be expected to be
/// the same bits; where they are not, near the edge of training a trial now and
/// then ends otherwise.
pub fn arithmetic<B: Backend>(device: &B::Device) -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let architecture = Architecture {
        inputs: INPUTS,
        hidden: HIDDEN.to_vec(),
        outputs: CLASSES,
        bias: true,
        output_gain: 2.0,
        form: Default::default(),
    };
    let initial = InitialWeights::draw::<B::FloatElem>(&architecture, &mut rng);
    let inputs: Vec<f32> = (0..SAMPLES * INPUTS)
        .map(|_| rng.sample::<f32, _>(StandardNormal))
        .collect();
    let labels: Vec<u32> = (0..SAMPLES)
        .map(|sample| (sample % CLASSES) as u32)
        .collect();
    let batch = Batch::<B>::upload(&inputs, &labels, INPUTS, CLASSES, device);

    let rates = LayerRates::uniform(HIDDEN.len());
    let mut hash = Sha256::new();
    let mut network = Mlp::<B>::upload(&initial, device);
    for _ in 0..STEPS {
        let pass = network.pass(&batch, Loss::CrossEntropy);
        add(&mut hash, pass.loss.clone());
        network = pass.sgd_step(LEARNING_RATE, &rates);
    }
    for parameter in network.layers.into_iter().flatten() {
        add(&mut hash, parameter);
    }
    let digits = hash.finalize().into_iter().take(6);
    digits.map(|byte| format!("{byte:02x}")).collect()
}

/// Every float type of a backend is exact in `f64`.
fn add<B: Backend, const D: usize>(hash: &mut Sha256, tensor: Tensor<B, D>) {
    for value in tensor.into_data().iter::<f64>() {
        hash.update(value.to_bits().to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use burn_flex::Flex;
    use burn_ndarray::NdArray;

    use super::*;

    #[test]
    fn a_device_has_one_fingerprint_on_every_thread_and_another_arithmetic_another() {
        let here = arithmetic::<Flex>(&Default::default());
        assert_eq!(here.len(), 12);
        let there = std::thread::spawn(|| arithmetic::<Flex>(&Default::default()));
        assert_eq!(there.join().unwrap(), here);
        // Its products are another library's, which sums in another order.
        assert_ne!(arithmetic::<NdArray<f32>>(&Default::default()), here);
    }
}
