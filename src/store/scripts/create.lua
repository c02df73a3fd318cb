-- Creates a request with its indexes, unless its id or its resume token is taken.
--
-- KEYS  1 record  2 token index  3 all  4 pending  5 resolved  6 namespace
--       7 namespace pending  8 namespace resolved  9 resolve marker  10 batch items (batch items only)
-- ARGV  1 record  2 id  3 score  4 prefix  5 batch index, or ''  6 '1' for a batch item, else '0'
--       7 id of a token owner that Rust has judged to be no obstacle, or ''  8 SHA-1 of its record
-- Returns 1 stored
--         { 'exists', record }          the id is taken by this record
--         { 'taken', owner }            the token belongs to a live request of the same kind
--         { 'judge', owner, record }    the owner's record is in no known shape: Rust judges

local id, score = ARGV[2], ARGV[3]

local function existing()
  local record = pcall('GET', KEYS[1])
  if refused(record) then
    return record
  end
  return record and record ~= '' and { 'exists', record } or nil
end

-- What keeps us from taking the token over from `owner`.
local function rival(owner)
  local prefix = ARGV[4]
  local owned = pcall('GET', prefix .. ':req:' .. owner)
  if refused(owned) then
    return owned
  end
  local judged = owned and owner == ARGV[7] and redis.sha1hex(owned) == ARGV[8]
  if not owned or owned == '' or judged then
    return nil
  end
  local won = pcall('GET', prefix .. ':meta:resolve:' .. owner)
  local listed = pcall('ZSCORE', KEYS[5], owner)
  if refused(won) or refused(listed) then
    return refused(won) and won or listed
  end
  if listed or (won and won ~= '') then
    return nil
  end
  local undecided = shape()
  local tail = undecided(owned)
  if not tail then
    return { 'judge', owner, owned }
  end
  if (tail.members.batchId ~= nil) == (ARGV[6] == '1') then
    return { 'taken', owner }
  end
end

local owner = pcall('GET', KEYS[2])
if owner and owner ~= id then
  local answer = refused(owner) and owner or existing() or rival(owner)
  if answer then
    return answer
  end
end
-- What an earlier life of this id has left must not decide the new request.
local won = pcall('GET', KEYS[9])
if refused(won) then
  return won
end

local stored = pcall('SET', KEYS[1], ARGV[1], 'NX')
if not stored then
  local answer = existing()
  if answer then
    return answer
  end
  stored = pcall('SET', KEYS[1], ARGV[1])
end
if refused(stored) then
  return stored
end
-- From here on a refusal takes back what has been written. An entry of the indexes that was there
-- before its record goes with it: it led nowhere.
local listed = write('ZREM', KEYS[5], id)
local indexes = { KEYS[3], KEYS[4], KEYS[6], KEYS[7], KEYS[10] }
local added = 0
while indexes[added + 1] and write('ZADD', indexes[added + 1], added == 4 and ARGV[5] or score, id) do
  added = added + 1
end
if listed == 1 then
  write('ZREM', KEYS[8], id)
end
local blanked = won and won ~= '' and write('SET', KEYS[9], '', 'KEEPTTL')
write('SET', KEYS[2], id)
if refusal then
  if blanked then
    redis.call('SET', KEYS[9], won, 'KEEPTTL')
  end
  for at = 1, added do
    redis.call('ZREM', indexes[at], id)
  end
  forget(KEYS[1])
  return refusal
end
return 1
