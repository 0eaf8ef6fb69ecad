"""The vendor's licence server with many licences: ``python -m benchmarks.vendor make`` and ``run``."""
