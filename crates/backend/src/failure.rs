use std::fmt;

/// A failure of a device while it computes. Burn's operations give no errors:
/// a backend that cannot go on panics, with the driver's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceFailure {
    /// The device has no memory left.
    OutOfMemory,
    /// The device is gone: a reset, a driver's time limit, an unplugged card.
    Lost,
}

/// What drivers and allocators say, in lower case.
const OUT_OF_MEMORY: [&str; 6] = [
    "out of memory",
    "outofmemory",
    "can't allocate memory",
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
    /// What a panic's message tells of, if it tells of a device.
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
        for message in [cuda, cpu, wgpu, "Not enough memory left"] {
            assert_eq!(of(message), Some(DeviceFailure::OutOfMemory), "{message}");
        }
        assert_eq!(of("Parent device is lost"), Some(DeviceFailure::Lost));
        assert_eq!(of("index out of bounds: the len is 3"), None);
    }
}
