-- Adds members to the sorted set that is going to replace an index which still is a plain set,
-- with the scores that another sorted set has for them.
--
-- KEYS  1 ledger  2 index  3 its replacement  4 sorted set with the scores
-- ARGV  1 ledger id  2 ledger entry that says that there is something to tidy up  3… members
-- Returns 'applied'   the migration is over
--         'replaced'  the index is no plain set any more: nothing is added
--         { member… } those without a score, which are not added

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 'applied'
end
local kind = redis.call('TYPE', KEYS[2])
if (kind.ok or kind) ~= 'set' then
  return 'replaced'
end
local scores = redis.pcall('ZMSCORE', KEYS[4], unpack(ARGV, 3))
if scores.err then
  return scores
end
local begun = redis.pcall('SADD', KEYS[1], ARGV[2])
if type(begun) == 'table' then
  return begun
end
local entries, unscored = {}, {}
for at = 3, #ARGV do
  local score = scores[at - 2]
  if score then
    entries[#entries + 1] = score
    entries[#entries + 1] = ARGV[at]
  else
    unscored[#unscored + 1] = ARGV[at]
  end
end
if #entries > 0 then
  local added = redis.pcall('ZADD', KEYS[3], unpack(entries))
  if type(added) == 'table' then
    return added
  end
end
return unscored
