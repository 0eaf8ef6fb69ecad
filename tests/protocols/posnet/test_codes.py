"""The table of POSNET error numbers: complete, correctly grouped, and fit to be shown."""

from __future__ import annotations

import pytest

from fiscald.protocols.posnet.codes import EXEC, FRAME, TABLE, Code, Kind, Reaction, lookup
from fiscald.protocols.tables import Registered

# Number and symbol of every published error ("-": no symbol known). Kept apart from the module's own table so
# that a dropped or mistyped row there does not go unnoticed.
FRAME_SYMBOLS = """
1 PROTO_ERR_CMD_UNKNOWN
2 PROTO_ERR_CMD_MANDATORY_FIELDS
3 PROTO_ERR_DATA_CONVERSION
4 PROTO_ERR_TOKEN_INVALID
5 PROTO_ERR_CRC_INVALID
6 PROTO_ERR_FLD_INVALID
7 PROTO_ERR_CMD_LENGTH
8 PROTO_ERR_TOKEN_LENGTH
9 PROTO_ERR_CRC_LENGTH
10 PROTO_ERR_DATA_LENGTH
11 PROTO_ERR_INPUT_BUFFER_OVERRUN
12 PROTO_ERR_CMD_IMMEDIATE_FORBIDDEN
13 PROTO_ERR_TOKEN_NOT_FOUND
14 PROTO_ERR_INPUT_QUEUE_FULL
15 PROTO_ERR_SYNTAX
"""

