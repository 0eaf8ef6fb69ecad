"""How the Wireshark dissector cuts Thermal bytes into sequences and reads them: a part of the Lua program.

Source: Thermal reference, sections 3.1 to 3.3; the same rules as in ``frames``, and the layouts of ``commands``.
A packet does not show the brand, so the dissector tries the layout of POSNET first, then that of Novitus.
"""

from __future__ import annotations

from collections.abc import Iterator

from fiscald.protocols.thermal.commands import ANSWERS, COMMANDS, RESULT
from fiscald.protocols.thermal.fields import Brand
from fiscald.protocols.thermal.frames import MAX_FRAME, MAX_LONG_FRAME
from fiscald.protocols.thermal.invoice_rows import RECEIPT_PARAMS
from fiscald.protocols.thermal.layouts import ByAmounts, Layout, Param, Part
from fiscald.protocols.thermal.rows import Row

#: Answers whose ``Pe`` is an error of the command that they answer.
TELLING = ("#Z", "#E 1", "$G 1")

_CODE = (
    (
        r"""
local SINGLE = { [0x05] = "ENQ", [0x07] = "BEL", [0x10] = "DLE", [0x18] = "CAN", [0x1A] = "DLE2" }
local BITS = { ENQ = { "FSK", "CMD", "PAR", "TRF" }, DLE = { "ONL", "PE", "ERR" } }

local function check(text)
    local sum = 0xFF
    for place = 1, #text do
        sum = bit.bxor(sum, text:byte(place))
    end
    return string.format("%02X", sum)
end

function family.cut(data, sent)
    local pieces, from, escape, inside, escaped = {}, 1, 1, false, false
    local function tell(last)
        if from <= last then
            pieces[#pieces + 1] = { first = from, last = last }
            from = last + 1
        end
    end
    for at = 1, #data do
        local byte = data:byte(at)
        if sent and (byte == 0x10 or byte == 0x1A) then
            if inside or escaped then
                pieces[#pieces + 1] = { first = at, last = at, inside = true }
            else
                tell(at - 1)
                tell(at)
            end
        elseif sent and (byte == 0x18 or not inside and (byte == 0x05 or byte == 0x07)) then
            tell(at - 1)
            tell(at)
            inside, escaped = false, false
        elseif not sent and not inside and not escaped and byte >= 0x60 and byte <= 0x77 then
            tell(at - 1)
            tell(at)
        elseif byte == 0x1B then
            escape, escaped = at, true
        elseif escaped then
            escaped = false
            if byte == 0x50 then
                tell(escape - 1)
                inside = true
            elseif byte == 0x5C and inside then
                tell(at)
                inside = false
            end
        end
    end
    if not inside then
        tell(escaped and escape - 1 or #data)
    end
    return pieces, from
end

-- The fields behind the identifier by a layout, or nothing where they are more or fewer.
local function split(layout, given, body, add)
    local at = 1
    local function one(part, name)
        local stop = part.term == "" and #body + 1 or body:find(part.term, at, true)
        if stop then
            add(name, at, stop - 1)
            at = stop + #part.term
        end
        return stop
    end
    for _, part in ipairs(layout.parts) do
        local count = 1
        if part.amounts then
            -- As many as the slashes tell: three of them end no rate and no total.
            local _, slashes = body:gsub("/", "/")
            local amounts = math.max(slashes - 3, 0)
            count = math.floor(amounts / 2)
            if part.amounts == "totals" then
                count = amounts - count
            end
        elseif part.times then
            count = given[part.times] or 0
            if count == 0 then
                count = part.usual
            end
        elseif part.lenient and given.Pr == 0 and not (part.lenient == "novitus" and given.Pd == 1) then
            -- A line without a discount has its amount, or not.
            count = body:match("^%d*[.,]?%d*/", at) and 1 or 0
        elseif part.when then
            local value = given[part.when]
            count = value and (not part.wanted or part.wanted[value]) and 1 or 0
        elseif part.never then
            count = 0
        end
        if part.rest then
            while at <= #body and one(part, part.name) do
            end
        elseif part.optional then
            one(part, part.name)
        else
            for index = 1, count do
                local by_rate = part.by_rate or part.amounts and count == 7
                local letter = by_rate and ("ABCDEFG"):sub(index, index) or ""
                if not one(part, part.name .. letter) then
                    return false
                end
            end
        end
    end
    return at == #body + 1
end

function family.parse(bytes, sent)
    local frame = { fields = {} }
    if #bytes == 1 then
        local byte = bytes:byte()
        if sent then
            frame.name = SINGLE[byte]
        elseif byte >= 0x60 and byte <= 0x77 then
            frame.name = byte < 0x70 and "ENQ" or "DLE"
            local mask = byte < 0x70 and 8 or 4
            for _, name in ipairs(BITS[frame.name]) do
                local text = bit.band(byte, mask) ~= 0 and "1" or "0"
                frame.fields[#frame.fields + 1] = { name = name, first = 1, last = 1, text = text }
                mask = mask / 2
            end
        end
        frame.damage = not frame.name and "bytes outside of a sequence" or nil
        return frame
    end
    -- What a printer takes out of a sequence at once is no part of it; ``places`` are those of the rest.
    local places, kept = {}, {}
    for at = 1, #bytes do
        local byte = bytes:byte(at)
        if not sent or (byte ~= 0x10 and byte ~= 0x1A) then
            places[#places + 1] = at
            kept[#kept + 1] = string.char(byte)
        end
    end
    local clean = table.concat(kept)
    local head = clean:match("^\27P([^\27]*)")
    if not head then
        frame.damage = "bytes outside of a sequence"
        return frame
    elseif clean:sub(-2) ~= "\27\\" then
        frame.damage = "the sequence has no end"
        return frame
    elseif #head > (not sent and head:sub(1, 4) == "@PMD" and MAX_LONG or MAX_FRAME) then
        frame.damage = "longer than MAX_FRAME bytes"
        return frame
    end
    local payload = clean:match("^\27P([^\27]*)\27+\\$")
    local numbers, id, at = (payload or ""):match("^[%z\1-\31]?([%d;]*)(@PM[A-Z])()")
    if not id then
        numbers, id, at = (payload or ""):match("^[%z\1-\31]?([%d;]*)([$#^@!?*][A-Za-z])()")
    end
    local params, first = {}, 1
    if numbers and numbers ~= "" then
        local start = at - #id - #numbers
        for text, stop in (numbers .. ";"):gmatch("([^;]*);()") do
            params[#params + 1] = { text = text, first = start + stop - 2 - #text, value = tonumber(text) }
            if #text > 4 then
                numbers = nil
                break
            end
        end
    end
    if not numbers then
        frame.damage = "not built as a sequence"
        return frame
    end
    local function add(name, start, stop)
        -- Counted from the identifier's end, as everything here is from the payload's beginning.
        local from, to = places[start + 2], places[stop + 2]
        local text = payload:sub(start, stop)
        frame.fields[#frame.fields + 1] = {
            name = name, first = from, last = text == "" and from - 1 or to, text = text,
        }
    end
    local body = payload:sub(at)
    local digits = #body >= 2 and body:sub(-2):upper() == check(payload:sub(1, -3))
    local known = sent and family.sent or family.received
    local number = params[1] and params[1].value
    local key = number and id .. " " .. number or id
    if sent or id == "#Z" then
        key = known[key] and key or id
    end
    if sent and #params > (RECEIPT_PARAMS[id] or 255) then
        local long = number and id .. " " .. number .. " invoice"
        key = known[long] and long or known[id .. " invoice"] and id .. " invoice" or key
    end
    local below = sent and key == id and known[key] and known[key][1].below
    if below and number and number >= below then
        -- Another command, which is not known.
        key = id .. " " .. number
    end
    frame.name = known[key] and key or below and key or id
    local misfit
    for _, layout in ipairs(known[key] or {}) do
        local checked = digits and layout.check ~= "never"
        if layout.check == "required" and not digits then
            frame.damage = "the check byte does not fit"
            frame.fields = {}
            return frame
        end
        frame.fields = {}
        local given = {}
        local place = layout.first and 2 or 1
        for _, param in ipairs(layout.params) do
            local count = 1
            if param.times then
                count = given[param.times] or 0
                if count == 0 then
                    count = param.usual
                end
            end
            for _ = 1, math.min(count, #params - place + 1) do
                given[param.name] = params[place].value
                add(param.name, params[place].first, params[place].first + #params[place].text - 1)
                place = place + 1
            end
        end
        for rest = place, #params do
            add("param", params[rest].first, params[rest].first + #params[rest].text - 1)
        end
        local before = #frame.fields
        local inner = checked and body:sub(1, -3) or body
        local fits = split(layout, given, inner, function(name, start, stop)
            add(name, at - 1 + start, at - 1 + stop)
        end)
        if not fits then
            while #frame.fields > before do
                table.remove(frame.fields)
            end
            add("string", at, at + #inner - 1)
        end
        if fits and place > #params then
            misfit = nil
            break
        end
        misfit = misfit or frame.fields
    end
    frame.fields = misfit or frame.fields
    if not known[key] then
        for _, param in ipairs(params) do
            add("param", param.first, param.first + #param.text - 1)
        end
        local inner = digits and body:sub(1, -3) or body
        if inner ~= "" then
            add("string", at, at + #inner - 1)
        end
    end
    local told = TELLING[frame.name] and frame.fields[1]
    if told and told.name == "Pe" and told.text:match("^%d+$") and tonumber(told.text) ~= 0 then
        frame.error = told.text:match("^0*(%d+)$")
    end
    return frame
end
"""
    )
    .replace("MAX_FRAME", str(MAX_FRAME))
    .replace("MAX_LONG", str(MAX_LONG_FRAME))
)


