"""The central's keys: files in one directory, for its user only.

``orders.pem`` signs orders; ``next.pem`` is the key that will, while shops learn it; ``former.pem`` was replaced and
signs nothing. ``seal.pem`` opens what shops have encrypted for the central.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from fiscald import private
from fiscald.fleet.keys import SealKey, Signer

ORDERS, NEXT, FORMER, SEAL = "orders.pem", "next.pem", "former.pem", "seal.pem"
_LARGEST = 4096


class KeyringError(Exception):
    """A key is missing or cannot be used; ``str`` says what to do."""


class Keyring:
    """The directory of the keys."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def make(self) -> None:
        """Make the first keys. Raises ``KeyringError`` if there are some."""
        if (self._directory / ORDERS).exists():
            raise KeyringError(
                f"{self._directory} has keys already; a new one is made with: fiscald-fleet keys prepare"
            )
        if not (self._directory / SEAL).exists():
            self._write(SEAL, X25519PrivateKey.generate())
        self._write(ORDERS, Ed25519PrivateKey.generate())

    def prepare(self) -> None:
        """Make the key that signs after the next ``rotate``. Raises ``KeyringError``."""
        if (self._directory / NEXT).exists():
            raise KeyringError("the next key is made already: fiscald-fleet keys show")
        self._write(NEXT, Ed25519PrivateKey.generate())

    def rotate(self) -> None:
        """Sign with the next key from now on. Raises ``KeyringError``."""
        self._signer(NEXT)
        try:
            (self._directory / ORDERS).replace(self._directory / FORMER)
            (self._directory / NEXT).replace(self._directory / ORDERS)
            private.sync_directory(self._directory)
        except OSError as error:
            raise KeyringError(f"{self._directory}: {error.strerror}") from None

    def signer(self) -> Signer:
        """The key that signs orders. Raises ``KeyringError``."""
        return self._signer(ORDERS)

    def next_signer(self) -> Signer | None:
        """The key that will. Raises ``KeyringError``."""
        return self._signer(NEXT) if (self._directory / NEXT).exists() else None

    def seal_key(self) -> SealKey:
        """The key that opens outcomes. Raises ``KeyringError``."""
        key = self._read(SEAL)
        if not isinstance(key, X25519PrivateKey):
            raise KeyringError(f"{self._directory / SEAL} is not an X25519 key; restore it from a copy")
        return SealKey(key)

    def _signer(self, name: str) -> Signer:
        key = self._read(name)
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyringError(f"{self._directory / name} is not an Ed25519 key; restore it from a copy")
        return Signer(key)

    def _read(self, name: str) -> object:
        path = self._directory / name
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise KeyringError(f"other users may use {path}; run: chmod 600 {path}")
                return load_pem_private_key(file.read(_LARGEST), password=None)
        except FileNotFoundError:
            verb = "prepare" if name == NEXT else "make"
            raise KeyringError(f"there is no {path}; make it: fiscald-fleet keys {verb}") from None
        except OSError as error:
            raise KeyringError(f"{path}: {error.strerror}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyringError(f"{path} is not an unencrypted private key (PKCS#8, PEM)") from None

    def _write(self, name: str, key: Ed25519PrivateKey | X25519PrivateKey) -> None:
        """Never over a key that is there; whole or not at all, also after a power cut. Raises ``KeyringError``."""
        data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self._directory / name
        fresh = self._directory / f"{name}.new"
        try:
            private.make_directory(self._directory)
            with os.fdopen(private.open_file(fresh, os.O_WRONLY | os.O_TRUNC), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(fresh, path)
            fresh.unlink()
            private.sync_directory(self._directory)
        except OSError as error:
            raise KeyringError(f"{path}: {error.strerror}") from None
