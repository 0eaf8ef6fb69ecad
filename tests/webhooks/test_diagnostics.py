"""``fiscald check`` and the doctor look at the files that webhooks name."""

from __future__ import annotations

from pathlib import Path

from fiscald.diagnostics.access import user_name
from fiscald.diagnostics.findings import Finding
from fiscald.diagnostics.named import Named, named_findings
from fiscald.diagnostics.units import Units
from tests.webhooks.receivers import secret_file


def findings(tmp_path: Path, secret: Path, ca_file: Path | None = None) -> list[Finding]:
    config = tmp_path / "fiscald.toml"
    config.touch()
    named = Named(config, tmp_path / "s", tmp_path / "state", webhooks=(("erp", secret, ca_file),))
    return [each for each in named_findings(named, user_name(), Units()) if each.code == "doctor.webhook_secret"]


def test_a_good_secret_file_has_no_finding(tmp_path: Path) -> None:
    assert findings(tmp_path, secret_file(tmp_path)) == []


def test_a_missing_secret_file_has_its_remedy(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, tmp_path / "absent")
    assert (found.fix, found.stops) == ("sudo fiscalctl webhook secret erp", False)


def test_a_secret_file_for_others_has_its_remedy(tmp_path: Path) -> None:
    path = secret_file(tmp_path)
    path.chmod(0o640)
    (found,) = findings(tmp_path, path)
    assert found.fix == f"sudo chmod 600 {path}"


def test_a_bad_certificate_has_its_remedy(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, secret_file(tmp_path), tmp_path / "absent.pem")
    assert found.fix.startswith("sudoedit")
