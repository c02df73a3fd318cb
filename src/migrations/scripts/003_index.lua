-- Enters requests in the indexes of their namespaces, by what they are at this very moment.
--
-- KEYS  1 ledger  2 all  3 pending  4 resolved
--       5… for each namespace: all its requests, those pending, those resolved
-- ARGV  1 ledger id
--       2 how many of all requests are entered after this, if these are the last of them, or ''
--       3… id, score, number of its namespace from 0, what its record says of its status
-- Returns 'applied'  the migration is over; this call may have been the one that ended it
--         'indexed'  there is more to do

if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then
  return 'applied'
end

local ids = {}
for at = 3, #ARGV, 4 do
  ids[#ids + 1] = ARGV[at]
end
if #ids > 0 then
  local pending = redis.pcall('ZMSCORE', KEYS[3], unpack(ids))
  local resolved = redis.pcall('ZMSCORE', KEYS[4], unpack(ids))
  if pending.err or resolved.err then
    return pending.err and pending or resolved
  end

  -- What goes into each key: score, id, score, id…
  local entries = {}
  for key = 5, #KEYS do
    entries[key] = {}
  end
  for nth, id in ipairs(ids) do
    local at = 3 + 4 * (nth - 1)
    local key = 5 + 3 * tonumber(ARGV[at + 2])
    local into = { entries[key] }
    -- A decision is final. Records are read before this script runs, so the index may know of
    -- one that the record did not; and the record knows of one that no index has.
    if resolved[nth] or ARGV[at + 3] == 'resolved' then
      into[2] = entries[key + 2]
    elseif pending[nth] or ARGV[at + 3] == 'pending' then
      into[2] = entries[key + 1]
    end
    for _, list in ipairs(into) do
      list[#list + 1] = ARGV[at + 1]
      list[#list + 1] = id
    end
  end

  for key = 5, #KEYS do
    if #entries[key] > 0 then
      local added = redis.pcall('ZADD', KEYS[key], unpack(entries[key]))
      if type(added) == 'table' then
        return added
      end
    end
  end
  for key = 7, #KEYS, 3 do
    local decided = {}
    for at = 2, #entries[key], 2 do
      decided[#decided + 1] = entries[key][at]
    end
    if #decided > 0 then
      local removed = redis.pcall('ZREM', KEYS[key - 1], unpack(decided))
      if type(removed) == 'table' then
        return removed
      end
    end
  end
end

-- The ledger entry comes with the last change, and only if nothing has been created meanwhile.
if ARGV[2] ~= '' and redis.call('ZCARD', KEYS[2]) <= tonumber(ARGV[2]) then
  local entered = redis.pcall('SADD', KEYS[1], ARGV[1])
  if type(entered) == 'table' then
    return entered
  end
  return 'applied'
end
return 'indexed'
