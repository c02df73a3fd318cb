-- Stores a record under an id that is free.
--
-- KEYS  1 record
-- ARGV  1 record
-- Returns nil, or the record that has the id

local stored = pcall('SET', KEYS[1], ARGV[1], 'NX')
if stored then
  return refused(stored) and stored or nil
end
local record = pcall('GET', KEYS[1])
if refused(record) or record ~= '' then
  return record
end
-- The same write has just been permitted.
redis.call('SET', KEYS[1], ARGV[1])
