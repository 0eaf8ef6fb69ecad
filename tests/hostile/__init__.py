"""Programs and printers that misbehave, beside a program that sells and asks for the status: ``python -m tests.hostile``."""
