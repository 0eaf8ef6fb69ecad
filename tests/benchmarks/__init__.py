"""What can be tested of the benchmarks without measuring anything."""
