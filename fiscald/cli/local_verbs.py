"""The verbs that examine or use the ports of the computer on which they run: only where there are Unix's.

On Windows ``fiscalctl`` speaks to a daemon on another computer; these verbs then say where they run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import click

from fiscald.cli.context import USAGE, Context, pass_context

#: What Python has on Unix only.
_UNIX = ("fcntl", "grp", "pwd", "resource", "termios")


def _absent(name: str) -> click.Command:
    @pass_context
    def say(context: Context, words: tuple[str, ...]) -> NoReturn:
        context.fail(USAGE, f"{name} does not run on this system; run it on the daemon's computer")

    help_text = "Runs on the daemon's computer only."
    callback: Callable[..., object] = say
    return click.Command(
        name,
        callback=callback,
        params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
        help=help_text,
        context_settings={"ignore_unknown_options": True},
    )


try:
    from fiscald.cli.bugreport import bugreport
    from fiscald.cli.doctor import doctor
    from fiscald.cli.preview import preview
    from fiscald.cli.replay import replay
    from fiscald.cli.scan import scan
except ModuleNotFoundError as error:
    if error.name not in _UNIX:
        raise
    LOCAL_VERBS = tuple(map(_absent, ("bugreport", "doctor", "preview", "replay", "scan")))
else:
    LOCAL_VERBS = (bugreport, doctor, preview, replay, scan)
