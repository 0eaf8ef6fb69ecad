"""The mails: every template in every language, one size and subject for answers to one request, no way in for a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import meta

from fiscald.licence.server import mail
from fiscald.licence.server.config import ConfigError, load
from fiscald.licence.server.contact import Contact
from fiscald.licence.server.languages import LANGUAGES, language, preferred, written_day
from fiscald.licence.server.mail import CODE_MAIL_BYTES, TEXTS, BadAddress, BadMail, MailTemplate, compose, recipient
from tests.found import found
from tests.licence.server.https import code_in
from tests.licence.server.running import T0

SENDER = Contact("licence@vendor.example", "Sprzedawca Żółw", "Kasa Łódź", "pomoc@vendor.example", "+48 22 000 00 00")
X, Y = "410F4-0BV4H-MASW9-148AR-7BS7D-8TA1", "51084-0BV2N-WVVR1-EHXGC-29MFX-P826"
OWN = {"company": "PIEKARNIA ŻUREK SP. Z O.O.", "hint": "410F4-8TA1"}
ORDER = {
    "order": "2026/01/17", "invoice": "FV/2026/01/0033", "buyer": "Coöperatie De Zeeën B.V.", "day": "2026-01-15",
    "numbers": [{"number": X, "kind": "licence"}, {"number": Y, "kind": "updates"}],
}  # fmt: skip
#: The values of each template, as the rules must give them: secrets (code, numbers) and what the row holds.
VALUES: dict[MailTemplate, list[dict[str, Any]]] = {
    MailTemplate.CODE: [{"code": "ABCDE-12345", "purpose": purpose} for purpose in ("confirm", "recover", "account")],
    MailTemplate.COMPANY_YOURS: [{"purpose": "confirm"}],
    MailTemplate.COMPANY_KNOWN: [{"purpose": "confirm"}],
    MailTemplate.ADDRESS_UNKNOWN: [{"purpose": "recover"}, {"purpose": "account"}],
    MailTemplate.COMPANY_MOVED: [{"company": OWN["company"]}],
    MailTemplate.LICENCE_MOVED: [{**OWN, "day": "2026-01-15"}, {**OWN, "hint": "", "day": "2026-01-15"}],
    MailTemplate.REGISTERED: [{"hint": OWN["hint"], "day": "2026-01-15"}],
    MailTemplate.ORDER: [ORDER, {**ORDER, "invoice": "", "numbers": ORDER["numbers"][:1]}],
    MailTemplate.REMINDER_UPDATES: [{**OWN, "ends": "2027-01-15"}],
    MailTemplate.REMINDER_TRIAL: [{"company": OWN["company"], "ends": "2026-02-14"}],
    MailTemplate.REMINDER_TERM: [{**OWN, "ends": "2027-01-15"}],
    MailTemplate.SUSPENDED: [{**OWN, "sentence": "Faktura nie jest zapłacona."}, {**OWN, "sentence": ""}],
    MailTemplate.REINSTATED: [{**OWN, "sentence": "Dziękujemy."}, {**OWN, "sentence": ""}],
    MailTemplate.REVOKED: [{**OWN, "sentence": "De betaling is teruggeboekt."}, {**OWN, "sentence": ""}],
}
ALL = [(template, values) for template, cases in VALUES.items() for values in cases]
#: They answer one kind of request only, and use no value.
ONE_PURPOSE = (MailTemplate.COMPANY_YOURS, MailTemplate.COMPANY_KNOWN)
ANSWERS = {
    "confirm": (MailTemplate.CODE, MailTemplate.COMPANY_YOURS, MailTemplate.COMPANY_KNOWN),
    "recover": (MailTemplate.CODE, MailTemplate.ADDRESS_UNKNOWN),
    "account": (MailTemplate.CODE, MailTemplate.ADDRESS_UNKNOWN),
}


def made(
    template: MailTemplate, lang: str, values: Mapping[str, object], sender: Contact = SENDER, to: str = "a@bakery.pl"
) -> EmailMessage:
    return compose(template, lang, to, sender, values, T0)


def received(message: EmailMessage) -> EmailMessage:
    """The mail after its way through mail servers."""
    return message_from_bytes(message.as_bytes(policy=policy.SMTP), policy=policy.default)


def text_of(message: EmailMessage) -> str:
    """The text that arrives."""
    text: str = received(message).get_content().replace("\r\n", "\n")
    return text


# -- the templates ---------------------------------------------------------------------------------------


def test_every_template_is_there_in_every_language() -> None:
    names = {f"{template}.txt" for template in MailTemplate}
    for lang in LANGUAGES:
        files = {path.name for path in (TEXTS / lang).iterdir()}
        assert {name for name in files if not name.startswith("_")} == names, lang
        assert files == {path.name for path in (TEXTS / "en").iterdir()}, lang


@pytest.mark.parametrize("name", sorted(path.name for path in (TEXTS / "en").iterdir()))
def test_a_template_uses_the_same_values_in_every_language(name: str) -> None:
    used = []
    for lang in LANGUAGES:
        tree = mail._environment(lang).parse((TEXTS / lang / name).read_text("utf-8"))
        used.append((meta.find_undeclared_variables(tree), sorted(map(str, meta.find_referenced_templates(tree)))))
    assert used[0] == used[1] == used[2]


@pytest.mark.parametrize(("template", "values"), ALL)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_mail_is_text_in_short_lines_with_all_its_values(
    template: MailTemplate, values: dict[str, Any], lang: str
) -> None:
    message = made(template, lang, values)
    assert received(message).get_content_type() == "text/plain"
    text = text_of(message)
    for line in found(text.splitlines()):
        assert len(line) <= 78, line
        assert line == line.rstrip()
    assert "\n\n\n" not in text
    flat = " ".join(f"{message['Subject']} {text}".split())
    assert not re.search(r"[{}<>]", flat)
    for name, value in values.items():
        match name:
            case "purpose":
                continue
            case "numbers":
                for each in value:
                    assert f"\n    {each['number']}\n" in text
            case "day" | "ends":
                assert written_day(value, lang) in flat
            case _:
                assert value in flat, name
    for told in (SENDER.name, SENDER.product, SENDER.help_address, SENDER.phone or ""):
        assert told in flat


@pytest.mark.parametrize(("template", "values"), ALL)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_mail_has_a_code_or_none_and_never_a_link(template: MailTemplate, values: dict[str, Any], lang: str) -> None:
    message = made(template, lang, values)
    text = message.get_content()
    assert ("ABCDE-12345" in text) == (template is MailTemplate.CODE)
    assert (template is not MailTemplate.CODE) or code_in(message) == "ABCDE-12345"
    for link in ("http", "www", "://"):
        assert link not in text
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"] == "Fri, 16 Jan 2026 09:00:00 +0000"
    assert message["Content-Language"] == lang


@pytest.mark.parametrize(("template", "values"), [case for case in ALL if case[0] not in ONE_PURPOSE])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_missing_value_is_an_error_and_not_a_gap(template: MailTemplate, values: dict[str, Any], lang: str) -> None:
    for name in found(values):
        with pytest.raises(BadMail, match=str(template)):
            made(template, lang, {key: value for key, value in values.items() if key != name})


@pytest.mark.parametrize(
    ("template", "values"),
    [
        (MailTemplate.CODE, {"code": "A", "purpose": "other"}),
        (MailTemplate.CODE, {"code": "A", "purpose": "../en/_confirm"}),
        (MailTemplate.REMINDER_TRIAL, {"company": "A", "ends": "soon"}),
        (MailTemplate.REMINDER_TRIAL, {"company": "A", "ends": None}),
        (MailTemplate.ORDER, ORDER | {"numbers": None}),
        (MailTemplate.ORDER, ORDER | {"numbers": [{"kind": "licence"}]}),
    ],
)
def test_a_wrong_value_is_an_error_that_does_not_repeat_it(template: MailTemplate, values: dict[str, Any]) -> None:
    with pytest.raises(BadMail) as caught:
        made(template, "en", values)
    assert re.fullmatch(rf"{template}: \w+", str(caught.value))


def test_the_order_says_what_to_do_with_each_kind_of_number_that_is_in_it() -> None:
    for lang in LANGUAGES:
        both, one = (made(MailTemplate.ORDER, lang, values).get_content() for values in VALUES[MailTemplate.ORDER])
        assert both.count("fiscalctl licence register") == 2
        assert "--support" in both
        assert one.count("fiscalctl licence register") == 1
        assert "--support" not in one
        assert "FV/2026" in both
        assert "Fa" not in one, "no line about an invoice that there is not"


# -- what a stranger can learn ---------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("purpose", ANSWERS)
@pytest.mark.parametrize(
    "sender", [SENDER, Contact("a@b.pl"), Contact("a@b.pl", "Ż" * 60, "Ż" * 60, "x" * 60 + "@b.pl", "1" * 60)]
)
def test_answers_to_one_request_look_the_same_from_outside(lang: str, purpose: str, sender: Contact) -> None:
    """Subject, first paragraph (which telephones show) and size on the way are those of every other answer."""
    mails = [
        made(template, lang, {"purpose": purpose} | ({"code": "ABCDE-12345"} if template == "code" else {}), sender)
        for template in ANSWERS[purpose]
    ]
    assert len(mails) > 1
    assert len({message["Subject"] for message in mails}) == 1
    assert len({message.get_content().partition("\n\n")[0] for message in mails}) == 1
    assert {len(message.as_bytes(policy=policy.SMTP)) for message in mails} == {CODE_MAIL_BYTES}
    names = {tuple(name for name in message if name != "X-Padding") for message in mails}
    assert len(names) == 1


def test_each_request_has_its_subject() -> None:
    for lang in LANGUAGES:
        subjects = {made(MailTemplate.CODE, lang, {"code": "A", "purpose": each})["Subject"] for each in ANSWERS}
        assert len(subjects) == 3


@pytest.mark.slow
@pytest.mark.parametrize("to", ["a@b.pl", "b" * 64 + "@" + "c" * 60 + ".pl"])
def test_padding_is_exact_for_every_length(to: str) -> None:
    sizes = set()
    for length in range(1, 160):
        message = made(MailTemplate.CODE, "en", {"code": "A" * length, "purpose": "recover"}, to=to)
        sizes.add(len(message.as_bytes(policy=policy.SMTP)))
        assert all(len(line) <= 66 for line in message.get_all("X-Padding", []))
    assert sizes == {CODE_MAIL_BYTES}


def test_no_mail_to_an_unconfirmed_address_has_what_a_stranger_typed() -> None:
    """Otherwise anybody could send sentences in the vendor's name to anybody."""
    for template in (*mail.ABOUT_A_CODE, MailTemplate.REGISTERED):
        for values in VALUES[template]:
            assert values.keys() <= {"code", "purpose", "hint", "day"}, template


