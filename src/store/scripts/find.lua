-- Follows an index to its request.
--
-- KEYS  1 index: string, id
-- ARGV  1 prefix
-- Returns nil                       no such request
--         { id, record }            the request
--         { id, record, marker }    it was decided, whatever it says: the marker, or ''

local prefix = ARGV[1]

local id = pcall('GET', KEYS[1])
if not id or refused(id) then
  return id
end
local record = pcall('GET', prefix .. ':req:' .. id)
if refused(record) then
  return record
end
if not record or record == '' then
  return nil
end
local marker = pcall('GET', prefix .. ':meta:resolve:' .. id)
if refused(marker) then
  return marker
end
if marker and marker ~= '' then
  return { id, record, marker }
end
local listed = pcall('ZSCORE', prefix .. ':idx:status:resolved', id)
if refused(listed) then
  return listed
end
if listed then
  return { id, record, '' }
end
return { id, record }