EXEC_SYMBOLS = """
10 ERR_CANCEL
30 -
50 ERR_UNKN
51 ERR_ASSERT_FM
52 ERR_ASSERT_DB
53 ERR_ASSERT_SALE
54 ERR_ASSERT_UI
55 ERR_ASSERT_CFG
56 -
323 ERR_OPER_BLOCKED
360 ERR_SERVICE_SWITCH_FOUND
361 ERR_SERVICE_SWITCH_NOT_FOUND
362 ERR_SERVICE_KEY_DATA
363 ERR_SERVICE_KEY_TIMEOUT
364 -
365 -
382 ERR_RD_ZERO
383 ERR_RD_NOT_PRINTED
384 ERR_FM_NO_REC
400 ERR_WRONG_VALUE
404 -
460 ERR_CLOCK_RTC_FSK
461 ERR_CLOCK_RTC_NFSK
480 ERR_AUTH_AUTHORIZED
481 ERR_AUTH_NOT_STARTED
482 ERR_AUTH_WAS_ADDED
483 ERR_AUTH_DAY_CNT
484 ERR_AUTH_BLOCKED
485 ERR_AUTH_BAD_CODE
486 ERR_AUTH_TOO_MANY_WRONG_CODES
487 -
499 -
500 ERR_STAT_MIN_OVF
501 ERR_STAT_MAX_OVF
502 ERR_CASH_IN_MAX_OVF
503 ERR_CASH_OUT_BELOW_0
700 ERR_INVALID_IP_ADDR
701 ERR_INVALID_TONE_NUMBER
702 ERR_ILLEGAL_DRAWER_IMPULSE_LEN
703 ERR_ILLEGAL_VAT_RATE
704 ERR_INVALID_LOGOUT_TIME
705 ERR_INVALID_SLEEP_TIME
706 ERR_INVALID_TURNOFF_TIME
713 ERR_CONFIG_SET
714 ERR_ILLEGAL_DSP_CONTRAST
715 ERR_ILLEGAL_DSP_LUMIN
716 ERR_ILLEGAL_DSP_OFF_DELAY
717 ERR_LINE_TOO_LONG
718 ERR_ILLEGAL_COMM_CFG
719 ERR_ILLEGAL_PROTOCOL_CFG
720 ERR_ILLEGAL_PORT
721 ERR_ILLEGAL_INFO_TXT_NUM
722 ERR_ILLEGAL_TIME_DIFF
723 ERR_ILLEGAL_TIME
724 ERR_ILLEGAL_HOUR_DIFF
726 ERR_ILLEGAL_DSP_LINE_CONTENT
727 ERR_ILLEGAL_DSP_SCROLL_VALUE
728 ERR_ILLEGAL_PORT_CFG
729 -
730 -
731 -
732 -
733 -
734 -
738 ERR_ETH_CONFIG
739 ERR_ILLEGAL_DSP_ID
740 ERR_ILLEGAL_DSP_ID_FOR_OFF_DELAY
741 -
745 -
746 -
747 -
748 -
752 -
820 ERR_TEST
821 ERR_TEST_NO_CONF
857 ERR_DF_DB_NO_MEM
1000 ERR_FATAL_FM
1001 ERR_FM_NCONN
1002 ERR_FM_WRITE
1003 ERR_FM_UNKN
1004 ERR_FM_CHKSUM_CNT
1005 ERR_FM_CTRL_BLK_0
1006 ERR_FM_CTRL_BLK_1
1007 ERR_FM_BAD_REC_ID
1008 ERR_FM_DATA_ADDR_INIT
1009 ERR_FM_DATA_ADDR_INITED
1010 ERR_FM_NU_PRESENT
1011 ERR_FM_NU_NO_PRESENT_FSK
1012 ERR_FM_NU_WRITE
1013 ERR_FM_NU_FULL
1014 ERR_FM_NU_LANG
1015 ERR_FM_TIN_CNT
1016 ERR_FM_READ_ONLY_NFSK
1017 ERR_FM_CLR_RAM_CNT
1018 ERR_FM_REP_DAY_CNT
1019 ERR_FM_VERIFY_NU
1020 ERR_FM_VERIFY_STAT
1021 ERR_FM_VERIFY_NVR_READ
1022 ERR_FM_VERIFY_NVR_WRITE
1023 ERR_FM_CTRL_BLK_2
1024 ERR_FM_DATA_ADDR_NO_INITED
1025 ERR_FM_NU_FORMAT
1026 ERR_FM_REC_BAD_CNT
1027 ERR_FM_NO_BADBLK_MARKER
1028 ERR_FM_REC_EMPTY
1029 ERR_FM_REC_DATE
1030 -
1031 -
1032 -
1033 -
1034 -
1035 -
1036 -
1037 -
1038 -
1039 -
1040 -
1041 -
1042 -
1043 -
1044 -
1045 -
1950 ERR_TR_TOT_OVR
1951 ERR_TR_PF_OVR
1952 ERR_TR_PF_SUM_OVR
1953 ERR_PAYMENT_OVR
1954 ERR_TR_CHANGE_OVR
1955 ERR_TR_CHANGE_SUM_OVR
1956 ERR_TR_TOTAL_OVR
1957 ERR_TR_FISC_OVR
1958 ERR_TR_PACK_OVR
1959 ERR_TR_PACK_STORNO_OVR
1961 ERR_TR_PF_REST_TOO_BIG
1962 ERR_TR_PF_ZERO
1980 ERR_TR_DISCNT_BASE_OVR
1981 ERR_TR_DISCNT_AFTER_OVR
1982 ERR_TR_DISCNT_CALC
1983 ERR_TR_DISCNT_BASE_NEGATIVE_OR_ZERO
1984 ERR_TR_DISCNT_ZERO
1985 ERR_TR_DISCNT_AFTER_NEGATIVE_OR_ZERO
1990 ERR_TR_STORNO_NOT_ALLOWED
1991 ERR_TR_DISCNT_NOT_ALLOWED
2000 ERR_TR_FLD_VAT
2002 ERR_NO_HDR
2003 ERR_HDR
2004 ERR_NO_VAT
2005 ERR_NO_TRNS_MODE
2006 ERR_TR_FLD_PRICE
2007 ERR_TR_FLD_QUANT
2008 ERR_TR_FLD_TOTAL
2009 ERR_TR_FLD_TOTAL_ZERO
2010 ERR_TOT_OVR
2020 -
2021 ERR_RTC_WAS_SET
2022 ERR_RTC_DIFF
2023 ERR_RTC_HOUR
2024 ERR_RTC_BAD_FORMAT
2025 ERR_RTC_FM_DATE
2026 ERR_RTC
2027 ERR_VAT_CHNG_CNT
2028 ERR_VAT_SAME
2029 ERR_VAT_VAL
2030 ERR_VAT_NO_ACTIVE
2031 ERR_FLD_TIN
2032 ERR_FM_ID
2033 ERR_FISC_MODE
2034 ERR_NO_FISC_MODE
2035 ERR_TOT_NOT_ZERO
2036 ERR_READ_ONLY
2037 ERR_NO_READ_ONLY
2038 ERR_TRNS_MODE
2039 ERR_TOT_ZERO
2040 ERR_CURR_CALC
2041 ERR_TR_END_VAL_0
2042 ERR_REP_PER_DATE_FORMAT_FROM
2043 ERR_REP_PER_DATE_FORMAT_TO
2044 ERR_REP_PER_CURR_MONTH
2045 ERR_REP_PER_DATE_START_GT_CURR
2046 ERR_REP_PER_DATE_END_GT_FISK
2047 ERR_REP_PER_NUM_ZERO
2048 ERR_REP_PER_NUM_FROM_GT_END
2049 ERR_REP_PER_NUM_TOO_BIG
2050 ERR_REP_PER_DATE_END_GT_START
2051 ERR_REP_TXT_NO_MEM
2052 ERR_TR_NO_MEM
2054 ERR_TR_END_PAYMENT
2055 ERR_LINE
2056 ERR_EMPTY_TXT
2057 ERR_SIZE
2058 ERR_LINE_CNT
2059 -
2060 ERR_TR_BAD_STATE
2062 ERR_PRN_START
2063 ERR_PAR
2064 ERR_FTR_NO_HDR
2067 ERR_PRN_CFG_SET
2070 ERR_WRONG_MAINTENANCE_TIME
2080 -
2081 -
2101 ERR_DF_DB_OVR
2102 ERR_DF_DB_VAT_INACTIVE
2103 ERR_DF_DB_VAT_INVALID
2104 ERR_DF_DB_NAME
2105 ERR_DF_DB_NAME_VAT
2106 ERR_DF_DB_LOCKED
2107 ERR_DF_DB_NAME_NOT_FOUND
2108 ERR_DF_DB_NOT_OVR
2110 -
2200 -
2501 ERR_FORM_ID
2502 ERR_FORM_LINE_NO
2503 ERR_FORM_HDR_NO
2504 ERR_FORM_PAR_CNT
2505 ERR_FORM_NOT_STARTED
2506 ERR_FORM_STARTED
2507 ERR_FORM_CMD
2508 -
2521 ERR_DB_REP_PLU_ACTIVE
2522 ERR_DB_REP_PLU_NOT_ACTIVE
2523 ERR_DB_REP_PLU_VAT_ID
2532 ERR_FV_COPY_CNT
2533 -
2534 -
2600 ERR_DISCNT_TYPE
2601 ERR_TR_DISCNT_VALUE
2620 -
2621 -
2622 -
2623 -
2624 -
2625 -
2701 ERR_VAT_ID
2702 ERR_FTRLN_ID
2703 ERR_FTRLN_CNT
2704 ERR_ACC_LOW
2705 ERR_PF_TYPE
2706 -
2710 -
2801 ERR_DISCNT_VERIFY
2802 ERR_LNTOT_VERIFY
2803 ERR_PACKTOT_VERIFY
2804 ERR_CURRTOT_VERIFY
2805 ERR_ENDTOT_VERIFY
2806 ERR_ENDPACKPLUS_VERIFY
2807 ERR_ENDPACKMINUS_VERIFY
2808 ERR_ENDPAYMENT_VERIFY
2809 ERR_ENDCHANGE_VERIFY
2851 ERR_STORNO_QNT
2852 ERR_STORNO_AMT
2900 ERR_EC_NOT_ENOUGH_SPACE
2901 ERR_EC_EDM_NOT_READY
2902 -
2903 ERR_EC_DATA_PENDING
2906 -
2907 -
2908 -
2911 ERR_EC_EDM_FILE_NOT_FOUND
2913 ERR_EC_TEST_FAILED
2915 -
2916 -
2917 -
2918 -
3051 ERR_CURRENCY_ALREADY_CHANGED
3052 ERR_CURRENCY_SAME
3053 ERR_CURRENCY_INVALID_NAME
3054 ERR_CURRENCY_SHOULD_CHANGE
3055 ERR_CURRENCY_RATE
3056 ERR_CURRENCY_CHNG_CNT
3080 -
3084 -
3085 -
3090 -
3091 -
3092 -
3100 -
3101 -
3102 -
3103 -
3104 -
3105 -
3106 -
3107 -
3110 -
3200 -
3201 -
3202 -
3203 -
3205 -
3206 -
3207 -
3208 -
3209 -
3210 -
3220 -
3221 -
3222 -
3250 -
3251 -
3252 -
3253 -
3254 -
3255 -
3256 -
3257 -
3258 -
"""