def lua() -> str:
    """The part of the program: every layout as a table, and the functions that read with them."""
    sent: dict[str, list[str]] = {}
    for brand in Brand:
        for name, row in COMMANDS[brand].items():
            _add(sent.setdefault(name, []), row, brand)
    received: dict[str, list[str]] = {}
    for layout in (RESULT, *ANSWERS.values()):
        for brand in Brand:
            _add(received.setdefault(layout.name, []), layout, brand)
    most = ", ".join(f'["{name}"] = {number}' for name, number in RECEIPT_PARAMS.items())
    telling = ", ".join(f'["{name}"] = true' for name in TELLING)
    return "\n".join((
        *_table("sent", sent), *_table("received", received), f"local TELLING = {{ {telling} }}",
        f"local RECEIPT_PARAMS = {{ {most} }}", _CODE,
    ))  # fmt: skip


def _add(found: list[str], layout: Layout, brand: Brand) -> None:
    text = _layout(layout, brand)
    if text not in found:
        found.append(text)


def _table(name: str, layouts: dict[str, list[str]]) -> Iterator[str]:
    yield f"family.{name} = {{"
    for key, texts in layouts.items():
        yield f'["{key}"] = {{'
        yield from (f"    {text}," for text in texts)
        yield "},"
    yield "}"


