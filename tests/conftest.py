"""What every test may rely on."""

from __future__ import annotations

import signal

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples on every machine; and no deadline, because machines differ.
settings.register_profile("fiscald", derandomize=True, deadline=None)
settings.load_profile("fiscald")


# In the background of a script SIGINT is ignored, and processes that tests start would inherit that and outlive them.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
