"""The licence on disk: a directory of files, replaced only by something that was verified whole.

``certificate`` and the one before it, ``certificate.pending`` whose time has not come, ``device.key``, ``status``
(the vendor's newest signed answer), ``keys`` (the newest key list), and ``state.json``, whose loss or damage is no
error: what it holds is built again from the others, or forgotten.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
import stat
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from fiscald import private
from fiscald.licence.certificate import (
    CLOCK_SLACK,
    Certificate,
    CertificateCode,
    CertificateRefused,
    armour,
    verify,
)
from fiscald.licence.clock import LAST
from fiscald.licence.device import DeviceKey
from fiscald.licence.keys import SigningKey
from fiscald.licence.notes import (
    KINDS,
    Note,
    Notes,
    SecondRecord,
    Word,
    closing,
    newest_pass,
    read_note,
    says,
    with_note,
)
from fiscald.licence.tokens import MAX_BYTES, TokenRefused, read_vendor_token
from fiscald.licence.wire import KEYS, STATUS, KeyList, Status, WireError, parse

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")
#: Seconds until a certificate that was bought for later is tried again where it could not be written.
PENDING_AGAIN = 60


class StoreError(Exception):
    """The licence directory cannot be used; ``str`` says what to do."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What ``state.json`` holds. Times are seconds since 1970."""

    seen: dict[str, tuple[int, str]] = field(default_factory=dict)
    """By licence: the highest certificate number that was installed, and its id."""
    mark: int = 0
    """The latest time that was believed."""
    withdrawn: dict[str, int] = field(default_factory=dict)
    """By key: when this computer learned that it was withdrawn."""
    notes: Notes = ()
    """The first record of the licence's notes."""


