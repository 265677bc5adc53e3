//! The streams of random numbers, all derived from one master seed.
//!
//! Every stream belongs to a purpose, to what it is for, and to a repeat, and
//! to nothing else: not to the order of threads, nor to how many numbers
//! another stream has drawn. Cells that share their data and network but
//! differ in protocol or input-layer rate share their initialisations and
//! batch orders (common random numbers), so that their difference is not
//! blurred by noise they have in common.

use etastar_data::DatasetConfig;
use etastar_model::{Architecture, Form};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

/// What a stream is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Purpose {
    Split,
    Initialisation,
    BatchOrder,
}

/// The master seed of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MasterSeed(pub u64);

impl MasterSeed {
    /// Chooses training and validation samples. The same validation samples
    /// whatever the numbers asked for, in every cell and repeat.
    pub fn split(self, dataset: &DatasetConfig) -> ChaCha8Rng {
        self.stream(Purpose::Split, &(dataset.title(), dataset.gaussians), 0)
    }

    /// Draws the initial weights of one repeat: the same numbers for networks of one shape, whatever
    /// their form, which scales them.
    pub fn initialisation(self, architecture: &Architecture, repeat: usize) -> ChaCha8Rng {
        self.stream(Purpose::Initialisation, &shape(architecture), repeat)
    }

    /// Draws the order of the training samples in one repeat.
    pub fn batch_order(
        self,
        dataset: &DatasetConfig,
        architecture: &Architecture,
        repeat: usize,
    ) -> ChaCha8Rng {
        let subject = (Named(dataset), shape(architecture));
        self.stream(Purpose::BatchOrder, &subject, repeat)
    }

    fn stream(self, purpose: Purpose, subject: &impl Serialize, repeat: usize) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(content_hash(&("etastar", self.0, purpose, subject, repeat)))
    }
}

/// The architecture without its form.
fn shape(architecture: &Architecture) -> Architecture {
    Architecture {
        form: Form::default(),
        ..architecture.clone()
    }
}

/// A dataset as streams know it: a file by its name alone, wherever it lies and whatever its arrays
/// are called, so that a dataset of the catalogue in a file of its name has the same streams.
struct Named<'a>(&'a DatasetConfig);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// Fields in the order in which a configuration declares them.
        #[derive(Serialize)]
        struct File<'a> {
            name: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            train: Option<usize>,
            #[serde(skip_serializing_if = "Option::is_none")]
            validation: Option<usize>,
        }
        let config = self.0;
        if config.file.is_none() {
            return config.serialize(serializer);
        }
        let file = File {
            name: &config.title(),
            train: config.train,
            validation: config.validation,
        };
        file.serialize(serializer)
    }
}

/// SHA-256 of a value's JSON.
///
/// Field order is the declaration order and numbers are written in shortest
/// round-trip form, so equal values have equal hashes on every machine.
pub(crate) fn content_hash(value: &impl Serialize) -> [u8; 32] {
    // Only maps with keys that are not strings and failing `Serialize`
    // implementations can fail; no configuration type has either, and an
    // empty text would still be hashed deterministically.
    let text = serde_json::to_string(value).unwrap_or_default();
    Sha256::digest(text.as_bytes()).into()
}

/// The hash in lower-case hexadecimal.
pub(crate) fn hexadecimal(hash: &[u8]) -> String {
    use std::fmt::Write;
    hash.iter()
        .fold(String::with_capacity(2 * hash.len()), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use etastar_data::DatasetName;
    use rand::Rng;

    use super::*;

    fn dataset() -> DatasetConfig {
        DatasetConfig {
            train: Some(100),
            validation: Some(50),
            ..DatasetConfig::new(DatasetName::Digits)
        }
    }

    /// The streams are part of the protocol: a change here would change every
    /// published number.
    #[test]
    fn streams_never_change() {
        let architecture = Architecture::constant_width(64, 16, 2, 10);
        let seed = MasterSeed(1);
        assert_eq!(
            [
                seed.split(&dataset()).next_u32(),
                seed.initialisation(&architecture, 0).next_u32(),
                seed.batch_order(&dataset(), &architecture, 0).next_u32(),
            ],
            [3_260_028_520, 360_592_966, 1_162_043_727]
        );
    }

    #[test]
    fn streams_differ_by_seed_purpose_subject_and_repeat() {
        let narrow = Architecture::constant_width(64, 16, 2, 10);
        let wide = Architecture::constant_width(64, 32, 2, 10);
        let streams = [
            MasterSeed(1).initialisation(&narrow, 0),
            MasterSeed(2).initialisation(&narrow, 0),
            MasterSeed(1).initialisation(&wide, 0),
            MasterSeed(1).initialisation(&narrow, 1),
            MasterSeed(1).batch_order(&dataset(), &narrow, 0),
            MasterSeed(1).split(&dataset()),
        ];
        let mut firsts: Vec<u64> = streams.map(|mut stream| stream.next_u64()).to_vec();
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts.len(), 6);
    }

    #[test]
    fn the_split_does_not_depend_on_the_numbers_asked_for() {
        let fewer = DatasetConfig {
            train: Some(10),
            ..dataset()
        };
        let mut a = MasterSeed(1).split(&dataset());
        let mut b = MasterSeed(1).split(&fewer);
        assert_eq!(a.next_u64(), b.next_u64());
    }
}
