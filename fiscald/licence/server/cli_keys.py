"""``fiscald-vendor keys``: signing keys, MAC keys, the list of keys, and what a release of the product pins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fiscald.licence import tokens
from fiscald.licence.server import key_admin, keyring, listing, pepper, pinning
from fiscald.licence.server.keyring import KeyringError
from fiscald.licence.server.session import Session, confirm, fail

#: Above the lines of a key.
_FOR_THE_PRODUCT = "in VENDOR_KEYS of fiscald/licence/keys.py (fiscald-vendor keys pin FILE writes it):"


@click.group()
def keys() -> None:
    """Signing keys, MAC keys, the key list."""


@keys.command("new")
@click.argument("kid", required=False)
@click.option("--mac", type=click.IntRange(0, 7), help="Make the MAC key of this generation.")
@click.pass_obj
def keys_new(session: Session, kid: str | None, *, mac: int | None) -> None:
    """Make the signing key KID, or a MAC key; at the first time a pepper too.

    The lines that a signing key has in fiscald/licence/keys.py are printed; keys pin writes them.
    """
    if kid is None and mac is None:
        raise click.UsageError("name a signing key, or a MAC key's generation with --mac")
    directory = session.config.keys.directory
    made: dict[str, Any] = {}
    with session.transaction() as t:
        if pepper.make(t, directory):
            made["pepper"] = str(directory / "pepper.key")
        if kid is not None:
            made |= {"kid": kid, "x": tokens.public_x(keyring.make_signing(directory, kid))}
            key_admin.add_key(t, kid, made["x"])
        if mac is not None:
            keyring.make_mac(directory, mac)
            t.audit("key.mac", str(mac))
            made["mac"] = str(directory / f"mac-{mac}.key")
    told = "\n".join(f"{name}: {value}" for name, value in made.items())
    if kid is not None:
        made["lines"] = pinning.lines(pinning.signing(kid, made["x"]), session.config.issuer)
        told += f"\n{_FOR_THE_PRODUCT}\n{made['lines'].rstrip()}"
    session.show(made, told)


@keys.command("root")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def keys_root(session: Session, file: Path) -> None:
    """Make a root key in FILE, on a medium that you take away; the product pins its public half.

    The lines that it has in fiscald/licence/keys.py are printed; keys pin writes them.
    """
    if file.suffix != ".pem":
        raise click.UsageError("call it KID.pem")
    try:
        x = tokens.public_x(keyring.make_signing(file.parent, file.stem))
    except KeyringError as error:
        fail(str(error))
    lines = pinning.lines(pinning.root(file.stem, x), session.config.issuer)
    told = f"kid: {file.stem}\nx: {x}\n{_FOR_THE_PRODUCT}\n{lines.rstrip()}"
    session.show({"kid": file.stem, "x": x, "lines": lines}, told)


@keys.command("pin")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--root", "root", type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The root key's file, KID.pem; default: the root that FILE pins already.",
)  # fmt: skip
@click.pass_obj
def keys_pin(session: Session, file: Path, *, root: Path | None) -> None:
    """Pin the good signing keys and the root in FILE, the fiscald/licence/keys.py of a release."""
    with session.transaction(any_clock=True) as t:
        rows = t.db.execute("SELECT kid, x FROM signing_key WHERE valid_to IS NULL AND NOT revoked ORDER BY kid")
        wanted = [pinning.signing(kid, x) for kid, x in rows]
        if root is not None:
            wanted.insert(0, pinning.root(root.stem, tokens.public_x(keyring.read_private(root))))
        try:
            text, pinned = pinning.pinned(file.read_text("utf-8"), wanted, session.config.issuer)
            _replace(file, text)
        except (pinning.NotPinned, OSError, UnicodeDecodeError) as error:
            fail(f"{file}: {error}")
        t.audit("key.pinned", kids=[key.kid for key in pinned])
    told = [f"{key.kid}  {'root' if key.root else 'signs'}" for key in pinned]
    session.show({"file": str(file), "kids": [key.kid for key in pinned]}, "\n".join([f"{file} pins:", *told]))


def _replace(file: Path, text: str) -> None:
    """All of it or nothing."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, "utf-8")
    new.chmod(file.stat().st_mode & 0o777)
    new.replace(file)


@keys.command("list")
@click.pass_obj
def keys_list(session: Session) -> None:
    """Show the signing keys and the newest key list."""
    with session.transaction(any_clock=True) as t:
        rows = [
            {"kid": kid, "x": x, "from": start, "to": end, "revoked": bool(revoked)}
            for kid, x, start, end, revoked in t.db.execute("SELECT * FROM signing_key ORDER BY kid")
        ]
        (newest,) = t.one("SELECT max(ver) FROM key_list")
    lines = [
        f"{row['kid']}  {row['x']}  "
        + ("revoked" if row["revoked"] else f"retired {listing.moment(row['to'])}" if row["to"] else "good")
        for row in rows
    ]
    use = session.config.keys.sign_with
    session.show(
        {"keys": rows, "sign_with": use, "key_list": newest},
        "\n".join([*lines, f"signing with {use}; key list {newest or 'not signed yet'}"]),
    )


@keys.command("retire")
@click.argument("kid")
@click.option("--revoke", is_flag=True, help="The key was stolen: its signatures become invalid after 14 days.")
@click.option("--yes", is_flag=True, help="With --revoke: do not ask on a terminal.")
@click.pass_obj
def keys_retire(session: Session, kid: str, *, revoke: bool, yes: bool) -> None:
    """Retire KID. Sign a key list afterwards, so that the daemons learn of it."""
    if revoke:
        confirm(f"Every certificate signed by {kid} becomes invalid in 14 days. Continue?", yes=yes)
    with session.transaction() as t:
        key_admin.retire_key(t, kid, revoke=revoke)
    session.show({"kid": kid, "revoked": revoke}, f"{kid} is {'revoked' if revoke else 'retired'}; sign the key list")


@keys.command("sign")
@click.option(
    "--root", "file", required=True, type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The root key's file, KID.pem.",
)  # fmt: skip
@click.pass_obj
def keys_sign(session: Session, file: Path) -> None:
    """Sign the list of keys with the root key; daemons get it with their next check."""
    with session.transaction() as t:
        root = keyring.read_private(file)
        version = key_admin.sign_key_list(t, session.config.issuer, root, file.stem)
    session.show({"key_list": version}, f"key list {version} is signed")
