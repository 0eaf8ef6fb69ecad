"""The XML port: order, off-line conditions, error modes, faults, other people, power cuts."""

from __future__ import annotations

import pytest

from fiscald.emulator.faults import Fault, FaultKind, Switch
from fiscald.emulator.memory import RegisterState
from fiscald.protocols.novitus_elements import read_elements
from fiscald.protocols.novitus_packets import BadPacket, Deframer, Dialect, Packet, encode_packet
from tests.emulator.novitus_xml.talking import BEGIN, CLOSE, ERROR, SALE, WATER, Talk, packet, read

DLE, ENQ, LAST = "<dle/>", "<enq/>", '<info action="lasttransaction"/>'
OPEN = BEGIN + WATER
PAY_IN = '<cash action="payin" value="1.00"/>'
REPORT = '<report type="daily" date="15-07-2026"/>'


def plan(talk: Talk, act: FaultKind, command: str | None = None, **options: object) -> None:
    talk.printer.faults.plan(Fault.model_validate({"act": act, "command": command, **options}))


def receipts(talk: Talk) -> int:
    return talk.register.state.day.receipt_count


# -- packets ---------------------------------------------------------------------------------------------------------


def test_executing_elements_have_no_answer() -> None:
    talk = Talk()
    assert talk.send(SALE) == b""
    assert receipts(talk) == 1


def test_bytes_in_any_pieces_are_one_packet() -> None:
    talk = Talk()
    data = b"noise" + packet(SALE + ERROR) + b"\r\n"
    assert b"".join(talk.raw(bytes((byte,))) for byte in data) == Talk().send(ERROR)
    assert receipts(talk) == 1


def test_a_checksum_of_seven_digits_is_compared_as_a_number() -> None:
    talk = Talk()
    body = next(b for b in (b"<enq/>" + b" " * n for n in range(99)) if b'crc="0' in encode_packet(b))
    assert talk.raw(encode_packet(body).replace(b'crc="0', b'crc="', 1)) == talk.send(ENQ)


@pytest.mark.parametrize(
    ("data", "number"),
    [
        (packet(SALE)[:-20] + b"</packet>", 2),
        (b"<packet>" + b"<control action='beep'/>" * 400 + b"</packet>", 1026),
        (b"<packet><receipt action='begin'></packet>", 1023),
        (b"<packet>text</packet>", 1023),
        (b"<packet><!DOCTYPE a><enq/></packet>", 1023),
        (b"<packet crc='no'>" + SALE.encode() + b"</packet>", 1023),
        (b"<packet><enq/><packet><control action='beep'/></packet>", 0),
    ],
)
def test_what_is_no_packet_is_not_carried_out(data: bytes, number: int) -> None:
    talk = Talk()
    assert talk.raw(data) == b""
    assert talk.printer.core.last_error == number
    assert receipts(talk) == 0
    assert talk.error() == number
    assert talk.error(PAY_IN) == 0


def test_a_packet_of_the_largest_size_is_carried_out() -> None:
    talk = Talk()
    filler = packet(ERROR)
    body = ERROR + " " * (5000 - len(filler))
    assert len(packet(body)) == 5000
    assert len(talk.replies(body)) == 1
    assert talk.raw(packet(body + " ")) == b""
    assert talk.error() == 1026


def test_elements_after_one_that_failed_are_carried_out() -> None:
    """Only the last error can be read, so the declared total is what guards a receipt (9.1)."""
    talk = Talk()
    wrong = '<item name="" quantity="1" ptu="A" price="2.00"/>'
    assert talk.error(BEGIN + WATER + wrong + WATER) == 0
    assert talk.error('<receipt action="close" total="6.00"/>') == 27
    assert talk.error('<receipt action="close" total="4.00"/>') == 0


# -- flags -----------------------------------------------------------------------------------------------------------


def test_flags_of_a_transaction() -> None:
    talk = Talk()
    flags = [talk.enq[name] for name in ("intransaction", "lasttransactioncorrect")]
    talk.follow(BEGIN)
    flags += [talk.enq[name] for name in ("intransaction", "lasttransactioncorrect")]
    talk.follow(WATER, CLOSE)
    flags += [talk.enq[name] for name in ("intransaction", "lasttransactioncorrect")]
    assert flags == ["no", "no", "yes", "no", "no", "yes"]


