"""The findings of ``fiscald-vendor doctor``: a closed list, each with one sentence and what to do.

``docs/vendor.md`` lists them; programs may rely on the codes.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One finding; the texts are ``str.format`` templates."""

    is_fault: bool
    """Whether something does not work now; otherwise it is a warning."""
    text: str
    fix: str


class Finding(NamedTuple):
    """A finding with its facts."""

    code: str
    is_fault: bool
    text: str
    fix: str


_RESTART = "systemctl restart fiscald-vendor"

#: Every finding, by code.
CATALOGUE: dict[str, Row] = {
    # -- configuration and files ----------------------------------------------------------------------
    "config": Row(True, "the configuration cannot be used: {reason}", "correct it, then: " + _RESTART),
    "user": Row(
        False, "the database belongs to {owner}, and this is {user}: rights were not tried as the server does",
        "sudo -u {owner} fiscald-vendor doctor",
    ),
    "denied": Row(
        True, "{user} cannot open {path}: only the configuration was checked",
        "sudo -u {owner} fiscald-vendor doctor",
    ),
    "mode": Row(False, "other users can read or change {path} (mode {mode})", "chmod {right} {path}"),
    "plain": Row(
        False, "the server listens on {listen} without [tls]: addresses and numbers travel unencrypted",
        "set [tls], or listen on 127.0.0.1 behind a proxy",
    ),
    "metrics_open": Row(
        False, "the metrics are served on {listen}, which is not the loopback interface or a private address",
        'metrics = "127.0.0.1:9808"',
    ),
    "proxies_all": Row(
        True, "trusted_proxies = {network} trusts everybody: a client can invent its address, and no limit holds",
        "name the addresses of the proxies only",
    ),
    "proxy_unnamed": Row(
        False, "requests came through a proxy that trusted_proxies does not name: all customers share one limit",
        'trusted_proxies = ["127.0.0.1"]    # the address of the proxy; then: ' + _RESTART,
    ),
    # -- keys -----------------------------------------------------------------------------------------
    "keys": Row(True, "{reason}", "ls -l {directory}"),
    "key_test": Row(
        True, "{kid} is the published test key: anybody can sign with it",
        "fiscald-vendor keys new 2026a    # then sign_with, and a release that pins it",
    ),
    "key_unknown": Row(
        True, "{kid}.pem is not the key that the database knows as {kid}",
        "restore the file or the database from a backup",
    ),
    "key_retired": Row(True, "{kid} is retired or revoked: nothing is signed", "set sign_with, then: " + _RESTART),
    "mac_missing": Row(
        True, "mac-{generation}.key is missing: {count} numbers of that generation are refused",
        "restore it from your backup of the keys",
    ),
    "mac_unset": Row(
        True, "mac = {generation}, and there is no mac-{generation}.key: no number can be issued",
        "fiscald-vendor keys new --mac {generation}",
    ),
    "pepper": Row(
        True, "pepper.key is not the pepper that sealed the numbers in the database: every number is unknown",
        "restore it from your backup of the keys",
    ),
    "key_list_none": Row(
        False, "no key list is signed: daemons learn of no new, retired or stolen key",
        "fiscald-vendor keys sign --root /media/stick/root-1.pem",
    ),
    "key_list_old": Row(
        False, "the key list was signed {days} days ago", "fiscald-vendor keys sign --root /media/stick/root-1.pem"
    ),
    "key_list_lacks": Row(
        True, "the key list lacks {kid}, which signs: daemons that do not pin it refuse every answer",
        "fiscald-vendor keys sign --root /media/stick/root-1.pem",
    ),
    "key_list_behind": Row(
        False, "keys were added, retired or revoked after the key list was signed: {kids}",
        "fiscald-vendor keys sign --root /media/stick/root-1.pem",
    ),
    # -- clock, database, copies, disk ----------------------------------------------------------------
    "clock_behind": Row(
        True, "the clock is {seconds} s behind the newest row of the audit: nothing is signed",
        "set the clock; if it was ahead before: fiscald-vendor audit --accept-clock",
    ),
    "clock_free": Row(
        False, "the clock follows no time server", "timedatectl set-ntp true"
    ),
    "database_none": Row(True, "{path} does not exist", "restore a backup; for a new server: fiscald-vendor keys new"),
    "database": Row(True, "{path} cannot be used: {reason}", "restore a backup, see docs/vendor.md, Backup"),
    "disk_full": Row(True, "{free} MiB are free in {path}", "df -h {path}; journalctl --vacuum-size=200M"),
    "disk_low": Row(
        False, "{free} MiB are free in {path}, less than twice the database or 1024 MiB",
        "df -h {path}; journalctl --vacuum-size=200M",
    ),
    "backup_none": Row(
        False, "the database was never copied", "systemctl enable --now fiscald-vendor-backup.timer"
    ),
    "backup_old": Row(
        False, "the newest copy of the database is {days} days old",
        "systemctl status fiscald-vendor-backup.timer fiscald-vendor-backup",
    ),
    "backup_moved": Row(
        False, "the newest copy is not at {path} any more: it was not checked", "fiscald-vendor backup {directory}"
    ),
    "backup_damaged": Row(True, "the newest copy cannot be restored: {reason}", "fiscald-vendor backup {directory}"),
    # -- mail -----------------------------------------------------------------------------------------
    "mail": Row(
        True, "the mail server {host}:{port} takes no mail: {reason}", "correct [smtp], then: " + _RESTART
    ),
    "mail_stuck": Row(
        False, "{count} mails wait, the oldest for {minutes} minutes: customers get no codes",
        "journalctl -u fiscald-vendor | grep 'mail '",
    ),
    # -- the running server ---------------------------------------------------------------------------
    "server_down": Row(
        True, "no reply at {listen}: {reason}", "systemctl start fiscald-vendor; journalctl -u fiscald-vendor -n 20"
    ),
    "server_unable": Row(
        True, "the server answers {status}: it signs nothing", "journalctl -u fiscald-vendor | grep SIGNED"
    ),
    "tls": Row(True, "the TLS certificate cannot be used: {reason}", "correct [tls], then: " + _RESTART),
    "tls_ended": Row(
        True, "the TLS certificate ended {days} days ago", "renew it, then: systemctl reload fiscald-vendor"
    ),
    "tls_ends": Row(
        False, "the TLS certificate ends in {days} days", "renew it, then: systemctl reload fiscald-vendor"
    ),
    "tls_not_loaded": Row(
        False, "the server uses another certificate than {path}", "systemctl reload fiscald-vendor"
    ),
}  # fmt: skip


def finding(code: str, **facts: object) -> Finding:
    """The finding ``code`` of the catalogue with its templates filled from ``facts``."""
    row = CATALOGUE[code]
    return Finding(code, row.is_fault, row.text.format(**facts), row.fix.format(**facts))


def findings_markdown() -> str:
    """The catalogue as the table of ``docs/vendor.md``."""
    lines = ["| code | | what is wrong | what to do |", "| --- | --- | --- | --- |"]
    for code, row in CATALOGUE.items():
        text, fix = (part.replace("|", "\\|") for part in (row.text, row.fix))
        lines.append(f"| `{code}` | {'fault' if row.is_fault else 'warning'} | {text} | `{fix}` |")
    return "\n".join(lines) + "\n"
