"""How the Wireshark dissector cuts HTTP messages: a part of the Lua program.

The same rules as in ``decoder``, but for an answer without a length: here it ends with the bytes that are there.
"""

from __future__ import annotations

LUA = r"""
local STARTS = { "^GET /", "^POST /", "^PUT /", "^PATCH /", "^DELETE /", "^HTTP/1%.[01] %d%d%d" }

local function starts(data, at)
    for _, pattern in ipairs(STARTS) do
        if data:sub(at, at + 16):find(pattern) then
            return true
        end
    end
    return false
end

local function next_start(data, at)
    while at <= #data do
        if starts(data, at) then
            return at
        end
        at = at + 1
    end
    return nil
end

local function header(head, name)
    for line in head:gmatch("\r\n([^\r\n]+)") do
        local key, value = line:match("^([%w-]+)[ \t]*:[ \t]*(.*)$")
        if key and key:lower() == name then
            return value
        end
    end
    return nil
end

local function chunks_end(data, at)
    while true do
        local first, last, size = data:find("^(%x+)[^\r\n]*\r\n", at)
        if not first then
            return nil
        end
        at = last + 1 + tonumber(size, 16) + 2
        if at > #data + 1 then
            return nil
        elseif tonumber(size, 16) == 0 then
            return at - 1
        end
    end
end

function family.cut(data)
    local pieces, at = {}, 1
    while at <= #data do
        local stop
        if not starts(data, at) then
            stop = (next_start(data, at + 1) or #data + 1) - 1
        else
            local _, head = data:find("\r\n\r\n", at, true)
            if not head then
                break
            end
            local text = data:sub(at, head)
            local length = tonumber(header(text, "content-length") or "")
            local status = tonumber(text:match("^HTTP/1%.[01] (%d%d%d)") or "")
            if (header(text, "transfer-encoding") or ""):lower():find("chunked", 1, true) then
                stop = chunks_end(data, head + 1)
            elseif length then
                stop = head + length
            elseif not status or status < 200 or status == 204 or status == 304 then
                stop = head
            else
                stop = #data
            end
            if not stop or stop > #data then
                break
            end
        end
        pieces[#pieces + 1] = { first = at, last = stop }
        at = stop + 1
    end
    return pieces, at
end

function family.parse(bytes)
    local frame = { fields = {} }
    local method, path = bytes:match("^(%u+) (/%S*) HTTP/1")
    local status = bytes:match("^HTTP/1%.[01] (%d%d%d)")
    local _, head = bytes:find("\r\n\r\n", 1, true)
    if not head or not (method or status) then
        frame.damage = "bytes outside of a message"
        return frame
    end
    local body = bytes:sub(head + 1)
    if method then
        local place = path:gsub("^/api/v1/?", ""):gsub("%?.*$", ""):match("^[^/]*")
        frame.name = place == "" and method or (method .. " " .. place)
    else
        frame.name = "HTTP " .. status
        local number = body:match('"exception"%s*:%s*{[^}]-"code"%s*:%s*(%d+)')
        if number then
            frame.error = "exception " .. number
        else
            frame.error = body:match('"error"%s*:%s*{[^}]-"code"%s*:%s*(%d+)')
        end
    end
    if #body > 0 then
        frame.fields[1] = { name = "body", first = head + 1, last = #bytes }
    end
    return frame
end
"""