def _layout(layout: Layout, brand: Brand) -> str:
    params = ", ".join(map(_param, layout.params))
    parts = ", ".join(_part(part, brand) for part in layout.parts)
    first = ", first = true" if layout.first is not None else ""
    if isinstance(layout, Row) and layout.below is not None:
        first += f", below = {layout.below}"
    return f'{{ check = "{layout.check}"{first}, params = {{ {params} }}, parts = {{ {parts} }} }}'


def _param(param: Param) -> str:
    times = f', times = "{param.times.param}", usual = {param.times.usual}' if param.times else ""
    return f'{{ name = "{param.name}"{times} }}'


def _part(part: Part, brand: Brand) -> str:
    items = [f'name = "{part.name}"', 'term = "' + "".join(f"\\{byte}" for byte in part.term) + '"']
    if isinstance(part.times, ByAmounts):
        items.append(f'amounts = "{"totals" if part.times.totals else "rates"}"')
    elif part.times:
        items.append(f'times = "{part.times.param}", usual = {part.times.usual}')
    if part.lenient:
        items.append(f'lenient = "{brand}"')
    if part.when:
        condition = part.when.of(brand)
        if condition is None:
            items.append("never = true")
        else:
            name, values = condition
            items.append(f'when = "{name}"')
            if values:
                items.append(f"wanted = {{ {', '.join(f'[{value}] = true' for value in values)} }}")
    items += [f"{word} = true" for word in ("rest", "optional") if getattr(part, word)]
    if part.letter(0, 1):
        items.append("by_rate = true")
    return f"{{ {', '.join(items)} }}"