# -- hostile values --------------------------------------------------------------------------------------

NASTY = st.text(alphabet=st.sampled_from("Aż \r\n\t\0\x1b\x85\u2028\u2029\u202e\ufeff:<>{}%@.-=?"), max_size=60) | st.sampled_from(
    ["x\nBcc: b@evil.example", "x\r\n\r\nCode: AAAAA-AAAAA", "{{ code }}", "{% include '_footer.txt' %}", "ż" * 5000,
     "A" * 5000, "=?utf-8?q?x?=", "\u2028Bcc: b@evil.example", ".", "-- ", "From me"]
)  # fmt: skip


@given(st.data())
def test_no_value_brings_in_a_line_or_a_header(data: st.DataObject) -> None:
    template, values = data.draw(st.sampled_from(ALL))
    lang = data.draw(st.sampled_from(LANGUAGES))

    def hostile(name: str, value: Any) -> Any:
        if name in ("purpose", "day", "ends"):
            return value
        if name == "numbers":
            return [{"number": data.draw(NASTY), "kind": each["kind"]} for each in value]
        return data.draw(NASTY)

    typed = {name: hostile(name, value) for name, value in values.items()}
    sender = Contact("licence@vendor.example", data.draw(NASTY), data.draw(NASTY), None, data.draw(NASTY))
    plain, nasty = (
        received(made(template, lang, values)),
        received(compose(template, lang, "a@bakery.pl", sender, typed, T0)),
    )
    kept = [name for name in plain if name not in ("X-Padding", "Reply-To")]
    assert [name for name in nasty if name != "X-Padding"] == kept
    (address,) = nasty["To"].addresses
    assert address.addr_spec == "a@bakery.pl"
    (author,) = nasty["From"].addresses
    assert author.addr_spec == "licence@vendor.example"
    text = nasty.get_content().replace("\r\n", "\n")
    assert all(len(line) <= 78 and line.isprintable() for line in text.split("\n"))
    assert not re.search(r"^(?!Code: |Kod: ).*\nCode: AAAAA-AAAAA$", text, re.MULTILINE)
    assert "Our mails contain no links" not in text or lang == "en"


