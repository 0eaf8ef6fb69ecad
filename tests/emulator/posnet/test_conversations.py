"""Conversations of the reference that were constructed from its rules (sections 5.8, 5.9, 10.6 to 10.15)."""

from __future__ import annotations

import pytest

from fiscald.emulator.faults import Switch
from fiscald.emulator.memory import Day, RegisterState
from tests.emulator.posnet.talking import Talk

OPEN = """
    > trinit|bm0|
    < trinit|
    > trline|naCandies|vt1|pr999|
    < trline|
"""


def test_a_refused_line_then_cancel() -> None:
    talk = Talk(state=RegisterState(printout_count=56, day=Day(receipt_count=1, last_receipt=1)))
    talk.follow(
        """
        > trinit|bm0|
        < trinit|
        > trline|naWoda|vt4|pr250|
        < trline|?2000|
        > prncancel|
        < prncancel|
        > scnt|
        < scnt|rd0|hn57|bn1|fn0|nuEMU 0000000001|bc1|bt2|fc0|
        """
    )


def test_a_wrong_total_leaves_the_receipt_open() -> None:
    talk = Talk()
    talk.follow(
        OPEN
        + """
        > trpayment|ty0|wa1000|naGotówka|re0|
        < trpayment|
        > trend|to1000|fp1000|
        < trend|?2805|
        > strns|
        < strns|to1|ts16|va0|vb999|vc0|vd0|ve0|vf0|vg0|pp0|pm0|re0|fp1000|feN|
        > scomm|
        < scomm|fsT|tzT|ts16|hrT|nuEMU 0000000001|tdN|
        > prncancel|
        < prncancel|
        > scomm|
        < scomm|fsT|tzN|ts0|hrT|nuEMU 0000000001|tdN|
        """
    )


def test_cash_log_in_and_their_counters() -> None:
    talk = Talk()
    talk.follow(
        """
        > stocash|kw999|
        < stocash|
        > cash|kw20000|wp1|
        < cash|
        > login|naANNA|nk1|dr0|
        < login|
        > cash|kw5000|wp0|
        < cash|
        > scnt|
        < scnt|rd0|hn3|bn0|fn0|nuEMU 0000000001|bc0|bt0|fc0|
        """
    )
    assert talk.register.state.cash == 15000
    assert talk.register.state.day.nonfiscal == 3


def test_more_cash_out_than_there_is_empties_the_drawer_and_is_an_error() -> None:
    talk = Talk()
    talk.follow(
        """
        > cash|kw100|wp1|
        < cash|
        > cash|kw101|wp0|
        < cash|?503|
        """
    )
    assert talk.register.state.cash == 0
    assert len(talk.register.printouts) == 1


def test_reports() -> None:
    talk = Talk("2026-09-08T15:40:00+02:00")
    talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|")
    talk.follow(
        """
        > dailyrep|da2026-9-8|
        < dailyrep|
        > dailyrep|da2026-09-08|
        < dailyrep|?382|
        > dailyrep|da2026-09-07|
        < dailyrep|?2022|
        > dailyrep|dayesterday|
        < dailyrep|?2024|
        > monthlyrep|da2026-09-01|su0|
        < monthlyrep|?2044|
        > periodicrepbydates|fd2026-09-01|td2026-09-30|su0|
        < periodicrepbydates|
        > periodicrepbydates|fd2026-10-01|td2026-10-31|su1|
        < periodicrepbydates|?2045|
        > periodicrepbydates|fd2026-09-07|td2026-09-01|su1|
        < periodicrepbydates|?2050|
        > periodicrepbydates|fd2026-08-01|td2026-08-02|su1|
        < periodicrepbydates|?384|
        > shiftrep|shRANO|zr0|
        < shiftrep|
        """
    )
    assert talk.register.state.reports == 1


def test_a_report_without_date_asks_on_the_keyboard() -> None:
    talk = Talk()
    talk.sell(["trline|naWoda|vt0|pr200|"], "trend|to200|")
    talk.send("dailyrep|")
    assert talk.receive() == []
    talk.send("!sdev|")
    assert talk.receive() == ["sdev|ds2|cp1|qe0|pe0|"]
    talk.printer.press(confirm=False)
    assert talk.receive() == ["dailyrep|?30|"]
    talk.send("dailyrep|")
    talk.printer.press(confirm=True)
    assert talk.receive() == ["dailyrep|"]
    assert talk.register.state.reports == 1


def test_no_paper_during_trend() -> None:
    """The printer keeps the command and answers it once paper is back (10.12)."""
    talk = Talk()
    talk.follow(OPEN)
    talk.say("trpayment|ty0|wa999|naGotówka|re0|")
    talk.printer.faults.switches |= {Switch.PAPER_OUT, Switch.PAPER_LOW}
    talk.follow(
        """
        > !sprn|
        < sprn|pr5|
        """
    )
    talk.send("trend|to999|fp999|")
    assert talk.receive() == []
    assert talk.say("!sdev|") == "sdev|ds3|cp1|qe0|pe1|"
    assert talk.register.state.day.receipt_count == 0
    talk.printer.faults.clear()
    assert talk.receive() == ["trend|"]
    assert talk.say("!sprn|") == "sprn|pr0|"
    assert talk.register.state.day.receipt_count == 1


