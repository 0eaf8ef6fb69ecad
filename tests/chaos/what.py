"""What can go wrong in a run."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class What(StrEnum):
    """Kinds of fault."""

    # the cable, at a byte of one direction
    CUT = "cut"
    CUT_AND_KILL = "cut_and_kill"
    """The cable and the daemon go at the same byte."""
    MUTE = "mute"
    """No bytes pass and neither end notices: a half-open connection."""
    DROP = "drop"
    DELAY = "delay"
    DUPLICATE = "duplicate"
    TRUNCATE = "truncate"
    FLIP = "flip"
    SPLIT = "split"
    MERGE = "merge"
    # the printer, at a command of any kind
    ANSWER_LOST = "drop_after"
    COMMAND_LOST = "drop_before"
    ANSWER_LATE = "late"
    ANSWER_TWICE = "answer_twice"
    ANSWER_BAD = "bad_crc"
    ANSWER_CUT = "answer_cut"
    NOISE = "noise"
    COMMAND_BAD = "corrupt_in"
    POWER_BEFORE = "power_cut_before"
    POWER_AFTER = "power_cut_after"
    PAPER_OUT = "paper_out"
    COVER = "cover"
    MENU = "menu"
    # people and other programs, at a command
    KEYPAD_CANCEL = "keypad_cancel"
    KEYPAD_REPORT = "keypad_report"
    FOREIGN = "foreign_receipt"
    INTRUDER = "intruder"
    """Another program that cancels whatever is open and prints its own receipt."""
    FOREIGN_SLOW = "foreign_slow"
    """Another program that opens a receipt when it can and takes its time, from a moment on."""
    # the daemon's host
    KILL_TURN = "kill_turn"
    """Killed at the n-th turn of the event loop: at any await."""
    KILL_BEFORE_WRITE = "kill_before_write"
    KILL_AFTER_WRITE = "kill_after_write"
    """Killed when the n-th journal write is on disk and not yet reported."""
    HOST_POWER = "host_power"
    """Daemon and printer lose power together, at the n-th journal write."""
    DISK_FULL = "disk_full"
    CLOCK = "clock"
    """The host's clock jumps."""
    SWAP = "swap"
    """Another printer is on the port for a while."""
    # people and other programs, at a command; drawn in separate worlds (``draw_others``)
    DAY_CLOSED = "day_closed"
    """A person cancels what is open, another program prints, and the day is closed: just before our closing step, say."""
    OTHER_CONTENT = "other_content"
    """Another program sells on our open receipt, and closes it before our closing step is carried out."""
    GIVEN_UP = "given_up"
    """Another program opens a receipt, sells for ``amount``, and cancels it."""
    NEXT_CUSTOMER = "next_customer"
    """What is open is cancelled, another program prints, and leaves its next receipt open and empty for a while."""
    JOURNAL_COPY = "journal_copy"
    """A copy of the journal is made, and some seconds later put back; then every document is asked for again."""
    # people and other programs, at a command; drawn in separate worlds (``draw_in_a_row``)
    RATES_CHANGED = "rates_changed"
    """A person makes the daily report and programs another VAT table, in which the rates A and B have changed places."""
    UNKNOWN_PROGRAM = "unknown_program"
    """Another program prints a receipt, and no configuration says that there is one."""
    # a printer that speaks HTTP, at a request of any kind; ``amount`` is the status of the answer
    HANG_UP_BEFORE = "hang_up_before"
    HANG_UP_AFTER = "hang_up_after"
    STATUS_BEFORE = "status_before"
    STATUS_AFTER = "status_after"
    PAGE_BEFORE = "page_before"
    """A proxy's page instead of an answer; the request is lost."""
    PAGE_AFTER = "page_after"
    # the same, at its own work on the n-th document of ours
    WORK_LOST = "work_lost"
    """Not carried out, and the printer does not know it."""
    WORK_UNKNOWN = "work_unknown"
    """Carried out, and the printer does not know it."""
    WORK_FAKED = "work_faked"
    """Not carried out, and the printer says that it is done."""
    WORK_LATE = "work_late"
    WORK_POWER_BEFORE = "work_power_before"
    WORK_POWER_AFTER = "work_power_after"
    QUEUE_LOST = "queue_lost"
    """From a request on, the printer forgets its jobs when power goes."""


class Restored(IntEnum):
    """What is put back: the ``amount`` of ``JOURNAL_COPY``."""

    FILE = 1
    """The journal alone: the mark in its directory tells that it is older."""
    DISK = 2
    """Everything, as when a virtual machine is set back: only the printer's counters tell."""
    DIRECTORY = 3
    """The whole directory, copied: it tells that it was put there."""
