-- Deletes one resolved request with everything that belongs to it, if it still is what was read.
-- The last item of a batch takes the batch along.
--
-- KEYS  1 record  2 all  3 resolved  4 pending  5 namespace  6 namespace resolved
--       7 namespace pending  8 resolve marker  9 token index  10 thread of its name
--       of a batch item: batch items, batch, thread of the batch's name
--       then external id indexes, those of the batch, entries, those of the batch's thread
-- ARGV  1 id  2 seal of the record  3 '1' if it says pending: a marker must say otherwise
--       4 '1' for a batch item, else '0'  5 batch id  6 seal of the batch, or '' to leave it
--       7 how many external id indexes  8 those of the batch  9 entries  10 those of the batch
--       11… for each entry: id, seal of its record, '' if there is none, or '-' if it is another's
-- Returns { 'purged', entries, batches }
--         { 'more', entries }   a thread had more entries than were given: only these are deleted
--         'changed'             something is not what was read: nothing is deleted
--         'gone'                there is no such record

local id = ARGV[1]
local size = pcall('STRLEN', KEYS[1])
if size == 0 then
  return 'gone'
end
local listed = pcall('ZSCORE', KEYS[3], id)
local marked = pcall('STRLEN', KEYS[8])
for _, reply in ipairs({ size, listed, marked }) do
  if refused(reply) then
    return reply
  end
end
if not listed or (ARGV[3] == '1' and marked == 0) or not is_sealed(KEYS[1], ARGV[2]) then
  return 'changed'
end

-- The keys behind the first ten, taken in order.
local at = 10
local function take(count)
  local keys = {}
  for nth = 1, count do
    keys[nth] = KEYS[at + nth]
  end
  at = at + count
  return keys
end
local items, batch, batch_thread
if ARGV[4] == '1' then
  items, batch, batch_thread = unpack(take(3))
end
local names, batch_names = take(tonumber(ARGV[7])), take(tonumber(ARGV[8]))
local entries, batch_entries = take(tonumber(ARGV[9])), take(tonumber(ARGV[10]))

local is_last = false
if items then
  local place = pcall('ZSCORE', items, id)
  local count = pcall('ZCARD', items)
  if refused(place) or refused(count) then
    return refused(place) and place or count
  end
  is_last = place and count == 1
end
local takes_batch = is_last and ARGV[6] ~= ''
if takes_batch then
  local holds, refusal = is_sealed(batch, ARGV[6])
  if not holds then
    return refusal or 'changed'
  end
end

local writes = {
  rehearse_zrem(KEYS[2]),
  rehearse_zrem(KEYS[3]),
  rehearse_zrem(KEYS[4]),
  rehearse_zrem(KEYS[5]),
  rehearse_zrem(KEYS[6]),
  rehearse_zrem(KEYS[7]),
  -- No id ends on this byte: there is no such key.
  { 'UNLINK', KEYS[1] .. '\255' },
}
if items then
  writes[#writes + 1] = rehearse_zrem(items)
end

-- A key of this name may also be an entry: then there is no such thread.
local function size_of(thread)
  local size = pcall('ZCARD', thread)
  return refused(size) and 0 or size
end

-- Adds the keys that are to go and the ids that leave their thread. An error is the server's.
local gone, left = {}, {}
local function plan(thread, keys, first)
  if #keys > 0 then
    writes[#writes + 1] = rehearse_zrem(thread)
  end
  for nth, key in ipairs(keys) do
    local entry, seal = ARGV[first + 2 * nth - 2], ARGV[first + 2 * nth - 1]
    if seal ~= '-' then
      local holds, refusal = is_sealed(key, seal)
      if not holds then
        return refusal or 'changed'
      end
      if seal ~= '' then
        gone[#gone + 1] = key
      end
    end
    left[#left + 1] = { thread, entry }
  end
end
local more = size_of(KEYS[10]) > #entries
local refusal = plan(KEYS[10], entries, 11)
if is_last and not refusal then
  more = more or size_of(batch_thread) > #batch_entries
  refusal = plan(batch_thread, batch_entries, 11 + 2 * #entries)
end
if refusal then
  return refusal
end

-- Indexes by name go where they lead here.
local count = #gone
local function plan_index(key, owner)
  local value = pcall('GET', key)
  if refused(value) then
    return value
  end
  if value == owner then
    gone[#gone + 1] = key
  end
end
if not more then
  refusal = plan_index(KEYS[9], id)
  for _, key in ipairs(names) do
    refusal = refusal or plan_index(key, id)
  end
  if takes_batch then
    for _, key in ipairs(batch_names) do
      refusal = refusal or plan_index(key, ARGV[5])
    end
    gone[#gone + 1] = batch
  end
  gone[#gone + 1] = KEYS[8]
  gone[#gone + 1] = KEYS[1]
end
refusal = refusal or rehearse(writes)
if refusal then
  return refusal
end

for _, entry in ipairs(left) do
  redis.call('ZREM', entry[1], entry[2])
end
for _, key in ipairs(gone) do
  redis.call('UNLINK', key)
end
if more then
  return { 'more', tostring(count) }
end
for key = 2, 7 do
  redis.call('ZREM', KEYS[key], id)
end
if items then
  redis.call('ZREM', items, id)
end
return { 'purged', tostring(count), takes_batch and '1' or '0' }
