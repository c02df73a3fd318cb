-- Finds ids that a status index has and the index of all requests lacks.
--
-- KEYS  1 ledger  2 all
-- ARGV  1 ledger id  2… ids
-- Returns 'applied'  the migration is over
--         { id… }    the strays

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 'applied'
end
local scores = redis.pcall('ZMSCORE', KEYS[2], unpack(ARGV, 2))
if scores.err then
  return scores
end
local strays = {}
for at = 2, #ARGV do
  if not scores[at - 1] then
    strays[#strays + 1] = ARGV[at]
  end
end
return strays
