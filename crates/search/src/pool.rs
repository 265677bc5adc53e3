//! Independent units of work on several threads.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::Interrupt;

/// The message of a thread that panicked.
pub(crate) struct Panicked(pub(crate) String);

/// Does every unit of work, in order, on at most `jobs` threads. Ends early when
/// interrupted, and at the first error, which it gives back.
///
/// # Errors
/// The first error of `work`, or a thread's panic.
pub(crate) fn run<U: Send, E: From<Panicked> + Send>(
    units: Vec<U>,
    jobs: usize,
    interrupt: &Interrupt,
    work: impl Fn(U) -> Result<(), E> + Sync,
) -> Result<(), E> {
    // No more threads than work.
    let jobs = jobs.min(units.len()).max(1);
    let queue = Mutex::new(units.into_iter());
    let failure = Mutex::new(None::<E>);
    let worker = || {
        while !interrupt.is_requested() && lock(&failure).is_none() {
            // Not in the condition, where the queue would stay locked.
            let Some(unit) = lock(&queue).next() else {
                break;
            };
            if let Err(error) = work(unit) {
                lock(&failure).get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(worker)).collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                let message = panic_message(panic.as_ref());
                lock(&failure).get_or_insert(Panicked(message).into());
            }
        }
    });
    unlock(failure).map_or(Ok(()), Err)
}

/// A poisoned lock means that a thread panicked between two transactions; what
/// it guards is whole, and the panic itself is reported by the thread's join.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The value of a lock that nobody shares any more.
pub(crate) fn unlock<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it panicked without a message")
        .to_owned()
}
