//! Samples in tables: any bytes give a result. The first byte says which kind of table.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    let ending = ["csv", "tsv", "parquet", "csv.gz"][usize::from(*kind) % 4];
    etastar_fuzz::check_samples(&etastar_fuzz::file(bytes, ending));
});