def test_frame_errors_name_command_and_field() -> None:
    Talk().follow(
        """
        > trinit|bm9x|
        < ERR|?3|cmtrinit|fdbm|
        > trlin|naX|
        < ERR|?1|cmtrlin|
        > trline|naX|vt0|
        < ERR|?2|cmtrline|fdpr|
        > !trinit|
        < ERR|?12|cmtrinit|
        > trinit|@12|
        < ERR|?8|cmtrinit|
        > trinit|@12x4|
        < ERR|?4|cmtrinit|
        """
    )


def test_too_long_text_is_a_frame_error() -> None:
    talk = Talk()
    talk.say("trinit|bm0|")
    assert talk.say(f"trline|na{'x' * 81}|vt0|pr1|") == "ERR|?10|cmtrline|fdna|"
    old = Talk(profile="old")
    old.say("trinit|bm0|")
    assert old.say(f"trline|na{'x' * 41}|vt0|pr1|") == "ERR|?10|cmtrline|fdna|"


def test_tokens_are_echoed_and_answers_can_be_repeated() -> None:
    talk = Talk()
    talk.follow(OPEN)
    talk.say("trpayment|ty0|wa999|naGotówka|re0|")
    talk.follow(
        """
        > scomm|@0042|
        < scomm|fsT|tzT|ts16|hrT|nuEMU 0000000001|tdN|@0042|
        > trend|to999|fp999|@0017|
        < trend|@0017|
        > rpt|@0017|
        < trend|@0017|
        > rpt|@0099|
        < ERR|?13|cmrpt|@0099|
        """
    )
    assert talk.register.state.day.receipt_count == 1


def test_e_receipts() -> None:
    talk = Talk()
    talk.follow(
        """
        > eparagonidznext|idKID0123456789ABC|
        < eparagonidznext|ha3054|
        > trinit|bm0|
        < trinit|
        > trline|naWoda|vt0|pr200|
        < trline|
        > trend|to200|
        < trend|
        > eparagonbufferget|hd3054|
        < eparagonbufferget|hd3054|prN|st1|
        """
    )
    training = Talk(state=RegisterState(fiscal=False))
    assert training.say("eparagonidznext|idX|") == "eparagonidznext|?2034|"
    assert Talk(profile="old").say("eparagonidznext|idX|") == "ERR|?1|cmeparagonidznext|"


def test_older_devices() -> None:
    talk = Talk(profile="old")
    talk.follow(
        """
        > sid|
        < sid|nmPOSNET THERMAL HS FV EMU|vr1.02|
        > getrealid|
        < getrealid|nmPOSNET THERMAL HS FV EMU|vr1.02|nuEMU 0000000001|
        > scomm|
        < scomm|fsY|tzY|ts0|hrY|nuEMU 0000000001|
        > scnt|
        < scnt|rd0|hn0|bn0|fn0|nuEMU 0000000001|
        > rtcget|
        < rtcget|da2026-10-09;11:44|
        """
    )


@pytest.mark.parametrize("profile", ["online", "old"])
@pytest.mark.parametrize("command", ["prncancel", "trcancel"])
def test_cancelling_without_a_receipt_is_answered(profile: str, command: str) -> None:
    """Two programs in production send it before every receipt; that some printer refuses it is one client's model."""
    talk = Talk(profile=profile)
    assert talk.say(f"{command}|") == f"{command}|"
    assert talk.register.printouts == []
    assert talk.register.state.day.cancelled_count == 0
    talk.printer.faults.switches.add(Switch.CANCEL_REFUSED)
    assert talk.say(f"{command}|") == f"{command}|?2064|"
    talk.say("trinit|")
    assert talk.say(f"{command}|") == f"{command}|", "an open receipt is cancelled all the same"


def test_an_older_invoice_is_confirmed_on_the_keyboard() -> None:
    talk = Talk(profile="old")
    talk.follow(
        """
        > trfvinit|nb251/FA/2024|ni5222628262|naNabywca SA<LF>ul. Kwiatowa 1|pd2024-12-31|ptprzelew|
        < trfvinit|
        > trline|naPepsi 2L|vt0|pr1000|wa2000|il2|
        < trline|
        """
    )
    talk.send("trend|to2000|")
    assert talk.receive() == []
    talk.printer.press(confirm=True)
    assert talk.receive() == ["trend|"]
    assert "ul. Kwiatowa 1" in talk.paper


def test_a_new_printer_has_no_last_document() -> None:
    assert Talk().say("strns|") == "strns|to0|ts0|va0|vb0|vc0|vd0|ve0|vf0|vg0|pp0|pm0|re0|fp0|feN|"


