-- Puts the sorted sets in the place of all indexes that are plain sets, at once.
--
-- KEYS  1 ledger  2… for each index: the index, its replacement, where the plain set goes
-- ARGV  1 ledger id  2 how many members a replacement may lack
-- Returns 'applied'   the migration is over
--         'short'     a replacement lacks more members: nothing is changed
--         'replaced'  no index is a plain set (any more)

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 'applied'
end

local plain = {}
for at = 2, #KEYS, 3 do
  local kind = redis.call('TYPE', KEYS[at])
  if (kind.ok or kind) == 'set' then
    plain[#plain + 1] = at
    local staged = redis.pcall('ZCARD', KEYS[at + 1])
    if type(staged) == 'table' then
      return staged
    end
    if staged == 0 or staged + tonumber(ARGV[2]) < redis.call('SCARD', KEYS[at]) then
      return 'short'
    end
  end
end

-- Scripts never roll back: whatever could refuse one of the writes below refuses it here.
-- Renaming a key to itself, and removing what is not there, change nothing.
local removed = redis.pcall('SREM', KEYS[1], '')
if type(removed) == 'table' then
  return removed
end
for _, at in ipairs(plain) do
  for key = at, at + 2 do
    if redis.call('EXISTS', KEYS[key]) == 1 then
      local renamed = redis.pcall('RENAMENX', KEYS[key], KEYS[key])
      if type(renamed) == 'table' then
        return renamed
      end
    else
      local unlinked = redis.pcall('UNLINK', KEYS[key])
      if type(unlinked) == 'table' then
        return unlinked
      end
    end
  end
end

for _, at in ipairs(plain) do
  redis.call('UNLINK', KEYS[at + 2])
  redis.call('RENAMENX', KEYS[at], KEYS[at + 2])
  redis.call('RENAMENX', KEYS[at + 1], KEYS[at])
end
return 'replaced'
