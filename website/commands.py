"""The pages of the two commands: every verb with its options, as ``--help`` shows them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from fiscald.cli.fiscalctl import main as fiscalctl
from fiscald.cli.fiscald import main as fiscald
from website.markdown import block, code, prose, table
from website.prepare import Page


def command_pages() -> list[Page]:
    """A page for each command."""
    return [
        Page(f"reference/{name}.md", _page(name, command))
        for name, command in (("fiscald", fiscald), ("fiscalctl", fiscalctl))
    ]


def _page(name: str, command: click.Group) -> str:
    parts = [f"# `{name}`\n", f"{_help(command)}\n", block("text", f"{name} [OPTIONS] COMMAND ...")]
    parts += [_options(command), _list(name, command)]
    for words, verb in _verbs(command):
        parts += [f"## `{name} {words}`\n", f"{_help(verb)}\n", block("text", _usage(f"{name} {words}", verb))]
        parts.append(_options(verb))
    return "\n".join(parts)


def _list(name: str, command: click.Group) -> str:
    verbs = [(words, verb) for words, verb in _verbs(command) if not isinstance(verb, click.Group)]
    links = ((f"[`{words}`](#{name}-{words.replace(' ', '-')})", prose(_first(verb))) for words, verb in verbs)
    return table(("command", "what it does"), links)


def _verbs(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every verb with the words that a person types, a group before its verbs."""
    for name, verb in sorted(group.commands.items()):
        if not verb.hidden:
            yield before + name, verb
            if isinstance(verb, click.Group):
                yield from _verbs(verb, f"{before}{name} ")


def _usage(words: str, verb: click.Command) -> str:
    pieces = [words] + (["[OPTIONS]"] if any(isinstance(each, click.Option) for each in verb.params) else [])
    arguments = [each for each in verb.params if isinstance(each, click.Argument)]
    pieces += [_value(each) if each.required else f"[{_value(each)}]" for each in arguments]
    return " ".join([*pieces, *(["COMMAND ..."] if isinstance(verb, click.Group) else [])])


def _options(verb: click.Command) -> str:
    rows = []
    for each in verb.params:
        if isinstance(each, click.Option) and not each.hidden:
            value = "" if each.is_flag else f" {_value(each)}"
            facts = [f"default: {code(str(each.default))}"] if each.show_default else []
            facts += [f"environment: {code(str(each.envvar))}"] if each.show_envvar else []
            rows.append(
                (code(", ".join(each.opts) + value), prose(" ".join((each.help or "").split())), "; ".join(facts))
            )
    return table(("option", "meaning", ""), rows) if rows else ""


def _value(param: click.Parameter) -> str:
    if isinstance(param.type, click.Choice):
        return "|".join(map(str, param.type.choices))
    if isinstance(param, click.Argument):
        return str(param.name).rstrip("_").upper()
    return param.metavar or param.type.name.upper().removesuffix(" RANGE")


def _help(verb: click.Command) -> str:
    """The paragraphs of the help text."""
    parts = inspect.cleandoc(verb.help or "").replace("\b\n", "").split("\n\n")
    return "\n\n".join(prose(" ".join(part.split())) for part in parts)


def _first(verb: click.Command) -> str:
    return re.split(r"\.(?=\s|$)", inspect.cleandoc(verb.help or ""), maxsplit=1)[0].replace("\n", " ")
