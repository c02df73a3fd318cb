-- Stores a record under an id that is free.
--
-- KEYS  1 record
-- ARGV  1 record
-- Returns nil, or the record that has the id

local record = redis.pcall('GET', KEYS[1])
if refused(record) or (record and record ~= '') then
  return record
end
local stored = redis.pcall('SET', KEYS[1], ARGV[1])
return refused(stored) and stored or nil
