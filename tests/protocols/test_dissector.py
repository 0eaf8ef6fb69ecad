"""The Wireshark dissector: the shipped file is that of the tables, and tshark reads what ``decode`` reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fiscald.protocols import FAMILIES, family
from fiscald.protocols.base import Settings
from fiscald.protocols.decoding import Direction
from fiscald.protocols.dissector import generate
from fiscald.protocols.families import decoding_of
from fiscald.recording.packets import Event, Packet, Side, write
from fiscald.recording.reading import entries
from tests.protocols.posnet.scripted import frame
from tests.protocols.posnet.test_frames import EXAMPLES
from tests.protocols.thermal.examples import examples as thermal_examples
from tests.protocols.thermal.test_decoder import framed as sequence
from tests.recording.example import PATH, example

SHIPPED = Path(__file__).parents[2] / "docs" / "wireshark" / "fiscald.lua"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark here")


def tshark(path: Path, *arguments: str) -> str:
    command = ["tshark", "-X", f"lua_script:{SHIPPED}", "-r", str(path), *arguments]
    told = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    assert "Lua" not in told.stdout + told.stderr
    return told.stdout


def dissected(path: Path) -> list[dict[str, Any]]:
    """The layer of every packet; what stands in it several times is a list."""

    def every(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            found[name] = [*found[name], value] if isinstance(found.get(name), list) else [value]
        return found

    packets = json.loads(tshark(path, "-T", "json"), object_pairs_hook=every)
    return [packet["_source"][0]["layers"][0]["fiscald"][0] for packet in packets]


def test_the_shipped_file_is_made_from_the_tables() -> None:
    assert SHIPPED.read_text("utf-8") == generate(), "run: make docs"


def test_the_shipped_example_is_the_tests() -> None:
    assert PATH.read_bytes() == write(example()), "run: make docs"


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_brings_its_tables(name: str) -> None:
    known = family(name)
    protocol_doc = decoding_of(known).protocol_doc()
    assert protocol_doc.commands
    assert protocol_doc.errors
    assert len({word.name for word in protocol_doc.commands}) == len(protocol_doc.commands)
    for text in ("function family.cut(", "function family.parse("):
        assert text in protocol_doc.lua
    decoder = decoding_of(known).decoder(Settings("", known.options()))
    for direction in Direction:
        junk = bytes(range(256)) * 2
        frames = [*decoder.feed(direction, junk), *decoder.end(direction)]
        assert b"".join(each.raw for each in frames) == junk


@needs_tshark
@pytest.mark.slow
def test_tshark_shows_the_example() -> None:
    lines = [line.split(" posnet ", 1)[1].split(" ", 1)[1] for line in tshark(PATH).splitlines()]
    assert lines[:6] == [
        "- gap 17 earlier packets are not kept any more",
        "- open tcp://192.168.1.50:6666",
        "> scomm",
        "< (goes on)",
        "< scomm fs=T tz=N ts=0 hr=T nu=EMU 0000000001 td=N",
        "> trinit bm=0",
    ]
    assert lines[9] == "> trline na=Żurek vt=1 pr=1200 il=2.000 wa=2400"
    assert lines[10].endswith("(the control of rate assignments blocks this name at this rate)")
    assert lines[15] == "< ? (damaged: the checksum does not fit)"


@needs_tshark
@pytest.mark.slow
def test_a_program_and_its_gateway_are_another_side(tmp_path: Path) -> None:
    """Frames of both sides in pieces, by turns: neither side completes a frame of the other."""
    of_printer, of_program = sequence("0$h"), frame("trline\tnaŻurek\tvt1\tpr1200\t")
    packets = [Packet(NOON, "posnet", "till1", Event.OPEN, None, b"192.168.1.20", "", Side.PROGRAM)]
    for place in range(0, max(len(of_printer), len(of_program)), 7):
        for family_name, data, side in (("thermal", of_printer, Side.PRINTER), ("posnet", of_program, Side.PROGRAM)):
            if piece := data[place : place + 7]:
                packets.append(Packet(NOON, family_name, "till1", Event.DATA, Direction.SENT, piece, "", side))
    path = tmp_path / "both.pcapng"
    path.write_bytes(write(packets))
    lines = [line.split(" → ")[-1] for line in tshark(path).splitlines()]
    assert any(line.endswith("program - open 192.168.1.20") for line in lines)
    assert any(line.endswith("program > trline na=Żurek vt=1 pr=1200") for line in lines)
    assert sum("$h" in line and "program" not in line for line in lines) == 1
    assert len(tshark(path, "-Y", 'fiscald.side == "printer"').splitlines()) == -(-len(of_printer) // 7)
    shown = tshark(path, "-T", "fields", "-e", "frame.interface_name").split("\n")
    assert set(shown) >= {"till1", "till1 program"}


@needs_tshark
@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["-Y", 'fiscald.posnet.trline.na == "Żurek"'], ["-Y", "fiscald.refused"]])
def test_filters(arguments: Sequence[str]) -> None:
    assert len(tshark(PATH, *arguments).splitlines()) == 1


@needs_tshark
@pytest.mark.slow
def test_tshark_reads_what_decode_reads(tmp_path: Path) -> None:
    """Every frame of the reference, in pieces of several sizes, and everything that can be wrong with one."""
    odd = [
        b"junk", b"\x02\x03", b"\x02a\t#zzzz\x03", b"\x02a#7C87\x03", b"\x02\t#0000\x03", b"\x02#0000\x03", b"\x02trend\t#2903\x03", b"\x02trend\t#902\x03", b"\x02trend\x03",
        frame("\t"), frame("trend\tt\t"), frame("trend\tto\tzz1\t"), frame("nosuch\taa1\t"), frame("x\t?9999\t"),
        frame("ERR\t?77\t"), b"\x02cut", b"\x02" + bytes(8200) + b"\x03", frame(("x" * 25) + "\t"),
        frame("trftrln\tid25\tnaZażółć gęślą jaźń €\t"), frame("a\t") + frame("b\t"), b"\x02trl" + frame("c\t"),
    ]  # fmt: skip
    streams = [(Direction(way), data) for way, _, data in EXAMPLES] + [(Direction.RECEIVED, data) for data in odd]
    assert compared(tmp_path, "posnet", streams) > 100


@needs_tshark
@pytest.mark.slow
def test_tshark_reads_thermal_sequences_as_decode_does(tmp_path: Path) -> None:
    sent = [
        b"JUNK", b"\x1bP1$l" + sequence("0$h"), b"\x1bP1$l\x18\x05", b"\x1b\x05\x07", sequence("0$h", checked=False),
        b"\x1bP0$h84\x1b\\", b"\x1bP2\x103\x10#s\x1a\x1b\x10\\\x05", b"\x1bP\x1b\\", b"\x1bP99999$h\x1b\\", b"\x1bPcut",
        b"\x1bP0$h\x1bQ\x1b\\", b"\x1bP0#s\x1b\x1b\\", b"\x1bP" + b"1" * 2049 + b"\x1b\\", sequence("7;8$qabc|1/"),
        sequence("2;0;0;1$lŻurek|1.|A/2.00/2.00/opis|"), sequence("30#v"), sequence("1$lA|1.|"), sequence("1;2;3;4;5$h"),
        sequence(";;1$h"), sequence("0$ex"), sequence("7$N1|"), b"\x10\x1a\x18\x07\x05",
        sequence("1;2;1;2;0;0;0;0;0;1;0$hFV 1|Prosta 1|Poznań|5260250274|||||S 1|Firma|"), sequence("1;0;1;1;1;1$hFV 1|"),
        sequence("0;0;1;2;0;0;0;0;0;1$hFV 1|Prosta 1|||5260250274||||||"), sequence("0;1;1;1;1;1;1;1;1;1$hFV 1|"),
        sequence("1;0;0;0;0;1;1;2;2$eEwa|2,00||| 0/2/0/"), sequence("0;0;1;0;0;1;0;2;2$eEwa|linia|||0/2/0/"[:-1]),
        sequence("255;0;0;0;0;0;0;0;0;0;0@c||Ola|Iza|S 5|"), sequence("2;0;0;0;0;0;0;0;0;0;0;0;0@c||Ola|"),
        sequence("5;0;0;0;0;1;1;2;2$eEwa|"),
    ]  # fmt: skip
    received = [
        b"\x60\x6f\x70\x77", b"\x78\x5f", b"\x1b\x6d", b"\x1bP\x0121#Z$l\x1b\\", b"\x1bP0021#Z$l\x1b\\m", b"\x1bP7777#Z$l\x1b\\",
        b"\x1bP1#Eabc\x1b\\", b"\x1bP1#E94\x1b\\", b"\x1bP1#R\x1b\\", b"\x1bP1$G18/A/\x1b\\", sequence("9#X1/"), sequence("50#X1/"),
        sequence("50#X1/x"), sequence("@s0;1;2;00000000;"), sequence("1#UŻółw|"),
    ]  # fmt: skip
    streams = [(Direction.SENT if each.to_printer else Direction.RECEIVED, each.data) for each in thermal_examples()]
    streams += [(Direction.SENT, data) for data in sent] + [(Direction.RECEIVED, data) for data in received]
    assert compared(tmp_path, "thermal", streams) > 200


def compared(tmp_path: Path, family: str, streams: list[tuple[Direction, bytes]]) -> int:
    """Every stream, cut into packets of several sizes, is the same to tshark and to us."""
    packets = []
    for number, (direction, data) in enumerate(streams):
        size = number % 7 + 3 if len(data) < 2000 else 4000
        packets += [
            Packet(NOON, family, f"till{number}", Event.DATA, direction, data[at : at + size])
            for at in range(0, len(data), size)
        ]
    file = tmp_path / "all.pcapng"
    file.write_bytes(write(packets))
    seen: dict[str, list[dict[str, Any]]] = {}
    for layer in dissected(file):
        seen.setdefault(layer["fiscald.printer"][0], []).extend(layer.get("fiscald.frame_tree", []))
    unfinished = ("the frame has no end", "the sequence has no end")
    count = 0
    for number, (direction, data) in enumerate(streams):
        packets = [Packet(NOON, family, f"till{number}", Event.DATA, direction, data)]
        wanted = [entry.frame for entry in entries(packets) if entry.frame]
        if wanted and wanted[-1].damage in unfinished:
            wanted.pop()  # tshark waits for the rest
        outside = [found for found in wanted if found.damage and found.damage.startswith("bytes outside of a ")]
        trees = seen.get(f"till{number}", [])
        if outside:
            assert all(tree.get("fiscald.damage", [outside[0].damage]) == [outside[0].damage] for tree in trees)
            continue
        assert len(trees) == len(wanted), data
        for tree, found in zip(trees, wanted, strict=True):
            count += 1
            assert tree.get("fiscald.damage", [None])[0] == found.damage
            assert tree.get("fiscald.error_pl", [None])[0] == (found.error and found.error.text_pl)
            if found.damage is None:
                assert tree["fiscald.command"] == [found.name]
                names = (f"fiscald.{family}.", "fiscald.unknown")
                values = [value for name, each in tree.items() if name.startswith(names) for value in each]
                assert sorted(values) == sorted(field.text for field in found.fields), found.text
    return count
