//! Stores: any bytes give a result; what is opened can be read, and what is
//! recovered is a whole store.
#![no_main]

use etastar_search::Store;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = etastar_fuzz::file(bytes, "db");
    if let Ok(store) = Store::open_to_read(&path) {
        let _ = store.snapshot();
    }
    let saved = path.with_extension("saved.db");
    if let Ok((store, _)) = Store::recover(&saved, &path) {
        drop(store);
        assert!(Store::open_to_read(&saved).is_ok());
        std::fs::remove_file(&saved).expect("what was written can be removed");
    }
});
