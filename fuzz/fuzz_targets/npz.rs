//! Samples in NumPy archives: any bytes give a result, and what is accepted
//! has one label (or row of finite targets) and one row of finite values a
//! sample.
//!
//! A first byte of 0 stands for the two arrays alone, split at a place that
//! the next two bytes say: their archive is made here, since no mutation
//! finds the checksums that one needs.
#![no_main]

use std::io::{Cursor, Write};

use libfuzzer_sys::fuzz_target;
use zip::write::{SimpleFileOptions, ZipWriter};

fn archive(x: &[u8], y: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("x.npy", x), ("y.npy", y)] {
        archive.start_file(name, stored).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fuzz_target!(|bytes: &[u8]| {
    let path = match bytes {
        [0, low, high, arrays @ ..] => {
            let place = usize::from(u16::from_le_bytes([*low, *high])).min(arrays.len());
            let (x, y) = arrays.split_at(place);
            etastar_fuzz::file(&archive(x, y), "npz")
        }
        bytes => etastar_fuzz::file(bytes, "npz"),
    };
    etastar_fuzz::check_samples(&path);
});
