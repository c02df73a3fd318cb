-- The ids of one page of an index, from a position on.
--
-- KEYS  1 index
-- ARGV  1 'newest' | 'oldest' first  2 how many  3 '1' to start behind an entry, else '0'
--       4 its id  5 its score, for when the index does not have the id, or ''
--       6 prefix of the records' keys, to have their sizes in bytes, or ''
-- Returns { { id, score, id, score, … }, { size, … } }
--         'position' the id is not in the index and no score was given

local index, count, id = KEYS[1], tonumber(ARGV[2]), ARGV[4]
local newest = ARGV[1] == 'newest'
local range, rank_of = 'ZRANGE', 'ZRANK'
if newest then
  range, rank_of = 'ZREVRANGE', 'ZREVRANK'
end

-- Byte order, as sorted sets have it: `<` on strings follows the server's locale.
local function is_before(a, b)
  for at = 1, math.min(#a, #b) do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

local start = 0
if ARGV[3] == '1' then
  local rank = pcall(rank_of, index, id)
  if refused(rank) then
    return rank
  end
  if rank then
    start = rank + 1
  else
    local score = ARGV[5]
    if score == '' then
      return 'position'
    end
    if newest then
      start = redis.call('ZCOUNT', index, '(' .. score, '+inf')
    else
      start = redis.call('ZCOUNT', index, '-inf', '(' .. score)
    end
    -- Among the ids with this very score, the first one behind the given id.
    local low, high = start, start + redis.call('ZCOUNT', index, score, score)
    while low < high do
      local middle = math.floor((low + high) / 2)
      local other = redis.call(range, index, middle, middle)[1]
      local behind
      if newest then
        behind = is_before(other, id)
      else
        behind = is_before(id, other)
      end
      if behind then
        high = middle
      else
        low = middle + 1
      end
    end
    start = low
  end
end

local page = pcall(range, index, start, start + count - 1, 'WITHSCORES')
if refused(page) then
  return page
end
local sizes = {}
if ARGV[6] ~= '' then
  for at = 1, #page, 2 do
    local size = pcall('STRLEN', ARGV[6] .. page[at])
    sizes[#sizes + 1] = refused(size) and 0 or size
  end
end
return { page, sizes }
