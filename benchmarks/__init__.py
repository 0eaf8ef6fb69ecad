"""How long things take, and what they cost: ``python -m benchmarks`` measures the rows of docs/performance.md."""
