-- Enters requests in the sorted indexes that lack them. Safe beside live writers: it adds to a
-- status index only what is in neither, and a decided request never becomes pending again.
--
-- KEYS  1 ledger  2 pending  3 resolved  4 all  5 the plain set that was pending
-- ARGV  1 ledger id, or '' to act whatever the ledger says
--       2… id, score, what its record says: 'pending', 'resolved' or something else
-- Returns 'applied'    the migration is over
--         'completed'

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 'applied'
end

local function write(...)
  local reply = redis.pcall(...)
  return type(reply) == 'table' and reply or nil
end

local switched = redis.call('EXISTS', KEYS[5]) == 1
for at = 2, #ARGV, 3 do
  local id, score, status = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local listed = redis.call('ZSCORE', KEYS[2], id)
  local decided = redis.call('ZSCORE', KEYS[3], id)
  local refusal = write('ZADD', KEYS[4], 'NX', score, id)
  if status == 'resolved' then
    refusal = refusal or write('ZADD', KEYS[3], 'NX', score, id)
    -- Decided while the replacement was being built: it was no longer in the plain set.
    if listed and switched and redis.call('SISMEMBER', KEYS[5], id) == 0 then
      refusal = refusal or write('ZREM', KEYS[2], id)
    end
  elseif status == 'pending' and not listed and not decided then
    refusal = refusal or write('ZADD', KEYS[2], score, id)
  end
  if refusal then
    return refusal
  end
end
return 'completed'
