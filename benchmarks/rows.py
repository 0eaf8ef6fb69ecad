"""The rows of the table, in its order, with their goals. docs/performance.md explains each under its name."""

from __future__ import annotations

from benchmarks import line, memory, processor, scale, schedules, stalls, starting, syncs
from benchmarks.figures import Goal, Row

BOTH = ("POSNET", "Thermal")
LOADS = ("list of 1000", "receipt of 1000 lines", "burst of 100 printers")

ROWS = (
    Row(
        "line-9600", "Seconds added to a naive driver, 10 lines, 9600 baud", "s",
        dict.fromkeys(BOTH, Goal(0.30)), line.added_at_9600,
    ),
    Row(
        "line-115200", "The same, 115200 baud and 30 ms a command", "s",
        dict.fromkeys(BOTH, Goal(0.20)), line.added_at_115200,
    ),
    Row(
        "back-to-back", "Receipts in a row, 9600 baud, against naive", "x",
        dict.fromkeys(BOTH, Goal(1.25)), line.back_to_back,
    ),
    Row(
        "processor", "Processor time of a receipt", "ms",
        {"POSNET": Goal(6), "Thermal": Goal(8)}, processor.of_a_receipt,
    ),
    Row("syncs", "Synced writes of a receipt", "", {"": Goal(6)}, syncs.synced_writes),
    Row("slow-disk", "A receipt when a sync takes 25 ms more", "ms", {"": Goal(160)}, syncs.slow_disk),
    Row("stalls", "Longest stall of the loop", "ms", dict.fromkeys(LOADS, Goal(20)), stalls.longest),
    Row("hundred", "100 printers at once, p99 / one alone", "x", {"": Goal(1.10)}, scale.hundred),
    Row(
        "scale", "Printers at which p99 is twice that of one alone", "",
        {"": Goal(1000, at_least=True)}, scale.doubled,
    ),
    Row(
        "consumers", "An event consumer, processor time for each receipt", "ms",
        dict.fromkeys(("50 consumers", "200 consumers"), Goal(0.1)), processor.of_a_consumer,
    ),
    Row(
        "start", "Start to ready", "s",
        dict.fromkeys(("0 jobs", "100,000 jobs", "1,000,000 jobs"), Goal(0.6)), starting.by_jobs,
    ),
    Row(
        "memory", "Memory with full recorders", "MB",
        {"10 printers": Goal(80), "100 printers": Goal(120)}, memory.full_recorders,
    ),
    Row(
        "schedules", "Random schedules a second (the proof), 2 processors", "",
        {"": Goal(100, at_least=True)}, schedules.a_second,
    ),
)  # fmt: skip
