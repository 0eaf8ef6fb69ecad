"""Findings about the daemon itself: its socket, its journal, the disk, the licence, webhooks."""

from __future__ import annotations

from collections.abc import Iterator

from fiscald.diagnostics.facts import FISCALD, Facts
from fiscald.diagnostics.findings import INSTALL_GROUP, Finding, finding
from fiscald.model.disk import DISK_FULL, DISK_LOW
from fiscald.model.webhooks import WebhookState

_LICENCE_SHOWN = "fiscalctl licence status"
_REGISTER, _SUPPORT = "fiscalctl licence register", "fiscalctl licence register --support NUMBER"
_TRANSFER = "fiscalctl licence transfer E-MAIL"
_CHECK, _CLOCK = "fiscalctl licence check    # with a connection to the internet", "timedatectl    # is that the date?"
#: Remedies for a licence that does not allow printing, by the ``prompt`` of the problem.
_LICENCE_REMEDIES = {
    "number": f"{_REGISTER}    # without a number, once: fiscalctl licence enrol, a trial for 30 days",
    "support_number": _SUPPORT,
    "transfer": _TRANSFER,
    "check": _CHECK,
}
#: Remedies for the warnings of a licence.
_WARNING_REMEDIES = {
    "licence.w.lapsed": _CHECK,
    "licence.w.unconfirmed": _CHECK,
    "licence.w.clock_back": _CLOCK,
    "licence.w.clock_forward_unconfirmed": _CLOCK,
    "licence.w.trial": _REGISTER,
    "licence.w.ending_soon": _REGISTER,
    "licence.w.updates_ending_soon": _SUPPORT,
    # while an emergency pass is valid
    "licence.w.unregistered": _REGISTER,
    "licence.w.ended": _REGISTER,
    "licence.w.company_mismatch": _REGISTER,
    "licence.w.updates_ended": _SUPPORT,
    "licence.w.transferred": _TRANSFER,
    "licence.w.machine_mismatch": _TRANSFER,
}
_MIB = 1 << 20


def daemon_findings(facts: Facts) -> Iterator[Finding]:
    """The configuration, the socket, and whether the daemon answers."""
    socket = facts.socket
    if facts.config_error is not None:
        yield finding("config", reason=facts.config_error, path=facts.config_path)
    if facts.config_unread is not None and not facts.printers_known:
        yield finding("config_unread", reason=facts.config_unread)
    if socket.denied is not None:
        code = "group_not_active" if socket.denied.member else "socket_denied"
        # Without the group fiscald the socket belongs to root, and no user should join root's group.
        remedy = socket.denied.remedy if socket.group_there or socket.denied.group else INSTALL_GROUP
        yield finding(code, reason=socket.denied.reason, user=facts.user, remedy=remedy)
    elif not socket.answers:
        yield finding("daemon_down", socket=socket.path)
    if not socket.group_there:
        yield finding("group_missing", group=FISCALD)
    if socket.there and socket.mode & 0o006:
        yield finding("socket_for_all", socket=socket.path, mode=f"{socket.mode:04o}")
    if not facts.printers and facts.printers_known:
        yield finding("no_printers")


def disk_findings(facts: Facts) -> Iterator[Finding]:
    """The state directory and the journal."""
    state = facts.state
    reasons = {printer.problem.detail for printer in facts.printers
               if printer.problem is not None and printer.problem.code == "daemon.journal"}  # fmt: skip
    if state is not None and state.journal is not None:
        reasons.add(state.journal)
    where = "/var/lib/fiscald" if state is None else state.path
    for reason in sorted(reasons):
        yield finding("journal", reason=reason, path=f"{where}/journal.db")
    if state is None:
        return
    if state.missing:
        yield finding("journal_missing", path=state.path)
    if state.mode & 0o022:
        yield finding("state_writable", path=state.path, mode=f"{state.mode:04o}")
    elif state.mode & 0o055:
        yield finding("state_readable", path=state.path, mode=f"{state.mode:04o}")
    if state.read_only:
        yield finding("disk_read_only", path=state.path, mount=state.mount)
    elif state.free < DISK_LOW:
        code = "disk_full" if state.free < DISK_FULL else "disk_low"
        yield finding(code, path=state.path, free=state.free // _MIB)


def licence_findings(facts: Facts) -> Iterator[Finding]:
    """What the licence does not allow, or soon will not."""
    licence = facts.licence
    if licence is None:
        return
    real = [each.configured.name for each in facts.printers if each.emulated is False]
    if licence.get("test_keys") and real:
        yield finding("licence_test_keys", printers=", ".join(real), path=facts.config_path)
    if not licence["may_print"]:
        remedy = _LICENCE_REMEDIES.get(licence.get("prompt") or "number", _LICENCE_SHOWN)
        yield finding("licence", reason=licence.get("reason") or licence["state"], remedy=remedy)
    elif warnings := licence["warnings"]:
        remedy = next((_WARNING_REMEDIES[each] for each in warnings if each in _WARNING_REMEDIES), _LICENCE_SHOWN)
        yield finding("licence_warning", warnings=", ".join(licence["warnings"]), remedy=remedy)


def webhook_findings(facts: Facts) -> Iterator[Finding]:
    """Webhooks that do not deliver."""
    for each in facts.webhooks:
        if each.state is WebhookState.NO_SECRET:
            remedy = f"sudo fiscalctl webhook secret {each.name}    # or what is said above"
        else:
            remedy = f"fiscalctl webhook test {each.name}    # the receiver's own log says more"
        if each.state is not WebhookState.ACTIVE:
            yield finding("webhook", name=each.name, waiting=each.waiting, reason=each.reason, remedy=remedy)
        if each.dead:
            yield finding("webhook_dead", name=each.name, dead=each.dead)