def test_a_value_is_one_line_and_has_an_end() -> None:
    text = made(
        MailTemplate.REMINDER_TRIAL, "en", {"company": "A\r\n\r\nCode: X\u2028" + "B" * 9999, "ends": "2026-02-14"}
    ).get_content()
    assert "    A Code: X BBB" in text
    assert text.count("B") < 400


@pytest.mark.parametrize(("lang", "letters"), [("pl", "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ"), ("nl", "éëïöüèçÉËÏÖÜ"), ("en", "€–”")])
def test_national_letters_survive_the_way(lang: str, letters: str) -> None:
    message = made(MailTemplate.REMINDER_TRIAL, lang, {"company": letters, "ends": "2026-02-14"})
    raw = message.as_bytes(policy=policy.SMTP)
    assert raw.isascii(), "an old mail server changes nothing"
    back = received(message)
    assert letters in back.get_content()
    assert back["Subject"].startswith(SENDER.product)
    assert back["From"].addresses[0].display_name == SENDER.name


# -- sender, languages, addresses ------------------------------------------------------------------------


def test_replies_go_to_the_person_who_helps() -> None:
    assert made(MailTemplate.CODE, "en", VALUES[MailTemplate.CODE][0])["Reply-To"] == "pomoc@vendor.example"
    plain = made(MailTemplate.CODE, "en", VALUES[MailTemplate.CODE][0], Contact("licence@vendor.example"))
    assert plain["Reply-To"] is None
    assert plain["From"] == "fiscald <licence@vendor.example>"
    assert (
        plain.get_content()
        .rstrip()
        .endswith("licence@vendor.example\n\nOur mails contain no links and ask for no passwords.")
    )


