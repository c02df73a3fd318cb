local pcall = redis.pcall

local function refused(reply)
  return type(reply) == 'table' and reply.err ~= nil
end
