"""How the Wireshark dissector cuts POSNET bytes into frames: a part of the Lua program.

Source: POSNET reference, sections 3.1 and 3.2; the same rules as in ``frames``.
"""

from __future__ import annotations

LUA = r"""
local function crc16(text)
    local crc = 0
    for place = 1, #text do
        crc = bit.bxor(crc, bit.lshift(text:byte(place), 8))
        for _ = 1, 8 do
            crc = bit.lshift(crc, 1)
            if bit.band(crc, 0x10000) ~= 0 then
                crc = bit.bxor(crc, 0x11021)
            end
        end
    end
    return string.format("%04X", crc)
end

function family.cut(data)
    local pieces, at = {}, 1
    while at <= #data do
        local stop
        if data:byte(at) == 2 then
            stop = data:find("[\2\3]", at + 1)
            if not stop then
                break
            elseif data:byte(stop) == 2 then
                stop = stop - 1
            end
        else
            stop = (data:find("\2", at, true) or #data + 1) - 1
        end
        pieces[#pieces + 1] = { first = at, last = stop }
        at = stop + 1
    end
    return pieces, at
end

function family.parse(bytes)
    local frame = { fields = {} }
    if bytes:byte(1) ~= 2 then
        frame.damage = "bytes outside of a frame"
        return frame
    elseif bytes:byte(-1) ~= 3 then
        frame.damage = "the frame has no end"
        return frame
    end
    local check = bytes:match("#(....)\3$")
    local payload = bytes:sub(2, -7)
    if #bytes > 8194 then
        frame.damage = "longer than 8192 bytes"
        return frame
    elseif payload == "" or not check then
        local short = bytes:match("#%x%x?%x?%x?\3$") and "the checksum does not have four digits"
        frame.damage = short or "no checksum, or not built as a frame"
        return frame
    elseif check:upper() ~= crc16(payload) then
        frame.damage = "the checksum does not fit"
        return frame
    elseif payload:sub(-1) ~= "\t" then
        frame.damage = "no checksum, or not built as a frame"
        return frame
    end
    local at, number = 1, nil
    while at <= #payload do
        local stop = payload:find("\t", at, true) or #payload + 1
        local chunk = payload:sub(at, stop - 1)
        if not frame.name then
            frame.name = chunk:gsub("^!", "")
            if #frame.name == 0 or #frame.name > 24 then
                frame.damage = "the command's name is empty or too long"
            end
        elseif #chunk < (chunk:match("^[@?]") and 1 or 2) then
            frame.damage = frame.damage or "a field has no name"
        else
            local length = chunk:match("^[@?]") and 1 or 2
            local field = { name = chunk:sub(1, length), first = at + length + 1, last = stop }
            frame.fields[#frame.fields + 1] = field
            if field.name == "?" then
                number = chunk:sub(2)
            end
        end
        at = stop + 1
    end
    if number then
        frame.error = (frame.name == "ERR" and "frame " or "") .. number
    end
    return frame
end
"""
