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

local id, score, prefix = ARGV[2], ARGV[3], ARGV[4]

local record = redis.pcall('GET', KEYS[1])
if refused(record) then
  return record
end
if record and record ~= '' then
  return { 'exists', record }
end

local owner = redis.pcall('GET', KEYS[2])
if refused(owner) then
  return owner
end
if owner and owner ~= id then
  local owned = redis.pcall('GET', prefix .. ':req:' .. owner)
  if refused(owned) then
    return owned
  end
  local judged = owned and owner == ARGV[7] and redis.sha1hex(owned) == ARGV[8]
  if owned and owned ~= '' and not judged then
    local won = redis.pcall('GET', prefix .. ':meta:resolve:' .. owner)
    local listed = redis.pcall('ZSCORE', KEYS[5], owner)
    if refused(won) or refused(listed) then
      return refused(won) and won or listed
    end
    if not listed and (not won or won == '') then
      local tail = undecided(owned)
      if not tail then
        return { 'judge', owner, owned }
      end
      if (tail.members.batchId ~= nil) == (ARGV[6] == '1') then
        return { 'taken', owner }
      end
    end
  end
end

-- What an earlier life of this id has left must not decide the new request.
local won = redis.pcall('GET', KEYS[9])
local listed = redis.pcall('ZSCORE', KEYS[5], id)
if refused(won) or refused(listed) then
  return refused(won) and won or listed
end
local marked = won and won ~= ''

local writes = {
  rehearse_zadd(KEYS[3], id),
  rehearse_zadd(KEYS[4], id),
  rehearse_zadd(KEYS[6], id),
  rehearse_zadd(KEYS[7], id),
  rehearse_set(KEYS[1], record),
  rehearse_set(KEYS[2], owner),
}
if KEYS[10] then
  writes[#writes + 1] = rehearse_zadd(KEYS[10], id)
end
if marked then
  writes[#writes + 1] = rehearse_set(KEYS[9], true)
end
if listed then
  writes[#writes + 1] = rehearse_zrem(KEYS[5])
  writes[#writes + 1] = rehearse_zrem(KEYS[8])
end
local refusal = rehearse(writes)
if refusal then
  return refusal
end

redis.call('SET', KEYS[1], ARGV[1])
redis.call('SET', KEYS[2], id)
redis.call('ZADD', KEYS[3], score, id)
redis.call('ZADD', KEYS[4], score, id)
redis.call('ZADD', KEYS[6], score, id)
redis.call('ZADD', KEYS[7], score, id)
if KEYS[10] then
  redis.call('ZADD', KEYS[10], ARGV[5], id)
end
if marked then
  redis.call('SET', KEYS[9], '', 'KEEPTTL')
end
if listed then
  redis.call('ZREM', KEYS[5], id)
  redis.call('ZREM', KEYS[8], id)
end
return 1
