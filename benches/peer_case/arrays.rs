//! `case.npz`: everything of a case that is a number in a row of numbers.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use etastar_data::{BatchOrder, Samples, Split};
use etastar_model::InitialWeights;
use etastar_search::{Cell, MasterSeed};
use npyz::WriterBuilder;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Samples, initial weights and batch orders of a cell's repeats, the very
/// same that its searches take.
pub(crate) fn write(
    path: &Path,
    cell: &Cell,
    split: &Split,
    repeats: usize,
    seed: MasterSeed,
) -> Result<(), Box<dyn Error>> {
    let mut file = ArrayFile(ZipWriter::new(BufWriter::new(File::create(path)?)));
    file.samples("train", &split.train)?;
    file.samples("validation", &split.validation)?;
    let architecture = cell.architecture(split.train.features, split.train.outputs);
    let protocol = crate::protocol(cell)?;
    for repeat in 0..repeats {
        let mut rng = seed.initialisation(&architecture, cell.vary.initialisation_of(repeat));
        let initial = InitialWeights::draw::<f32>(&architecture, &mut rng);
        for (layer, weight) in initial.weights().iter().enumerate() {
            let values = weight
                .as_slice::<f32>()
                .map_err(|error| format!("{error:?}"))?;
            let shape: [usize; 2] = weight.shape.dims();
            file.array(&format!("weights_{repeat}_{layer}"), &shape, values)?;
        }
        let rng = seed.batch_order(
            &cell.dataset,
            &architecture,
            cell.vary.batch_order_of(repeat),
        );
        let mut order = BatchOrder::new(split.train.len(), protocol.batch_size, rng)?;
        let mut batches: Vec<i64> = Vec::new();
        for _ in 0..protocol.budget {
            batches.extend(order.next_batch().iter().map(|&index| i64::from(index)));
        }
        let shape = [protocol.budget, protocol.batch_size];
        file.array(&format!("batches_{repeat}"), &shape, &batches)?;
    }
    file.0.finish()?.flush()?;
    Ok(())
}

struct ArrayFile(ZipWriter<BufWriter<File>>);

impl ArrayFile {
    fn samples(&mut self, name: &str, samples: &Samples) -> Result<(), Box<dyn Error>> {
        let shape = [samples.len(), samples.features];
        self.array(&format!("{name}_inputs"), &shape, &samples.inputs)?;
        let labels = samples.targets.classes().unwrap_or_default();
        let labels: Vec<i64> = labels.iter().map(|&label| label.into()).collect();
        self.array(&format!("{name}_labels"), &[samples.len()], &labels)
    }

    fn array<T: npyz::AutoSerialize + Copy>(
        &mut self,
        name: &str,
        shape: &[usize],
        values: &[T],
    ) -> Result<(), Box<dyn Error>> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(true);
        self.0.start_file(format!("{name}.npy"), options)?;
        let shape: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&shape)
            .writer(&mut self.0)
            .begin_nd()?;
        writer.extend(values.iter().copied())?;
        writer.finish()?;
        Ok(())
    }
}
