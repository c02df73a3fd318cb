// What our scripts need of a server and the Lua of ioredis-mock does not have. It stands in front of
// a script; the script's reply leaves as RESP, so that errors and nil stay what they are.

const BEFORE = String.raw`
local mocked = redis

-- A list of the mock is an object of JavaScript, which counts from 1; an error is one that counts from 0.
local function converted(value)
  if type(value) ~= 'userdata' then
    return value
  end
  if tostring(value) == 'null' then
    return false
  end
  if value[0] == 'error' then
    return { err = (string.gsub(value[1], '^%a*Error: ', '')) }
  end
  local list = {}
  for at = 1, #value do
    local item = value[at]
    if item == nil then
      item = false
    end
    list[at] = converted(item)
  end
  return list
end

local WRONGTYPE = { err = 'WRONGTYPE Operation against a key holding the wrong kind of value' }

local KINDS = { GET = 'string', SET = 'string', STRLEN = 'string' }

local function has_another_type(name, key)
  local wanted = KINDS[name] or (string.sub(name, 1, 1) == 'Z' and 'zset')
  if not wanted then
    return false
  end
  local kind = mocked.call('TYPE', key)
  -- Of a Buffer the mock does not know what it is.
  return kind and kind ~= 'none' and kind ~= wanted
end

local function pcalled(name, key, ...)
  if has_another_type(name, key) then
    return WRONGTYPE
  end
  -- Of ZADD the mock knows no options: what ours does is to say the score.
  if name == 'ZADD' and (...) == 'XX' then
    local _, _, _, member = ...
    return converted(mocked.pcall('ZSCORE', key, member))
  end
  -- The mock counts in characters. Our scripts can do without.
  if name == 'SETRANGE' then
    return { err = 'ERR of no use here' }
  end
  local reply = converted(mocked.pcall(name, key, ...))
  -- What has become empty is not there any more.
  if name == 'ZREM' and reply ~= 0 and mocked.call('ZCARD', key) == 0 then
    mocked.call('UNLINK', key)
  end
  return reply
end

-- Integers have 32 bits here.
local function sha1hex(text)
  local function turned(word, by)
    return word << by | word >> 32 - by
  end
  local size = #text
  text = text .. '\128' .. string.rep('\0', (55 - size) % 64) .. '\0\0\0\0'
  for shift = 24, 0, -8 do
    text = text .. string.char(size * 8 >> shift & 255)
  end
  local h = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 }
  for block = 1, #text, 64 do
    local w = {}
    for at = 0, 15 do
      local p, q, r, s = string.byte(text, block + at * 4, block + at * 4 + 3)
      w[at] = p << 24 | q << 16 | r << 8 | s
    end
    for at = 16, 79 do
      w[at] = turned(w[at - 3] ~ w[at - 8] ~ w[at - 14] ~ w[at - 16], 1)
    end
    local a, b, c, d, e = table.unpack(h)
    for at = 0, 79 do
      local f, k
      if at < 20 then
        f, k = b & c | ~b & d, 0x5a827999
      elseif at < 40 then
        f, k = b ~ c ~ d, 0x6ed9eba1
      elseif at < 60 then
        f, k = b & c | b & d | c & d, 0x8f1bbcdc
      else
        f, k = b ~ c ~ d, 0xca62c1d6
      end
      a, b, c, d, e = turned(a, 5) + f + e + k + w[at], a, turned(b, 30), c, d
    end
    for nth, word in ipairs({ a, b, c, d, e }) do
      h[nth] = h[nth] + word
    end
  end
  local digest = {}
  for nth, word in ipairs(h) do
    digest[nth] = string.format('%04x%04x', word >> 16, word & 0xffff)
  end
  return table.concat(digest)
end

redis = {
  pcall = pcalled,
  sha1hex = sha1hex,
  call = function(...)
    local reply = pcalled(...)
    if type(reply) == 'table' and reply.err then
      error(reply, 0)
    end
    return reply
  end,
}

local function encoded(value)
  local kind = type(value)
  if kind == 'string' then
    return '$' .. #value .. '\r\n' .. value .. '\r\n'
  elseif kind == 'number' then
    return ':' .. string.format('%.0f', value) .. '\r\n'
  elseif kind ~= 'table' then
    return '$-1\r\n'
  elseif value.err then
    return '-' .. value.err .. '\r\n'
  end
  local parts = { '*' .. #value .. '\r\n' }
  for at = 1, #value do
    parts[at + 1] = encoded(value[at])
  end
  return table.concat(parts)
end

local function script()
`;

const BEHIND = `
end

local succeeded, value = pcall(script)
if not succeeded and type(value) ~= 'table' then
  value = { err = 'ERR ' .. tostring(value) }
end
return encoded(value)
`;

/** A script of ours, for the mock. */
const adapted = (source) => `${BEFORE}${source}${BEHIND}`;

module.exports = { adapted };
