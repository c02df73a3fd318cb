-- Compares facts about indexes with what they must be, and mends them, if what that was concluded
-- from is still so at this very moment.
--
-- KEYS  whatever guards and facts name by number
-- ARGV  1 '1' to mend, '0' to look only  2 how many guards  3… guards, then facts
--   A guard: kind, key, value
--     same      the string there has this seal; '': there is none
--     listed    the sorted set has this member
--     unlisted  it has not
--     blank     the string there is missing or empty
--   A fact: kind, key, member or value, score or prefix
--     entry     the sorted set has the member, with this score
--     loose     it has it, with any score; this one if it is to be added
--     wanted    it has it; nobody knows the score that it ought to have
--     none      it has it not
--     points    the string is the value, or leads to another record, under the prefix, that exists
--     repoints  the string is the value, and not what the prefix says: that record denies it
--     unpoints  the string is not the value
-- Returns 'changed'      a guard does not hold: nothing is done
--         { finding… }   for each fact: 0 holds  1 missing  2 wrong score  3 too much  4 leads astray
--                        5 the key has another type  6 missing, and not to be mended
--                        7 leads to another record, which exists

local at = 3
local function take(count)
  at = at + count
  return unpack(ARGV, at - count, at - 1)
end

local function is_wrongtype(reply)
  return refused(reply) and string.find(reply.err, 'WRONGTYPE', 1, true)
end

local guards = {
  same = is_sealed,
  listed = function(key, member)
    local score = pcall('ZSCORE', key, member)
    return score and not refused(score), score
  end,
  unlisted = function(key, member)
    local score = pcall('ZSCORE', key, member)
    return not score, score
  end,
  blank = function(key)
    local size = pcall('STRLEN', key)
    return size == 0, size
  end,
}
for _ = 1, tonumber(ARGV[2]) do
  local kind, key, value = take(3)
  local holds, reply = guards[kind](KEYS[tonumber(key)], value)
  if refused(reply) and not is_wrongtype(reply) then
    return reply
  end
  if not holds then
    return 'changed'
  end
end

-- Each change with its rehearsal.
local changes, rehearsals = {}, {}
local function plan(change, rehearsal)
  changes[#changes + 1] = change
  rehearsals[#rehearsals + 1] = rehearsal
end

local function plan_zadd(key, score, member)
  plan({ 'ZADD', key, score, member }, { 'ZADD', key, 'XX', 'GT', '-inf', member })
end

local function plan_set(key, value, present)
  plan({ 'SET', key, value }, { 'SET', key, '', present and 'NX' or 'XX' })
end

local facts = {
  ZSCORE = {
    entry = function(score, key, member, wanted)
      if not score or tonumber(score) ~= tonumber(wanted) then
        plan_zadd(key, wanted, member)
        return score and 2 or 1
      end
    end,
    loose = function(score, key, member, wanted)
      if not score then
        plan_zadd(key, wanted, member)
        return 1
      end
    end,
    wanted = function(score)
      return not score and 6
    end,
    none = function(score, key, member)
      if score then
        plan({ 'ZREM', key, member }, rehearse_zrem(key))
        return 3
      end
    end,
  },
  GET = {
    points = function(value, key, owner, prefix)
      if value == owner then
        return 0
      elseif not value or value == '' then
        plan_set(key, owner, value)
        return 1
      end
      local other = pcall('STRLEN', prefix .. value)
      if refused(other) and not is_wrongtype(other) then
        return other
      elseif other == 0 then
        plan_set(key, owner, value)
        return 4
      end
      return 7
    end,
    repoints = function(value, key, owner, other)
      if value == other then
        plan_set(key, owner, value)
        return 4
      end
    end,
    unpoints = function(value, key, owner)
      if value == owner then
        -- No id ends on this byte: there is no such key.
        plan({ 'UNLINK', key }, { 'UNLINK', key .. '\255' })
        return 4
      end
    end,
  },
}

local findings = {}
while at <= #ARGV do
  local kind, key, member, value = take(4)
  key = KEYS[tonumber(key)]
  local command, reply = 'GET', nil
  if facts.ZSCORE[kind] then
    command = 'ZSCORE'
    reply = pcall(command, key, member)
  else
    reply = pcall(command, key)
  end
  local finding
  if is_wrongtype(reply) then
    finding = 5
  elseif refused(reply) then
    return reply
  else
    finding = facts[command][kind](reply, key, member, value)
    if refused(finding) then
      return finding
    end
  end
  findings[#findings + 1] = finding or 0
end

if ARGV[1] == '1' then
  local refusal = rehearse(rehearsals)
  if refusal then
    return refusal
  end
  for _, change in ipairs(changes) do
    redis.call(unpack(change))
  end
end
return findings
