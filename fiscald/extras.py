"""The packages that a small installation lacks: the client and the emulator need few, the daemon needs more."""

from __future__ import annotations

#: What the extra ``daemon`` installs, by the names of its modules.
DAEMON_MODULES = ("cryptography", "joserfc", "prometheus_client", "starlette", "uvicorn")


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """What to install, in a sentence; ``None`` if the module does not belong to the extra ``daemon``."""
    if (error.name or "").partition(".")[0] not in DAEMON_MODULES:
        return None
    return (
        f"this installation has the client and the emulated printers, and not the daemon ({error.name} is missing): "
        "pip install 'fiscald[daemon]'"
    )
