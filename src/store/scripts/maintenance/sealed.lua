-- Whether the string at this key is what was read, by its seal: its SHA-1; or, of a large one, the
-- SHA-1 of some ranges, its length, and the first and last byte of each range; or '' for none.
-- With the server's refusal, if there was one.
local function is_sealed(key, seal)
  local sha, size, ranges = string.match(seal, '^(%x+) (%d+)(.*)$')
  if not sha then
    local stored = pcall('GET', key)
    if refused(stored) then
      return false, stored
    end
    return (stored and stored ~= '' and redis.sha1hex(stored) or '') == seal
  end
  local found = pcall('STRLEN', key)
  if found ~= tonumber(size) then
    return false, refused(found) and found
  end
  local parts = {}
  for from, to in string.gmatch(ranges, '(%d+) (%d+)') do
    parts[#parts + 1] = pcall('GETRANGE', key, from, to)
  end
  return redis.sha1hex(table.concat(parts)) == sha
end
