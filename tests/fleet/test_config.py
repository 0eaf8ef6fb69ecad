"""``[fleet]``: what may be written, and a sentence for every mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscald.config import Config, ConfigError, load
from fiscald.fleet.keys import SealKey, Signer

PRINTER = '[printers.till1]\nfamily = "posnet"\naddress = "tcp://127.0.0.1:6666"\n'
KEY = Signer.make().public
FLEET = f'[fleet]\nbroker = "mqtts://broker.example.pl"\nshop = "shop-0042"\norders_key = "{KEY}"\n'


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "fiscald.toml"
    path.write_text(text, "utf-8")
    return load(path)


def test_three_lines_are_enough(tmp_path: Path) -> None:
    fleet = read(tmp_path, PRINTER + FLEET).fleet
    assert fleet is not None
    assert (fleet.host, fleet.port, fleet.tls, fleet.orders_key) == ("broker.example.pl", 8883, True, (KEY,))
    assert (fleet.central, fleet.documents, fleet.printers) == ("central", ("receipt", "invoice", "printout"), None)


def test_all_lines(tmp_path: Path) -> None:
    more = (
        f'central = "erp"\nencryption_key = "{SealKey.make().public}"\nca_file = "ca.pem"\ncertificate = "c.pem"\n'
        'key = "k.pem"\nuser = "s"\npassword_file = "p"\nprinters = ["till1"]\ndocuments = ["receipt", "daily_report"]\n'
        'orders_per_day = 500\ntotal_per_day = "10000.00"\n'
    )
    fleet = read(tmp_path, PRINTER + FLEET + more).fleet
    assert fleet is not None
    assert fleet.ca_file == tmp_path / "ca.pem"
    assert fleet.password_file == tmp_path / "p"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('broker = "broker.example.pl"', "no address of a broker"),
        ('broker = "https://broker.example.pl"', "no address of a broker"),
        ('broker = "mqtts://u:p@broker.example.pl"', "write user and password_file"),
        ('broker = "mqtt://broker.example.pl"', "not encrypted"),
        ('shop = "a/b"', "shop"),
        ('orders_key = "ed25519:abc"', "not a public key"),
        (f'orders_key = ["{KEY}", "{KEY}", "{KEY}"]', "at most 2"),
        ("orders_key = []", "at least 1"),
        ('encryption_key = "ed25519:abc"', "not a public key"),
        ('certificate = "c.pem"', "key is missing"),
        ('password_file = "p"', "user is missing"),
        ('printers = ["till2"]', 'there is no printer "till2"'),
        ('documents = ["reciept"]', "receipt?"),
        ("orders_per_day = 0", "orders_per_day"),
        ("total_per_day = 100.5", "total_per_day"),
        ('brokr = "x"', "broker"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, line: str, said: str) -> None:
    name = line.partition(" ")[0]
    kept = "".join(each for each in FLEET.splitlines(keepends=True) if not each.startswith(f"{name} "))
    with pytest.raises(ConfigError) as error:
        read(tmp_path, f"{PRINTER}{kept}{line}\n")
    assert said in str(error.value)


def test_a_broker_without_tls_on_this_computer_or_on_request(tmp_path: Path) -> None:
    for more in ("mqtt://127.0.0.1", "mqtt://localhost:1884"):
        assert read(tmp_path, PRINTER + FLEET.replace("mqtts://broker.example.pl", more)).fleet is not None
    plain = FLEET.replace("mqtts:", "mqtt:") + "insecure = true\n"
    assert read(tmp_path, PRINTER + plain).fleet is not None