#: What a driver has to do, by number of the execution error.
GROUPS: dict[Reaction, set[int]] = {
    Reaction.DAY: {382, 383, 2035, 2039, 2044},
    Reaction.AUTHORISATION: set(range(480, 488)),
    Reaction.SERVICE: {*range(50, 57), *range(360, 364), 460, 461, 820, 857, *range(1000, 1046)},
    Reaction.DATA: {
        *(n for n in EXEC if 1950 <= n <= 1991),
        2000,
        *range(2006, 2011),
        2041,
        2054,
        *range(2101, 2108),
        *(n for n in EXEC if 2800 <= n <= 2899),
    },
    Reaction.STATE: {2005, 2038, 2060, 2062, 2064},
    Reaction.MEDIUM: {n for n in EXEC if 2900 <= n <= 2999},
    Reaction.CANCELLED: {10, 30},
}

FRAME_GROUPS: dict[Reaction, set[int]] = {
    Reaction.PROGRAM: {1, 2, 3, 4, 6, 7, 10, 12, 15},
    Reaction.NOISE: {5, 8, 9},
    Reaction.FULL: {11, 14},
    Reaction.ABSENT: {13},
}

every_code = pytest.mark.parametrize("code", TABLE, ids=lambda code: f"{code.kind}-{code.number}")


