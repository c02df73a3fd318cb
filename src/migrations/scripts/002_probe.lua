-- Finds ids that the sorted indexes may lack, or have wrongly.
--
-- KEYS  1 ledger  2 pending  3 resolved  4 all  5 the plain set that was pending
-- ARGV  1 ledger id, or '' to look whatever the ledger says  2… ids
-- Returns 'applied'  the migration is over
--         { id… }    in no status index, or not among all, or pending and not so in the plain set

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 'applied'
end
local pending = redis.pcall('ZMSCORE', KEYS[2], unpack(ARGV, 2))
local resolved = redis.pcall('ZMSCORE', KEYS[3], unpack(ARGV, 2))
local all = redis.pcall('ZMSCORE', KEYS[4], unpack(ARGV, 2))
local plain
if redis.call('EXISTS', KEYS[5]) == 1 then
  plain = redis.pcall('SMISMEMBER', KEYS[5], unpack(ARGV, 2))
end
for _, reply in ipairs({ pending, resolved, all, plain }) do
  if reply.err then
    return reply
  end
end
local doubtful = {}
for at = 2, #ARGV do
  local listed = pending[at - 1]
  local unlisted = not listed and not resolved[at - 1]
  if unlisted or not all[at - 1] or (listed and plain and plain[at - 1] == 0) then
    doubtful[#doubtful + 1] = ARGV[at]
  end
end
return doubtful
