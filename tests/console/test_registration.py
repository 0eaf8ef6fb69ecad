"""Registering on the console: the window, the fields, and every way to a licence."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fiscald.console import licence_words
from fiscald.console.languages import Words
from fiscald.console.registration import marked
from fiscald.licence.certificate import armour
from tests.console.desk import Reader, reader, text_of, value_of
from tests.console.shop import Shop, shop

#: Every state of docs/licence.md.
STATES = (
    "active", "trial", "grace", "lapsed", "unregistered", "ended", "updates_ended", "machine_mismatch",
    "company_mismatch", "transferred", "revoked", "suspended",
)  # fmt: skip
NUMBER = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1"
TYPO = "410f4 0bv4h m4sw9 148ar 7bs7d 8ta1"
UPDATES = "51084-0BV2N-WVVR1-EHXGC-29MFX-P826"
BAKERY = {"name": "Piekarnia Żurek sp. z o.o.", "postcode": "00-950", "nip": "1234563218", "country": "PL"}


@pytest.fixture(scope="module")
def closed() -> Iterator[Shop]:
    """A shop without a licence and without a vendor."""
    with shop(licensed=False) as it:
        yield it


@pytest.fixture
def jan(closed: Shop) -> Iterator[Reader]:
    with reader(closed) as it:
        yield it


def test_without_a_licence_the_window_opens_by_itself_until_it_is_closed(jan: Reader) -> None:
    for path in ("", "documents", "sandbox"):
        assert "<dialog" in jan.get(path).text, path
    assert "<dialog" not in jan.get("licence").text, "it is the page itself"
    assert "No new document can be printed" in jan.read("")
    later = jan.post("licence/later", back="/console/documents")
    assert later.headers["location"] == "/console/documents"
    assert "<dialog" not in jan.get("").text
    assert "Register" in jan.read(""), "the way back stays"
    with reader(jan.shop) as other:
        assert "<dialog" in other.get("").text


def test_with_a_licence_no_window_opens(anna: Reader) -> None:
    assert "<dialog" not in anna.get("").text
    about = anna.read("about")
    for words in ("Registered", "fiscal module", "yes", "Updates and support until", "Signed in as"):
        assert words in about, words


def test_a_number_is_read_while_it_is_typed(jan: Reader) -> None:
    assert "12 of 29 characters" in text_of(jan.post("licence/number", field="number", number="410F4-0BV4H-MA"))
    good = text_of(jan.post("licence/number", field="number", number=NUMBER.lower()))
    assert "Number for: application, bank module, fiscal module" in good
    wrong = jan.post("licence/number", field="number", number=TYPO)
    assert "Group 3, character 2 looks wrong: you typed 4, perhaps A." in text_of(wrong)
    assert "m<mark>4</mark>sw9" in wrong.text
    other = text_of(jan.post("licence/number", field="support", support=NUMBER))
    assert "it goes into the first field" in other
    assert text_of(jan.post("licence/number", field="number", number="")).strip() == ""
    hostile = jan.post("licence/number", field="number", number="<script>alert(1)</script>aaaaaaaaaaaaaaaaaaaaa")
    assert "<script>" not in hostile.text


def test_the_places_of_a_slip() -> None:
    flat = ["".join(f"[{char}]" if wrong else char for char, wrong in group) for group in marked(NUMBER, [
        {"group": 3, "character": 2}, {"group": 5}])]  # fmt: skip
    assert flat == ["410F4", "0BV4H", "M[A]SW9", "148AR", "[7][B][S][7][D]", "8TA1"]


def test_a_mistyped_number_is_not_sent_and_stays_in_its_field(jan: Reader) -> None:
    answer = jan.post("licence", number=TYPO, support=UPDATES, email="anna@example.pl")
    assert answer.status_code == 422
    assert "looks wrong" in text_of(answer)
    assert [value_of(answer, field) for field in ("number", "support", "email")] == [TYPO, UPDATES, "anna@example.pl"]
    nothing = jan.post("licence", number="", support="")
    assert "Enter a number in field X or in field Y." in text_of(nothing)


def test_without_a_server_the_way_by_file_is_named(jan: Reader) -> None:
    answer = jan.post("licence", number=NUMBER, support="")
    assert answer.status_code == 422
    assert "licence.no_server" in text_of(answer)
    assert value_of(answer, "number") == NUMBER


def test_mistakes_on_the_way_to_a_trial(jan: Reader) -> None:
    nothing = jan.post("licence/enrol", step="company", name="", postcode="")
    assert "Write the name of the company." in text_of(nothing)
    assert "cannot be changed later" in text_of(nothing)
    email = jan.post("licence/enrol", step="email", email="anna(at)example", **BAKERY)
    assert "Write an e-mail address" in text_of(email)
    assert value_of(email, "email") == "anna(at)example"
    code = jan.post("licence/enrol", step="code", email="anna@example.pl", code="", **BAKERY)
    assert "Write the code from the mail." in text_of(code)
    assert jan.post("licence/enrol", step="nonsense").status_code == 303


def test_mistakes_on_the_way_to_another_computer(jan: Reader) -> None:
    assert "Write an e-mail address" in text_of(jan.post("licence/move", step="email", email="x"))
    refused = jan.post("licence/move", step="email", email="anna@example.pl")
    assert "licence.no_server" in text_of(refused)
    assert value_of(refused, "email") == "anna@example.pl"
    assert "Choose one of them" in text_of(jan.post("licence/move", step="choose", licence="lic_X"))
    assert jan.post("licence/move", step="choose", licence="new").headers["location"] == "/console/licence/enrol"


def test_the_emergency_pass_and_giving_back_ask_first(jan: Reader) -> None:
    assert "one pass in 90 days" in jan.read("licence/confirm", do="emergency")
    refused = jan.post("licence/confirm", do="emergency")
    assert "licence.emergency_denied" in text_of(refused)
    assert "licence.no_server" in text_of(jan.post("licence/confirm", do="deactivation"))
    assert "licence.no_server" in text_of(jan.post("licence/check"))
    assert jan.get("licence/confirm", do="nonsense").status_code == 303


def test_a_file_that_is_no_licence(jan: Reader) -> None:
    assert "Paste the vendor's answer" in text_of(jan.post("licence/import", certificate=""))
    bad = jan.post("licence/import", certificate="<b>to nie licencja")
    assert "licence.refused" in text_of(bad)
    assert "<b>" not in bad.text
    assert "to nie licencja" in bad.text
    assert "too long" in text_of(jan.post("licence/import", certificate="x" * 20_001))


def test_a_request_for_a_computer_without_internet(jan: Reader) -> None:
    asked = jan.post("licence/offline", number=NUMBER)
    assert "Which company is it for?" in text_of(asked)
    made = jan.post("licence/offline", number=NUMBER, asks_company="yes", email="", **BAKERY)
    assert made.status_code == 200
    assert "<svg" in made.text
    request = value_of(made, "request")
    file = jan.post("licence/request-file", request=request)
    assert file.headers["content-disposition"] == 'attachment; filename="fiscald-request.txt"'
    assert file.text.strip() == request
    assert jan.post("licence/request-file", request="<b>").status_code == 303
    assert "Enter the licence number." in text_of(jan.post("licence/offline", number=""))


def test_every_state_of_a_licence_has_words() -> None:
    english, polish = Words("en"), Words("pl")
    for name in STATES:
        licence = {"state": name, "may_print": name in ("active", "trial", "grace", "lapsed")}
        found, other = licence_words.state(english, licence), licence_words.state(polish, licence)
        assert found.title not in (name, other.title)
        assert found.advice != other.advice
        assert (found.tone == "bad") == (not licence["may_print"])
    without = licence_words.state(english, {"state": "active", "may_print": False})
    assert "fiscal module" in without.advice


# -- with the vendor ------------------------------------------------------------------------------------------


@pytest.mark.slow  # a vendor's server with TLS
@pytest.mark.daily
def test_a_trial_step_by_step_then_a_bought_licence() -> None:
    with shop(licensed=False, vendor=True) as it, reader(it) as anna:
        step = anna.post("licence/enrol", step="company", **BAKERY)
        assert "Step 2 of 3" in text_of(step)
        sent = anna.post("licence/enrol", step="email", email="anna@example.pl", **BAKERY)
        assert "is on its way to" in text_of(sent)
        wrong = anna.post("licence/enrol", step="code", email="anna@example.pl", code="00000-00000", **BAKERY)
        assert wrong.status_code == 409
        assert value_of(wrong, "code") == "00000-00000"
        begun = anna.post("licence/enrol", step="code", email="anna@example.pl", code=it.code(1), **BAKERY)
        assert "The trial has begun" in text_of(anna.follow(begun))
        assert it.client.licence()["state"] == "trial"
        assert "<dialog" not in anna.get("").text
        bought = anna.post("licence", number=it.vendor.number(), support=it.vendor.update_number(), email="")
        told = text_of(anna.follow(bought))
        for words in ("Registered. Thank you.", "Piekarnia Żurek", "bank module", "Updates and support until"):
            assert words in told, words
        assert "Enter a number" not in told, "nothing more is asked"
        assert "The vendor has answered" in text_of(anna.follow(anna.post("licence/check")))
        returned = anna.follow(anna.post("licence/confirm", do="deactivation"))
        assert "The licence was given back." in text_of(returned)
        assert not it.client.licence()["may_print"]


@pytest.mark.slow  # a vendor's server with TLS
def test_an_unknown_company_is_asked_for() -> None:
    with shop(licensed=False, vendor=True) as it, reader(it) as anna:
        number = it.vendor.number()
        asked = anna.post("licence", number=number, support="", email="")
        assert asked.status_code == 422
        assert "Which company is it for?" in text_of(asked)
        assert "cannot be changed later" in text_of(asked)
        assert value_of(asked, "number") == number
        bad = anna.post("licence", number=number, asks_company="yes", **(BAKERY | {"nip": "123"}))
        assert "licence.company" in text_of(bad)
        assert value_of(bad, "nip") == "123"
        good = anna.post("licence", number=number, asks_company="yes", email="anna@example.pl", **BAKERY)
        assert "Registered. Thank you." in text_of(anna.follow(good))


@pytest.mark.slow  # a vendor's server with TLS
def test_a_licence_moves_to_this_computer_by_code() -> None:
    with shop(licensed=False, vendor=True) as it, reader(it) as anna:
        first = anna.post("licence", number=it.vendor.number(), asks_company="yes", email="anna@example.pl", **BAKERY)
        assert first.status_code == 303
        mails = len(it.vendor.mailbox.mails)
        assert "is on its way to" in text_of(anna.post("licence/move", step="email", email="anna@example.pl"))
        wrong = anna.post("licence/move", step="code", email="anna@example.pl", code="00000-00000")
        assert wrong.status_code == 409
        it.call(it.vendor.mailbox.wait, mails + 1)
        choose = anna.post("licence/move", step="code", email="anna@example.pl", code=it.code(mails + 1))
        assert "Piekarnia Żurek" in text_of(choose)
        assert "A new company" in text_of(choose)
        licence = choose.text.partition('name="licence" value="')[2].partition('"')[0]
        moved = anna.post("licence/move", step="choose", licence=licence, email="anna@example.pl")
        assert "on this computer now" in text_of(anna.follow(moved))


@pytest.mark.slow  # a vendor's server with TLS
def test_a_licence_comes_back_as_a_file() -> None:
    with shop(licensed=False, vendor=True) as it, reader(it) as anna:
        made = anna.post("licence/offline", number=it.vendor.number(), asks_company="yes", **BAKERY)
        reply = it.vendor.handler.answer_file(value_of(made, "request").encode(), "192.0.2.1")
        assert reply.certificate is not None
        answer = anna.post("licence/import", certificate=armour(reply.certificate))
        assert "The licence is installed." in text_of(anna.follow(answer))
        assert it.client.licence()["may_print"]
