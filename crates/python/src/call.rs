//! Long calls: the work is done on a thread of its own, while the calling one passes on what is
//! told of it, and looks for Ctrl-C. The interpreter is free meanwhile.

use std::error::Error;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use etastar::{Interrupt, Listener, Observer, Snapshot};
use etastar_search::{PlannedCell, RepeatRecord, Repeats, TrialRecord};
use pyo3::prelude::*;

use crate::error::raised;

/// How often Ctrl-C is looked for.
const PERIOD: Duration = Duration::from_millis(50);

/// How long an interrupted call waits for its work to stop. What cannot stop, as the sharpness of
/// one network, is left behind and ends on its own.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is told of the work.
#[derive(PartialEq)]
enum Event {
    /// So many repeats, of which so many are known.
    Begin(usize, usize),
    /// A trial has ended.
    Trial(String),
    /// A repeat has ended.
    Repeat,
    /// Something that the user should know.
    Warning(String),
}

/// Tells the calling thread of the work.
pub(crate) struct Teller(Sender<Event>);

impl Teller {
    pub(crate) fn warn(&self, text: &str) {
        let text = text.strip_prefix("warning: ").unwrap_or(text);
        self.tell_of(Event::Warning(text.to_owned()));
    }

    fn tell_of(&self, event: Event) {
        // Nobody listens after an interrupt.
        let _ = self.0.send(event);
    }
}

impl Listener for Teller {
    fn tell(&self, message: &str) {
        self.warn(message);
    }

    fn begin(&self, grid: &[PlannedCell], repeats: &Repeats, stored: &Snapshot) {
        let (done, _) = repeats.finished(grid, stored);
        self.tell_of(Event::Begin(repeats.total(grid), done));
    }
}

impl Observer for Teller {
    fn trial_finished(&self, _: &PlannedCell, _: usize, trial: &TrialRecord) {
        let (log2, outcome) = (trial.learning_rate.log2(), trial.outcome.as_str());
        self.tell_of(Event::Trial(format!("2^{log2:.2} {outcome}")));
    }

    fn repeat_finished(&self, _: &PlannedCell, _: &RepeatRecord) {
        self.tell_of(Event::Repeat);
    }
}

/// Does some work without the interpreter. `screen` is told of it, a Python object with the methods
/// `begin(repeats, known)`, `trial(text)`, `repeat()` and `warn(text)`.
///
/// # Errors
/// What the work fails with, or what Ctrl-C or the screen raises; the work is interrupted then.
pub(crate) fn work<T: Send + 'static>(
    screen: &Bound<'_, PyAny>,
    work: impl FnOnce(&Teller, Interrupt) -> Result<T, Box<dyn Error + Send + Sync>> + Send + 'static,
) -> PyResult<T> {
    let py = screen.py();
    let (sender, mut events) = mpsc::channel();
    let interrupt = Interrupt::default();
    let requested = interrupt.clone();
    let worker = thread::spawn(move || work(&Teller(sender), requested));
    loop {
        let next;
        (next, events) = py.detach(move || (events.recv_timeout(PERIOD), events));
        let shown = match next {
            Ok(event) => show(event, screen),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            // The work is over.
            Err(RecvTimeoutError::Disconnected) => break,
        };
        if let Err(raised) = shown.and_then(|()| py.check_signals()) {
            interrupt.request();
            py.detach(move || wait(&events));
            return Err(raised);
        }
    }
    let done = py.detach(move || worker.join());
    // The panic's own words are on standard error.
    let done = done.map_err(|_| raised("a thread of the measurement failed"))?;
    done.map_err(raised)
}

fn show(event: Event, screen: &Bound<'_, PyAny>) -> PyResult<()> {
    match event {
        Event::Begin(repeats, known) => screen.call_method1("begin", (repeats, known)),
        Event::Trial(text) => screen.call_method1("trial", (text,)),
        Event::Repeat => screen.call_method0("repeat"),
        Event::Warning(text) => screen.call_method1("warn", (text,)),
    }
    .map(drop)
}

/// Waits until the work has ended, but not for long.
fn wait(events: &Receiver<Event>) {
    let end = Instant::now() + PATIENCE;
    while let Some(left) = end.checked_duration_since(Instant::now())
        && events.recv_timeout(left) != Err(RecvTimeoutError::Disconnected)
    {}
}