@pytest.mark.parametrize(
    ("tag", "lang"),
    [("pl", "pl"), ("nl", "nl"), ("en", "en"), ("nl-BE", "nl"), ("PL", "pl"), ("de", "en"), ("", "en"), (None, "en"), ("../pl", "en"), ("plx", "en")],
)  # fmt: skip
def test_an_unknown_language_is_english(tag: str | None, lang: str) -> None:
    assert language(tag) == lang
    assert made(MailTemplate.CODE, tag or "", VALUES[MailTemplate.CODE][0])["Content-Language"] == lang


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("pl,en-US;q=0.7,en;q=0.3", "pl"), ("nl-NL,nl;q=0.9,en;q=0.8", "nl"), ("de,fr;q=0.9,pl;q=0.2", "pl"), ("", "en"),
        ("en;q=0.1,pl;q=0.9", "pl"), ("pl;q=0,nl;q=0.1", "nl"), ("*", "en"), ("pl;q=nan", "en"), ("pl;q=inf", "en"),
        ("pl;q=x", "en"), ("pl;q=-1", "en"), (",".join(["xx"] * 5000) + ",pl", "en"), (";;;,,,=q", "en"), ("pl ; q = 1", "pl"),
    ],
)  # fmt: skip
def test_the_language_that_a_browser_prefers(header: str, lang: str) -> None:
    assert preferred(header) == lang


@pytest.mark.parametrize(
    "typed",
    ["a@b", "a b@c.pl", "a,b@c.pl", "a@c.pl, d@e.pl", "<a@c.pl>", '"a"@c.pl', "a@c.pl\nBcc: d@e.pl", "ż@c.pl",
     "a@ż.pl", ".a@c.pl", "a..b@c.pl", "a.@c.pl", "@c.pl", "a@", "", "a" * 65 + "@c.pl", "a@c..pl", "a@[127.0.0.1]"],
)  # fmt: skip
def test_no_mail_is_sent_to_invalid_addresses(typed: str) -> None:
    with pytest.raises(BadAddress):
        recipient(typed)


@given(st.text(max_size=80) | st.from_regex(r"[A-Za-z0-9._+-]{1,20}@[A-Za-z0-9.-]{1,20}", fullmatch=True))
def test_a_mail_has_exactly_one_address_in_the_header(typed: str) -> None:
    try:
        message = made(MailTemplate.REGISTERED, "en", VALUES[MailTemplate.REGISTERED][0], to=typed)
    except BadAddress:
        return
    (address,) = message["To"].addresses
    assert address.addr_spec.lower() == typed.strip().lower()
    assert len(message.items()) == 11


# -- [vendor] --------------------------------------------------------------------------------------------

CONFIG = """
issuer = "urn:fiscald:vendor"
[keys]
sign_with = "2026a"
[smtp]
host = "mail.vendor.example"
sender = "licence@Vendor.example"
"""


def test_the_vendor_needs_no_name(tmp_path: Path) -> None:
    (tmp_path / "vendor.toml").write_text(CONFIG)
    assert load(tmp_path / "vendor.toml").contact == Contact("licence@vendor.example", "fiscald", "fiscald", None, None)


def test_the_vendor_has_a_name_and_people_who_answer(tmp_path: Path) -> None:
    named = (
        '[vendor]\nname = "Kasy Żółw"\nproduct = "Kasa"\nsupport = "Help@Vendor.example"\nphone = "+48 22 000 00 00"\n'
    )
    (tmp_path / "vendor.toml").write_text(CONFIG + named, "utf-8")
    contact = load(tmp_path / "vendor.toml").contact
    assert contact == Contact("licence@vendor.example", "Kasy Żółw", "Kasa", "Help@vendor.example", "+48 22 000 00 00")
    assert contact.help_address == "Help@vendor.example"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('name = ""', "vendor.name"), ('name = "a\\nb"', "one line"), (f'name = "{"a" * 61}"', "vendor.name"), ('name = " a"', "one line"),
        ('product = "a\\u202eb"', "one line"), ('support = "nobody"', "not an e-mail address"), ("phone = 22", "vendor.phone"),
        ('telephone = "22"', "unknown key vendor.telephone"), ('nam = "a"', "did you mean name"),
    ],
)  # fmt: skip
def test_a_wrong_line_about_the_vendor_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "vendor.toml").write_text(f"{CONFIG}[vendor]\n{line}\n", "utf-8")
    with pytest.raises(ConfigError, match=told):
        load(tmp_path / "vendor.toml")