def test_a_cancelled_invoice_is_counted_beside_the_receipts() -> None:
    talk = Talk()
    for command in ("trfvinit|nb1/2026|naNabywca|", "trline|naPepsi 2L|vt0|pr1000|", "prncancel|"):
        assert "?" not in talk.say(command)
    counted = talk.say("scnt|")
    assert "|bc0|" in counted
    assert "|fc1|" in counted


def test_programming() -> None:
    talk = Talk()
    talk.follow(
        """
        > vatget|
        < vatget|va23,00|vb8,00|vc5,00|vd0,00|ve101,00|vf101,00|vg100,00|
        > vatset|va23,00|vb8,00|vc5,00|vd0,00|vg100,00|da2026-10-09|
        < vatset|?2028|
        > vatset|va22,00|vb7,00|da2026-10-09|
        < vatset|
        > vatget|
        < vatget|va22,00|vb7,00|vc101,00|vd101,00|ve101,00|vf101,00|vg101,00|
        > vatset|da2026-10-09|
        < vatset|?2030|
        > hdrset|txNOWY SKLEP<LF>&cul. Długa 1|
        < hdrset|
        > hdrget|
        < hdrget|txNOWY SKLEP<LF>&cul. Długa 1|
        > rtcset|da2026-10-09;12:44|
        < rtcset|
        > rtcset|da2026-10-09;12:45|
        < rtcset|?2021|
        > authstateget|
        < authstateget|?480|
        > opendrwr|
        < opendrwr|
        > fiscalize|ni1234563218|
        < fiscalize|?2033|
        > beep|
        < beep|
        > dsptxtline|id0|no0|lnDzień dobry|
        < dsptxtline|
        > ftrinfoset|txZapraszamy|lb1|
        < ftrinfoset|
        > ftrinfoget|
        < ftrinfoget|txZapraszamy|
        > dbchkplu|vt0|naTowar|
        < dbchkplu|?2107|
        > currrateget|
        < currrateget|naEUR|diT|onN|ra1.000|
        """
    )
    talk.sell(["trline|naTowar|vt0|pr100|"], "trend|to100|")
    talk.follow(
        """
        > vatset|va23,00|da2026-10-09|
        < vatset|?2035|
        > rtcset|da2026-10-09;12:45|
        < rtcset|?2035|
        > dbchkplu|vt0|naTowar|
        < dbchkplu|
        """
    )
    assert "ul. Długa 1" in talk.paper
    assert "Zapraszamy" in talk.paper


@pytest.mark.parametrize(
    ("switch", "command", "answer"),
    [
        (Switch.UNAUTHORISED, "trinit|", "trinit|?484|"),
        (Switch.NO_HEADER, "trinit|", "trinit|?2002|"),
        (Switch.NO_RATES, "trinit|", "trinit|?2004|"),
        (Switch.REPORT_REQUIRED, "trinit|", "trinit|?383|"),
        (Switch.QUEUE_FULL, "trinit|", "ERR|?14|cmtrinit|"),
        (Switch.NOT_FISCAL, "scomm|", "scomm|fsN|tzT|ts0|hrT|nuEMU 0000000001|tdN|"),
        (Switch.NO_HEADER, "scomm|", "scomm|fsT|tzT|ts0|hrN|nuEMU 0000000001|tdN|"),
        (Switch.MENU, "!sdev|", "sdev|ds1|cp1|qe1|pe0|"),
        (Switch.WAIT_KEY, "!sdev|", "sdev|ds2|cp1|qe1|pe0|"),
        (Switch.COVER, "!sprn|", "sprn|pr3|"),
        (Switch.LEVER, "!sprn|", "sprn|pr1|"),
        (Switch.PAPER_OUT, "!sprn|", "sprn|pr5|"),
    ],
)
def test_conditions_on_demand(switch: Switch, command: str, answer: str) -> None:
    talk = Talk()
    talk.printer.faults.switches.add(switch)
    assert talk.say(command) == answer


def test_a_full_goods_base() -> None:
    talk = Talk(state=RegisterState(goods_capacity=1))
    talk.sell(["trline|naJeden|vt0|pr100|"], "trend|to100|")
    talk.say("trinit|")
    assert talk.say("trline|naDwa|vt0|pr100|") == "trline|?2101|"
    assert talk.say("trline|naJEDEN!|vt0|pr100|") == "trline|", (
        "names are compared on letters and digits, ignoring case"
    )


def test_a_lowered_rate_is_never_raised_again() -> None:
    talk = Talk()
    for rate, answer in ((1, "trline|"), (0, "trline|"), (1, "trline|"), (0, "trline|?2106|")):
        talk.say("trinit|")
        assert talk.say(f"trline|naChleb|vt{rate}|pr100|") == answer
        if answer == "trline|":
            assert talk.say("trend|to100|") == "trend|"


def test_another_program_prints() -> None:
    talk = Talk()
    talk.printer.foreign_receipt()
    assert talk.say("scnt|") == "scnt|rd0|hn1|bn1|fn0|nuEMU 0000000001|bc0|bt1|fc0|"
    assert talk.say("strns|").startswith("strns|to0|ts16|va777|")
