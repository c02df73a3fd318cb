-- Follows an index to its request.
--
-- KEYS  1 index: string, id
-- ARGV  1 prefix
-- Returns nil                       no such request
--         { id, record }            the request
--         { id, record, marker }    it says pending, and was decided: the marker, or ''

local id = redis.pcall('GET', KEYS[1])
if not id or refused(id) then
  return id
end
local record = redis.pcall('GET', ARGV[1] .. ':req:' .. id)
if refused(record) then
  return record
end
if not record or record == '' then
  return nil
end
if string.find(record, '"status":"pending"', 1, true) then
  local marker = redis.pcall('GET', ARGV[1] .. ':meta:resolve:' .. id)
  if refused(marker) then
    return marker
  end
  if marker and marker ~= '' then
    return { id, record, marker }
  end
  local listed = redis.pcall('ZSCORE', ARGV[1] .. ':idx:status:resolved', id)
  if refused(listed) then
    return listed
  end
  if listed then
    return { id, record, '' }
  end
end
return { id, record }
