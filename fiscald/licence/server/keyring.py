"""The vendor's secrets: files in one directory, outside the database, readable by the server's user only.

``KID.pem`` signs certificates and answers, ``mac-N.key`` makes and checks numbers of generation N, ``pepper.key``
seals numbers and codes in the database. The root key, which signs key lists, has no place here.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from fiscald.licence import tokens
from fiscald.licence.number import KEY_BYTES

_KID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)
_MAC_FILE = re.compile(r"mac-([0-7])\.key", re.ASCII)


class KeyringError(Exception):
    """A key is missing or cannot be used; ``str`` says what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The keys of a running server."""

    kid: str
    """Name of the signing key in use."""
    signing: Ed25519PrivateKey
    mac: Mapping[int, bytes]
    """MAC keys by generation; old ones stay, so that old numbers can be checked."""
    pepper: bytes

    def __repr__(self) -> str:
        return f"Keyring({self.kid})"

    def sign(self, payload: Mapping[str, Any], kind: str) -> str:
        """A text signed by the vendor."""
        return tokens.sign(payload, kind, self.signing, kid=self.kid)

    def seal(self, purpose: str, *parts: str) -> bytes:
        """The keyed hash of a secret for the database: 32 bytes, useless without the pepper."""
        message = "\0".join((purpose, *parts)).encode()
        return hmac.digest(self.pepper, message, hashlib.sha256)


def load(directory: Path, kid: str) -> Keyring:
    """The keys in ``directory``. Raises ``KeyringError``."""
    mac = {}
    try:
        found = sorted(directory.iterdir())
    except OSError as error:
        raise KeyringError(f"{directory}: {error.strerror}; make keys with: fiscald-vendor keys new") from None
    for path in found:
        if match := _MAC_FILE.fullmatch(path.name):
            mac[int(match[1])] = read_hex(path)
    if not mac:
        raise KeyringError(f"{directory} has no MAC key; make one with: fiscald-vendor keys new --mac 1")
    return Keyring(kid, read_private(directory / f"{kid}.pem"), mac, read_hex(directory / "pepper.key"))


def read_private(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 key in a PKCS#8 file. Raises ``KeyringError``."""
    try:
        key = load_pem_private_key(_read(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyringError(f"{path} is not an unencrypted private key (PKCS#8, PEM)") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyringError(f"{path} is not an Ed25519 key")
    return key


def make_signing(directory: Path, kid: str) -> Ed25519PrivateKey:
    """A new signing key, kept as ``KID.pem``. Raises ``KeyringError``, also where there is one of that name."""
    if _KID.fullmatch(kid) is None:
        raise KeyringError(f"{kid!r} is not a valid name for a key: letters, digits, . _ and -, at most 32")
    key = Ed25519PrivateKey.generate()
    write_new(directory / f"{kid}.pem", pem(key))
    return key


def pem(key: Ed25519PrivateKey) -> bytes:
    """The text of a key's file."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_mac(directory: Path, generation: int) -> None:
    """A new MAC key. Raises ``KeyringError``, also where that generation exists."""
    write_new(directory / f"mac-{generation}.key", secrets.token_hex(KEY_BYTES).encode() + b"\n")


def make_pepper(directory: Path) -> bool:
    """A pepper, if there is none yet; whether it was made. It is never changed: it seals what is stored."""
    if (directory / "pepper.key").exists():
        return False
    write_new(directory / "pepper.key", secrets.token_hex(32).encode() + b"\n")
    return True


def write_new(path: Path, content: bytes) -> None:
    """A file that only its owner may read, and that was not there before. Raises ``KeyringError``."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise KeyringError(f"{path} exists; a key is never overwritten") from None
    except OSError as error:
        raise KeyringError(f"{path}: {error.strerror}") from None


def read_hex(path: Path) -> bytes:
    """The secret in a file. Raises ``KeyringError``."""
    try:
        key = bytes.fromhex(_read(path).decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyringError(f"{path} must hold {KEY_BYTES} bytes in hexadecimal")
    return key


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyringError(f"others may read {path}; run: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise KeyringError(f"{path}: {error.strerror}; restore it from your backup") from None
