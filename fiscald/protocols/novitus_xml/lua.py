"""How the Wireshark dissector cuts bytes into packets and reads their elements: a part of the Lua program.

Source: Novitus reference, sections 3.1 and 3.3; the same rules as in ``novitus_packets``.
"""

from __future__ import annotations

LUA = r"""
local function crc32(text)
    local crc = 0xffffffff
    for place = 1, #text do
        crc = bit.bxor(crc, text:byte(place))
        for _ = 1, 8 do
            local low = bit.band(crc, 1)
            crc = bit.rshift(crc, 1)
            if low == 1 then
                crc = bit.bxor(crc, 0xedb88320)
            end
        end
    end
    return bit.tohex(bit.bnot(crc)):upper()
end

local TAGS = { "packet", "pakiet" }

local function opening(data, from)
    local first
    for _, tag in ipairs(TAGS) do
        local at = data:find("<" .. tag .. "[%s/>]", from)
        if at and (not first or at < first) then
            first = at
        end
    end
    return first
end

local function ending(data, from)
    local first, last
    for _, tag in ipairs(TAGS) do
        local at, stop = data:find("</" .. tag .. "%s*>", from)
        if at and (not first or at < first) then
            first, last = at, stop
        end
    end
    return first, last
end

function family.cut(data)
    local pieces, at = {}, 1
    while at <= #data do
        local start = opening(data, at)
        if not start then
            local partial = data:find("<[pakcite]*$", at)
            local stop = (partial or #data + 1) - 1
            if stop >= at then
                pieces[#pieces + 1] = { first = at, last = stop }
            end
            return pieces, stop + 1
        end
        if start > at then
            pieces[#pieces + 1] = { first = at, last = start - 1 }
        end
        local close = data:find(">", start, true)
        if not close then
            return pieces, start
        end
        local stop
        if data:sub(close - 1, close - 1) == "/" then
            stop = close
        else
            local next_one = opening(data, start + 1)
            local first, last = ending(data, start)
            if first and (not next_one or first < next_one) then
                stop = last
            elseif next_one then
                stop = next_one - 1
            elseif #data - start > 65792 then
                stop = #data
            else
                return pieces, start
            end
        end
        pieces[#pieces + 1] = { first = start, last = stop }
        at = stop + 1
    end
    return pieces, at
end

local ONE_MEANING = {
    dle = true, enq = true, item = true, payment = true, discount = true, container = true, rcpitemadvances = true,
    clock = true, nonfiscalprintout = true,
}

function family.parse(bytes)
    local frame = { fields = {} }
    if not bytes:match("^<pa[ck]") then
        frame.damage = "bytes outside of a packet"
        return frame
    end
    local tag, close = bytes:match("^(<pa[ck][^>]*)()>")
    local last = bytes:match("()</pa[ck][a-z]*%s*>$")
    if not tag or not last then
        if not (tag and tag:sub(-1) == "/") then
            frame.damage = "the packet has no end"
        end
        return frame
    end
    local body = bytes:sub(close + 1, last - 1)
    local crc = tag:match('crc%s*=%s*["\'](%x+)["\']')
    if crc and (("0"):rep(8 - #crc) .. crc):upper() ~= crc32(body) then
        frame.damage = "a packet, but its checksum is wrong"
        return frame
    end
    local names, depth = {}, 0
    for at, slash, name, attributes, stop in body:gmatch("()<(/?)([%w_.-]+)([^>]-)()>") do
        if slash == "/" then
            depth = depth - 1
        else
            local action
            for place, key, value in attributes:gmatch('()([%w_.-]+)%s*=%s*["\']([^"\']*)["\']') do
                local from = body:find(value, at + #name + place, true) or at
                frame.fields[#frame.fields + 1] = {
                    name = name .. "." .. key, first = close + from, last = close + from + #value - 1,
                }
                if key == (name == "report" and "type" or "action") then
                    action = value
                end
                if name == "error" and key == "value" and value:match("^[1-9]%d*$") then
                    frame.error = value
                end
            end
            if depth == 0 then
                names[#names + 1] = (ONE_MEANING[name] or not action) and name or name .. " " .. action
            end
            if attributes:sub(-1) ~= "/" then
                depth = depth + 1
                local text = body:match("^([^<]+)<", stop + 1)
                if text and text:match("%S") then
                    frame.fields[#frame.fields + 1] = {
                        name = name, first = close + stop + 1, last = close + stop + #text,
                    }
                end
            end
        end
    end
    if #names > 1 and names[#names] == "error get" then
        names[#names] = nil
    end
    local shown, seen = {}, {}
    for _, name in ipairs(names) do
        if not seen[name] then
            seen[name] = true
            shown[#shown + 1] = name
        end
    end
    local more = #shown - 3
    frame.name = #shown == 0 and "empty" or table.concat(shown, ", ", 1, math.min(3, #shown))
    if more > 0 then
        frame.name = frame.name .. " and " .. more .. " more"
    end
    return frame
end
"""
