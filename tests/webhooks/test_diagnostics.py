"""``fiscald check`` and the doctor look at the files that webhooks name."""

from __future__ import annotations

from pathlib import Path

from fiscald.diagnostics.access import user_name
from fiscald.diagnostics.findings import Finding
from fiscald.diagnostics.named import Named, named_findings
from fiscald.diagnostics.scrub import scrub_toml
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


def test_a_bug_report_has_the_host_of_a_url_and_nothing_behind_it() -> None:
    for end in ("/hooks/T0/hunter2", "?token=hunter2", "/#hunter2"):
        text = f'[webhooks.erp]\nurl = "https://erp.example.pl:8443{end}"   # ours\nsecret_file = "webhook.secret"\n'
        for config in (text, text.replace('"', "'"), f'[company]\nname = "Żurek"\npostcode = "00-950"\n{text}'):
            found = scrub_toml(config)
            assert "hunter2" not in found
            assert "https://erp.example.pl:8443/(removed)" in found
            assert "webhook.secret" in found