def published(kind: Kind, listing: str) -> list[tuple[Kind, int, str]]:
    rows = (line.split() for line in listing.split("\n") if line)
    return [(kind, int(number), "" if symbol == "-" else symbol) for number, symbol in rows]


def test_no_row_is_missing_added_or_misspelt() -> None:
    expected = published(Kind.FRAME, FRAME_SYMBOLS) + published(Kind.EXEC, EXEC_SYMBOLS)
    assert len(expected) == 320
    assert [(code.kind, code.number, code.symbol) for code in TABLE] == expected


def test_the_dictionaries_hold_the_table() -> None:
    assert list(FRAME.values()) + list(EXEC.values()) == list(TABLE)
    assert list(FRAME) == list(range(1, 16))
    assert list(EXEC) == sorted(EXEC)
    assert all(code.kind is Kind.FRAME and code.number == number for number, code in FRAME.items())
    assert all(code.kind is Kind.EXEC and code.number == number for number, code in EXEC.items())


@every_code
def test_texts_are_fit_to_be_shown(code: Code) -> None:
    for text in (code.text, code.text_pl):
        assert text
        assert text == text.strip()
        assert text[0].islower()
        assert not text.endswith(".")
    assert code.text_pl != code.text
    assert len(code.text_pl) <= 90
    assert code.text_pl.encode("cp1250").decode("cp1250") == code.text_pl
    assert code.text.isascii()


@every_code
def test_every_row_says_what_to_do(code: Code) -> None:
    assert isinstance(code.reaction, Reaction)
    assert isinstance(code.registered, Registered)


def test_english_texts_tell_errors_apart() -> None:
    texts = [code.text for code in TABLE]
    assert len(set(texts)) == len(texts)


