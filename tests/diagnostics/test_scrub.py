"""A bug report contains no secret in any notation, and stays readable."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.diagnostics.scrub import REDACTED, owner, scrub, scrub_toml, scrubbed, without
from fiscald.licence.certificate import armour
from fiscald.licence.number import APP, FISCAL, FISCALD, Kind, Number
from fiscald.licence.testing import make_certificate
from fiscald.model.privacy import mask_personal

NUMBER = Number(
    kind=Kind.LICENCE, product=FISCALD, flags=APP | FISCAL, mac_key=0, day=300, serial=123456, mac=987654321
).text
TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlc2lnbmF0dXJlc2ln"
KEY = "a3f1c09be4d25578a3f1c09be4d25578a3f1c09be4d25578a3f1c09be4d25578"
SECRETS = [
    f"fiscald_17_{'0a1b' * 16}",
    "5260250274", "526-025-02-74", "526 025 02 74", "anna.nowak+till@piekarnia-zurek.example", NUMBER,
    NUMBER.replace("-", ""), NUMBER.lower(), TOKEN, KEY, "VGhpcyBpcyBhIHNlY3JldCBrZXkgb2YgMzIgYnl0ZXMh",
    "q83vEjRWeJCrze/SNFZ4kKvN7xI0VniQq83vEjRWeJA=", "526.025.02.74", "526\N{EN DASH}025\N{EN DASH}02\N{EN DASH}74",
    "526\N{EN DASH}02\N{EN DASH}50\N{EN DASH}274",
]  # fmt: skip
PLAIN = [
    "2026-11-25T11:02:03+0100 till1: connected at serial:///dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
    "job FV/2026/11/0017 accepted: receipt on till1",
    "the printer till1 has the unique number 'EMU 0000000001'",
    'address = "tcp://192.168.1.50:6666"',
    "usb://1424:10b0?serial=0123456788",
    "licence.w.update_available 2026-11-25",
    "test_keys = true",
    "tcp://123.456.32.18:6666: Connection refused",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("line", ["{}", "x {} y", '"{}"', "value={};", "job {}: failed", "[{}]", "NIP:{}\n", "({})."])
def test_secrets_are_removed(secret: str, line: str) -> None:
    told = scrub(line.format(secret))
    assert secret not in told
    assert secret[:12] not in told or secret[:12].isspace()


@pytest.mark.parametrize("line", PLAIN)
def test_useful_values_are_kept(line: str) -> None:
    assert scrub(line) == line


@pytest.mark.parametrize(
    "line",
    [
        'token = "short"', "api_key: abc", "password=hunter2", '"secret": "x y"', "tokens = ['a', 'b']",
        "Authorization: Bearer abc", "till_token = 'q'",
    ],
)  # fmt: skip
def test_a_value_named_as_a_secret_is_removed_at_any_length(line: str) -> None:
    told = scrub(line)
    assert REDACTED in told
    for secret in ("short", "abc", "hunter2", "x y", "'a'", "'q'"):
        assert secret not in told


def test_truncated_certificates_and_keys_are_removed_whole() -> None:
    certificate = armour(make_certificate())
    assert scrub(f"before\n{certificate}after") == f"before\n{REDACTED}\nafter"
    assert scrub(f"before\n{certificate[:200]}") == f"before\n{REDACTED}"


@pytest.mark.parametrize("address", ["http://anna:hunter2@shop.example/x", "tcp://anna:hunter2@192.168.1.50:6666"])
def test_the_user_is_removed_from_an_address(address: str) -> None:
    told = scrub(f"asked {address}, again")
    assert told == f"asked {address.replace('anna:hunter2', REDACTED)}, again"


#: The same owner, as TOML lets one write it.
OWNERS = [
    '[company]\nname = "Jan Żur-Kowalski"\npostcode = "00-950"\ncountry = "PL"\n',
    "[ company ]\n'name' = 'Jan Żur-Kowalski'\n\"postcode\" = '00-950'\n",
    'company = { name = "Jan Żur-Kowalski", postcode = "00-950" }\n',
    'company.name = "Jan Żur-Kowalski"\ncompany . postcode = "00-950"\n',
    '[company]\nname = """\nJan \\\n  Żur-Kowalski"""\npostcode = """00-950"""\n',
    "[company]\nname = '''Jan Żur-Kowalski'''\npostcode = '00-950'\n",
    '["company"]\nname = "Jan \\u017Bur-Kowalski"\npostcode = "00\\u002D950"\n',
    '["comp\\u0061ny"]\nname = "Jan Żur-Kowalski"\npostcode = "00-950"\n',
]
MORE = '# till of JAN ŻUR-KOWALSKI\n[printers.till1]\nfamily = "posnet"    # don\'t touch\naddress = "tcp://192.168.1.50:6666"\n'


@pytest.mark.parametrize("written", OWNERS)
@pytest.mark.parametrize("mistake", ["", "sokcet ==\n", "[[\n"])
def test_the_owner_is_removed_from_the_configuration(written: str, mistake: str) -> None:
    told = scrub_toml(written + MORE + mistake)
    escaped = "comp\\u0061ny" in written
    for secret in ("Kowalski", "00-950", "u017B", "u002D") if not (mistake and escaped) else ():
        assert secret not in told
    if not mistake:
        assert "KOWALSKI" not in told
        assert tomllib.loads(told)["printers"]["till1"]["address"] == "tcp://192.168.1.50:6666"
    assert 'family = "posnet"    # don\'t touch' in told


def test_the_owner_is_removed_from_log_and_json() -> None:
    named = owner('[company]\nname = "Żurek \\"U Jana\\""\npostcode = "00-950"\ncountry = "PL"\nnip = "1234563218"\n')
    assert without('seller Żurek  "u jana", PL 00-950', named) == f"seller {REDACTED}, PL {REDACTED}"
    assert "Jana" not in without(json.dumps({"x": 'Żurek "U Jana"'}), named)
    assert "Jana" not in without(json.dumps({"x": 'Żurek "U Jana"'}, ensure_ascii=False), named)
    assert without("till1 A", owner('[company]\nname = "A"\npostcode = ""')) == "till1 A"
    assert owner("company = 1") == {"1"}
    assert owner("x = 1") == frozenset()


def test_private_members_are_removed_whole() -> None:
    content = {
        "company": {"name": "Piekarnia", "nip": "5260250274"}, "number": "FSCLD-ABCD", "state": "paid", "machine": None,
        "printers": [{"name": "till1", "problem": "mail anna@example.pl"}, 7, True],
    }  # fmt: skip
    assert scrubbed(content) == {
        "company": REDACTED, "number": REDACTED, "state": "paid", "machine": None,
        "printers": [{"name": "till1", "problem": f"mail {REDACTED}"}, 7, True],
    }  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(SECRETS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_any_content_keeps_its_shape_and_loses_its_secrets(content: object) -> None:
    told = json.dumps(scrubbed(content))
    for secret in SECRETS:
        assert secret not in told


@given(st.text(max_size=200))
def test_scrubbing_again_changes_nothing(text: str) -> None:
    once = scrub(text)
    assert scrub(once) == once


@given(st.binary(max_size=200))
def test_masking_keeps_the_length(data: bytes) -> None:
    assert len(mask_personal(data)) == len(data)


def test_mail_addresses_in_commands_to_a_printer_are_masked() -> None:
    assert mask_personal(b"\tanna@example.pl\t5260250274\t") == b"\txxxx@xxxxxxx.xx\t0000000000\t"
