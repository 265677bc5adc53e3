"""Long calls: Ctrl-C, other threads, progress, memory."""

import subprocess
import sys
import threading

import pytest

import etastar

from conftest import QUICK

#: Calls something that takes minutes, sends itself Ctrl-C, prints the seconds until it is raised.
INTERRUPTED = """
import os, signal, threading, time
import etastar

# Whoever starts the tests in the background may have it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)

def interrupt():
    global sent
    time.sleep(1.5)
    sent = time.monotonic()
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    {call}
except KeyboardInterrupt:
    print(time.monotonic() - sent, flush=True)
    os._exit(0)
os._exit(1)
"""

#: Makes a call 20 times, then 100 times; prints the growth of its memory meanwhile, in MiB.
REPEATED = """
import resource
import numpy as np
import etastar

random = np.random.default_rng(1)
y = random.integers(0, 4, size=2000)
x = random.normal(size=(2000, 64)) + 3 * np.eye(4, 64)[y]

def peak(calls):
    for _ in range(calls):
        etastar.find(x, y, hidden=[16, 16], budget=32, repeats=2, progress=False)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before = peak(20)
print(peak(100) - before)
"""


def printed(script):
    script = [sys.executable, "-c", script]
    done = subprocess.run(script, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.parametrize(
    "call",
    [
        # A rate at which nothing ever succeeds: the whole budget is used.
        "etastar.find(dataset='digits', hidden=[512] * 8, budget=10**7, start=-20, threshold=1.0)",
        "etastar.sharpness_at_initialisation(dataset='digits', hidden=[1024] * 16)",
    ],
    ids=["find", "sharpness"],
)
def test_control_c_ends_a_call_within_a_second(call):
    assert printed(INTERRUPTED.format(call=call)) < 1.0


def test_other_threads_run_meanwhile(samples):
    ticks, over = [], threading.Event()

    def tick():
        while not over.wait(0.001):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    found = etastar.find(*samples, hidden=[64] * 4, repeats=8, jobs=1, progress=False)
    over.set()
    thread.join()
    # Without them, there would be a tick before and one after it.
    assert len(ticks) > 10 and found.trials > 20


def test_calls_from_several_threads_are_those_of_one(samples):
    found = [None] * 4

    def call(index):
        found[index] = etastar.find(*samples, **QUICK)

    threads = [threading.Thread(target=call, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.eta_star for one in found}) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there is no `resource`")
def test_a_hundred_calls_need_no_more_memory():
    # The samples of one call have 1 MiB: 100 of them would be seen.
    assert printed(REPEATED) < 16


def test_progress_is_shown_by_tqdm(samples, monkeypatch):
    tqdm = pytest.importorskip("tqdm.auto")
    bars = []

    class Bar(tqdm.tqdm):
        def __init__(self, *arguments, **settings):
            super().__init__(*arguments, **settings)
            self.texts = []
            bars.append(self)

        def set_postfix_str(self, text="", refresh=True):
            self.texts.append(text)
            super().set_postfix_str(text, refresh)

    monkeypatch.setattr(tqdm, "tqdm", Bar)
    found = etastar.find(*samples, **{**QUICK, "progress": True})
    (bar,) = bars
    assert (bar.n, bar.total) == (2, 2) and len(bar.texts) == found.trials
    etastar.find(*samples, **QUICK)
    assert len(bars) == 1


def test_without_tqdm_nothing_is_shown(samples, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    etastar.find(*samples, **{**QUICK, "progress": True})
    assert capfd.readouterr() == ("", "")