def test_status_queries_keep_the_error_and_other_commands_clear_it() -> None:
    talk = Talk()
    talk.send(WATER)
    assert talk.enq["lastcommanderror"] == "yes"
    talk.send(DLE)
    assert talk.error() == 21
    assert talk.enq["lastcommanderror"] == "yes", "reading the number leaves the flag"
    assert talk.error() == 0, "and clears the number"
    talk.send(WATER)
    talk.send('<taxrates action="get"/>')
    assert talk.enq["lastcommanderror"] == "no"
    talk.send(WATER)
    assert talk.ask('<info action="checkout" lasterror="?"/>').get("lasterror") == "21"
    assert talk.error() == 0


# -- off-line, keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("switch", [Switch.PAPER_OUT, Switch.COVER, Switch.MECHANISM, Switch.MENU])
def test_only_dle_is_answered_off_line(switch: Switch) -> None:
    talk = Talk()
    talk.follow(OPEN)
    talk.printer.faults.switches.add(switch)
    assert talk.send(CLOSE + ERROR) == b""
    assert talk.send(ENQ) == b""
    status = dict(talk.ask(DLE).attributes)
    assert status["online"] == "no"
    assert status["papererror"] == ("yes" if switch is Switch.PAPER_OUT else "no")
    assert status["printererror"] == ("yes" if switch in (Switch.COVER, Switch.MECHANISM) else "no")
    assert receipts(talk) == 0
    talk.printer.faults.clear()
    assert [reply.name for reply in read(talk.printer.poll(0.0))] == ["error", "enq"]
    assert receipts(talk) == 1


def test_another_protocol_is_not_answered_at_all() -> None:
    talk = Talk()
    talk.printer.faults.switches.add(Switch.WRONG_PROTOCOL)
    assert talk.send(DLE) == b""
    talk.printer.faults.clear()
    assert talk.printer.poll(0.0) == b""


def test_an_error_stops_the_printer_until_a_key_is_pressed() -> None:
    talk = Talk(silent=False)
    assert talk.send(WATER + ERROR) == b""
    assert talk.printer.display is not None
    assert talk.printer.display.pl == "Błąd 21: item"
    assert talk.ask(DLE).get("online") == "no"
    talk.printer.press(confirm=True)
    assert [reply.get("value") for reply in read(talk.printer.poll(0.0))] == ["21"]
    assert talk.ask(DLE).get("online") == "yes"


def test_the_daily_report_without_a_date_waits_for_a_person() -> None:
    talk = Talk()
    talk.follow(SALE)
    assert talk.send('<report type="daily"/>' + ERROR) == b""
    assert talk.printer.display is not None
    talk.printer.press(confirm=False)
    assert [reply.get("value") for reply in read(talk.printer.poll(0.0))] == ["37"]
    assert talk.kinds == ["receipt"]
    talk.send('<report type="daily" date="14-07-2026"/>' + ERROR)
    talk.printer.press(confirm=True)
    assert [reply.get("value") for reply in read(talk.printer.poll(0.0))] == ["0"]
    assert talk.kinds == ["receipt", "daily_report"]


def test_dle_tells_that_a_report_is_running() -> None:
    talk = Talk()
    talk.follow(SALE)
    talk.printer.slowness = 1.0
    assert talk.send(REPORT + ERROR) == b""
    assert talk.ask(DLE).get("online") == "no"
    due = talk.printer.wakeup()
    assert due is not None
    talk.printer.run(due)
    talk.time = due + 1
    assert [reply.get("value") for reply in read(talk.printer.poll(talk.time))] == ["0"]
    assert talk.ask(DLE).get("online") == "yes"


# -- faults ----------------------------------------------------------------------------------------------------------


def test_a_packet_that_is_lost_is_lost_as_a_whole() -> None:
    talk = Talk()
    plan(talk, FaultKind.DROP_BEFORE, "receipt close")
    assert talk.send(SALE + ERROR) == b""
    assert talk.enq["intransaction"] == "no"
    assert receipts(talk) == 0


def test_packets_that_wait_meet_their_faults_in_order() -> None:
    talk = Talk()
    talk.printer.faults.switches.add(Switch.PAPER_OUT)
    plan(talk, FaultKind.DROP_BEFORE, "cash payin", nth=2)
    for _ in range(3):
        assert talk.send(PAY_IN + ERROR) == b""
    talk.printer.faults.switches.clear()
    assert len(read(talk.printer.poll(0.0))) == 2
    assert talk.register.state.cash == 200


