-- Appends an entry to a thread.
--
-- KEYS  1 entry  2 thread
-- ARGV  1 entry  2 id  3 score
-- Returns 1 stored
--         2 it was stored before
--         { 'exists' } the id belongs to another entry

local stored = pcall('SET', KEYS[1], ARGV[1], 'NX')
local before = nil
if not stored then
  before = pcall('GET', KEYS[1])
  if refused(before) then
    return before
  end
  if before ~= '' and before ~= ARGV[1] then
    return { 'exists' }
  end
  stored = pcall('SET', KEYS[1], ARGV[1])
end
if refused(stored) then
  return stored
end
-- A thread of the name entry:{id} meets its own entry here, and is refused.
local added = pcall('ZADD', KEYS[2], ARGV[3], ARGV[2])
if not refused(added) then
  return before == ARGV[1] and 2 or 1
end
if before then
  redis.call('SET', KEYS[1], before)
else
  forget(KEYS[1])
end
return added
