-- Scripts never roll back. So each write of these is rehearsed before the first real one, in a
-- form that changes nothing but meets the same checks: type, permission, memory, role.
-- No rehearsal needs memory where the write needs none: a full server can be purged.

local function rehearse(writes)
  for _, write in ipairs(writes) do
    local reply = pcall(unpack(write))
    if refused(reply) then
      return reply
    end
  end
end

-- No id is this byte: ids are UTF-8.
local function rehearse_zrem(key)
  return { 'ZREM', key, '\255' }
end