@pytest.mark.parametrize("command", ["receipt close", "error get"])
def test_a_lost_answer_leaves_a_receipt_that_can_be_found(command: str) -> None:
    talk = Talk()
    plan(talk, FaultKind.DROP_AFTER, command)
    close = '<receipt action="close" systemno="ABC" total="2.00"/>'
    assert talk.send(BEGIN + WATER + close + ERROR) == b""
    found = talk.ask(LAST)
    assert (found.get("systemno"), found.get("state"), found.get("number")) == ("ABC", "close", "1")


def test_a_packet_that_arrives_damaged_is_refused() -> None:
    talk = Talk()
    plan(talk, FaultKind.CORRUPT_IN, "item")
    assert talk.send(SALE + ERROR) == b""
    assert receipts(talk) == 0
    assert talk.error() == 2


@pytest.mark.parametrize(
    ("act", "found"),
    [
        (FaultKind.DUPLICATE, [Packet, Packet]),
        (FaultKind.BAD_CRC, [BadPacket]),
        (FaultKind.TRUNCATE, []),
        (FaultKind.NOISE, [Packet]),
    ],
)
def test_disturbed_answers(act: FaultKind, found: list[type]) -> None:
    talk = Talk()
    plan(talk, act, "enq")
    assert [type(item) for item in Deframer().feed(talk.send(ENQ))] == found


def test_an_answer_in_two_pieces_and_a_late_one() -> None:
    talk = Talk()
    plan(talk, FaultKind.SPLIT, "enq", seconds=1)
    first = talk.send(ENQ)
    assert first
    assert not list(Deframer().feed(first))
    assert talk.printer.wakeup() == 1.0
    assert read(first + talk.printer.poll(1.0))
    plan(talk, FaultKind.LATE, "enq", seconds=2)
    assert [reply.name for reply in talk.replies(ENQ + '<info action="port"/>')] == ["info"]
    assert [reply.name for reply in read(talk.printer.poll(2.0))] == ["enq"]


@pytest.mark.parametrize(("act", "registered"), [(FaultKind.POWER_CUT_BEFORE, 0), (FaultKind.POWER_CUT_AFTER, 1)])
def test_a_power_cut_around_the_registration(act: FaultKind, registered: int) -> None:
    """Totals, flags and paper are one: all of it, or a cancelled receipt."""
    talk = Talk()
    plan(talk, act, "receipt close")
    assert talk.send(SALE + ERROR) == b""
    assert not talk.printer.powered
    assert talk.send(DLE) == b""
    talk.printer.power(on=True)
    assert talk.enq["lasttransactioncorrect"] == ("yes" if registered else "no")
    assert talk.kinds == ["receipt" if registered else "cancelled_receipt"]
    assert talk.ask(LAST).get("state") == ("close" if registered else "canceled")
    assert receipts(talk) == registered
    assert talk.register.state.day.cancelled_count == 1 - registered


def test_after_power_on_errors_are_shown_again() -> None:
    talk = Talk()
    talk.printer.power(on=False)
    talk.printer.power(on=True)
    talk.send(WATER)
    assert talk.printer.awaits_key


def test_a_condition_that_begins_with_an_element() -> None:
    talk = Talk()
    plan(talk, FaultKind.SWITCH, "receipt close", switch="paper_out")
    assert talk.send(SALE + ERROR) == b""
    assert talk.ask(DLE).get("papererror") == "yes"
    assert talk.register.state.transaction is not None, "what came before was carried out"
    talk.printer.faults.clear()
    assert [reply.get("value") for reply in read(talk.printer.poll(0.0))] == ["0"]


def test_a_fault_without_a_name_does_not_disturb_the_status_query() -> None:
    talk = Talk()
    plan(talk, FaultKind.DROP_BEFORE)
    assert talk.send(DLE) != b""
    assert len(talk.printer.faults.missed) == 1
    plan(talk, FaultKind.DROP_BEFORE, "dle")
    assert talk.send(DLE) == b""


def test_a_fault_for_a_command_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="receipt close"):
        plan(Talk(), FaultKind.DROP_AFTER, "receipt clos")


# -- people and other programs ---------------------------------------------------------------------------------------


def test_another_program_prints_just_before_a_command() -> None:
    talk = Talk()
    plan(talk, FaultKind.FOREIGN_RECEIPT, "cash payin")
    talk.follow(PAY_IN)
    assert talk.kinds == ["receipt", "cash_in"]
    assert talk.register.state.day.receipts[0] == 777


def test_another_program_takes_its_time() -> None:
    talk = Talk()
    assert talk.printer.foreign_begin()
    assert not talk.printer.foreign_begin()
    assert talk.error(BEGIN) == 1002
    assert talk.printer.foreign_sell("Obcy towar", 777)
    assert not talk.printer.foreign_end(778)
    assert talk.printer.foreign_end(777)
    assert not talk.printer.foreign_sell("Obcy towar", 777)
    assert receipts(talk) == 1


