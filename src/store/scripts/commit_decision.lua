-- Writes a decision that Rust has spliced, if the record is still the one that Rust read:
-- of a request in an older shape, or of one that a JavaScript replica has undone.
--
-- KEYS  1 record  2 pending  3 resolved  4 resolve marker  5 namespace pending  6 namespace resolved
-- ARGV  1 id  2 SHA-1 of the record that was read  3 the new record  4 score where no index has one
--       5 new marker, or '' to restore what the present marker says  6 life of the marker in ms
-- Returns 1 written
--         0 something has changed: read again

local id = ARGV[1]

local record = pcall('GET', KEYS[1])
local marker = pcall('GET', KEYS[4])
local listed = pcall('ZSCORE', KEYS[3], id)
for _, reply in ipairs({ record, marker, listed }) do
  if refused(reply) then
    return reply
  end
end
local marked = marker and marker ~= ''
local restoring = ARGV[5] == ''
if not record or redis.sha1hex(record) ~= ARGV[2] then
  return 0
end
if (restoring and not marked) or (not restoring and (marked or listed)) then
  return 0
end
-- Changes nothing and says the score; it is refused where ZADD would be.
local score = pcall('ZADD', KEYS[2], 'XX', 'INCR', '0', id)
if refused(score) then
  return score
end
local won = not restoring and ARGV[5] or nil
return decide(id, record, 1, ARGV[3], listed or score or ARGV[4], won, ARGV[6], KEYS[5], KEYS[6]) or 1
