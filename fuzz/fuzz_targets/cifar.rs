//! The CIFAR-10 parser gives a result for any bytes, and what it accepts is
//! exactly what the writer writes.
#![no_main]

use etastar_data::cifar;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(batch) = cifar::parse_batch(bytes) {
        assert_eq!(cifar::write_batch(&batch.labels, &batch.pixels), bytes);
        assert!(batch.labels.iter().all(|label| *label < 10));
    }
});
