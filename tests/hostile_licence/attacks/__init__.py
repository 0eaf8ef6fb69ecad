"""Every attack, a module each."""

from __future__ import annotations

from tests.hostile_licence.attacks.floods import Floods
from tests.hostile_licence.attacks.foreign_company import ForeignCompany
from tests.hostile_licence.attacks.lock_out import LockOut
from tests.hostile_licence.attacks.look_alikes import LookAlikes
from tests.hostile_licence.attacks.mail_bombs import MailBombs
from tests.hostile_licence.attacks.offline_copies import OfflineCopies
from tests.hostile_licence.attacks.one_number import OneNumber
from tests.hostile_licence.attacks.replays import Replays
from tests.hostile_licence.attacks.wrong_numbers import WrongNumbers
from tests.hostile_licence.scene import Attack

ATTACKS: tuple[type[Attack], ...] = (
    WrongNumbers, Floods, MailBombs, LockOut, ForeignCompany, LookAlikes, OneNumber, OfflineCopies, Replays,
)  # fmt: skip