def test_what_people_do_leaves_our_flags() -> None:
    talk = Talk()
    talk.send(WATER)
    talk.printer.foreign_receipt()
    talk.printer.keypad_report()
    assert talk.kinds == ["receipt", "daily_report"]
    assert talk.error() == 21
    talk.follow(OPEN)
    talk.printer.keypad_cancel()
    assert talk.kinds[2:] == ["cancelled_receipt"]
    assert talk.error(CLOSE) == 21


def test_a_foreign_command_is_an_element_with_its_attributes() -> None:
    talk = Talk()
    assert talk.printer.foreign_command("cash payin", {"value": "0.05"})
    assert not talk.printer.foreign_command("cash payin", {"value": "no"})
    assert not talk.printer.foreign_command("hats", {})
    assert talk.register.state.cash == 5


# -- two languages ---------------------------------------------------------------------------------------------------

POLISH = (
    '<paragon akcja="poczatek" tryb="online"/><pozycja nazwa="Bułka" ilosc="2" jednostka="szt" stawka="A" cena="4.00"'
    ' kwota="8.00" akcja="sprzedaz"><rabat wartosc="10%" identyfikator_rabatu="2" akcja="rabat"/></pozycja>'
    '<platnosc typ="gotowka" akcja="dodaj" wartosc="10.00"/>'
    '<paragon akcja="zamknij" numer_systemowy="ABC" numer_kasy="2" kasjer="Jan" kwota="7.20"/>'
    '<blad akcja="odczytaj" wartosc=""/>'
)


def test_the_polish_language_prints_the_same() -> None:
    english = (
        '<receipt action="begin"/><item name="Bułka" quantity="2" quantityunit="szt" ptu="A" price="4.00" total="8.00">'
        '<discount value="10%" descid="2"/></item><payment type="cash" action="add" value="10.00"/>'
        '<receipt action="close" systemno="ABC" checkout="2" cashier="Jan" total="7.20"/>'
    )
    one, other = Talk(), Talk()
    one.follow(english)
    reply = other.raw(packet(POLISH, dialect=Dialect.POLISH))
    assert reply == encode_packet(b'<blad akcja="odczytaj" wartosc="0" />\n', dialect=Dialect.POLISH)
    assert other.paper == one.paper


def test_polish_replies_have_polish_names() -> None:
    talk = Talk(state=RegisterState(rates=["23", None, None, None, None, None, "exempt"]))
    talk.raw(packet(POLISH, dialect=Dialect.POLISH))

    def ask(element: str) -> str:
        return talk.raw(packet(element, dialect=Dialect.POLISH)).decode("cp1250").partition(">")[2]

    assert ask("<enq_pl/>").startswith(
        '<enq_pl fiskalna="tak" ostatni_rozkaz_ok="tak" tryb_transakcji="nie" ostatnia_transakcja_ok="tak" />'
    )
    assert 'typ="paragon" stan="zamknij" numer="1"' in ask('<informacja akcja="ostatnia_transakcja"/>')
    assert 'ostatni_blad="0" gotowka="7.20">\n <stawka nazwa="A">7.20</stawka>' in ask(
        '<informacja akcja="urzadzenie" typ="paragon" ostatni_blad="?" gotowka="?"/>'
    )
    talk.raw(packet("<paragon/>", dialect=Dialect.POLISH))
    assert 'ostatni_rozkaz_ok="nie"' in ask("<enq_pl/>")


def test_languages_are_not_mixed_in_one_packet() -> None:
    talk = Talk()
    assert talk.raw(packet('<cash action="payin" value="1.00"/>', dialect=Dialect.POLISH)) == b""
    assert talk.error() == 1022
    assert talk.error('<paragon akcja="poczatek"/>') == 1022
    assert talk.register.state.cash == 0


def test_another_face_passes_packets_on() -> None:
    """As NoviAPI does: the replies at once, an error stops nothing, no person is at the keyboard."""
    talk = Talk(silent=False)
    (request,) = Deframer().feed(packet(WATER + ERROR + '<report type="daily"/>' + ERROR + ENQ))
    assert isinstance(request, Packet)
    replies = talk.printer.machine.carry_out(request)
    assert [element.get("value") for element in read(replies)] == ["21", "37", None]
    assert not talk.printer.awaits_key
    assert read_elements(b"") == ()
