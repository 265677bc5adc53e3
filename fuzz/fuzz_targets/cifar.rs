//! The CIFAR-10 parser gives a result for any bytes, and what it accepts can be
//! written back to the same bytes.
#![no_main]

use etastar_data::format::parse_batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(batch) = parse_batch(bytes) {
        let images = batch.pixels.chunks_exact(3_072);
        let records = batch.labels.iter().zip(images);
        let written = records.flat_map(|(label, image)| [&[*label], image].concat());
        assert!(written.eq(bytes.iter().copied()));
        assert!(batch.labels.iter().all(|label| *label < 10));
    }
});