def synchronized(method: Callable[Concatenate[LicenceStore, P], T]) -> Callable[Concatenate[LicenceStore, P], T]:
    """One at a time: the loop and its worker threads all come here."""

    def locked(self: LicenceStore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.lock:
            return method(self, *args, **kwargs)

    functools.update_wrapper(locked, method)
    return locked


class LicenceStore:
    """The files of one computer's licence."""

    def __init__(self, directory: Path, keys: Mapping[str, SigningKey]) -> None:
        """Use ``directory``, made if missing; ``keys`` are those of the program.

        An unusable directory does not stop the start: each access raises ``StoreError`` until it is usable.
        """
        self.lock = threading.RLock()
        """Held while files change, and by callers that need several steps to be one."""
        self._directory = directory
        self._pinned = keys
        self._pending_from: int | None = None
        self.memory = Memory()
        self.second: SecondRecord | None = None
        """The second record of notes."""
        self.keys = dict(keys)
        self._list_version = 0
        self._opened = False
        with contextlib.suppress(StoreError):
            self._open()

    @synchronized
    def _open(self) -> None:
        """Check that the directory is private, and read the stored state; once. Raises ``StoreError``."""
        if self._opened:
            return
        directory = self._directory
        try:
            private.make_directory(directory)
            mode = directory.lstat().st_mode
        except OSError as error:
            raise StoreError(f"{directory}: {error.strerror}") from None
        if not stat.S_ISDIR(mode):
            raise StoreError(f"{directory} must be a directory, not a link to one")
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StoreError(f"others may write to {directory}; run: chmod go-w {directory}")
        self.memory = self._read_memory()
        self._read_keys()
        self._opened = True

    # -- certificates ---------------------------------------------------------------------------------

    @synchronized
    def load(self, now: int) -> Certificate | None:
        """The certificate in force, if one is installed. Raises ``CertificateRefused`` or ``StoreError``."""
        self._open()
        self._promote_pending(now)
        text = self._read("certificate")
        if text is None:
            return None
        certificate = verify(text, self.keys, now)
        self._check_sequence(certificate)
        closed = self.closing(certificate)
        if closed is not None and closed.word == "given_back":
            raise _not_newer(closed)
        self.memory = self._with_sequence(certificate)  # on disk at the next change: its loss is no error
        return certificate

    @synchronized
    def paid(self, now: int) -> Certificate | None:
        """A paid certificate that is or was installed here, and counts today."""
        for name in ("certificate", "certificate.prev"):
            with contextlib.suppress(CertificateRefused, StoreError):
                text = self._read(name)
                if text is not None and (certificate := verify(text, self.keys, now)).kind == "paid":
                    return certificate
        return None

    @synchronized
    def install(self, text: bytes, now: int, machine: str | None = None) -> Certificate:
        """Verify ``text`` and put it in force. Raises ``CertificateRefused`` or ``StoreError``; then it is not.

        One whose time has not come is kept aside and comes into force at its time (``CERT_NOT_YET``). One of another
        computer than ``machine`` would put this computer's own out of force (``CERT_MACHINE``).
        """
        self._open()
        certificate = verify(text, self.keys, now)
        self._check_new(certificate)
        if machine is not None and certificate.mid not in ("*", machine):
            raise CertificateRefused(CertificateCode.MACHINE, "this certificate was issued to another computer")
        if certificate.nbf > now + CLOCK_SLACK:
            self._write("certificate.pending", armour(certificate.token))
            self._pending_from = certificate.nbf
            raise CertificateRefused(CertificateCode.NOT_YET, "kept aside; it comes into force at its own time")
        self._put_in_force(certificate)
        return certificate

    @synchronized
    def remove(self) -> None:
        """Put the certificate out of force; it is kept as the former one. Raises ``StoreError``."""
        self._open()
        try:
            (self._directory / "certificate").rename(self._directory / "certificate.prev")
        except OSError as error:
            raise StoreError(f"{self._directory / 'certificate'}: {error.strerror}") from None

    def _put_in_force(self, certificate: Certificate) -> None:
        former, text = self._read("certificate"), armour(certificate.token)
        if former is not None and former != text.encode():
            self._write("certificate.prev", former.decode("ascii", "replace"))
        self._write("certificate", text)
        # It is in force from here on. Where this cannot be written, it is noted when the certificate is read.
        with contextlib.suppress(StoreError):
            self.remember(seen=self._with_sequence(certificate).seen)

    def _with_sequence(self, certificate: Certificate) -> Memory:
        return replace(self.memory, seen=self.memory.seen | {certificate.sub: (certificate.seq, certificate.jti)})

    def pending_due(self, now: int) -> bool:
        """Whether a certificate that was kept aside has come to its time."""
        return self._pending_from is not None and now + CLOCK_SLACK >= self._pending_from

    def _promote_pending(self, now: int) -> None:
        """Put the one that was kept aside in force, if its time has come.

        Where the disk is full the former one stays in force, and this is tried again.
        """
        try:
            self._pending_from = self._promoted(now)
        except (StoreError, OSError) as error:
            log.error("the certificate that was bought for later cannot be put in force yet: %s", error)
            self._pending_from = now + CLOCK_SLACK + PENDING_AGAIN

    def _promoted(self, now: int) -> int | None:
        """When to look again."""
        text = self._read("certificate.pending")
        if text is None:
            return None
        with contextlib.suppress(CertificateRefused):
            certificate = verify(text, self.keys, now)
            if certificate.nbf > now + CLOCK_SLACK:
                return certificate.nbf
            self._check_new(certificate)
            self._put_in_force(certificate)
        (self._directory / "certificate.pending").unlink(missing_ok=True)
        return None

    def _check_sequence(self, certificate: Certificate) -> None:
        """An older certificate of the same licence, perhaps with more modules, must not come back."""
        seq, jti = self.memory.seen.get(certificate.sub, (0, ""))
        if certificate.seq < seq or (certificate.seq == seq and certificate.jti != jti):
            raise CertificateRefused(CertificateCode.SUPERSEDED, "a newer certificate of this licence was installed")

    def _check_new(self, certificate: Certificate) -> None:
        """Neither an older one, nor one from before the licence was given back, moved, revoked or suspended."""
        self._check_sequence(certificate)
        closed = self.closing(certificate)
        if closed is not None:
            raise _not_newer(closed)

    # -- notes ----------------------------------------------------------------------------------------

    def closing(self, certificate: Certificate) -> Note | None:
        """The note by which a certificate does not count, or not now; in either record."""
        return closing(self._all_notes(), certificate.sub, certificate.seq, certificate.iat)

    def withdrawn(self, certificate: Certificate) -> bool:
        """Whether a certificate's licence was revoked or suspended, though it may also have been given back since."""
        verdicts = (note for note in self._all_notes() if note.kind == "verdict")
        return closing(verdicts, certificate.sub, certificate.seq, certificate.iat) is not None

    def _records(self) -> tuple[Notes, ...]:
        return (self.memory.notes,) if self.second is None else (self.memory.notes, self.second.notes())

    def _all_notes(self) -> Notes:
        return tuple(note for notes in self._records() for note in notes)

    @synchronized
    def note(self, word: Word, certificate: Certificate, at: int) -> None:
        """Write down, in both records, what became of a certificate's licence. Raises ``StoreError``.

        Where one record cannot be written the other one is. Nothing is written where both records say it already, or
        where neither says the contrary of "confirmed".
        """
        if all(says(notes, word, certificate.sub, certificate.seq, certificate.iat) for notes in self._records()):
            return
        seq = max(certificate.seq, self.memory.seen.get(certificate.sub, (0, ""))[0])
        note = Note(word, certificate.sub, seq, at)
        try:
            self.remember(notes=with_note(self.memory.notes, note))
        finally:
            if self.second is not None:
                self.second.keep(note)

    @synchronized
    def keep_pass(self, now: int) -> None:
        """Write down in both records that an emergency pass is taken. Raises ``StoreError``; then it is in none."""
        former, note = self.memory.notes, Note("pass", "", 0, now)
        self.remember(notes=with_note(former, note), mark=now)
        if self.second is not None:
            try:
                self.second.keep(note)
            except StoreError:
                with contextlib.suppress(StoreError):
                    self.remember(notes=former)
                raise

    def passes(self) -> tuple[int | None, ...]:
        """When the newest emergency pass was taken, by each record."""
        return tuple(newest_pass(notes) for notes in self._records())

    # -- what the vendor says, and this computer's own ------------------------------------------------

    @synchronized
    def device(self) -> DeviceKey:
        """This computer's key, made at the first call."""
        text = self._read("device.key")
        if text is not None:
            try:
                return DeviceKey.parse(text)
            except ValueError as error:
                raise StoreError(
                    f"{self._directory / 'device.key'}: {error}; remove it, and move the licence to this computer again"
                ) from None
        key = DeviceKey.make()
        self._write("device.key", key.pem)
        return key

    @synchronized
    def status(self, licence: str) -> Status | None:
        """The vendor's newest signed answer about that licence."""
        text = self._read("status")
        with contextlib.suppress(TokenRefused, WireError, UnicodeDecodeError):
            if text is not None:
                status = parse(Status, read_vendor_token(text.decode("ascii").strip(), STATUS, self.keys, "status")[1])
                return status if status.lic == licence else None
        return None

    @synchronized
    def keep_status(self, token: str) -> None:
        """Keep an answer that was checked against its request."""
        self._write("status", token + "\n")

    @synchronized
    def keep_keys(self, token: str, now: int) -> None:
        """Take over a key list that the root has signed, unless a newer one is known.

        Raises ``TokenRefused``, ``WireError`` or ``StoreError``; then the former one counts.
        """
        listed = self._key_list(token)
        if listed.ver <= self._list_version:
            return
        withdrawn = self._withdrawn(listed, now)
        if withdrawn != self.memory.withdrawn:
            self.remember(withdrawn=withdrawn)
        self._write("keys", token + "\n")
        self._use_keys(listed, withdrawn)

    def _read_keys(self) -> None:
        text = self._content("keys")
        with contextlib.suppress(TokenRefused, WireError, UnicodeDecodeError):
            if text is not None:
                listed = self._key_list(text.decode("ascii").strip())
                # Nothing is written here: a full disk must not keep the daemon from starting.
                withdrawn = self._withdrawn(listed, listed.iat)
                self.memory = replace(self.memory, withdrawn=withdrawn)
                self._use_keys(listed, withdrawn)

    def _key_list(self, token: str) -> KeyList:
        root, payload = read_vendor_token(token, KEYS, self._pinned, "keys")
        listed = parse(KeyList, payload)
        if listed.iss != root.issuer:
            raise WireError("the key list is not of the vendor whose root signed it")
        return listed

    def _withdrawn(self, listed: KeyList, now: int) -> dict[str, int]:
        """When this computer learned of each withdrawal; of a new one ``now``."""
        return {key.kid: self.memory.withdrawn.get(key.kid, now) for key in listed.keys if key.revoked}

    def _use_keys(self, listed: KeyList, withdrawn: Mapping[str, int]) -> None:
        keys = dict(self._pinned)
        for key in listed.keys:
            keys[key.kid] = SigningKey(
                key.kid, key.x, listed.iss, frozenset(key.uses), key.valid_from, key.valid_to,
                withdrawn_at=withdrawn.get(key.kid),
            )  # fmt: skip
        self.keys, self._list_version = keys, listed.ver

    # -- memory ---------------------------------------------------------------------------------------

    @synchronized
    def remember(self, /, **changes: Any) -> None:
        """Change what ``state.json`` holds. Raises ``StoreError``; then nothing is remembered."""
        self._open()
        changed = replace(self.memory, **changes)
        content = {name: getattr(changed, name) for name in ("seen", "mark", "withdrawn", "notes")}
        self._write("state.json", json.dumps(content))
        self.memory = changed

    def _read_memory(self) -> Memory:
        try:
            content = json.loads((self._content("state.json") or b"{}").decode())
            return Memory(
                {str(sub): (int(seq), str(jti)) for sub, (seq, jti) in content.get("seen", {}).items()},
                _second(content.get("mark", 0)),
                {str(kid): _second(at) for kid, at in content.get("withdrawn", {}).items()},
                tuple(read_note(*each) for each in content.get("notes", []) if each[0] in KINDS),
            )
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError):
            return Memory()

    # -- files ----------------------------------------------------------------------------------------

    def _read(self, name: str) -> bytes | None:
        self._open()
        return self._content(name)

    def _content(self, name: str) -> bytes | None:
        try:
            with (self._directory / name).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"{self._directory / name}: {error.strerror}") from None

    def _write(self, name: str, text: str) -> None:
        """Atomically and durably."""
        self._open()
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


def _not_newer(note: Note) -> CertificateRefused:
    """A certificate from before ``note``."""
    why = {"given_back": "given back", "superseded": "moved to another computer"}.get(note.word, note.word)
    return CertificateRefused(
        CertificateCode.SUPERSEDED, f"the licence was {why} after this certificate was issued; get a new certificate"
    )


def _second(value: Any) -> int:
    """A time that can be shown as a date, for any value in the file."""
    return min(max(int(value), 0), LAST)
