-- Appends an entry to a thread.
--
-- KEYS  1 entry  2 thread
-- ARGV  1 entry  2 id  3 score
-- Returns 1 stored, now or before
--         { 'exists' } the id belongs to another entry

-- A thread of the name entry:{id} meets its own entry: the second write would find a string.
if KEYS[1] == KEYS[2] then
  return { err = 'WRONGTYPE Operation against a key holding the wrong kind of value' }
end
local entry = redis.pcall('GET', KEYS[1])
if refused(entry) then
  return entry
end
local present = entry and entry ~= ''
if present and entry ~= ARGV[1] then
  return { 'exists' }
end
local refusal = rehearse({ rehearse_zadd(KEYS[2], ARGV[2]), rehearse_set(KEYS[1], entry) })
if refusal then
  return refusal
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
return 1
