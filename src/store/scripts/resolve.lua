-- Decides a pending request, once.
--
-- KEYS  1 record  2 pending  3 resolved  4 resolve marker
-- ARGV  1 id  2 nonce of the call  3 resolvedAt  4 result  5 prefix  6 life of the marker in ms
-- Returns 1 this call has won
--         2 it had won in an earlier sending
--         0 there is no such request
--         { 'decided', record, marker }   somebody else has; the record may have been undone
--         { 'shape', record }             in no known shape: Rust reads it

local id = ARGV[1]

local marker = pcall('GET', KEYS[4])
if refused(marker) then
  return marker
end
local marked = marker and marker ~= ''
if marked and string.sub(marker, 1, 32) == ARGV[2] then
  return 2
end

local record = pcall('GET', KEYS[1])
if refused(record) then
  return record
end
if not record or record == '' then
  return 0
end

local listed = pcall('ZSCORE', KEYS[3], id)
if refused(listed) then
  return listed
end
if marked or listed then
  return { 'decided', record, marker or '' }
end

-- Changes nothing and says the score; it is refused where ZADD would be.
local score = pcall('ZADD', KEYS[2], 'XX', 'INCR', '0', id)
if refused(score) then
  return score
end
local undecided, head_of = shape()
local tail = undecided(record)
local _, namespace = head_of(record)
if not tail or not namespace or not score then
  return { 'shape', record }
end

local created = tail.members.createdAt
local decided = ',"status":"resolved"'
  .. string.sub(tail.text, tail.start, created.from - 1)
  .. ',"result":' .. ARGV[4]
  .. string.sub(tail.text, created.from, created.last)
  .. ',"resolvedAt":"' .. ARGV[3] .. '"'
  .. string.sub(tail.text, created.last + 1)

local won = ARGV[2] .. '\n' .. ARGV[3] .. '\n' .. ARGV[4]
local by_namespace = ARGV[5] .. ':idx:ns:' .. namespace .. ':status:'
local pending, resolved = by_namespace .. 'pending', by_namespace .. 'resolved'
return decide(id, record, tail.base, decided, score, won, ARGV[6], pending, resolved) or 1
