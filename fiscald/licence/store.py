"""The installed certificate: a directory of files, replaced only by something that was verified whole."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fiscald.licence.certificate import (
    CLOCK_SLACK,
    Certificate,
    CertificateCode,
    CertificateRefused,
    armour,
    verify,
)
from fiscald.licence.keys import SigningKey
from fiscald.licence.tokens import MAX_BYTES


class StoreError(Exception):
    """The licence directory cannot be used; ``str`` says what to do."""


class LicenceStore:
    """``certificate``, the one before it, one whose time has not come, and the highest number seen."""

    def __init__(self, directory: Path, keys: Mapping[str, SigningKey]) -> None:
        """Use ``directory``, made if missing. Raises ``StoreError`` if others could write there."""
        self._directory = directory
        self._keys = keys
        self._pending_from: int | None = None
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = directory.lstat().st_mode
        except OSError as error:
            raise StoreError(f"{directory}: {error.strerror}") from None
        if not stat.S_ISDIR(mode):
            raise StoreError(f"{directory} must be a directory, not a link to one")
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StoreError(f"others may write to {directory}; run: chmod go-w {directory}")

    def load(self, now: int) -> Certificate:
        """The certificate in force. Raises ``CertificateRefused`` (also when there is none)."""
        self._promote_pending(now)
        text = self._read("certificate")
        if text is None:
            raise CertificateRefused(CertificateCode.FORMAT, "no certificate is installed")
        certificate = verify(text, self._keys)
        self._check_sequence(certificate)
        return certificate

    def install(self, text: bytes, now: int) -> Certificate:
        """Verify ``text`` and put it in force. Raises ``CertificateRefused``; then nothing has changed.

        One whose time has not come is kept aside and comes into force at its time (``CERT_NOT_YET``).
        """
        certificate = verify(text, self._keys)
        self._check_sequence(certificate)
        if certificate.nbf > now + CLOCK_SLACK:
            self._write("certificate.pending", armour(certificate.token))
            self._pending_from = certificate.nbf
            raise CertificateRefused(CertificateCode.NOT_YET, "kept aside; it comes into force at its own time")
        self._put_in_force(certificate)
        return certificate

    def _put_in_force(self, certificate: Certificate) -> None:
        former = self._read("certificate")
        if former is not None:
            self._write("certificate.prev", former.decode("ascii", "replace"))
        self._write("certificate", armour(certificate.token))
        seen = self._seen()
        seen[certificate.sub] = (certificate.seq, certificate.jti)
        self._write("state.json", json.dumps({"seen": seen}))

    def pending_due(self, now: int) -> bool:
        """Whether a certificate that was kept aside has come to its time."""
        return self._pending_from is not None and now + CLOCK_SLACK >= self._pending_from

    def _promote_pending(self, now: int) -> None:
        self._pending_from = None
        text = self._read("certificate.pending")
        if text is None:
            return
        with contextlib.suppress(CertificateRefused):
            certificate = verify(text, self._keys)
            if certificate.nbf > now + CLOCK_SLACK:
                self._pending_from = certificate.nbf
                return
            self._check_sequence(certificate)
            self._put_in_force(certificate)
        (self._directory / "certificate.pending").unlink(missing_ok=True)

    def _check_sequence(self, certificate: Certificate) -> None:
        """An older certificate of the same licence, perhaps with more modules, must not come back."""
        seq, jti = self._seen().get(certificate.sub, (0, ""))
        if certificate.seq < seq or (certificate.seq == seq and certificate.jti != jti):
            raise CertificateRefused(CertificateCode.SUPERSEDED, "a newer certificate of this licence was installed")

    def _seen(self) -> dict[str, tuple[int, str]]:
        # Loss or damage of this file is not an error: it is built anew from the certificate.
        try:
            seen = json.loads((self._read("state.json") or b"{}").decode())["seen"]
            return {str(sub): (int(seq), str(jti)) for sub, (seq, jti) in seen.items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _read(self, name: str) -> bytes | None:
        try:
            with (self._directory / name).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self._directory / name}: {error.strerror}") from None

    def _write(self, name: str, text: str) -> None:
        """Atomically and durably."""
        try:
            handle, temporary = tempfile.mkstemp(dir=self._directory, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "w") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self._directory / name)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            folder = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise StoreError(
                f"{self._directory / name}: {error.strerror}; free disk space or make it writable"
            ) from None
