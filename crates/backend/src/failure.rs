//! Failures of a device during a computation.
//!
//! Burn's operations return no errors: a backend that cannot go on panics with
//! the driver's message. `wgpu` panics on a thread of its own, survives, and
//! then returns whatever its memory holds. Its panics are therefore recorded,
//! and [`check_device`] must be called before any result is kept.

use std::fmt;
use std::panic::{self, PanicHookInfo};
use std::sync::{Mutex, Once, PoisonError};

use thiserror::Error;

/// The first panic since [`watch`].
static FIRST_PANIC: Mutex<Option<String>> = Mutex::new(None);

/// A device failed, and every number computed since is invalid.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("{0}")]
pub struct DeviceError(String);

/// Checks that no device has failed so far in this process.
///
/// # Errors
/// If a backend that survives its own panics has panicked.
pub fn check_device() -> Result<(), DeviceError> {
    let first = FIRST_PANIC.lock().unwrap_or_else(PoisonError::into_inner);
    first
        .clone()
        .map_or(Ok(()), |message| Err(DeviceError(message)))
}

/// Records panics of all threads from now on. A panic about a device is not
/// printed, because it ends as an error with the same message.
#[cfg_attr(not(feature = "wgpu"), allow(dead_code, reason = "used by `wgpu`"))]
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let message = message(info);
            if DeviceFailure::recognise(&message).is_none() {
                print(info);
            }
            FIRST_PANIC
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(message);
        }));
    });
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
        .to_owned()
}

/// The failure that a panic's message describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceFailure {
    /// The device has no memory left.
    OutOfMemory,
    /// The device is gone, after a reset, a driver's time limit or an unplugged
    /// card.
    Lost,
}

/// Phrases of drivers and allocators, in lower case.
const OUT_OF_MEMORY: [&str; 7] = [
    "out of memory",
    "outofmemory",
    "can't allocate memory",
    "can't allocate buffer",
    "not enough memory",
    "memory allocation of",
    "buffer size",
];
const LOST: [&str; 5] = [
    "device lost",
    "device is lost",
    "devicelost",
    "device-side assert",
    "unspecified launch failure",
];

impl DeviceFailure {
    /// The failure that a panic's message describes; none if it is not about a
    /// device.
    pub fn recognise(message: &str) -> Option<Self> {
        let message = message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if says(&OUT_OF_MEMORY) {
            Some(Self::OutOfMemory)
        } else if says(&LOST) {
            Some(Self::Lost)
        } else {
            None
        }
    }
}

impl fmt::Display for DeviceFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::OutOfMemory => "the device has no memory left",
            Self::Lost => "the device is lost",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_backends_say_is_recognised() {
        let of = |message: &str| DeviceFailure::recognise(message);
        let cuda = "called `Result::unwrap()` on an `Err` value: Torch(\"CUDA out of memory. \
                    Tried to allocate 20.00 GiB\")";
        let cpu = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 42 bytes";
        let wgpu = "wgpu error: Validation Error: Buffer size 68719476736 is greater than the \
                    maximum buffer size (2147483647)";
        let cubecl = "can't allocate buffer of size: 16173236224";
        for message in [cuda, cpu, wgpu, cubecl, "Not enough memory left"] {
            assert_eq!(of(message), Some(DeviceFailure::OutOfMemory), "{message}");
        }
        assert_eq!(of("Parent device is lost"), Some(DeviceFailure::Lost));
        assert_eq!(of("index out of bounds: the len is 3"), None);
    }

    /// The thread that panics is not joined by anyone, like a backend's own.
    #[test]
    fn a_panic_of_any_thread_is_not_forgotten() {
        assert_eq!(check_device(), Ok(()));
        watch();
        let unnoticed = std::thread::spawn(|| panic!("can't allocate buffer of size: 9"));
        drop(unnoticed.join());
        let error = check_device().unwrap_err().to_string();
        assert!(error.contains("buffer of size: 9"), "{error}");
    }
}
