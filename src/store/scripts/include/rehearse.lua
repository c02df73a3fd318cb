-- Scripts never roll back. So each write is rehearsed before the first real one, in a form that
-- changes nothing but meets the same checks: type, permission, memory, role.
--   ZADD key XX GT -inf id    never adds, never raises a score
--   SET key '' XX | NX        does nothing where the key is absent | present
--   ZREM key <byte 255>       no id: ids are UTF-8

local function refused(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

local function rehearse(writes)
  for _, write in ipairs(writes) do
    local reply = redis.pcall(unpack(write))
    if refused(reply) then
      return reply
    end
  end
end

local function rehearse_zadd(key, id)
  return { 'ZADD', key, 'XX', 'GT', '-inf', id }
end

local function rehearse_zrem(key)
  return { 'ZREM', key, '\255' }
end

local function rehearse_set(key, present)
  return { 'SET', key, '', present and 'NX' or 'XX' }
end
