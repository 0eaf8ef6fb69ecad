"""The configuration: the contract's example, and a sentence for every mistake."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscald.config import SECTIONS, Config, ConfigError, load, parse
from fiscald.config_text import parse_toml
from fiscald.diagnostics.host import Host
from fiscald.protocols.posnet.options import PosnetOptions
from fiscald.transport import SerialLine, TcpHost
from tests.diagnostics.tree import POSNET, Tree
from tests.found import found

CONTRACT = """
socket = "/run/fiscald/fiscald.sock"
state_dir = "/var/lib/fiscald"
[licence]
test_keys = false
[printers.till1]
family = "posnet"
address = "serial:///dev/ttyACM0?baud=115200"
code_page = "cp1250"
"""


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "fiscald.toml"
    path.write_text(text, "utf-8")
    return load(path)


def complaint(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    return str(caught.value)


def test_the_example_of_the_contract(tmp_path: Path) -> None:
    config = read(tmp_path, CONTRACT)
    assert config.socket == Path("/run/fiscald/fiscald.sock")
    assert config.printers["till1"].parsed_address == SerialLine("/dev/ttyACM0", 115200)
    assert not config.licence.test_keys


def test_everything_has_a_default(tmp_path: Path) -> None:
    config = read(tmp_path, "")
    assert config.state_dir == Path("/var/lib/fiscald")
    assert config.printers == {}


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, 'socket = "s.sock"\nstate_dir = "state"\n')
    assert config.socket == tmp_path / "s.sock"
    assert config.state_dir == tmp_path / "state"


PRINTER = '[printers.till1]\nfamily = "posnet"\naddress = "tcp://127.0.0.1:6666"\n'


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("sokcet = 1", ["unknown key sokcet", "did you mean socket"]),
        ("[licence]\ntest_key = true", ["licence.test_key", "did you mean test_keys"]),
        (PRINTER + 'baud = "9600"', ["printers.till1.baud", "known here"]),
        (PRINTER + 'codepage = "cp1250"', ["did you mean code_page"]),
        (PRINTER.replace('"posnet"', '"posnett"'), ["printers.till1.family", "known: posnet"]),
        (PRINTER.replace("tcp://127.0.0.1:6666", "tcp://127.0.0.1"), ["printers.till1.address", "tcp://HOST:PORT"]),
        (PRINTER + 'code_page = "utf8"', ["printers.till1.code_page: \"utf8\" is none of cp1250, latin2, mazovia"]),
        (PRINTER + 'profile = "newest"', ["printers.till1.profile: \"newest\" is none of online, old"]),
        (PRINTER + 'profile = "onlnie"', ["did you mean online?"]),
        (PRINTER + 'recrod = true', ["did you mean record?"]), (PRINTER + 'options = 1', ["known here", "code_page"]),
        (PRINTER + 'codepage = "cp1250"\nrecord = 1', ["did you mean code_page", "printers.till1.record: 1 is a number"]),
        (PRINTER.replace("family", "famly") + 'code_page = "cp1250"', ["did you mean family?", "family is missing"]),
        ('[printers.till1]\nfamily = "posnet"', ["printers.till1.address is missing"]),
        (PRINTER.replace("till1", '"kasa 1"'), ["no name for a printer"]),
        (PRINTER + PRINTER.replace("till1", "till2"), ["till1 and till2 have the same address"]),
        ("[licence]\ntest_keys = 1", ["licence.test_keys: 1 is a number", "true or false, without quotes"]),
        ('log_level = "loud"', ['log_level: "loud" is none of debug, info, warning, error']),
        ('log_level = "INFO"', ["did you mean info?"]), ('log_level = "warn"', ["did you mean warning?"]),
        ("log_level = info", ['line 1: log_level = info', 'text needs quotes: log_level = "info"']),
        ('[licence]\ncheck = "weekly"', ["licence.check", "none of daily, never"]),
        ('[licence]\nserver = "http://x"', ["licence.server", "no https:// address"]),
        ('keep_days = "400"', ['keep_days: "400" is text', "without quotes"]), ("keep_days = 1", ["at least 30"]),
        ("keep_days = 99999", ["at most 36500"]), ("keep_days = 2026-01-01", ["keep_days: 2026-01-01 is a date"]),
        ('[rights]\nprnt = ["user:anna"]', ["unknown key rights.prnt", "did you mean print"]),
        ('[rights]\nprint = ["anna"]', ["rights.print.0", 'write "user:anna" or "group:anna"']),
        ('[rights]\nprint = ["role:anna"]', ["rights.print.0", 'write "user:anna" or "group:anna"']),
        ('[rights]\nprint = "user:anna"', ["rights.print", "write it in brackets"]),
        ("socket = ", ["fiscald.toml: line 1: socket =", "the value after socket = is missing"]),
        ("socket = /run/x.sock", ['socket = "/run/x.sock"']), ('socket = "/run/x.sock', ["a quote is missing"]),
        ('socket: "/run/x.sock"', ["the = between name and value is missing"]), ("a = [1, 2", ["a bracket ] is missing"]),
        ('state_dir = "C:\\data"', ["the text contains a backslash"]), ("a = {b=1", ["a brace } is missing"]),
        (PRINTER + "record = yes", ["write record = true"]), (PRINTER + "record = False", ["write record = false"]),
        (PRINTER + PRINTER, ["line 4: [printers.till1]", "appears twice"]),
        (PRINTER + 'family = "thermal"', ["line 4", "has a value already"]), ("= 3", ["a line is NAME = VALUE"]),
        (PRINTER + 'socket = "/x"', ["socket belongs to the top of the file"]),
        ('[[printers]]\nfamily = "posnet"', ["[[printers]]", "write [printers.till1]"]),
        ('[printers]\nfamily = "posnet"', ["write [printers.till1] above its settings"]),
        ('printers = "till1"', ["write [printers.till1]"]), ("[[licence]]\ntest_keys = true", ["write [licence]"]),
        ("licence = true", ["licence: true is in the place of a section; write [licence]"]),
        ('[listen]\naddress = "192.168.1.5:8443"', ["listen: address", "it needs TLS", "fiscalctl listen certificate"]),
        ('a = 1\nb = 2', ["unknown key a", "unknown key b"]),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, text: str, hints: list[str]) -> None:
    told = complaint(tmp_path, text)
    for hint in hints:
        assert hint in told


@pytest.mark.parametrize(
    "value",
    ["tcp://127.0.0.1:8080", "http://localhost:8080", "127.0.0.1:8080", "localhost:8080", "[::1]:8080", "0.0.0.0:80",
     "https://x", "TCP://127.0.0.1:1"],
)  # fmt: skip
def test_a_network_address_is_no_socket(tmp_path: Path, value: str) -> None:
    told = complaint(tmp_path, f'socket = "{value}"')
    for words in (value, "path of a Unix socket", "/run/fiscald/fiscald.sock", "the section [listen]"):
        assert words in told
    assert [each.name for each in tmp_path.iterdir()] == ["fiscald.toml"], "nothing was made"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('socket = "unix:///run/x.sock"', 'write the path alone: "/run/x.sock"'), ('socket = ""', "leave the line out"),
        ('socket = "unix:/run/x.sock"', 'write the path alone: "/run/x.sock"'),
        ('state_dir = "file:/var/x"', 'write the path alone: "/var/x"'),
        ('socket = "~/x.sock"', "write the whole path"), ('state_dir = "$HOME/x"', "write the whole path"),
        ('socket = "@fiscald"', "without a file"), ('socket = "/run/fiscald/"', '"/run/fiscald/fiscald.sock"'),
        ("socket = 8080", "8080 is a number, not a path"), ('state_dir = "file:///x"', 'write the path alone: "/x"'),
        ('state_dir = "sqlite:///x.db"', "is no path on this computer"), ('state_dir = ""', "a path is needed"),
        ('[licence]\nca_file = "https://x/ca.pem"', "is no path on this computer"),
        (f'socket = "{"x" * 120}"', "too long for a socket"),
    ],
)  # fmt: skip
def test_impossible_paths_are_refused(tmp_path: Path, text: str, hint: str) -> None:
    assert hint in complaint(tmp_path, text)


#: Words of the parsers, which authors of a configuration need not know.
RAW = re.compile(
    r"Input should|String should|Extra inputs|Field required|valid |pattern|value_error|type=|\(at |Unexpected|pydantic"
    r"|tomllib|codec|Traceback|Expected '|Invalid "
)
VALUES = (
    "3",
    "-1",
    "3.5",
    "true",
    '"x"',
    '""',
    "[]",
    "[1]",
    '["x"]',
    "{}",
    "{a = 1}",
    "2026-01-01",
    "inf",
    "nan",
    "12:00:00",
)


def keys() -> Iterator[tuple[str, str]]:
    """Every key that there is, with its section."""
    yield from (("", name) for name in Config.model_fields)
    for section, model in SECTIONS.items():
        head = "[printers.till1]" if section == "printers" else f"[{section}]"
        yield from ((head, name) for name in model.model_fields)


@pytest.mark.parametrize(("section", "key"), list(keys()))
@pytest.mark.parametrize("value", VALUES)
def test_no_wrong_value_is_reported_in_the_parsers_words(tmp_path: Path, section: str, key: str, value: str) -> None:
    path = tmp_path / "fiscald.toml"
    path.write_text(f"{section}\n{key} = {value}\n")
    try:
        load(path)
    except ConfigError as error:
        for line in found(str(error).splitlines()):
            assert line.startswith(f"{path}: ")
            assert RAW.search(line.removeprefix(f"{path}: ")) is None, line


@given(st.text(st.sampled_from("ab=.[]{}\"'\\#\n ,1:-\t\x00é"), max_size=30) | st.text(max_size=20))
def test_no_text_is_reported_in_the_parsers_words(text: str) -> None:
    told = ""
    try:
        parse(parse_toml(text, Path("f.toml")), Path("/f.toml"))
    except ConfigError as error:
        told = str(error)
    assert told == "" or told.startswith(("f.toml: ", "/f.toml: "))
    # What the file has is quoted; the words behind it are ours.
    assert RAW.search(told.partition("\n  ")[2]) is None


def test_a_file_of_another_editor(tmp_path: Path) -> None:
    path = tmp_path / "fiscald.toml"
    path.write_bytes(b"\xef\xbb\xbfkeep_days = 40\n")
    assert load(path).keep_days == 40, "with the mark of Windows' editors in front"
    for text, page in (("# Piekarnia Żółć\nx = 'ąś'", "cp1250"), ("# Piekarnia Żółć\nx = 'ąś'", "iso8859-2")):
        path.write_bytes(text.encode(page))
        with pytest.raises(ConfigError) as told:
            load(path)
        assert "line 1: byte af is not UTF-8 (# Piekarnia Żółć?)" in str(told.value)
        assert f"iconv -f {'CP1250' if page == 'cp1250' else 'ISO8859-2'} -t UTF-8" in str(told.value)
    path.write_bytes("keep_days = 40".encode("utf-16"))
    with pytest.raises(ConfigError, match="UTF-16; save it as UTF-8"):
        load(path)


def test_files_that_are_not_a_configuration_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this is a directory; name the file in it"):
        load(tmp_path)
    large = tmp_path / "large"
    large.write_bytes(b"#" * (2 << 20))
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(large)
    with pytest.raises(ConfigError, match="larger than 1 MiB"):
        load(Path("/dev/zero"))
    deep = tmp_path / "deep"
    deep.write_text("a = " + "[" * 50_000)
    with pytest.raises(ConfigError, match="nested too deeply"):
        load(deep)


# -- one device, two names -------------------------------------------------------------------------------


def two(one: str, other: str) -> str:
    return "".join(
        f'[printers.{name}]\nfamily = "posnet"\naddress = "{address}"\n' for name, address in (("a", one), ("b", other))
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("serial:///dev/ttyUSB0?baud=9600", "serial:///dev/ttyUSB0?baud=19200"),
        ("serial:///dev/ttyUSB0", "serial:///dev/ttyUSB0?flow=rtscts"), ("serial:///dev/ttyS0", "serial:///dev//ttyS0"),
        ("serial:///dev/ttyS0", "serial:///dev/../dev/ttyS0"), ("tcp://127.0.0.1:6666", "tcp://127.0.0.1:6666/"),
        ("tcp://localhost:6666", "tcp://127.0.0.1:6666"), ("tcp://Till.example:6666", "tcp://till.example.:6666"),
        ("tcp://[::1]:6666", "tcp://[0:0:0:0:0:0:0:1]:6666"), ("usb://1424:10b0", "usb://1424:10B0?baud=9600"),
        ("usb://1424:10b0?serial=A", "usb://1424:10b0?serial=A&detach=yes"), ("usb://1424:10b0", "usb://1424:10b0?serial=A"),
        ("usb://1424:10b0?path=1-2", "usb://1424:10b0?path=1-2&interface=1"),
    ],
)  # fmt: skip
def test_one_device_under_two_names_is_refused(tmp_path: Path, one: str, other: str) -> None:
    for text in (two(one, other), two(other, one)):
        told = complaint(tmp_path, text)
        assert "a and b have the same address" in told
        assert one in told
        assert other in told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("serial:///dev/ttyUSB0", "serial:///dev/ttyUSB1"), ("tcp://127.0.0.1:6666", "tcp://127.0.0.1:6667"),
        ("tcp://192.168.1.50:6666", "tcp://192.168.1.51:6666"), ("usb://1424:10b0?serial=A", "usb://1424:10b0?serial=B"),
        ("usb://1424:10b0?path=1-2", "usb://1424:10b0?path=1-3"), ("usb://1424:10b0", "usb://1424:100b"),
        ("usb://1424:10b0?serial=A", "usb://1424:10b0?path=1-3"), ("usb://1424:10b0", "serial:///dev/ttyUSB0"),
        ("usb://1424:10b0?interface=0", "usb://1424:10b0?interface=2"),
    ],
)  # fmt: skip
def test_two_devices_are_two(tmp_path: Path, one: str, other: str) -> None:
    assert set(read(tmp_path, two(one, other)).printers) == {"a", "b"}


def test_a_link_to_the_same_port_is_the_same_port(tmp_path: Path) -> None:
    (tmp_path / "port").touch()
    (tmp_path / "by-id").symlink_to("port")
    one, other = f"serial://{tmp_path}/port?baud=9600", f"serial://{tmp_path}/by-id?baud=19200"
    assert "a and b have the same address" in complaint(tmp_path, two(one, other))
    (tmp_path / "by-id").unlink()
    assert read(tmp_path, two(one, other)).printers, "whatever is not there leads nowhere"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device nodes")
def test_two_nodes_of_one_device_are_the_same_port(tmp_path: Path) -> None:
    """As containers get them: by mknod and not by a link."""
    number = os.makedev(4, 64)
    try:
        for name in ("one", "other"):
            os.mknod(tmp_path / name, 0o600 | stat.S_IFCHR, number)
    except PermissionError:
        pytest.skip("this container makes no device nodes")
    addresses = [f"serial://{tmp_path}/{name}" for name in ("one", "other")]
    assert "a and b have the same address" in complaint(tmp_path, two(*addresses))


def test_a_usb_device_and_its_own_port_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(tmp_path / "root")
    tree.usb_serial(POSNET, "ttyACM0", "cdc_acm")
    monkeypatch.setattr("fiscald.config.Host", lambda: Host(tree.root))
    assert "same address" in complaint(tmp_path, two("usb://1424:10b0?detach=yes", "serial:///dev/ttyACM0"))
    assert read(tmp_path, two("usb://1424:10b0?serial=other", "serial:///dev/ttyACM0")).printers


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config"):
        load(tmp_path / "none.toml")


def test_tcp_addresses_and_profiles(tmp_path: Path) -> None:
    config = read(tmp_path, PRINTER + 'profile = "old"\ncode_page = "mazovia"\nrecord = true\n')
    printer = config.printers["till1"]
    assert printer.parsed_address == TcpHost("127.0.0.1", 6666)
    assert (printer.options, printer.record) == (PosnetOptions(profile="old", code_page="mazovia"), True)


def test_rights(tmp_path: Path) -> None:
    config = read(tmp_path, '[rights]\nprint = ["group:fiscald"]\nraw = ["user:anna", "group:serwis"]\nresolve = []\n')
    assert {right: names for right, names in config.rights.given.items() if names is not None} == {
        "print": ("group:fiscald",), "raw": ("user:anna", "group:serwis"), "resolve": ()
    }  # fmt: skip


GATEWAY = PRINTER + '[printers.till1.gateway]\nfamily = "posnet"\n'


def test_the_gateway_of_the_contract(tmp_path: Path) -> None:
    gateway = read(tmp_path, GATEWAY + 'listen = "tcp://127.0.0.1:6001"').printers["till1"].gateway
    assert gateway is not None
    settings = gateway.settings("till1", tmp_path)
    assert (settings.tcp, settings.family, settings.said) == (("127.0.0.1", 6001), "posnet", "tcp://127.0.0.1:6001")
    gateway = read(tmp_path, GATEWAY + 'listen = "pty:run/till1"').printers["till1"].gateway
    assert gateway is not None
    assert gateway.settings("till1", tmp_path).link == tmp_path / "run" / "till1"


@pytest.mark.parametrize(
    ("line", "complained"),
    [
        ("", "printers.till1.gateway.listen is missing"),
        ('listen = "127.0.0.1:6001"', "pty:/run/fiscald/till1"),
        ('listen = "tcp://127.0.0.1"', "write an IP address and a port"),
        ('listen = "tcp://till:6001"', "is no IP address"),
        ('listen = "pty:"', "tcp://127.0.0.1:6001"),
        ('listen = "tcp://0.0.0.0:6001"', "allow is missing"),
        ('listen = "rfc2217://[::]:2217"', "the protocol knows no password"),
        ('listen = "tcp://192.168.1.5:6001"\nallow = []', "allow"),
        ('listen = "tcp://192.168.1.5:6001"\nallow = ["till"]', 'like "192.168.1.20" or "192.168.1.0/24"'),
        ('listen = "tcp://192.168.1.5:6001"\nallow = ["192.168.1.5/24"]', 'this computer is "192.168.1.0/24"'),
        ('listen = "pty:x"\nallow = ["192.168.1.5"]', "allow is for tcp and rfc2217"),
        ('listen = "tcp://127.0.0.1:1"\ngroup = "kasa"', "group is for pty"),
        ('listen = "pty:x"\ngroup = "a b"', "is no name of a group"),
        ('listen = "pty:x"\ndocuments = ["reciept"]', "did you mean receipt?"),
        ('listen = "pty:x"\ndocuments = ["set_clock"]', "programs can print receipt"),
        ('listen = "pty:x"\ndocuments = []', "documents"),
        ('listen = "pty:x"\nprofle = "old"', "did you mean profile?"),
        ('listen = "pty:x"\nprofile = "onlin"', "did you mean online?"),
        ('listen = "pty:x"\ncode_page = "utf-8"', "is none of cp1250"),
        ('listen = "pty:x"\nrepeat_seconds = -1', "must be at least 0"),
    ],
)
def test_a_mistake_in_a_gateway(tmp_path: Path, line: str, complained: str) -> None:
    assert complained in complaint(tmp_path, GATEWAY + line)


def test_programs_speak_some_families_only(tmp_path: Path) -> None:
    text = PRINTER + '[printers.till1.gateway]\nfamily = "noviapi"\nlisten = "pty:x"\n'
    assert "programs can speak posnet" in complaint(tmp_path, text)


def test_who_may_come_in_and_what_they_may_print(tmp_path: Path) -> None:
    more = 'listen = "rfc2217://0.0.0.0:2217"\nallow = ["192.168.1.0/24", "fe80::1"]\ndocuments = ["receipt", "drawer"]'
    gateway = read(tmp_path, GATEWAY + more).printers["till1"].gateway
    assert gateway is not None
    settings = gateway.settings("till1", tmp_path)
    assert (settings.com_port, settings.tcp, settings.said) == (True, ("0.0.0.0", 2217), "rfc2217://0.0.0.0:2217")
    assert [str(each) for each in settings.allow or ()] == ["192.168.1.0/24", "fe80::1/128"]
    assert settings.documents == {"receipt", "drawer"}
    assert not settings.open_to_all
    gateway = read(tmp_path, GATEWAY + 'listen = "pty:x"\ngroup = "kasa"').printers["till1"].gateway
    assert gateway is not None
    settings = gateway.settings("till1", tmp_path)
    assert (settings.group, settings.allow) == ("kasa", None)
    assert {"receipt", "daily_report", "cash_in"} < settings.documents


@pytest.mark.parametrize("listen", ["tcp://0.0.0.0:8443", "tcp://127.0.0.1:8443", "rfc2217://[::]:8443"])
def test_a_gateway_has_not_the_port_of_the_api(tmp_path: Path, listen: str) -> None:
    text = GATEWAY + f'listen = "{listen}"\nallow = ["10.0.0.1"]\n[listen]\naddress = "127.0.0.1:8443"\n'
    assert "which is the port of [listen]" in complaint(tmp_path, text)
    assert read(tmp_path, text.replace('8443"\nallow', '8444"\nallow')).listen is not None


def test_two_gateways_have_two_ports(tmp_path: Path) -> None:
    one = GATEWAY + 'listen = "tcp://127.0.0.1:6001"\n'
    two = one.replace("till1", "till2").replace("6666", "6667")
    assert "give each" in complaint(tmp_path, one + two)
    everywhere = two.replace("tcp://127.0.0.1:6001", "rfc2217://0.0.0.0:6001") + 'allow = ["10.0.0.1"]\n'
    assert "give each" in complaint(tmp_path, one + everywhere)
    assert len(read(tmp_path, one + two.replace("6001", "6002")).printers) == 2


def test_the_flight_recorder_has_a_size(tmp_path: Path) -> None:
    assert read(tmp_path, PRINTER).printers["till1"].flight_recorder_kib == 1024
    assert read(tmp_path, PRINTER + "flight_recorder_kib = 64").printers["till1"].flight_recorder_kib == 64
    assert "flight_recorder_kib" in complaint(tmp_path, PRINTER + "flight_recorder_kib = 1")
    assert read(tmp_path, PRINTER).flight_recorders_mib == 16
    assert read(tmp_path, "flight_recorders_mib = 2\n" + PRINTER).flight_recorders_mib == 2
    assert "flight_recorders_mib" in complaint(tmp_path, "flight_recorders_mib = 0\n" + PRINTER)
