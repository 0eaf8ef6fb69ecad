"""Keys as the product pins them: lines of ``fiscald/licence/keys.py``, and that file with them in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

_NAMES = ("VENDOR_KEYS", "ISSUER")


class Pinned(NamedTuple):
    """A key that a release trusts."""

    kid: str
    x: str
    """Public key, base64url without padding."""
    uses: tuple[str, ...]

    @property
    def root(self) -> bool:
        """Whether it signs key lists."""
        return "keys" in self.uses


class NotPinned(Exception):
    """The file cannot be changed; it stays as it was. ``str`` says why."""


def signing(kid: str, x: str) -> Pinned:
    """A key that signs certificates and answers."""
    return Pinned(kid, x, ("licence", "status"))


def root(kid: str, x: str) -> Pinned:
    """A key that signs the list of the others."""
    return Pinned(kid, x, ("keys",))


def lines(key: Pinned, issuer: str) -> str:
    """The lines of one key, to be put into ``VENDOR_KEYS``."""
    uses = ", ".join(f'"{use}"' for use in key.uses) + ("," if len(key.uses) == 1 else "")
    return (
        "    SigningKey(\n"
        f'        kid="{key.kid}",\n'
        f'        x="{key.x}",\n'
        f'        issuer="{issuer}",\n'
        f"        uses=frozenset(({uses})),\n"
        "    ),\n"
    )


def pinned(source: str, keys: Iterable[Pinned], issuer: str) -> tuple[str, list[Pinned]]:
    """The text of ``keys.py`` with these keys pinned, and all that it pins then, roots first.

    Roots that it has already stay, where no other is given. Raises ``NotPinned``.
    """
    places = _places(source)
    known, wanted = _read(places["VENDOR_KEYS"]), list(keys)
    if not any(key.root for key in wanted):
        wanted = [*(key for key in known if key.root), *wanted]
    if not any(key.root for key in wanted):
        raise NotPinned("no root key is pinned yet; without one no key can be revoked; name it with --root")
    if all(key.root for key in wanted):
        raise NotPinned("there is no signing key to pin; make one with: fiscald-vendor keys new KID")
    wanted.sort(key=lambda key: not key.root)
    made = {
        "VENDOR_KEYS": "(\n" + "".join(lines(key, issuer) for key in wanted) + ")",
        "ISSUER": f'"{issuer}"',
    }
    rows = source.splitlines(keepends=True)
    starts = [sum(len(row.encode()) for row in rows[:index]) for index in range(len(rows))]
    text = source.encode()
    for name, value in sorted(places.items(), key=lambda each: -each[1].lineno):
        assert value.end_lineno is not None
        assert value.end_col_offset is not None
        begin, end = starts[value.lineno - 1] + value.col_offset, starts[value.end_lineno - 1] + value.end_col_offset
        text = text[:begin] + made[name].encode() + text[end:]
    return text.decode(), wanted


def _places(source: str) -> dict[str, ast.expr]:
    """The positions of the values to replace."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NotPinned(f"it is not a Python file: {error}") from None
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name in _NAMES:
                found[name] = value
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in _NAMES:
                found[name] = value
    missing = [name for name in _NAMES if name not in found]
    if missing:
        raise NotPinned(f"it has no {' and no '.join(missing)}; is it fiscald/licence/keys.py?")
    return found


def _read(value: ast.expr) -> list[Pinned]:
    """The keys that are pinned."""
    if not isinstance(value, ast.Tuple):
        raise NotPinned("VENDOR_KEYS is not a literal tuple; insert the lines manually")
    found = []
    for call in value.elts:
        try:
            assert isinstance(call, ast.Call)
            given = {each.arg: each.value for each in call.keywords}
            uses = given["uses"]
            assert isinstance(uses, ast.Call)
            found.append(
                Pinned(
                    ast.literal_eval(given["kid"]),
                    ast.literal_eval(given["x"]),
                    tuple(ast.literal_eval(uses.args[0])),
                )
            )
        except (AssertionError, KeyError, IndexError, ValueError):
            raise NotPinned(f"line {call.lineno} pins a key in another way; insert the lines manually") from None
    return found