def test_groups_of_frame_errors() -> None:
    for reaction, numbers in FRAME_GROUPS.items():
        assert {n for n, code in FRAME.items() if code.reaction is reaction} == numbers


@pytest.mark.parametrize(("reaction", "numbers"), GROUPS.items(), ids=list(GROUPS))
def test_groups_of_execution_errors(reaction: Reaction, numbers: set[int]) -> None:
    assert numbers
    assert {n: EXEC[n].reaction for n in sorted(numbers)} == dict.fromkeys(sorted(numbers), reaction)


def test_reactions_that_concern_the_frame_belong_to_frame_errors_alone() -> None:
    link = {Reaction.NOISE, Reaction.FULL, Reaction.ABSENT}
    assert not [code.name for code in EXEC.values() if code.reaction in link]


@pytest.mark.parametrize("reaction", [Reaction.MEDIUM, Reaction.CANCELLED])
def test_groups_that_nothing_else_belongs_to(reaction: Reaction) -> None:
    assert {n for n, code in EXEC.items() if code.reaction is reaction} == GROUPS[reaction]


def test_a_frame_error_registers_nothing() -> None:
    assert {code.registered for code in FRAME.values()} == {Registered.NO}


def test_faults_and_interruptions_prove_nothing() -> None:
    unproven = {Reaction.SERVICE, Reaction.MEDIUM, Reaction.CANCELLED}
    found = [code for code in EXEC.values() if code.reaction in unproven]
    assert {code.registered for code in found} == {Registered.UNKNOWN}


def test_refusals_that_prove_nothing_are_named_one_by_one() -> None:
    faults = {Reaction.SERVICE, Reaction.MEDIUM, Reaction.CANCELLED}
    unproven = {n for n, code in EXEC.items() if code.registered is Registered.UNKNOWN and code.reaction not in faults}
    assert unproven == {503, 2026, 2062, 2704, 2706, 3110, 3201, 3205, 3221, 3222, 3255, 3256}


@pytest.mark.parametrize("number", sorted(FRAME.keys() & EXEC.keys()))
def test_the_same_number_differs_by_kind(number: int) -> None:
    frame, execution = lookup(Kind.FRAME, number), lookup(Kind.EXEC, number)
    assert frame.symbol != execution.symbol
    assert frame.text != execution.text
    assert frame.text_pl != execution.text_pl
    assert frame.reaction is not execution.reaction
    assert frame.name != execution.name


def test_number_ten_is_a_field_length_or_an_interruption() -> None:
    assert (FRAME[10].symbol, FRAME[10].reaction) == ("PROTO_ERR_DATA_LENGTH", Reaction.PROGRAM)
    assert (EXEC[10].symbol, EXEC[10].reaction) == ("ERR_CANCEL", Reaction.CANCELLED)


def test_number_five_exists_for_frames_only() -> None:
    assert lookup(Kind.FRAME, 5) is FRAME[5]
    assert lookup(Kind.EXEC, 5).text == "unknown error number 5"


def test_names() -> None:
    assert EXEC[2106].name == "2106 ERR_DF_DB_LOCKED"
    assert EXEC[2059].name == "2059"
    assert FRAME[5].name == "frame 5 PROTO_ERR_CRC_INVALID"
    assert lookup(Kind.EXEC, 9999).name == "9999"
    assert lookup(Kind.FRAME, 99).name == "frame 99"


@pytest.mark.parametrize(("kind", "reaction"), [(Kind.EXEC, Reaction.STATE), (Kind.FRAME, Reaction.PROGRAM)], ids=str)
def test_an_unknown_number_proves_nothing(kind: Kind, reaction: Reaction) -> None:
    assert lookup(kind, 4711) == Code(
        kind=kind,
        number=4711,
        symbol="",
        text="unknown error number 4711",
        text_pl="nieznany błąd drukarki 4711",
        registered=Registered.UNKNOWN,
        reaction=reaction,
    )


@every_code
def test_lookup_finds_every_row(code: Code) -> None:
    assert lookup(code.kind, code.number) is code
