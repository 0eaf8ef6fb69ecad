"""The XML face of a Novitus printer: packets of elements, in English and in Polish."""

from fiscald.emulator.novitus_xml.device import XmlPrinter

FACTORY = XmlPrinter
