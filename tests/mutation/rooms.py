"""Which tests should notice a change, room by room: the cheapest and nearest first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Room:
    """A part of the product, and the tests of it."""

    files: tuple[str, ...]
    """Patterns."""
    tests: tuple[tuple[str, ...], ...]
    """In stages: the next one runs only if the one before noticed nothing. The nearest test files come before all."""
    without: tuple[str, ...] = ()
    """Files that are not changed, each for a reason given here."""


#: Tests of the emulated printers that run in this process alone.
_EMULATOR = (
    "display", "face_rules", "family_refusals", "orders", "refusals", "seeds", "stored_state", "tiny", "training",
    "unrest", "world",
)  # fmt: skip
ROOMS = {
    "protocols": Room(
        ("fiscald/protocols/*.py", "fiscald/protocols/*/*.py"),
        (
            ("tests/protocols",),
            ("tests/conformance",),
            (
                "tests/emulator/posnet",
                "tests/emulator/thermal",
                "tests/recording",
                "tests/diagnostics/test_harmless.py",
            ),
            ("tests/engine/test_doubt.py", "tests/engine/test_raw.py", "tests/chaos"),
        ),
        # Lua for Wireshark: only tshark can tell, and not every machine has it.
        without=("fiscald/protocols/dissector.py", "fiscald/protocols/thermal/lua.py"),
    ),
    "licence": Room(
        ("fiscald/licence/*.py",),
        (("tests/licence",), ("tests/api/test_routes.py", "tests/cli/test_licence.py", "tests/licence/server")),
    ),
    "vendor": Room(("fiscald/licence/server/*.py",), (("tests/licence/server",), ("tests/licence",))),
    "transport": Room(
        ("fiscald/transport/*.py",),
        (("tests/transport",), ("tests/engine/test_usb.py", "tests/recording/test_recorder.py", "tests/diagnostics")),
        # The ids of printers that were seen: a table without arithmetic.
        without=("fiscald/transport/known_usb.py",),
    ),
    "register": Room(
        (
            "fiscald/emulator/register.py",
            "fiscald/emulator/sale.py",
            "fiscald/emulator/ledger.py",
            "fiscald/emulator/goods.py",
            "fiscald/emulator/clock.py",
            "fiscald/emulator/memory.py",
            "fiscald/emulator/spread.py",
            "fiscald/emulator/paper.py",
            "fiscald/emulator/faults.py",
            "fiscald/emulator/device.py",
            "fiscald/emulator/storage.py",
        ),
        (
            ("tests/emulator/test_register.py", "tests/emulator/test_spread.py"),
            ("tests/emulator/posnet", "tests/emulator/thermal"),
            (*(f"tests/emulator/test_{name}.py" for name in _EMULATOR), "tests/conformance"),
        ),
    ),
    "model": Room(("fiscald/model/*.py",), (("tests/model",), ("tests/protocols",), ("tests/api",))),
    "journal": Room(
        ("fiscald/journal/*.py",), (("tests/journal/test_store.py",), ("tests/journal", "tests/engine"), ("tests/api",))
    ),
    "engine": Room(("fiscald/engine/*.py",), (("tests/engine",), ("tests/chaos",), ("tests/api",))),
    "api": Room(("fiscald/api/*.py",), (("tests/api",), ("tests/cli", "tests/project", "tests/end_to_end"))),
}
#: What the proof of the promise rests on.
CORE = ("engine", "journal", "protocols", "licence", "api", "transport", "register")


def files_of(room: Room, root: Path = ROOT) -> list[str]:
    """The files of a room, relative to the tree."""
    found = {path.relative_to(root).as_posix() for pattern in room.files for path in root.glob(pattern)}
    return sorted(file for file in found if file not in room.without and not file.endswith("/__init__.py"))


def stages(file: str, room: Room, root: Path = ROOT) -> list[list[str]]:
    """What is run for a change to ``file``, in order: tests of the same name, of the same folder, of the room."""
    path = Path(file)
    folder = Path("tests", *path.parts[1:-1])
    name = f"test_{path.stem}.py"
    nearest = [folder / name, *(root / folder).glob(f"test_{path.stem}_*.py")]
    found = [[each.as_posix() for each in nearest if (root / each).is_file()]]
    if (root / folder).is_dir() and (folder.as_posix(),) != room.tests[0]:
        found.append([folder.as_posix()])
    found += [list(stage) for stage in room.tests]
    return [stage for stage in found if stage]
