-- Enters every migration in the ledger of a store that has nothing to migrate.
--
-- KEYS  1 ledger  2… keys of which a store with requests, or with a half-done migration, has one
-- ARGV  1… ledger ids
-- Returns 1 entered
--         0 there is something to migrate

local present = redis.pcall('EXISTS', unpack(KEYS, 2))
if type(present) == 'table' then
  return present
end
if present > 0 then
  return 0
end
local entered = redis.pcall('SADD', KEYS[1], unpack(ARGV))
if type(entered) == 'table' then
  return entered
end
return 1
