"""Every attack, a module each."""

from __future__ import annotations

from tests.hostile_licence.attacks.deleted_audit import DeletedAudit
from tests.hostile_licence.attacks.floods import Floods
from tests.hostile_licence.attacks.foreign_company import ForeignCompany
from tests.hostile_licence.attacks.lock_out import LockOut
from tests.hostile_licence.attacks.look_alikes import LookAlikes
from tests.hostile_licence.attacks.lost_pepper import LostPepper
from tests.hostile_licence.attacks.mail_bombs import MailBombs
from tests.hostile_licence.attacks.offline_copies import OfflineCopies
from tests.hostile_licence.attacks.one_number import OneNumber
from tests.hostile_licence.attacks.packed_answers import PackedAnswers
from tests.hostile_licence.attacks.put_back import PutBack
from tests.hostile_licence.attacks.replayed_answers import ReplayedAnswers
from tests.hostile_licence.attacks.replays import Replays
from tests.hostile_licence.attacks.restored_database import RestoredDatabase
from tests.hostile_licence.attacks.silent_connections import SilentConnections
from tests.hostile_licence.attacks.stopped_commands import StoppedCommands
from tests.hostile_licence.attacks.twins import Twins
from tests.hostile_licence.attacks.unrevoked import Unrevoked
from tests.hostile_licence.attacks.wrong_numbers import WrongNumbers
from tests.hostile_licence.scene import Attack

ATTACKS: tuple[type[Attack], ...] = (
    WrongNumbers, Floods, SilentConnections, MailBombs, LockOut, ForeignCompany, LookAlikes, OneNumber, PutBack,
    OfflineCopies, Twins, Replays, ReplayedAnswers, PackedAnswers, Unrevoked, RestoredDatabase, StoppedCommands,
    DeletedAudit, LostPepper,
)  # fmt: skip
