-- Measures records before they are read.
--
-- KEYS  1… records
-- ARGV  none
-- Returns { bytes… }  0 where there is none, or where the key is of another type

local sizes = {}
for nth, key in ipairs(KEYS) do
  local size = redis.pcall('STRLEN', key)
  if type(size) == 'table' then
    if not string.find(size.err, 'WRONGTYPE', 1, true) then
      return size
    end
    size = 0
  end
  sizes[nth] = size
end
return sizes
