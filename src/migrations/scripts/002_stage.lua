-- Adds entries to the sorted set that is going to replace an index which still is a plain set.
--
-- KEYS  1 ledger  2 index  3 its replacement
-- ARGV  1 ledger id  2… score, member
-- Returns 'applied'   the migration is over
--         'replaced'  the index is no plain set any more: nothing is added
--         'staged'

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 'applied'
end
local kind = redis.call('TYPE', KEYS[2])
if (kind.ok or kind) ~= 'set' then
  return 'replaced'
end
local added = redis.pcall('ZADD', KEYS[3], unpack(ARGV, 2))
if type(added) == 'table' then
  return added
end
return 'staged'
