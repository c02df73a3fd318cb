-- Scripts never roll back, and still each of them does all or nothing. The first write meets the checks
-- that all writes share: role, memory, the state of the disk. A later one can only be refused for its
-- own key or command, and then those before it are taken back, by commands that this user has just been
-- permitted on the very same keys.

local pcall = redis.pcall

local function refused(reply)
  return type(reply) == 'table' and reply.err ~= nil
end
