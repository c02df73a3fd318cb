-- Enters the migration in the ledger and lets go of what it worked with.
--
-- KEYS  1 ledger  2… for each index: the index, its replacement, where the plain set went
-- ARGV  1 ledger id  2 ledger entry that says that there is something to tidy up
-- Returns 'plain'    an older writer has made a plain set again: nothing is done
--         'applied'

for at = 2, #KEYS, 3 do
  local kind = redis.call('TYPE', KEYS[at])
  if (kind.ok or kind) == 'set' then
    return 'plain'
  end
end
local entered = redis.pcall('SADD', KEYS[1], ARGV[1])
if type(entered) == 'table' then
  return entered
end
for at = 2, #KEYS, 3 do
  local unlinked = redis.pcall('UNLINK', KEYS[at + 1], KEYS[at + 2])
  if type(unlinked) == 'table' then
    return unlinked
  end
end
local tidied = redis.pcall('SREM', KEYS[1], ARGV[2])
if type(tidied) == 'table' then
  return tidied
end
return 'applied'
