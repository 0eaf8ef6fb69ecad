"""The Debian packages have what the documentation and the doctor speak of. tests/debian tries them in a new system."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from fiscald import __version__, config
from fiscald.config_gateway import GatewayConfig
from fiscald.diagnostics.findings import CATALOGUE
from fiscald.licence.server import config as vendor_config

ROOT = Path(__file__).parents[2]
DEBIAN = ROOT / "debian"
#: The commands of remedies, and the packages that have them; fiscald itself and what every Debian has are left out.
PROVIDERS = {
    "fuser": "psmisc", "openssl": "openssl", "ping": "iputils-ping", "ss": "iproute2", "sudo": "sudo", "sudoedit": "sudo",
    "udevadm": "udev", "usermod": "passwd",
}  # fmt: skip
#: Essential packages, the shell, systemd, which the units need, and what every Raspberry Pi has.
ALWAYS = {
    "apt", "chgrp", "chmod", "chown", "cp", "du", "grep", "groupadd", "install", "journalctl", "kill", "mkdir", "mount",
    "mv", "printf", "raspi-config", "reboot", "sed", "sort", "systemctl", "systemd-sysusers", "tail", "tee", "timedatectl", "useradd",
}  # fmt: skip
FISCALD = {"fiscalctl", "fiscald"}


def without_marks(name: str) -> str:
    """The file with every key set: a # without a blank is removed."""
    return re.sub(r"^#(?=\S)", "", (DEBIAN / name).read_text("utf-8"), flags=re.MULTILINE)


def keys(model: type[BaseModel], *, leave_out: tuple[str, ...] = ()) -> set[str]:
    return set(model.model_fields) - set(leave_out)


def test_the_configuration_as_installed_is_that_without_printers() -> None:
    installed = config.load(DEBIAN / "fiscald.toml")
    assert installed.model_dump(exclude={"state_dir"}) == config.Config().model_dump(exclude={"state_dir"})


def test_every_key_of_the_configuration_is_in_the_file() -> None:
    content = tomllib.loads(without_marks("fiscald.toml"))
    assert content.keys() == keys(config.Config)
    for name, model in config.SECTIONS.items():
        section: dict[str, Any] = content[name]
        if name in ("printers", "webhooks"):
            (section,) = section.values()
        missing = keys(model, leave_out=("options",)) - section.keys()
        assert not missing, name


def test_every_key_of_a_gateway_is_in_the_file() -> None:
    gateway = tomllib.loads(without_marks("fiscald.toml"))["printers"]["till1"]["gateway"]
    # A serial port has a group in place of addresses: a comment shows it.
    assert set(GatewayConfig.model_fields) - gateway.keys() == {"group"}
    assert 'group = "tills"' in (DEBIAN / "fiscald.toml").read_text("utf-8")


def test_the_keys_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "fiscald.toml"
    path.write_text(without_marks("fiscald.toml"), "utf-8")
    found = config.load(path)
    assert list(found.printers) == ["till1"]
    defaults = config.Config()
    for name in ("socket", "state_dir", "log_level", "keep_days", "flight_recorders_mib", "recordings_mib"):
        assert getattr(found, name) == getattr(defaults, name), "the file shows the default"


def test_the_licence_servers_file_has_every_key_too(tmp_path: Path) -> None:
    vendor_config.load(DEBIAN / "vendor.toml")
    content = tomllib.loads(without_marks("vendor.toml"))
    assert content.keys() == keys(vendor_config.Config)
    for name, field in vendor_config.Config.model_fields.items():
        if isinstance(content[name], dict) and name != "limits":
            (model,) = (
                each
                for each in (field.annotation, *get_args(field.annotation))
                if isinstance(each, type) and issubclass(each, BaseModel)
            )
            assert content[name].keys() == keys(model), name
    path = tmp_path / "vendor.toml"
    path.write_text(without_marks("vendor.toml"), "utf-8")
    vendor_config.load(path)


def test_the_changelog_has_this_version() -> None:
    first = (DEBIAN / "changelog").read_text("utf-8").splitlines()[0]
    assert first.startswith(f"fiscald ({__version__}) ")


def test_every_link_leads_to_a_unit() -> None:
    links = {path.name: path.resolve() for path in DEBIAN.iterdir() if path.is_symlink()}
    assert {path.name for path in links.values()} == {path.name for path in (ROOT / "systemd").iterdir()}
    assert all(path.exists() for path in links.values())


def commands(text: str) -> set[str]:
    """The programs that a remedy calls."""
    text = re.sub(r"'[^']*'", "", text.partition("    # ")[0])
    text = re.sub(r"\$\(|\bsudo -u \S+ ", " ", text)
    parts = (part.split() for part in re.split(r"&&|\|\||[|;]", text))
    found: set[str] = set()
    for words in parts:
        if words[:1] == ["sudo"]:
            found.add("sudo")
            words = words[1:]
        found.update(word for word in words[:1] if not word.startswith("{"))
    return found


def remedies() -> list[str]:
    """The remedies of the doctor that are commands, in full or with facts to be filled in."""
    known = ALWAYS | PROVIDERS.keys() | FISCALD
    rows = [row.fix for row in CATALOGUE.values()]
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "fiscald" / "diagnostics").glob("*.py"))
    rows += re.findall(r'"((?:sudo|openssl|fiscalctl|ss|ping) [^"\n]+)"', code)
    return [fix for fix in rows if fix.split()[0] in known]


def test_the_package_comes_with_every_program_of_a_remedy() -> None:
    control = (DEBIAN / "control").read_text("utf-8").partition("Package: fiscald\n")[2].partition("\n\n")[0]
    needed = set(re.findall(r"^ ([a-z0-9.-]+),", control, re.MULTILINE))
    named = {name for fix in remedies() for name in commands(fix)}
    assert len(named) > 20
    assert named - ALWAYS - FISCALD - PROVIDERS.keys() == set()
    assert {PROVIDERS[name] for name in named & PROVIDERS.keys()} - needed == set()


@pytest.mark.parametrize(
    "script", ["debian/commands", "debian/environment", "debian/manuals", ".ci/deb", ".ci/deb-build"]
)
def test_the_scripts_are_for_every_shell(script: str) -> None:
    shell = shutil.which("dash") or "sh"
    assert subprocess.run([shell, "-n", str(ROOT / script)], check=False).returncode == 0
