//! Work on blocks of rows, on several threads, with results that do not depend
//! on their number: every block is computed whole by one thread, in the same
//! way.

use std::sync::{Mutex, PoisonError};

/// Calls `work(block)` for every item; threads take the next item when they
/// are free.
pub(super) fn for_each<T: Send>(
    items: impl Iterator<Item = T> + Send,
    threads: usize,
    work: impl Fn(T) + Sync,
) {
    let items = Mutex::new(items);
    let worker = || {
        loop {
            let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
            match next {
                Some(item) => work(item),
                None => break,
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(worker);
        }
        worker();
    });
}
