"""Every shop of examples/ prints a sale once and tells the cashier the truth, whatever fails in between."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.languages import LANGUAGES, Language, Way
from tests.examples.world import SHOP_SECONDS, World, ended, kill, world
from tests.networked import free_port

pytestmark = [pytest.mark.slow, pytest.mark.whole]

SALE = ("sell", "Żurek śląski", "12.30", "A")


#: Each is built once: make examples runs a language in one process (--dist loadgroup).
SHOPS = [pytest.param(each, marks=pytest.mark.xdist_group(each.name), id=each.name) for each in LANGUAGES]


@pytest.fixture(scope="module", params=SHOPS)
def language(request: pytest.FixtureRequest) -> Language:
    chosen: Language = request.param
    if why := chosen.missing():
        pytest.skip(f"{chosen.name}: {why}")
    return chosen


@pytest.fixture(scope="module")
def built(language: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(language.name)
    language.make(folder)
    return folder


@pytest.fixture
def it(language: Language, built: Path) -> Iterator[World]:
    # Not in pytest's folder: the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="shop-") as folder, world(Path(folder), language, built) as made:
        yield made


def test_a_sale_is_stored_first_and_printed(it: World) -> None:
    stored: list[str] = []

    def look() -> bool:
        stored.append((it.folder / "sales.jsonl").read_text("utf-8"))
        return True

    it.door.before_request = look
    sold = it.run(*SALE)
    assert (sold.code, sold.complained) == (0, "")
    assert sold.said == "Wydrukowano paragon nr 1\n"
    assert len(it.receipts) == 1
    assert "Żurek śląski" in it.receipts[0]
    first, *_, last = it.sales
    assert first["key"] in stored[0], "before the first byte is sent"
    assert first["document"]["lines"] == [{"name": "Żurek śląski", "price": "12.30", "vat": "A"}]
    assert last == {"key": first["key"], "state": "done", "number": 1}
    assert it.run("resume") == (0, "", ""), "nothing is open"


def test_after_a_cut_answer_the_shop_asks_again(it: World) -> None:
    cut: list[int] = []

    def lose() -> bool:
        if it.receipts and not cut:
            cut.append(1)
            return False
        return True

    it.door.before_answer = lose
    sold = it.run(*SALE)
    assert sold.code == 0, sold
    assert cut == [1]
    assert "Pytam ponownie" in sold.said
    assert sold.said.endswith("Wydrukowano paragon nr 1\n")
    assert len(it.receipts) == 1


def test_after_silence_the_shop_asks_again(it: World) -> None:
    first, over = [True], threading.Event()

    def swallow() -> bool:
        if it.receipts and first:
            first.clear()
            over.wait(60)
            return False
        return True

    it.door.before_answer = swallow
    shop = it.start(*SALE, timeout=4)
    sold = ended(shop)
    over.set()
    assert sold.code == 0, sold
    assert not first
    assert "Pytam ponownie" in sold.said
    assert sold.said.endswith("Wydrukowano paragon nr 1\n")
    assert len(it.receipts) == 1


def test_a_daemon_killed_after_the_receipt_answers_after_its_restart(it: World) -> None:
    killed: list[int] = []

    def kill_daemon() -> bool:
        if it.receipts and not killed:
            killed.append(1)
            it.kill_daemon()
            it.start_daemon()
            return False
        return True

    it.door.before_answer = kill_daemon
    sold = it.run(*SALE)
    assert sold.code == 0, sold
    assert killed == [1]
    assert "Pytam ponownie" in sold.said
    assert sold.said.endswith("Wydrukowano paragon nr 1\n")
    assert len(it.receipts) == 1


def test_without_paper_the_cashier_reads_why_and_the_receipt_comes_later(it: World) -> None:
    it.printer.switch("paper_out")
    shop = it.start(*SALE)
    assert shop.stdout is not None
    said = shop.stdout.readline()
    assert said.startswith("Czekam: Brak papieru.")
    assert it.receipts == []
    it.printer.switch("paper_out", on=False)
    sold = ended(shop)
    assert (sold.code, len(it.receipts)) == (0, 1)
    assert sold.said.endswith("Wydrukowano paragon nr 1\n")


@pytest.mark.parametrize("found", ["printed", "not_printed"])
def test_an_undecided_sale_is_decided_by_a_person(it: World, found: str) -> None:
    it.printer.fault("bad_crc", "trend")
    it.printer.fault("keypad_report", "scomm", nth=2)
    sold = it.run(*SALE)
    assert sold.code == 3, sold
    key = it.sales[0]["key"]
    assert sold.said.startswith("Nie wiadomo, czy paragon się wydrukował: ")
    assert "Szukaj na papierze: Żurek śląski 12.30" in sold.said
    assert f"decide {key} KTO printed NUMER" in sold.said
    assert f"decide {key} KTO not_printed" in sold.said
    assert it.run("resume").code == 3, "it stays open"
    decided = it.run("decide", key, "Anna Żuk", found, *(["1"] if found == "printed" else []))
    job = it.client.job(key)
    assert job.resolution is not None
    assert (job.resolution.by, job.resolution.verdict) == ("Anna Żuk", found)
    if found == "printed":
        assert decided == (0, "Wydrukowano paragon nr 1\n", "")
    else:
        assert decided.code == 1
        assert decided.said.startswith("Nie wydrukowano: ")
    assert it.run("resume") == (0, "", ""), "it is settled"
    assert len(it.receipts) == 1


def test_a_shop_killed_before_its_request_prints_after_its_restart(it: World) -> None:
    arrived, over = threading.Event(), threading.Event()

    def hold() -> bool:
        arrived.set()
        over.wait(60)
        return False

    it.door.before_request = hold
    shop = it.start(*SALE)
    assert arrived.wait(60)
    kill(shop)
    over.set()
    it.door.before_request = lambda: True
    assert it.receipts == []
    assert [sorted(record) for record in it.sales] == [["document", "key"]]
    assert it.run("resume") == (0, "Wydrukowano paragon nr 1\n", "")
    assert len(it.receipts) == 1


def test_a_shop_killed_before_its_answer_learns_it_after_its_restart(it: World) -> None:
    printed, over = threading.Event(), threading.Event()

    def hold() -> bool:
        if it.receipts:
            printed.set()
            over.wait(60)
            return False
        return True

    it.door.before_answer = hold
    shop = it.start(*SALE)
    assert printed.wait(60)
    kill(shop)
    over.set()
    it.door.before_answer = lambda: True
    # As if the power had gone while the shop wrote its next sale.
    with (it.folder / "sales.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"key": "torn", "docu')
    assert it.run("resume") == (0, "Wydrukowano paragon nr 1\n", "")
    assert it.run(*SALE).said == "Wydrukowano paragon nr 2\n"
    assert len(it.receipts) == 2
    assert [each["number"] for each in it.sales if "number" in each] == [1, 2], "the unfinished record spoils no other"


def test_a_refused_sale_says_what_is_wrong(it: World) -> None:
    sold = it.run("sell", "Żurek", "12.30", "Q")
    assert sold.code == 5, sold
    assert sold.said.startswith("Odmowa: ")
    assert "drukarka nie ma stawki PTU Q" in sold.said
    assert "/document/lines/0/vat: the printer has no rate Q" in sold.complained
    assert it.run("resume") == (0, "", ""), "a refused sale is settled"
    assert it.receipts == []


def test_without_a_daemon_the_sale_stays_open(it: World) -> None:
    it.kill_daemon()
    sold = it.run(*SALE)
    assert sold.code == 6, sold
    assert sold.said.endswith("Wynik nie jest jeszcze znany. Zapytaj później: resume\n")
    it.start_daemon()
    assert it.run("resume") == (0, "Wydrukowano paragon nr 1\n", "")
    assert len(it.receipts) == 1


def test_a_sale_is_on_the_disk_before_the_first_connection(language: Language, built: Path, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("needs strace")
    trace = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,connect", "-o", "trace"]
    port = free_port()
    addresses = {"FISCALD_SOCKET": "none.sock", "FISCALD_URL": f"{language.way}://127.0.0.1:{port}"}
    if language.way is not Way.SOCKET:
        del addresses["FISCALD_SOCKET"]
    shop = subprocess.Popen(
        [*trace, *language.command(built), *SALE],
        env=os.environ | addresses | {"SHOP_SALES": "sales.jsonl"}, cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", start_new_session=True,
    )  # fmt: skip
    assert shop.stdout is not None
    said = shop.stdout.readline()
    if not said and "ptrace" in shop.communicate()[1]:
        pytest.skip("strace is not permitted here")
    kill(shop)
    assert "Pytam ponownie" in said
    calls = (tmp_path / "trace").read_text("utf-8").splitlines()
    synced = next(place for place, line in enumerate(calls) if "sync(" in line)
    asked = next(place for place, line in enumerate(calls) if "none.sock" in line or f"htons({port})" in line)
    assert synced < asked


@pytest.mark.parametrize("words", [(), ("sell", "Żurek"), ("decide", "key", "Anna", "printed", "one"), ("buy",)])
def test_wrong_words_change_nothing(language: Language, built: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    command = [*language.command(built), *words]
    told = subprocess.run(
        command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False, timeout=SHOP_SECONDS
    )
    assert (told.returncode, told.stdout) == (2, "")
    assert "sell NAME PRICE VAT" in told.stderr
    assert list(tmp_path.iterdir()) == [], "no sale is stored"
