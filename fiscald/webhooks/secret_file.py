"""The file with the secret of a webhook: one line, two while a secret is being replaced. It is for one user alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from fiscald.webhooks.signing import Secret, SecretError, parse_secret

#: Bytes of a file, and secrets in it.
LARGEST, SECRETS = 4096, 2


class SecretUnusable(Exception):
    """The secret file cannot be used; ``str`` says why and what to do."""


def read_secrets(path: Path) -> tuple[Secret, ...]:
    """The secrets in the file, the newest first. Raises ``SecretUnusable``."""
    return tuple(parse_secret(line) for line in secret_lines(path))


def secret_lines(path: Path) -> list[str]:
    """The same as text. Raises ``SecretUnusable``."""
    try:
        # A FIFO would wait for a writer; a terminal could become the controlling one.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise SecretUnusable(f"{path} is no file; make one: fiscalctl webhook secret NAME")
            if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                mode = f"{stat.S_IMODE(found.st_mode):04o}"
                raise SecretUnusable(f"other users may use {path} (mode {mode}); run: chmod 600 {path}")
            if found.st_uid not in (0, os.geteuid()):
                raise SecretUnusable(f"{path} belongs to another user; give it to the daemon's user: chown")
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise SecretUnusable(f"there is no {path}; make it: fiscalctl webhook secret NAME") from None
    except IsADirectoryError:
        raise SecretUnusable(f"{path} is no file; make one: fiscalctl webhook secret NAME") from None
    except OSError as error:
        raise SecretUnusable(f"{path}: {error.strerror}; the daemon's user must be able to read it") from None
    lines = [line.strip() for line in content.decode("ascii", "replace").splitlines()]
    lines = [line for line in lines if line]
    if len(content) > LARGEST or not 1 <= len(lines) <= SECRETS:
        raise SecretUnusable(f"{path} has no secret, or more than two; make a new one: fiscalctl webhook secret NAME")
    for number, line in enumerate(lines, start=1):
        try:
            parse_secret(line)
        except SecretError as error:
            raise SecretUnusable(f"{path}: line {number}: {error}; or: fiscalctl webhook secret NAME") from None
    return lines
