"""The vocabulary: documents, jobs, printers, problems, money, text. Imports nothing else of fiscald."""
