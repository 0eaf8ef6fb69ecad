"""The Wireshark dissector for recordings: a Lua program made from the command tables of all families.

``python -m fiscald.protocols.dissector`` prints it; ``docs/wireshark/fiscald.lua`` is its output. This module has the
parts that all families share: the header of a packet, the reassembly of frames over several packets, the tree. Each
family adds its tables and, in Lua, two functions of the table ``family``:

* ``family.cut(data, sent)`` cuts a string of bytes into frames and other bytes. It returns the pieces, as
  ``{first =, last =}`` counted from 1, and the place where the unfinished rest starts. ``sent``: the bytes went to the
  printer. A piece inside a later one also has ``inside =``;
* ``family.parse(bytes, sent)`` returns one piece as ``{name =, damage =, error =, fields = {{name =, first =, last
  =}}}``; only ``fields`` is required. ``first`` and ``last`` are the places of the field's value; ``text =`` replaces
  the value. ``error`` is a key of the family's error table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fiscald.model.text import CODE_PAGES
from fiscald.protocols import FAMILIES, family
from fiscald.protocols.decoding import ProtocolDoc

_HEAD = r"""-- Recordings of fiscal printers in Wireshark and tshark. Made by: python -m fiscald.protocols.dissector
-- Put it into the folder of personal Lua plugins, or: wireshark -X lua_script:fiscald.lua FILE.pcapng

