"""The tables of a central, the same in SQLite and PostgreSQL. Times are seconds since 1970."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

VERSION = 1
metadata = MetaData()
#: SQLite counts only rows of this type by itself.
_Number = BigInteger().with_variant(Integer(), "sqlite")

meta = Table(
    "fleet_meta", metadata,
    Column("name", String(32), primary_key=True),
    Column("value", String(200), nullable=False),
)  # fmt: skip

shops = Table(
    "fleet_shops", metadata,
    Column("name", String(64), primary_key=True),
    Column("device_key", String(60), nullable=False),
    Column("encryption_key", String(60), nullable=False),
    Column("enrolled", Double, nullable=False),
    Column("revoked", Double),
    Column("session", String(22)),           # orders are signed for it; null: the shop was never heard
    Column("session_issued", Double, nullable=False, server_default="0"),   # by the shop's clock
    Column("status", Text),                  # JSON of the newest verified status
    Column("status_seen", Double),
)  # fmt: skip

orders = Table(
    "fleet_orders", metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False, unique=True),
    Column("shop", String(64), ForeignKey("fleet_shops.name"), nullable=False),
    Column("printer", String(200), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("submission", Text, nullable=False),             # JSON
    Column("state", String(12), nullable=False),            # see OutcomeState
    Column("final", Boolean, nullable=False, server_default=false()),
    Column("job", Text),                     # JSON: the shop's answer
    Column("problem", Text),                 # JSON: why it was refused, or is not taken now
    Column("issued", Double, nullable=False, server_default="0"),   # of the newest outcome, by the shop's clock
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    Column("next_try", Double, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Index("fleet_orders_by_shop", "shop", "final"),
    Index("fleet_orders_by_state", "state"),
)  # fmt: skip
Index(
    "fleet_orders_due", orders.c.next_try, orders.c.number,
    sqlite_where=orders.c.final.is_(False), postgresql_where=orders.c.final.is_(False),
)  # fmt: skip

outcomes = Table(
    "fleet_outcomes", metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("order_key", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("final", Boolean, nullable=False),
    Column("received", Double, nullable=False),
    Column("message", Text, nullable=False),                # as the shop signed it
    UniqueConstraint("order_key", "digest"),
)  # fmt: skip

alarms = Table(
    "fleet_alarms", metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("at", Double, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("shop", String(64), nullable=False),
    Column("order_key", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("detail", Text, nullable=False),
    Column("message", Text, nullable=False),                # as the shop signed it
    Column("seen", Double),                  # a person has looked at it
    UniqueConstraint("shop", "digest"),
)  # fmt: skip

tokens = Table(
    "fleet_tokens", metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False),
    Column("may_order", Boolean, nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double),
    Column("revoked", Double),
)  # fmt: skip

letters = Table(
    "fleet_letters", metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("hook", String(64), nullable=False),
    Column("order_key", String(80), nullable=False),
    Column("body", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("next_try", Double, nullable=False, server_default="0"),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("dead", Double),
    Column("reason", Text),
    Index("fleet_letters_due", "hook", "next_try"),
    Index("fleet_letters_by_order", "hook", "order_key", "number"),
)  # fmt: skip
