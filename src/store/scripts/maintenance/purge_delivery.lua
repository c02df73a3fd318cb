-- Deletes a notify delivery whose group is a resolved request, or a batch of such, that is about
-- to be deleted, if nothing has changed since that was read.
--
-- KEYS  1 delivery  2 request or batch  3 resolved index, or batch items  4… external id indexes
-- ARGV  1 id  2 seal of the delivery  3 seal of the request or batch
--       4 id of the request, or ''  5 how many items the batch has, or ''
-- Returns 1 deleted
--         0 something has changed

for key = 1, 2 do
  local holds, refusal = is_sealed(KEYS[key], ARGV[key + 1])
  if not holds then
    return refusal or 0
  end
end
local holds
if ARGV[4] ~= '' then
  holds = pcall('ZSCORE', KEYS[3], ARGV[4])
else
  holds = pcall('ZCARD', KEYS[3])
end
if refused(holds) then
  return holds
end
if not holds or (ARGV[5] ~= '' and holds ~= tonumber(ARGV[5])) then
  return 0
end

local gone = { KEYS[1] }
for at = 4, #KEYS do
  local value = pcall('GET', KEYS[at])
  if refused(value) then
    return value
  end
  if value == ARGV[1] then
    gone[#gone + 1] = KEYS[at]
  end
end
local unlinked = pcall('UNLINK', unpack(gone))
return refused(unlinked) and unlinked or 1
