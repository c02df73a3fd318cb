-- Writes in a row, up to the first that the server refuses.

local refusal = nil

-- Makes a write and returns the answer. Returns nothing if it, or one before it, was refused.
local function write(...)
  if refusal then
    return nil
  end
  local reply = pcall(...)
  if refused(reply) then
    refusal = reply
    return nil
  end
  return reply
end
