"""The driver of Novitus Online printers that speak XML: ``family = "novitus-xml"``.

Source of every fact: the Novitus reference, part I, by section. ``[choice]`` marks what no source decides.
"""
