"""The forty cases of the licence's design: each has a test that carries its number, and here are those of several parts."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import anyio
import pytest

from fiscald.licence import LicenceStore, wire
from fiscald.licence.certificate import CertificateRefused
from fiscald.licence.keys import trusted
from fiscald.licence.testing import make_certificate
from fiscald.licence.tokens import Fault, TokenRefused, read_vendor_token
from tests.daemons import running
from tests.licence.test_certificate import C0, KEYS, T0, code_of

FOLDER = Path(__file__).parent


def carried() -> dict[int, list[str]]:
    """The tests that carry each number: ``test_case_NN_...``."""
    found = defaultdict(list)
    for path in sorted(FOLDER.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                match = re.match(r"test_case_(\d\d)_", node.name)
                if match is not None:
                    found[int(match[1])].append(f"{path.relative_to(FOLDER)}::{node.name}")
    return found


def test_each_of_the_forty_cases_has_a_test() -> None:
    assert sorted(carried()) == list(range(1, 41))


@pytest.mark.parametrize(
    "attack",
    [C0[:-1], C0 + "==", C0.replace(".", "..", 1), C0[:-86] + "A" * 86, make_certificate(aud="other"), make_certificate(exp="1")],
)  # fmt: skip
def test_case_16_a_refused_certificate_leaves_the_former_in_force(tmp_path: Path, attack: str) -> None:
    store = LicenceStore(tmp_path / "licence", KEYS)
    store.install(C0.encode(), T0)
    files = {path.name: path.read_bytes() for path in (tmp_path / "licence").iterdir()}
    assert code_of(attack)
    with pytest.raises(CertificateRefused):
        store.install(attack.encode(), T0)
    assert {path.name: path.read_bytes() for path in (tmp_path / "licence").iterdir()} == files
    kept = store.load(T0)
    assert kept is not None
    assert kept.token == C0


def test_case_25_a_certificate_is_no_status() -> None:
    with pytest.raises(TokenRefused) as refused:
        read_vendor_token(C0, wire.STATUS, trusted(test_keys=True), "status")
    assert refused.value.fault is Fault.TYPE


def certificate(seq: int, *modules: str) -> str:
    return make_certificate(seq=2_000_000_000 + seq, jti=f"crt_TESTTEST_{seq:04}", mod=sorted(modules))


async def test_case_38_modules_change_while_a_document_is_open(tmp_path: Path) -> None:
    """An open document is finished whatever the licence says meanwhile; the next one goes by the newest, without a restart."""
    async with running(tmp_path) as it:
        it.printer.fault("switch", "trline", switch="paper_out")
        await it.put("open", wait=0)
        with anyio.fail_after(20):
            while it.printer.register.transaction is None:
                await anyio.sleep(0.01)
        await it.client.install_licence(certificate(1, "app", "bank"))
        refused = await it.put("without", wait=0)
        assert (refused.status_code, refused.json()["code"]) == (403, "licence.module_missing")
        await it.client.install_licence(certificate(2, "app", "bank", "fiscal"))
        await it.client.install_licence(certificate(3, "app", "bank"))
        it.printer.switch("paper_out", on=False)
        assert (await it.client.job("open", wait=20)).state == "done", "the open document is finished"
        assert (await it.put("still-without", wait=0)).json()["code"] == "licence.module_missing"
        await it.client.install_licence(certificate(4, "app", "bank", "fiscal"))
        assert (await it.put("with", wait=20)).json()["state"] == "done"
