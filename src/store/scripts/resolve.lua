-- Decides a pending request, once.
--
-- KEYS  1 record  2 pending  3 resolved  4 resolve marker
-- ARGV  1 id  2 nonce of the call  3 resolvedAt  4 result  5 prefix  6 life of the marker in ms
-- Returns 1 this call has won, now or in an earlier sending
--         0 there is no such request
--         { 'decided', record, marker }   somebody else has; the record may have been undone
--         { 'shape', record }             in no known shape: Rust reads it

local marker = redis.pcall('GET', KEYS[4])
if refused(marker) then
  return marker
end
local marked = marker and marker ~= ''
if marked and sub(marker, 1, 32) == ARGV[2] then
  return 1
end

local record = redis.pcall('GET', KEYS[1])
if refused(record) then
  return record
end
if not record or record == '' then
  return 0
end

local listed = redis.pcall('ZSCORE', KEYS[3], ARGV[1])
if refused(listed) then
  return listed
end
if marked or listed then
  return { 'decided', record, marker or '' }
end

local tail = undecided(record)
local _, namespace = head_of(record)
local score = redis.pcall('ZSCORE', KEYS[2], ARGV[1])
if refused(score) then
  return score
end
if not tail or not namespace or not score then
  return { 'shape', record }
end

local created = tail.members.createdAt
local resolved = sub(record, 1, tail.base - 1)
  .. RESOLVED
  .. sub(tail.text, tail.start, created.from - 1)
  .. ',"result":' .. ARGV[4]
  .. sub(tail.text, created.from, created.last)
  .. ',"resolvedAt":"' .. ARGV[3] .. '"'
  .. sub(tail.text, created.last + 1)

local by_namespace = ARGV[5] .. ':idx:ns:' .. namespace .. ':status:'
local refusal = decide({
  record = KEYS[1],
  pending = KEYS[2],
  resolved = KEYS[3],
  marker = KEYS[4],
  namespace_pending = by_namespace .. 'pending',
  namespace_resolved = by_namespace .. 'resolved',
}, ARGV[1], resolved, score, ARGV[2] .. '\n' .. ARGV[3] .. '\n' .. ARGV[4], marker, ARGV[6])
return refusal or 1
