"""The two commands: ``fiscald`` (the daemon and its emulator) and ``fiscalctl`` (everything a person does)."""
