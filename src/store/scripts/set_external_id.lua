-- Puts an external id into a request, a batch or a notify delivery, and into the index.
--
-- KEYS  1 record  2 external id index  3 resolve marker (requests only)
-- ARGV  1 id  2 external id as JSON, or '' for none  3 plugin id as JSON, or '' for the record's channel
--       4 'request' | 'batch' | 'delivery'
--       5 SHA-1 of a record that Rust has spliced, or ''  6 the new record
--       7 '1' if the external id is new to the record
-- Returns 1 stored, or nothing to store
--         2 all of it was there before
--         0 there is no such record
--         { 'shape', record }            in no known shape: Rust splices
--         { 'undone', record, marker }   a JavaScript replica has undone the decision: restore first

local find, sub, match = string.find, string.sub, string.match
local undecided, head_of, decided, dated, last, tail_from, ends_at, masked = shape()
local value, key, kind = ARGV[2], ARGV[3], ARGV[4]

local record = pcall('GET', KEYS[1])
if refused(record) then
  return record
end
if not record or record == '' then
  return 0
end
if value == '' then
  return 1
end

-- The span of the external ids, and what the record has there.
local function read_request()
  local tail = undecided(record)
  if tail then
    local marker = pcall('GET', KEYS[3])
    if refused(marker) then
      return nil, marker
    end
    if marker and marker ~= '' then
      return nil, { 'undone', record, marker }
    end
  else
    tail = decided(record)
  end
  return tail, nil, (head_of(record))
end

-- Batches and deliveries have no status: their external ids stand right before the date.
local function read_dated()
  local dates = dated(record)
  if not dates or dates.members.resolvedAt or dates.members.batchId or dates.members.batchIndex then
    return nil
  end
  for _, name in ipairs({ ',"externalId":', ',"externalIds":{' }) do
    local at = last(record, name, dates.base)
    local tail = at and tail_from(record, at, 0)
    if tail and tail.members.createdAt and ends_at(tail.mask, tail.behind) then
      return tail
    end
  end
  return dates
end

local function batch_channel()
  local channel = match(record, '^{"id":"[^"\\]*","channel":("[^"\\]*")')
  if not channel then
    local first, stop = match(masked(sub(record, 1, 8192)), '^{"id":"[^"]*","channel":()"[^"]*()"')
    channel = first and sub(record, first, stop)
  end
  return channel
end

-- A record of a foreign order may have had its external ids in front of `behind`. A foreign writer may
-- leave white space before a name, or spell letters of it with escapes: V8 does neither.
local function may_name_external_ids(behind)
  local at = find(record, '"externalId', 1, true)
  while at and at < behind do
    if at == 2 or find(record, '^[,%s]', at - 1) then
      return true
    end
    at = find(record, '"externalId', at + 1, true)
  end
  local escape = find(record, '\\u00', 1, true) and find(record, '\\u00[4-7]')
  return escape and escape < behind
end

-- What the record is to end on, the position where that begins, and whether the id is new to it.
local function spliced(tail, channel)
  local ids, single = tail.members.externalIds, tail.members.externalId
  local entries = ids and ids.entries or {}
  local from = tail.base + tail.start - 1
  local behind = (ids or single) and tail.base + (ids or single).last or from
  if may_name_external_ids(from) then
    return nil
  end
  local single_text = single and sub(tail.text, single.first, single.last)
  local is_new = single_text ~= value
  local out = {}
  local function put(name, text)
    out[#out + 1] = ',"' .. name .. '":' .. text
  end

  if kind == 'delivery' then
    if ids then
      return nil
    end
    put('externalId', value)
  else
    local texts, place = {}, nil
    for at, entry in ipairs(entries) do
      is_new = is_new and entry.value ~= value
      texts[at] = entry.key .. ':' .. entry.value
      if entry.key == key then
        place = at
      elseif find(entry.key, '\\', 1, true) then
        return nil -- the same key may be spelled in another way
      end
    end
    if key ~= channel and channel and find(channel, '\\', 1, true) then
      return nil -- and so may the channel
    end
    texts[place or #texts + 1] = key .. ':' .. value
    if key == channel then
      put('externalId', value)
    elseif single_text then
      put('externalId', single_text)
    end
    put('externalIds', '{' .. table.concat(texts, ',') .. '}')
  end
  return table.concat(out) .. sub(record, behind), from, is_new
end

local ending, from, is_new
if ARGV[5] ~= '' then
  if redis.sha1hex(record) ~= ARGV[5] then
    return { 'shape', record }
  end
  ending, from, is_new = ARGV[6], 1, ARGV[7] == '1'
else
  local tail, answer, channel
  if kind == 'request' then
    tail, answer, channel = read_request()
  else
    tail = read_dated()
    channel = kind == 'batch' and batch_channel()
  end
  if answer then
    return answer
  end
  if key == '' then
    key = channel
  end
  if tail and (channel or kind == 'delivery') then
    ending, from, is_new = spliced(tail, channel)
  end
  if not ending then
    return { 'shape', record }
  end
end

local indexed = pcall('GET', KEYS[2])
if refused(indexed) then
  return indexed
end
-- A value that the record already had may have moved on in the index; only a gap is filled.
local indexes = is_new or not indexed
local reply = indexes and pcall('SET', KEYS[2], ARGV[1])
if refused(reply) then
  return reply
end
reply = rewrite(KEYS[1], record, from, ending)
if not refused(reply) then
  return not is_new and indexed == ARGV[1] and sub(record, from) == ending and 2 or 1
end
if indexes and indexed then
  redis.call('SET', KEYS[2], indexed)
elseif indexes then
  forget(KEYS[2])
end
return reply
