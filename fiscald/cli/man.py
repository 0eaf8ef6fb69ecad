"""The manual pages, generated from the help texts of the commands: ``python -m fiscald.cli.man FOLDER``."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from fiscald.cli.fiscalctl import main as fiscalctl
from fiscald.cli.fiscald import main as fiscald
from fiscald.licence.server.cli import main as fiscald_vendor

COMMANDS: dict[str, click.Group] = {"fiscald": fiscald, "fiscalctl": fiscalctl, "fiscald-vendor": fiscald_vendor}
_SEE_ALSO = {
    "fiscald": ("fiscalctl(1)", "fiscald.toml(5)", "fiscald(8)", "fiscald-backup(8)"),
    "fiscalctl": ("fiscald(1)", "fiscald.toml(5)", "fiscald-backup(8)"),
    "fiscald-vendor": ("fiscald-vendor.toml(5)", "fiscald-vendor(8)"),
}
_FILES = {
    "fiscald": (
        ("/etc/fiscald/fiscald.toml", "the configuration"),
        ("/run/fiscald/fiscald.sock", "the socket that applications and fiscalctl use"),
        ("/var/lib/fiscald", "the journal of every document, the licence, recordings"),
    ),
    "fiscalctl": (("/run/fiscald/fiscald.sock", "the daemon's socket, unless --socket gives another"),),
    "fiscald-vendor": (
        ("/etc/fiscald-vendor/vendor.toml", "the configuration"),
        ("/var/lib/fiscald-vendor", "database, keys and copies"),
    ),
}


def page(name: str, command: click.Group) -> str:
    """The manual page of a command and all its verbs, for ``man``."""
    lines = [
        f'.TH {name.upper()} 1 "" "fiscald" "User Commands"',
        ".SH NAME",
        rf"{_escaped(name)} \- {_escaped(_first(command))}",
        ".SH SYNOPSIS",
        rf".B {_escaped(name)}",
        _usage(command),
        ".SH DESCRIPTION",
        *_paragraphs(command),
        ".SH OPTIONS",
        *_options(command),
        ".SH COMMANDS",
    ]
    for path, verb in _verbs(command):
        lines += [f".SS {_escaped(path)}", rf".B {_escaped(f'{name} {path}')}", _usage(verb), ".PP"]
        lines += [*_paragraphs(verb), *_options(verb)]
    lines.append(".SH FILES")
    for path, what in _FILES[name]:
        lines += [".TP", rf".I {path}", what]
    pages = [each.partition("(") for each in _SEE_ALSO[name]]
    lines += [".SH SEE ALSO", ", ".join(rf"\fB{_escaped(page)}\fR({section}" for page, _, section in pages)]
    return "\n".join(lines) + "\n"


def _verbs(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every verb below ``group``, with the words that the user types."""
    for name, verb in sorted(group.commands.items()):
        yield before + name, verb
        if isinstance(verb, click.Group):
            yield from _verbs(verb, f"{before}{name} ")


# click formats parameters differently in each version; these pages are the same with every version.


def _usage(command: click.Command) -> str:
    pieces = ["[OPTIONS]"] if any(isinstance(param, click.Option) for param in command.params) else []
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    pieces += [_value(param) if param.required else f"[{_value(param)}]" for param in arguments]
    if isinstance(command, click.Group):
        pieces.append("COMMAND ...")
    return _escaped(" ".join(pieces))


def _options(command: click.Command) -> Iterator[str]:
    for param in command.params:
        if isinstance(param, click.Option) and not param.hidden:
            value = "" if param.is_flag else f" {_value(param)}"
            facts = [f"default: {param.default}"] if param.show_default else []
            facts += [f"environment: {param.envvar}"] if param.show_envvar else []
            yield ".TP"
            yield rf"\fB{_escaped(', '.join(param.opts))}\fR{_escaped(value)}"
            yield _escaped(" ".join((param.help or "", f"({', '.join(facts)})" if facts else "")).strip())


def _value(param: click.Parameter) -> str:
    """The placeholder for the value."""
    if isinstance(param.type, click.Choice):
        return "|".join(map(str, param.type.choices))
    if isinstance(param, click.Argument):
        return str(param.name).rstrip("_").upper()
    return param.metavar or param.type.name.upper().removesuffix(" RANGE")


def _paragraphs(command: click.Command) -> list[str]:
    text = inspect.cleandoc(command.help or "")
    return ".PP\n".join(f"{_escaped(' '.join(part.split()))}\n" for part in text.split("\n\n")).splitlines()


def _first(command: click.Command) -> str:
    sentence, _, _ = inspect.cleandoc(command.help or "").partition(".")
    return sentence[:1].lower() + sentence[1:]


def _escaped(text: str) -> str:
    """``text`` escaped for roff: it contains no requests, and a dash stays a typed dash."""
    text = re.sub(r"\s+", " ", text).replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{text}" if text[:1] in (".", "'") else text


def write(folder: Path) -> None:
    """Write all pages to ``folder``."""
    for name, command in COMMANDS.items():
        (folder / f"{name}.1").write_text(page(name, command), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