local fiscald = Proto("fiscald", "Fiscal printer")
local EVENTS = { [0] = "data", [1] = "open", [2] = "closed", [3] = "lost", [4] = "gap" }
local DIRECTIONS = { [0] = "-", [1] = ">", [2] = "<" }
local f = {
    version = ProtoField.uint8("fiscald.version", "Version of the header"),
    direction = ProtoField.uint8("fiscald.direction", "Direction", base.DEC, DIRECTIONS),
    event = ProtoField.uint8("fiscald.event", "Event", base.DEC, EVENTS),
    family = ProtoField.string("fiscald.family", "Family"),
    printer = ProtoField.string("fiscald.printer", "Printer"),
    side = ProtoField.string("fiscald.side", "Side"),
    note = ProtoField.string("fiscald.note", "Note"),
    frame = ProtoField.bytes("fiscald.frame", "Frame"),
    command = ProtoField.string("fiscald.command", "Command"),
    meaning = ProtoField.string("fiscald.meaning", "Meaning"),
    unknown = ProtoField.string("fiscald.unknown", "Field of no known name"),
    damage = ProtoField.string("fiscald.damage", "Damage"),
    error = ProtoField.string("fiscald.error", "Error"),
    error_text = ProtoField.string("fiscald.error_text", "Error in English"),
    error_pl = ProtoField.string("fiscald.error_pl", "Error in Polish"),
}
local damaged = ProtoExpert.new("fiscald.damaged", "Damaged bytes", expert.group.CHECKSUM, expert.severity.WARN)
local refused = ProtoExpert.new("fiscald.refused", "Refused", expert.group.RESPONSE_CODE, expert.severity.NOTE)
fiscald.experts = { damaged, refused }
local families = {}
"""

_TAIL = r"""
local fields = {}
for _, field in pairs(f) do
    fields[#fields + 1] = field
end
for _, family in pairs(families) do
    for _, word in pairs(family.words) do
        for _, field in pairs(word.fields) do
            fields[#fields + 1] = field
        end
    end
    for _, field in pairs(family.common) do
        fields[#fields + 1] = field
    end
end
fiscald.fields = fields

local rests, pieces = {}, {}

function fiscald.init()
    rests, pieces = {}, {}
end

-- The pieces that this packet ends, with what they began with in earlier ones.
local function finished(family, stream, data, sent)
    local rest = rests[stream] or ""
    local found, at = family.cut(rest .. data, sent)
    local list = {}
    for _, piece in ipairs(found) do
        -- Pieces inside an unfinished piece were shown when they came.
        if not piece.inside or piece.last > #rest then
            list[#list + 1] = { bytes = (rest .. data):sub(piece.first, piece.last), offset = piece.first - 1 - #rest }
        end
    end
    rests[stream] = (rest .. data):sub(at)
    return list
end

local function unknown_error(key)
    local number = key:match("%S*$")
    return { key, "unknown error number " .. number, "nieznany błąd drukarki " .. number }
end

local function show(family, piece, payload, tree, info, sent)
    local range
    if piece.offset >= 0 then
        range = payload(piece.offset, #piece.bytes)
    else
        range = ByteArray.new(piece.bytes, true):tvb("Frame over several packets")()
    end
    local page = pages[fiscald.prefs.code_page] or pages[family.code_page]
    local frame = family.parse(piece.bytes, sent)
    local word = family.words[frame.name]
    local branch = tree:add(f.frame, range)
    local line = frame.name or "?"
    if frame.name then
        branch:add(f.command, range, frame.name)
    end
    if word then
        branch:add(f.meaning, range, word.meaning):set_generated()
        line = line .. ": " .. word.meaning
    end
    branch:set_text(line)
    info[#info + 1] = frame.name or "?"
    if frame.damage then
        branch:add(f.damage, range, frame.damage):set_generated()
        branch:add_proto_expert_info(damaged, frame.damage)
        info[#info + 1] = "(damaged: " .. frame.damage .. ")"
    end
    for _, field in ipairs(frame.fields) do
        local known = word and word.fields[field.name] or family.common[field.name] or f.unknown
        local text = (field.text or piece.bytes:sub(field.first, field.last)):gsub("[\128-\255]", page)
        local place = range(field.first - 1, field.last - field.first + 1)
        branch:add(known, place, text):append_text(" (" .. field.name .. ")")
        info[#info + 1] = field.name .. "=" .. text
    end
    if frame.error then
        local known = family.errors[frame.error] or unknown_error(frame.error)
        branch:add(f.error, range, known[1]):set_generated()
        branch:add(f.error_text, range, known[2]):set_generated()
        branch:add(f.error_pl, range, known[3]):set_generated()
        branch:add_proto_expert_info(refused, known[2])
        info[#info + 1] = "(" .. known[2] .. ")"
    end
end

function fiscald.dissector(buffer, pinfo, tree)
    local length = buffer:len()
    if length < 5 or buffer(0, 1):uint() ~= 1 then
        return 0
    end
    local names = buffer(3, 1):uint() + buffer(4, 1):uint()
    if length < 5 + names then
        return 0
    end
    local direction, event = buffer(1, 1):uint(), buffer(2, 1):uint()
    local family_name = buffer(5, buffer(3, 1):uint())
    local printer = buffer(5 + buffer(3, 1):uint(), buffer(4, 1):uint())
    local branch = tree:add(fiscald, buffer())
    branch:add(f.version, buffer(0, 1))
    -- 4 more: a program at a gateway, which is a printer for it.
    local side = direction >= 4 and "program" or "printer"
    direction = direction % 4
    branch:add(f.direction, buffer(1, 1), direction)
    branch:add(f.side, buffer(1, 1), side):set_generated()
    branch:add(f.event, buffer(2, 1))
    branch:add(f.family, family_name)
    branch:add(f.printer, printer)
    pinfo.cols.protocol = family_name:string()
    local info = { DIRECTIONS[direction] or "?" }
    if side == "program" then
        table.insert(info, 1, side)
    end
    local line = printer:string() .. " " .. side
    local stream = line .. direction
    if event ~= 0 then
        info[#info + 1] = EVENTS[event] or "?"
        if length > 5 + names then
            branch:add(f.note, buffer(5 + names))
            info[#info + 1] = buffer(5 + names):string()
        end
        if not pinfo.visited then
            rests[line .. 1], rests[line .. 2] = nil, nil
        end
    elseif length > 5 + names then
        local family, payload = families[family_name:string()], buffer(5 + names)
        if not family then
            branch:add(f.frame, payload)
        else
            if not pieces[pinfo.number] then
                pieces[pinfo.number] = finished(family, stream, payload:bytes():raw(), direction == 1)
            end
            for _, piece in ipairs(pieces[pinfo.number]) do
                show(family, piece, payload, branch, info, direction == 1)
            end
            if #pieces[pinfo.number] == 0 then
                info[#info + 1] = "(goes on)"
            end
        end
    end
    pinfo.cols.info = table.concat(info, " ")
    return length
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, fiscald)
"""


def generate() -> str:
    """The whole program."""
    return _HEAD + "\n".join(_code_pages()) + "".join(map(_part, FAMILIES)) + _TAIL


def _code_pages() -> Iterator[str]:
    """The upper halves of the code pages in UTF-8: Wireshark does not know all of them."""
    choices = ", ".join(f'{{ {number + 1}, "{name}", {number} }}' for number, name in enumerate(CODE_PAGES, start=1))
    yield 'fiscald.prefs.code_page = Pref.enum("Code page", 0, "What the printer\'s menu is set to", {'
    yield f'    {{ 1, "as usual for the family", 0 }}, {choices},'
    yield "}, false)"
    yield "local pages = {"
    for codec in CODE_PAGES.values():
        letters = (f'["\\{byte}"] = "{bytes([byte]).decode(codec, "replace")}"' for byte in range(160, 256))
        lower = (
            f'["\\{byte}"] = "{char}"'
            for byte in range(128, 160)
            if (char := bytes([byte]).decode(codec, "replace")).isprintable()
        )
        yield f"    {{ {', '.join([*lower, *letters])} }},"
    yield "}\n"


def _part(name: str) -> str:
    known = family(name)
    if known.decoding is None:
        return ""
    usual = [*CODE_PAGES].index(known.options().model_dump().get("code_page", "cp1250")) + 1
    return "\n".join(("", *_lines(name, usual, known.decoding.protocol_doc())))


def _lines(name: str, code_page: int, protocol_doc: ProtocolDoc) -> Iterator[str]:
    yield f"-- {name} " + "-" * (100 - len(name))
    yield "do"
    yield f"local family = {{ code_page = {code_page} }}"
    yield f"families[{_quoted(name)}] = family"
    yield "family.words = {"
    for word in protocol_doc.commands:
        yield f"[{_quoted(word.name)}] = {{ meaning = {_quoted(word.meaning)}, fields = {{"
        yield from _fields(f"fiscald.{name}.{_abbreviation(word.name)}", word.fields)
        yield "} },"
    yield "}"
    yield "family.common = {"
    yield from _fields(f"fiscald.{name}", protocol_doc.common)
    yield "}"
    yield "family.errors = {"
    for key, error in protocol_doc.errors.items():
        yield f"[{_quoted(key)}] = {{ {', '.join(map(_quoted, error))} }},"
    yield "}"
    yield protocol_doc.lua.strip()
    yield "end\n"


def _fields(prefix: str, fields: tuple[tuple[str, str], ...]) -> Iterator[str]:
    for name, meaning in fields:
        abbreviation = f"{prefix}.{_abbreviation(name)}"
        yield f"[{_quoted(name)}] = ProtoField.string({_quoted(abbreviation)}, {_quoted(meaning or name)}),"


def _abbreviation(name: str) -> str:
    """A name as a display filter can write it: other characters by their number."""
    return re.sub(r"[^A-Za-z0-9-]", lambda match: f"_{ord(match[0]):02x}", name)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


if __name__ == "__main__":
    print(generate(), end="")
