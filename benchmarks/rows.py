"""The rows of the table, in its order. docs/performance.md explains each under its name."""

from __future__ import annotations

from benchmarks import line, memory, processor, scale, schedules, stalls, starting, syncs
from benchmarks.figures import Row

ROWS = (
    Row("line-9600", "Seconds added to a naive driver, 10-line receipt, 9600 baud", "s", line.added_at_9600),
    Row("line-115200", "The same, 115200 baud and 30 ms a command", "s", line.added_at_115200),
    Row("back-to-back", "Receipts in a row, 9600 baud, against naive", "x", line.back_to_back),
    Row("processor", "Processor time of a receipt", "ms", processor.of_a_receipt),
    Row("syncs", "Synced writes of a receipt", "", syncs.synced_writes),
    Row("slow-disk", "A receipt when a sync takes 25 ms more", "ms", syncs.slow_disk),
    Row("stalls", "Longest stall of the loop", "ms", stalls.longest),
    Row("hundred", "100 printers at once, p99 / one alone", "x", scale.hundred),
    Row("scale", "Printers at which p99 is twice that of one alone", "", scale.doubled),
    Row("consumers", "An event consumer, processor time for each receipt", "ms", processor.of_a_consumer),
    Row("start", "Start to ready", "s", starting.by_jobs),
    Row("memory", "Memory with full recorders", "MB", memory.full_recorders),
    Row("schedules", "Random schedules a second (the proof), 2 processors", "", schedules.a_second),
)
